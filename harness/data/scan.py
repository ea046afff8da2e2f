"""One streaming pass over a data set: everything that is wrong with it, and what its fields hold."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.data.columns import text_of
from harness.data.dataset import Dataset, own_id, row_digest, twice
from harness.errors import Complaint, NothingSelected, SuiteError, nearest

SHOWN = 10
"""How many complaints of one kind are written out."""
MOST_LABELS = 1000
"""More different values than this are free text, not labels."""
_MASK = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Lengths:
    """Characters of one text field."""

    shortest: int
    longest: int
    total: int
    rows: int

    @property
    def mean(self) -> float:
        """Characters of an average row."""
        return self.total / self.rows


@dataclass(frozen=True, slots=True)
class Scan:
    """What one pass found."""

    dataset: Dataset
    count: int
    complaints: tuple[Complaint, ...]
    """Errors and warnings, the first ten of each kind, then how many more there are."""
    fields: Mapping[str, int]
    """Every field → in how many rows it has a value."""
    labels: Mapping[str, int] | None
    """Target → rows; None where there was no target to look at, or more than `MOST_LABELS` different ones."""
    first: tuple[dict[str, Any], ...]
    """The first three rows."""
    lengths: Mapping[str, Lengths]
    """Text field → its lengths."""
    identical: int
    """Rows without an id of their own that repeat an earlier one in every field."""

    @property
    def errors(self) -> tuple[Complaint, ...]:
        """The complaints that stop a run."""
        return tuple(c for c in self.complaints if c.severity == "error")

    def require(self) -> Scan:
        """Itself, if nothing is wrong.

        Raises:
            SuiteError: with every error found.
        """
        if self.errors:
            raise SuiteError(self.errors)
        return self


def scan(
    dataset: Dataset,
    *,
    fields: Collection[str] = (),
    target: str = "",
    choices: Collection[str] | None = None,
    minimum: int = 2,
) -> Scan:
    """Read every row once. Memory does not grow with the rows but for 8 bytes each.

    Args:
        fields: must be there in every row (a prompt's fields); their value may be empty.
        target: must be there in every row and not be empty.
        choices: the values that `target` may have, where they are known.
        minimum: fewer rows than this are an error.

    Raises:
        NothingSelected: no row and no complaint.
    """
    found = _Pass(dataset, tuple(fields), target, None if choices is None else frozenset(map(str, choices)))
    for line, item in dataset.items():
        if isinstance(item, Complaint):
            found.complain("row" if item.severity == "error" else "warning", item)
        else:
            found.take(line, item)
    return found.result(minimum)


@dataclass(slots=True)
class _Pass:
    dataset: Dataset
    needed: tuple[str, ...]
    target: str
    choices: frozenset[str] | None
    count: int = 0
    own: int = 0
    ids: array[int] = field(default_factory=lambda: array("Q"))
    kinds: dict[str, list[Complaint]] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    fields: dict[str, int] = field(default_factory=dict)
    labels: dict[str, int] | None = field(default_factory=dict)
    first: list[dict[str, Any]] = field(default_factory=list)
    lengths: dict[str, list[int]] = field(default_factory=dict)

    def complain(self, kind: str, complaint: Complaint) -> None:
        """Keep the first few complaints of a kind and count the others."""
        self.totals[kind] = self.totals.get(kind, 0) + 1
        if self.totals[kind] <= SHOWN:
            self.kinds.setdefault(kind, []).append(complaint)

    def wrong(self, kind: str, line: int, text: str) -> None:
        self.complain(kind, Complaint(self.dataset.source.shown, line, text))

    def take(self, line: int, row: dict[str, Any]) -> None:
        self.count += 1
        if len(self.first) < 3:
            self.first.append(row)
        try:
            name = own_id(row, self.dataset.source, line)
        except SuiteError as error:
            self.complain("id", error.complaints[0])
            name = None
        self.own += name is not None
        self.ids.append(hash(row_digest(row) if name is None else name) & _MASK)
        for key, value in row.items():
            if value is not None:
                self.fields[key] = self.fields.get(key, 0) + 1
            if isinstance(value, str):
                self._length(key, len(value))
        for name in self.needed:
            if name not in row:
                known = ", ".join(list(row)[:12])
                self.wrong("field", line, f"the row has no field {name!r} (it has: {known})")
        if self.target:
            self._target(line, row)

    def _length(self, key: str, size: int) -> None:
        known = self.lengths.get(key)
        if known is None:
            self.lengths[key] = [size, size, size, 1]
            return
        if size < known[0]:
            known[0] = size
        elif size > known[1]:
            known[1] = size
        known[2] += size
        known[3] += 1

    def _target(self, line: int, row: dict[str, Any]) -> None:
        value = row.get(self.target)
        answers = value if isinstance(value, list) else [value]
        if not answers or any(answer is None or not str(answer).strip() for answer in answers):
            what = "is empty" if self.target in row else "is not there"
            self.wrong("target", line, f"the target {self.target!r} {what}; every row needs a reference answer")
            return
        for answer in map(text_of, answers):
            if self.choices is not None and answer not in self.choices:
                hint = nearest(answer, self.choices)
                self.wrong("label", line, f"the target {answer!r} is none of the choices{hint}")
            if self.labels is not None:
                self.labels[answer] = self.labels.get(answer, 0) + 1
                if len(self.labels) > MOST_LABELS:
                    self.labels = None

    def result(self, minimum: int) -> Scan:
        shown = self.dataset.source.shown
        if not self.count and not self.totals.get("row"):
            raise NothingSelected(f"{shown} has no rows; nothing can be evaluated on it")
        identical = self._twice()
        if 0 < self.count < minimum:
            rows = "1 row" if self.count == 1 else f"{self.count} rows"
            self.wrong("few", 0, f"has {rows}; at least {minimum} rows are needed to know how sure a number is")
        self._labels_alike()
        complaints = []
        for kind, listed in self.kinds.items():
            complaints += listed
            if more := self.totals[kind] - len(listed):
                complaints.append(
                    Complaint(shown, 0, f"and {more:,} more like these ({listed[-1].text})", listed[0].severity)
                )
        lengths = {key: Lengths(*numbers) for key, numbers in self.lengths.items()}
        labels = self.labels if self.target else None
        return Scan(
            self.dataset, self.count, tuple(complaints), self.fields, labels, tuple(self.first), lengths, identical
        )  # fmt: skip

    def _labels_alike(self) -> None:
        alike: dict[str, list[str]] = {}
        for label in self.labels or ():
            alike.setdefault(" ".join(label.split()).casefold(), []).append(label)
        if len(alike) > 100:  # free text, not labels
            return
        for group in alike.values():
            if len(group) > 1:
                text = f"the targets {', '.join(map(repr, sorted(group)[:5]))} differ only in blanks or capitals"
                self.complain("alike", Complaint(self.dataset.source.shown, 0, text, "warning"))

    def _twice(self) -> int:
        """Complain about ids that stand twice; how many rows repeat an earlier one."""
        import numpy as np

        hashes = np.frombuffer(self.ids, dtype=np.uint64) if self.ids else np.zeros(0, np.uint64)
        hashes = np.sort(hashes)
        repeated = hashes[1:][hashes[1:] == hashes[:-1]]
        if not len(repeated):
            return 0
        identical = len(repeated)
        if self.own:
            identical = self._named({int(value) for value in np.unique(repeated)})
        if identical:
            rows = "1 row repeats" if identical == 1 else f"{identical:,} rows repeat"
            text = f"{rows} an earlier row in every field; every one counts as a sample"
            self.complain("identical", Complaint(self.dataset.source.shown, 0, text, "warning"))
        return identical

    def _named(self, suspects: set[int]) -> int:
        """A second pass that names the lines of equal ids; equal hashes alone prove nothing."""
        first: dict[str, int] = {}
        identical = 0
        for line, row in _rows(self.dataset):
            try:
                own = own_id(row, self.dataset.source, line)
            except SuiteError:
                own = None  # complained about in the first pass
            name = row_digest(row) if own is None else own
            if hash(name) & _MASK not in suspects:
                continue
            if name not in first:
                first[name] = line
            elif own is None:
                identical += 1
            else:
                self.complain("twice", twice(self.dataset.source, name, first[name], line))
        return identical


def _rows(dataset: Dataset) -> Iterator[tuple[int, dict[str, Any]]]:
    return ((line, item) for line, item in dataset.items() if isinstance(item, dict))
