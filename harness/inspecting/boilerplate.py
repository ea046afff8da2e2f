"""Passages that stand in many different answers: footers, disclaimers and greetings that were scraped along."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from typing import TYPE_CHECKING

from harness.overlap.texts import mix

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BUCKETS = 1 << 20
_MASK = 2**64 - 1
_MOST_PHRASES = 10_000
FEWEST_TEXTS = 20
"""Different texts below which nothing can be called common."""
FEWEST_HOLDERS = 5


class Boilerplate:
    """Word n-grams that stand in at least a share of the different texts, found in two readings of the same texts.

    The first reading counts hashes in a table of fixed size; the second counts those that are frequent there, exactly.
    A text that is repeated as it is counts once: a label, or one way to decline, is no boilerplate.
    """

    def __init__(self, share: float, words: int) -> None:
        """`share` of the different texts from which a run of `words` words is common."""
        import numpy as np

        self.words = words
        self._share = share
        self._counts: NDArray[np.int64] = np.zeros(_BUCKETS, dtype=np.int64)
        self._seen: set[int] = set()
        self._again: set[int] = set()
        self._exact: Counter[int] = Counter()
        self._hot: NDArray[np.bool_] | None = None

    @property
    def texts(self) -> int:
        """How many different texts were counted."""
        return len(self._seen)

    @property
    def least(self) -> int:
        """How many different texts a passage must stand in."""
        return max(FEWEST_HOLDERS, math.ceil(self._share * self.texts - 1e-9))

    def count(self, normal: str) -> None:
        """First reading, of normalised texts."""
        import numpy as np

        key = hash(normal)
        if key not in self._seen:
            self._seen.add(key)
            self._counts[np.unique(self._grams(normal) % np.uint64(_BUCKETS))] += 1

    def suspects(self) -> bool:
        """After the first reading: whether anything may be common, so that the others are worth it."""
        self._hot = self._counts >= self.least
        return self.texts >= FEWEST_TEXTS and bool(self._hot.any())

    def look(self, normal: str) -> None:
        """Second reading: count what is frequent without the table's collisions."""
        import numpy as np

        key = hash(normal)
        if key not in self._again and self._hot is not None:
            self._again.add(key)
            grams = np.unique(self._grams(normal))
            self._exact.update(grams[self._hot[grams % np.uint64(_BUCKETS)]].tolist())

    def common(self, normal: str) -> list[str]:
        """After both readings: the longest common passages of a text; empty where it has none."""
        least = self.least
        hits = [at for at, gram in enumerate(self._grams(normal).tolist()) if self._exact.get(gram, 0) >= least]
        return _passages(normal.split(), hits, self.words) if hits else []

    def _grams(self, normal: str) -> NDArray[np.uint64]:
        """64-bit hashes of all runs of `words` words."""
        import numpy as np

        words = normal.split()
        hashes = np.fromiter((hash(word) & _MASK for word in words), dtype=np.uint64, count=len(words))
        runs = np.zeros(max(0, len(words) - self.words + 1), dtype=np.uint64)
        for at in range(self.words):
            runs = mix(runs ^ hashes[at : at + len(runs)])
        return runs


class Phrases:
    """The common passages that were met, by frequency, in bounded memory."""

    def __init__(self) -> None:
        self._met: Counter[str] = Counter()
        self.rows: array[int] = array("q")
        """Rows that hold any."""

    def add(self, row: int, passages: list[str]) -> None:
        """A row's passages; nothing where there are none."""
        if passages:
            self.rows.append(row)
            self._met.update(p for p in passages if p in self._met or len(self._met) < _MOST_PHRASES)

    def most(self, n: int) -> list[tuple[str, int]]:
        """The most frequent passages and how often each was met."""
        return self._met.most_common(n)


def _passages(words: list[str], hits: list[int], n: int) -> list[str]:
    """Runs of words that overlapping n-grams cover."""
    spans: list[list[int]] = []
    for at in hits:
        if spans and at <= spans[-1][1]:
            spans[-1][1] = at + n
        else:
            spans.append([at, at + n])
    return [" ".join(words[start:end]) for start, end in spans]
