"""An inspection: a data set read a few times, never held, and every issue's rows counted and shown."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.data import Dataset
from harness.errors import NothingSelected
from harness.inspecting.boilerplate import Boilerplate, Phrases
from harness.inspecting.entry import Entry, Fault, Inspector, Word, entries
from harness.score import Missing, Quantity, Scores

if TYPE_CHECKING:
    from harness.score import Array

SHOWN = 20
"""Rows of an issue that are shown."""
CUT = 300
"""Characters of a text that are shown."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A faulty row, and the other one of its pair where there is one."""

    issue: str
    note: str
    id: str
    line: int
    input: str
    target: str
    other_id: str = ""
    other_input: str = ""
    other_target: str = ""


@dataclass(slots=True)
class _Tally:
    """What one issue's inspector said of every row."""

    flags: array[int] = field(default_factory=lambda: array("b"))
    """0 sound, 1 faulty, 2 nobody can tell."""
    faults: dict[int, Fault] = field(default_factory=dict)
    """The first `SHOWN` faulty rows."""
    reasons: dict[int, Missing] = field(default_factory=dict)
    _same: dict[Missing, Missing] = field(default_factory=dict)

    def note(self, at: int, word: Word) -> None:
        if isinstance(word, Missing):
            self.flags[at] = 2
            self.reasons[at] = self._same.setdefault(word, word) if len(self._same) < 1000 else word
        elif word is not None:
            self.flags[at] = 1
            if len(self.faults) < SHOWN:
                self.faults[at] = word


@dataclass(slots=True)
class Inspection:
    """What came of reading a data set."""

    ids: list[str] = field(default_factory=list)
    lengths: array[int] = field(default_factory=lambda: array("q"))
    """Words of each row's target (of its input, where it has no target)."""
    labels: Counter[str] = field(default_factory=Counter)
    groups: list[str] = field(default_factory=list)
    phrases: Phrases = field(default_factory=Phrases)
    tallies: dict[str, _Tally] = field(default_factory=dict)
    shown: list[Shown] = field(default_factory=list)

    def scores(self, quantity: Quantity, only: set[int] | None = None) -> Scores:
        """One issue's flags as scores; `only` leaves out rows that were not looked at."""
        import numpy as np

        tally = self.tallies[quantity.name]
        flags = np.frombuffer(tally.flags, dtype=np.int8)
        stats: Array = (flags == 1).astype(float)[:, None]
        groups = {"group": tuple(self.groups)} if self.groups else {}
        made = Scores(quantity, tuple(self.ids), stats, missing=tally.reasons, groups=groups)
        return made if only is None or len(only) == len(self.ids) else made.take(sorted(only))

    def count(self, issue: str) -> tuple[int, int]:
        """Faulty rows, and rows of which nobody can tell."""
        flags = self.tallies[issue].flags
        return flags.count(1), flags.count(2)


def inspect(
    data: Dataset,
    inspectors: Mapping[str, Inspector],
    *,
    input: str,
    target: str | None,
    group: str | None = None,
    boilerplate: Boilerplate | None = None,
    most_labels: int = 300,
) -> Inspection:
    """Read the rows past every inspector.

    Raises:
        NothingSelected: there are no rows.
        SuiteError: no row has the field.
    """
    found = Inspection(tallies={name: _Tally() for name in [*inspectors, *(["boilerplate"] if boilerplate else [])]})
    for entry in entries(data, input, target, group):
        found.ids.append(entry.id)
        answer = " ".join(entry.answers) if entry.targets else entry.normal
        found.lengths.append(answer.count(" ") + bool(answer))
        if len(found.labels) <= most_labels:
            found.labels[entry.target] += 1
        if group:
            value = entry.row.get(group)
            found.groups.append("(missing)" if value is None or value == "" else str(value))
        for tally in found.tallies.values():
            tally.flags.append(0)
        for name, inspector in inspectors.items():
            found.tallies[name].note(entry.at, inspector.see(entry))
        if boilerplate:
            boilerplate.count(answer)
    if not found.ids:
        raise NothingSelected(f"{data} has no rows; there is nothing to inspect")
    for name, inspector in inspectors.items():
        for at, word in inspector.close():
            found.tallies[name].note(at, word)
    if boilerplate and boilerplate.suspects():
        _reread(data, found, boilerplate, input, target)
    _show(data, found, input, target)
    return found


def _reread(data: Dataset, found: Inspection, boilerplate: Boilerplate, input: str, target: str | None) -> None:
    """The passages that are common, then the rows that hold them."""
    for entry in entries(data, input, target):
        boilerplate.look(_answer(entry))
    for entry in entries(data, input, target):
        if passages := boilerplate.common(_answer(entry)):
            found.phrases.add(entry.at, passages)
            found.tallies["boilerplate"].note(entry.at, Fault(f"“{max(passages, key=len)}”"))


def _answer(entry: Entry) -> str:
    return " ".join(entry.answers) if entry.targets else entry.normal


def _show(data: Dataset, found: Inspection, input: str, target: str | None) -> None:
    """The texts of the rows that are shown, read once more."""
    wanted = {
        at for tally in found.tallies.values() for row, fault in tally.faults.items() for at in (row, fault.partner)
    }
    wanted.discard(-1)
    if not wanted:
        return
    texts: dict[int, Entry] = {}
    last = max(wanted)
    for entry in entries(data, input, target):
        if entry.at in wanted:
            texts[entry.at] = entry
        if entry.at == last:
            break
    for issue, tally in found.tallies.items():
        for at, fault in tally.faults.items():
            row, other = texts[at], texts.get(fault.partner)
            pair = (other.id, _cut(other.input), _cut(other.target)) if other else ("", "", "")
            found.shown.append(Shown(issue, fault.note, row.id, row.line, _cut(row.input), _cut(row.target), *pair))


def _cut(text: str) -> str:
    return text if len(text) <= CUT else f"{text[: CUT - 1]}…"
