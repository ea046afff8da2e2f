"""Issues that show in a row alone: empty, personal data, encoding, age, licence, length."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from harness.data import text_of
from harness.inspecting import encoding, licences, pii
from harness.inspecting.entry import Entry, Fault, Word
from harness.score import Missing

EDGE = 20_000
"""Characters of a text that are searched from each end."""


@dataclass(slots=True)
class Alone:
    """An inspector that needs one row at a time."""

    look: Callable[[Entry], Word]

    def see(self, entry: Entry) -> Word:
        """What `look` says."""
        return self.look(entry)

    def close(self) -> Iterable[tuple[int, Word]]:
        """Nothing more."""
        return ()


def empty(entry: Entry) -> Word:
    """No input, or no target, but blanks and invisible characters."""
    lacking = [name for name, text in (("input", entry.normal), ("target", "".join(entry.answers))) if not text]
    return Fault(f"no {' and no '.join(lacking)}") if lacking else None


def empty_input(entry: Entry) -> Word:
    """The same, for rows that need no target."""
    return None if entry.normal else Fault("no input")


@dataclass(slots=True)
class Personal:
    """Personal data in the input or a target, shown by its shape only."""

    counts: dict[str, int] = field(default_factory=dict)
    """Kind → rows that hold it."""

    def __call__(self, entry: Entry) -> Word:
        """The row's personal data."""
        found = [(text, hit) for text in map(edges, (entry.input, *entry.targets)) for hit in pii.find(text)]
        for kind in {hit.kind for _, hit in found}:
            self.counts[kind] = self.counts.get(kind, 0) + 1
        shown = list(dict.fromkeys(f"{hit.kind} {pii.masked(text, hit)}" for text, hit in found))
        return Fault(", ".join(shown[:4])) if shown else None


@dataclass(slots=True)
class Damaged:
    """Faults of encoding in the input or a target."""

    counts: dict[str, int] = field(default_factory=dict)
    """Kind → rows that hold it."""

    def __call__(self, entry: Entry) -> Word:
        """The row's faults."""
        total: dict[str, int] = {}
        for text in (entry.input, *entry.targets):
            for kind, count in encoding.faults(text).items():
                total[kind] = total.get(kind, 0) + count
        for kind in total:
            self.counts[kind] = self.counts.get(kind, 0) + 1
        return Fault(", ".join(f"{kind.replace('_', ' ')} ×{n}" for kind, n in total.items())) if total else None


@dataclass(frozen=True, slots=True)
class Stale:
    """Rows older than so many days."""

    field: str
    days: int
    today: date

    def __call__(self, entry: Entry) -> Word:
        """Its age; Missing where the date cannot be read."""
        value = entry.row.get(self.field)
        when = _date(value)
        if when is None:
            return Missing(f"{self.field!r} holds {value!r}, which is no date such as 2024-05-31")
        age = (self.today - when).days
        return Fault(f"of {when.isoformat()}, {age} days old") if age > self.days else None


def _date(value: object) -> date | None:
    """A date from text (ISO 8601, or a year alone) or from seconds since 1970."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        if isinstance(value, int | float):
            if 1900 <= value <= 2200:  # the year alone, all of which may have passed
                return date(int(value), 12, 31)
            return datetime.fromtimestamp(value, UTC).date()
        text = str(value).strip()
        if text.isdigit() and len(text) == 4:
            return date(int(text), 12, 31)
        return datetime.fromisoformat(text).date()
    except (ValueError, OverflowError, OSError):
        return None


@dataclass(frozen=True, slots=True)
class Unlicensed:
    """Rows whose licence is not among the allowed ones."""

    field: str
    allowed: Collection[str]

    def __call__(self, entry: Entry) -> Word:
        """Its licence; Missing where nobody knows it."""
        value = entry.row.get(self.field)
        name = licences.canonical(text_of(value)) if value is not None else ""
        if not name:
            return Missing(f"the licence is not known: {self.field!r} holds {value!r}")
        return None if name in self.allowed else Fault(name)


@dataclass(frozen=True, slots=True)
class Cut:
    """Rows whose target does not fit into the length that training or serving has."""

    length: Callable[[Entry], int]
    """Tokens of prompt and target together."""
    most: int

    def __call__(self, entry: Entry) -> Word:
        """How much too long it is."""
        tokens = self.length(entry)
        return Fault(f"{tokens:,} tokens of {self.most:,}") if tokens > self.most else None


def edges(text: str) -> str:
    """A text that is not too long to search: of a very long one, both ends."""
    return text if len(text) <= 2 * EDGE else f"{text[:EDGE]} … {text[-EDGE:]}"
