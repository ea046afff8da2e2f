"""A row as it is inspected, and what an inspector says of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from harness.data import Dataset, references, text_of
from harness.errors import SuiteError, nearest
from harness.overlap import normalise
from harness.score import Missing


class Fault(NamedTuple):
    """Something wrong with a row."""

    note: str
    """What, in a few words."""
    partner: int = -1
    """The other row of a pair (a duplicate, a conflict), counted from 0; -1 where there is none."""


Word = Fault | Missing | None
"""What an inspector says of a row: a fault, that nobody can tell, or nothing."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row, with its texts as they are compared."""

    at: int
    """Its place, counted from 0."""
    id: str
    line: int
    row: Mapping[str, Any]
    input: str
    targets: tuple[str, ...]
    """Its reference answers; empty where it has none."""
    normal: str
    """The input, normalised."""
    answers: tuple[str, ...]
    """The targets, normalised, each once, sorted."""

    @property
    def target(self) -> str:
        """The first reference answer, or empty text."""
        return self.targets[0] if self.targets else ""


class Inspector(Protocol):
    """One issue, looked for in rows that stream by."""

    def see(self, entry: Entry) -> Word:
        """What can be said of a row at once."""
        ...

    def close(self) -> Iterable[tuple[int, Word]]:
        """What can be said only now: (row, word) of further rows; called once, at the end."""
        ...


def entries(data: Dataset, input: str, target: str | None, group: str | None = None) -> Iterator[Entry]:
    """Every row; a field that is empty or missing in a row is empty text.

    Raises:
        SuiteError: no row at all has the field; of `group`, not even an empty one.
    """
    known: set[str] = set()
    fields: dict[str, None] = {}
    for at, record in enumerate(data.records()):
        row = record.fields
        known.update(name for name in (input, target) if name and row.get(name) is not None)
        fields.update(dict.fromkeys(row) if len(fields) < 1000 else ())
        shown = _text(row, input)
        targets = tuple(references(row[target])) if target and row.get(target) is not None else ()
        answers = tuple(sorted({normalise(text) for text in targets}))
        yield Entry(at, record.id, record.line, row, shown, targets, normalise(shown), answers)
    known |= fields.keys() & {group}
    for option, name in (("input", input), ("target", target), ("group", group)):
        if name and fields and name not in known:
            hint = nearest(name, fields)
            raise SuiteError(
                f"{data}: no row has anything in {name!r}{hint}; set `{option}` to the field that is meant"
            )


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None else text_of(value)
