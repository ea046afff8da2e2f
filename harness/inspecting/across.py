"""Issues that show across rows only: repeats, conflicts, other languages, other templates, boilerplate, odd labels."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from harness.inspecting import language, markers
from harness.inspecting.entry import Entry, Fault, Word
from harness.overlap import Neighbours
from harness.score import Missing

_MASK = 2**63 - 1


@dataclass(slots=True)
class Repeats:
    """Rows that say what an earlier row says, with the same target; remembered by hash alone."""

    _first: dict[int, int] = field(default_factory=dict)

    def see(self, entry: Entry) -> Word:
        """The first row with the same normalised input and targets."""
        first = self._first.setdefault(hash((entry.normal, entry.answers)), entry.at)
        return None if first == entry.at else Fault("the same input and target", first)

    def close(self) -> Iterable[tuple[int, Word]]:
        """Nothing more."""
        return ()


class NearRepeats:
    """Rows that say nearly what an earlier row with the same target says; exact repeats are not counted here."""

    def __init__(self, threshold: float) -> None:
        self._index = Neighbours(threshold)
        self._rows: array[int] = array("q")
        self._seen: set[int] = set()

    def see(self, entry: Entry) -> Word:
        """The nearest earlier row."""
        key = hash((entry.normal, entry.answers))
        if key in self._seen or not entry.normal:
            return None
        self._seen.add(key)
        near = self._index.find(entry.normal, [entry.answers])
        if near:
            return Fault(f"{near[0].similarity:.0%} alike", self._rows[near[0].at])
        self._index.add(entry.normal, [entry.answers])
        self._rows.append(entry.at)
        return None

    def close(self) -> Iterable[tuple[int, Word]]:
        """Nothing more."""
        return ()


@dataclass(slots=True)
class Conflicts:
    """Rows whose input another row has with none of the same targets: they cannot both be right."""

    _first: dict[int, tuple[int, frozenset[int]]] = field(default_factory=dict)
    _inputs: array[int] = field(default_factory=lambda: array("q"))
    _other: dict[int, int] = field(default_factory=dict)

    def see(self, entry: Entry) -> Word:
        """Nothing yet: the earlier row is at fault as much as the later one."""
        key = hash(entry.normal) & _MASK
        self._inputs.append(key)
        targets = frozenset(map(hash, entry.answers))
        _, had = self._first.setdefault(key, (entry.at, targets))
        if entry.normal and targets and had and not targets & had:
            self._other.setdefault(key, entry.at)
        return None

    def close(self) -> Iterator[tuple[int, Word]]:
        """Every row of an input with conflicting targets."""
        for at, key in enumerate(self._inputs):
            if key in self._other:
                first, other = self._first[key][0], self._other[key]
                yield at, Fault("the same input, another target", other if at == first else first)


@dataclass(slots=True)
class Foreign:
    """Rows that surely are not in the main language."""

    main: str = ""
    """As said, or at the end the most frequent one."""
    counts: Counter[str] = field(default_factory=Counter)
    _rows: array[int] = field(default_factory=lambda: array("q"))
    """Which language each row is in, by number; 0 where that is not known."""
    _sure: array[int] = field(default_factory=lambda: array("q"))
    """Bit n: the row surely is not in language n."""
    _names: dict[str, int] = field(default_factory=lambda: {"": 0})

    def see(self, entry: Entry) -> Word:
        """Nothing yet: the main language is known at the end."""
        found = language.guess(f"{entry.input[: language.LONGEST // 2]}\n{entry.target[: language.LONGEST // 2]}")
        self.counts[found.language] += 1
        self._rows.append(self._names.setdefault(found.language, len(self._names)))
        self._sure.append(sum(1 << self._names.setdefault(n, len(self._names)) for n in found.surely_not()))
        return None

    def close(self) -> Iterator[tuple[int, Word]]:
        """The rows in other languages."""
        known = [(count, name) for name, count in self.counts.items() if name]
        self.main = self.main or (max(known)[1] if known else "")
        names, main = list(self._names), self._names.get(self.main, 0)
        alone = {number for name, number in self._names.items() if name and name not in language.TOLD_APART}
        for at, (number, sure) in enumerate(zip(self._rows, self._sure, strict=True)):
            apart = number in alone or main in alone or not main or bool(sure >> main & 1)
            if self.main and number and number != main and apart:
                yield at, Fault(f"{names[number]}, not {self.main}")


@dataclass(slots=True)
class Odd:
    """Rows that are written in another way than most: their prompts' template, or their targets' ends."""

    way: Callable[[Entry], str]
    nothing: str
    """What stands in notes for the empty way."""
    counts: Counter[str] = field(default_factory=Counter)
    _ways: dict[str, int] = field(default_factory=dict)
    _rows: array[int] = field(default_factory=lambda: array("q"))

    def see(self, entry: Entry) -> Word:
        """Nothing yet: which way is usual is known at the end."""
        found = self.way(entry)
        self.counts[found] += 1
        self._rows.append(self._ways.setdefault(found, len(self._ways)))
        return None

    def close(self) -> Iterator[tuple[int, Word]]:
        """The rows of unusual ways."""
        if len(self.counts) < 2:
            return
        usual = self.counts.most_common(1)[0][0]
        names = list(self._ways)
        for at, number in enumerate(self._rows):
            if names[number] != usual:
                yield at, Fault(f"{names[number] or self.nothing}, most rows have {usual or self.nothing}")


def template_of(entry: Entry) -> str:
    """The template's marks in a row's input and target."""
    return " ".join([*markers.frame(entry.input), *markers.frame(markers.stripped(entry.target))])


def ending_of(entry: Entry) -> str:
    """The end-of-text mark of a row's target."""
    return markers.ending(entry.target)


@dataclass(slots=True)
class Template:
    """Rows whose prompt is written otherwise in training than in serving; without both, otherwise than most."""

    trained: Callable[[Entry], str]
    served: Callable[[Entry], str]

    def see(self, entry: Entry) -> Word:
        """The two prompts must be equal to the last blank."""
        try:
            trained, served = self.trained(entry), self.served(entry)
        except ValueError as error:
            return Fault(f"a prompt cannot be made of it: {error}")
        if trained == served:
            return None
        at = next((i for i, (a, b) in enumerate(zip(trained, served, strict=False)) if a != b), -1)
        at = at if at >= 0 else min(len(trained), len(served))
        return Fault(f"trained on {trained[max(0, at - 10) : at + 30]!r}, asked {served[max(0, at - 10) : at + 30]!r}")

    def close(self) -> Iterable[tuple[int, Word]]:
        """Nothing more."""
        return ()


@dataclass(slots=True)
class Unknown:
    """An issue that cannot be looked for in these rows, with the reason."""

    reason: str

    def see(self, entry: Entry) -> Word:
        """The reason."""
        return Missing(self.reason)

    def close(self) -> Iterable[tuple[int, Word]]:
        """Nothing more."""
        return ()
