"""Texts that are the same, nearly the same, or stand inside each other.

Same: equal after `normalise`. Nearly the same: the Jaccard similarity of their three-letter pieces reaches a threshold;
MinHash with banding (Broder 1997; Indyk and Motwani 1998) finds the candidates, and every candidate is then compared
exactly, so a reported pair is never an approximation; a pair right at the threshold is overlooked once in a thousand.
Inside each other: the share of a text's word n-grams that stand in other texts.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]

OVERLOOKED = 1e-3
"""Chance that a pair exactly at the threshold is not found; a closer pair is overlooked more rarely."""
MOST_HASHES = 128
_K = 3

_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_EDGES = ',;:!?…"“”„«»()[]{}¿¡'
"""Marks that are taken off the edges of words; not the period, which may belong to an abbreviation or a number."""
_OPERATORS = frozenset("-*/%&")


def normalise(text: str) -> str:
    """The text as it is compared: one Unicode form, no capitals, single blanks, no marks around words or alone.

    >>> normalise("  The “Fare” is  $2.50 , isn't it?")
    "the fare is $2.50 isn't it"
    >>> normalise("What is 3 - 2?") == normalise("What is 3 * 2?")
    False
    """
    folded = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold().split()
    words = [word.strip(_EDGES) for word in folded]
    kept = [word for at, word in enumerate(words) if word and not (_is_mark(word) and not _operates(words, at))]
    # a text of nothing but marks is compared as it stands
    return " ".join(kept or folded)


def _is_mark(word: str) -> bool:
    return not any(c.isalnum() or (unicodedata.category(c)[0] not in "PZ" and c != "`") for c in word)


def _operates(words: list[str], at: int) -> bool:
    """Whether a mark stands between two numbers or single letters, as in `3 - 2`."""
    around = words[max(at - 1, 0) : at] + words[at + 1 : at + 2]
    return words[at] in _OPERATORS and len(around) == 2 and all(len(w) == 1 or w[:1].isdigit() for w in around)


def pieces(normal: str) -> Hashes:
    """(m) sorted 64-bit hashes of the three-letter pieces of a normalised text, a word's edges being blanks.

    The n-th occurrence of a piece counts as a piece of its own, so that long texts do not become alike by length alone:
    two unrelated English texts of 20,000 letters have a similarity near 0.57, of 80,000 letters near 0.7.
    """
    import numpy as np

    codes = np.frombuffer(f" {normal} ".encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    if len(codes) < _K:
        codes = np.pad(codes, (0, _K - len(codes)))
    packed = (codes[:-2] << np.uint64(42)) | (codes[1:-1] << np.uint64(21)) | codes[2:]
    packed.sort()
    first = np.searchsorted(packed, packed)
    occurrence = np.arange(len(packed), dtype=np.uint64) - first.astype(np.uint64)
    mixed = _mix(packed + occurrence * np.uint64(0x9E3779B97F4A7C15))
    mixed.sort()
    return mixed


def jaccard(a: Hashes, b: Hashes) -> float:
    """Shared pieces over all pieces of two texts, exactly."""
    import numpy as np

    shared = len(np.intersect1d(a, b, assume_unique=True))
    return shared / (len(a) + len(b) - shared)


def similarity(a: str, b: str) -> float:
    """Jaccard similarity of the three-letter pieces of two texts, after `normalise`."""
    return jaccard(pieces(normalise(a)), pieces(normalise(b)))


def _mix(values: Hashes) -> Hashes:
    """A well-spread permutation of 64-bit numbers (the finaliser of SplitMix64); wraps on purpose."""
    import numpy as np

    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


class Neighbour(NamedTuple):
    """A text of the index that is near to a given one."""

    at: int
    """Which text of the index."""
    similarity: float


def bands(threshold: float) -> tuple[int, int]:
    """(bands, rows in a band): the most selective banding that overlooks a pair at the threshold at most once in a
    thousand, within 128 hashes.

    >>> bands(0.8)
    (18, 5)
    """
    best = (MOST_HASHES, 1)
    for rows in range(1, 33):
        chance = threshold**rows
        need = 1 if chance >= 1 else math.ceil(math.log(OVERLOOKED) / math.log1p(-chance))
        if need * rows <= MOST_HASHES:
            best = (need, rows)
    return best


@dataclass(slots=True)
class Neighbours:
    """An index of texts that finds those at least `threshold` similar to a given one."""

    threshold: float
    seed: int = 0
    texts: list[str] = field(default_factory=list)
    """The normalised texts, by index."""
    _buckets: dict[int, list[int]] = field(default_factory=dict)
    _sizes: list[int] = field(default_factory=list)
    _multipliers: Any = None
    _shifts: Any = None
    _banding: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        import numpy as np

        if not 0 < self.threshold <= 1:
            raise ValueError(f"a similarity threshold lies above 0 and at most at 1, found {self.threshold}")
        self._banding = bands(self.threshold)
        count = self._banding[0] * self._banding[1]
        random = np.random.Generator(np.random.PCG64(self.seed))
        self._multipliers = random.integers(0, 2**63, count, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
        self._shifts = random.integers(0, 2**63, count, dtype=np.uint64)

    def add(self, normal: str, tags: Iterable[Hashable] = ("",)) -> int:
        """Put a normalised text in, under one or several tags; its index."""
        index = len(self.texts)
        found = pieces(normal)
        self.texts.append(normal)
        self._sizes.append(len(found))
        keys = self._keys(found)
        for tag in set(tags):
            for key in keys:
                self._buckets.setdefault(hash((key, tag)), []).append(index)
        return index

    def find(self, normal: str, tags: Iterable[Hashable] = ("",)) -> list[Neighbour]:
        """Every text near to this one that shares a tag with it, the nearest first."""
        found = pieces(normal)
        size = len(found)
        candidates: set[int] = set()
        keys = self._keys(found)
        for tag in set(tags):
            for key in keys:
                candidates.update(self._buckets.get(hash((key, tag)), ()))
        near = []
        for index in candidates:
            # similarity is at most the ratio of the sizes
            if min(size, self._sizes[index]) >= self.threshold * max(size, self._sizes[index]):
                value = jaccard(found, pieces(self.texts[index]))
                if value >= self.threshold:
                    near.append(Neighbour(index, value))
        return sorted(near, key=lambda n: (-n.similarity, n.at))

    def _keys(self, found: Hashes) -> list[int]:
        """One number for each band of the MinHash signature of some pieces."""
        import numpy as np

        signature = ((found[:, None] * self._multipliers + self._shifts) >> np.uint64(32)).min(axis=0)
        number, rows = self._banding
        keys = np.arange(number, dtype=np.uint64)
        for row in range(rows):
            keys = _mix(keys ^ signature[row::rows])
        return [int(key) for key in keys]


@dataclass(slots=True)
class Passages:
    """Which of the word n-grams of some texts stand in other texts."""

    n: int
    _owners: dict[int, list[int]] = field(default_factory=dict)
    _totals: list[int] = field(default_factory=list)
    _found: set[int] = field(default_factory=set)

    def add(self, normal: str) -> int:
        """Watch for the n-grams of a normalised text; its index."""
        index = len(self._totals)
        grams = set(ngrams(normal, self.n))
        self._totals.append(len(grams))
        for gram in grams:
            self._owners.setdefault(gram, []).append(index)
        return index

    def see(self, normal: str) -> None:
        """Another text, in which those n-grams may stand."""
        self._found.update(gram for gram in ngrams(normal, self.n) if gram in self._owners)

    def shares(self) -> list[float | None]:
        """For each text that was added: the share of its n-grams that were seen; None where it is too short for one."""
        seen = [0] * len(self._totals)
        for gram in self._found:
            for index in self._owners[gram]:
                seen[index] += 1
        return [hits / total if total else None for hits, total in zip(seen, self._totals, strict=True)]


def ngrams(normal: str, n: int) -> list[int]:
    """64-bit hashes of all runs of `n` words."""
    import numpy as np

    words = normal.split()
    if len(words) < n:
        return []
    hashes = np.array([hash(word) & (2**64 - 1) for word in words], dtype=np.uint64)
    runs = np.zeros(len(words) - n + 1, dtype=np.uint64)
    for at in range(n):
        runs = _mix(runs ^ hashes[at : at + len(runs)])
    return [int(run) for run in runs]


class Text(NamedTuple):
    """A text with its reference answers, to be compared."""

    normal: str
    targets: frozenset[str]
    """Normalised; two texts agree where they share one."""
    place: str = ""
    """`file:line`, for messages."""
    shown: str = ""
    """The text as it stands."""


class Copy(NamedTuple):
    """The nearest text, with a shared target, that was seen of a watched one."""

    similarity: float
    exact: bool
    of: Text


class Copies:
    """Watches some texts (kept in memory) while others stream by: which of them stand there, too?"""

    def __init__(self, watched: list[Text], *, threshold: float, n: int) -> None:
        self.found: list[Copy | None] = [None] * len(watched)
        """For each watched text, its worst copy."""
        self.conflicts: list[Text | None] = [None] * len(watched)
        """For each watched text, an equal text without a shared target."""
        self._watched = watched
        self._equal: dict[str, list[int]] = {}
        self._near = Neighbours(threshold)
        self._passages = Passages(n)
        for at, text in enumerate(watched):
            self._equal.setdefault(text.normal, []).append(at)
            self._near.add(text.normal, text.targets)
            self._passages.add(text.normal)

    def see(self, text: Text) -> None:
        """Another text streams by."""
        self._passages.see(text.normal)
        for at in self._equal.get(text.normal, ()):
            if text.targets & self._watched[at].targets:
                self._keep(at, Copy(1.0, True, text))
            elif self.conflicts[at] is None:
                self.conflicts[at] = text
        for at, value in self._near.find(text.normal, text.targets):
            if text.normal != self._watched[at].normal:
                self._keep(at, Copy(value, False, text))

    def shares(self) -> list[float | None]:
        """For each watched text, the share of its word n-grams that were seen; None where it is too short for one."""
        return self._passages.shares()

    def _keep(self, at: int, copy: Copy) -> None:
        best = self.found[at]
        if best is None or (copy.exact, copy.similarity) > (best.exact, best.similarity):
            self.found[at] = copy
