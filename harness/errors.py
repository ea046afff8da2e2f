"""What can go wrong, by whose fault, and which exit code says so.

    HarnessError
    ├── SuiteError       the suite or the command is wrong; nothing was evaluated      exit 2
    ├── NothingSelected  the selection is empty: no check, no sample                   exit 5
    ├── Broken           something could not be measured                               exit 4
    │   ├── FixtureBroken     a stage failed or left no usable artefact
    │   ├── CheckpointBroken  the weights, the tokenizer or the adapter cannot be trusted
    │   ├── EndpointBroken    a server answers no question: its key, name, address or certificate is wrong
    │   ├── CheckBroken       the check itself is wrong (its gold answers do not score best)
    │   └── OutputBroken      a report or the store could not be written
    └── Tampered         a lock, a digest or a signature does not match                exit 6

Every one prints as a sentence, never as a traceback.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


class HarnessError(Exception):
    """Something a user can read and act on; `str()` is the whole message."""

    exit_code = 4
    kind = "error"
    blame = "the harness"


@dataclass(frozen=True, slots=True, order=True)
class Complaint:
    """One thing wrong at one place of a file."""

    file: str
    line: int
    text: str
    severity: str = "error"
    """`error` stops the run; `warning` is printed and kept in the report."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        return f"{place}{'warning: ' if self.severity == 'warning' else ''}{self.text}"


class SuiteError(HarnessError):
    """The suite, its data or the command line is wrong; carries every complaint found."""

    exit_code = 2
    kind = "suite"
    blame = "the suite"

    def __init__(self, complaints: Iterable[Complaint] | str) -> None:
        if isinstance(complaints, str):
            complaints = [Complaint("", 0, complaints)]
        self.complaints = tuple(complaints)
        super().__init__("\n".join(str(c) for c in self.complaints))


class NothingSelected(HarnessError):
    """Nothing is left to evaluate."""

    exit_code = 5
    kind = "nothing selected"
    blame = "the selection"


class Broken(HarnessError):
    """Something a verdict needs could not be measured."""

    exit_code = 4
    kind = "broken"


class FixtureBroken(Broken):
    """A fixture failed, or what it left cannot be used."""

    kind = "fixture"
    blame = "the fixture"


class CheckpointBroken(Broken):
    """A checkpoint that must not be measured: unreadable, unsafe, incomplete or without effect."""

    kind = "checkpoint"
    blame = "the checkpoint"


class EndpointBroken(Broken):
    """A server that will answer nothing, however often it is asked."""

    kind = "endpoint"
    blame = "the server"


class CheckBroken(Broken):
    """A check that cannot measure what it says, whatever the model."""

    kind = "check"
    blame = "the check"


class OutputBroken(Broken):
    """A result could not be written durably."""

    kind = "output"
    blame = "the disk"


class Tampered(HarnessError):
    """A lock, digest or signature does not match what is there."""

    exit_code = 6
    kind = "integrity"
    blame = "integrity"


def nearest(name: str, known: Iterable[str], *, show: int = 12) -> str:
    """The tail of a complaint about an unknown name: the nearest known one and a list of all.

    >>> nearest("rogue", ["exact_match", "rouge"])
    "; did you mean 'rouge'? (known: exact_match, rouge)"
    """
    names = sorted(set(known))
    if not names:
        return " (none is known here)"
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    listed = ", ".join(names[:show]) + (f" and {len(names) - show} more" if len(names) > show else "")
    return (f"; did you mean {close[0]!r}?" if close else "") + f" (known: {listed})"
