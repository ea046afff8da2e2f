"""Finding near texts among many: MinHash with banding (Broder 1997; Indyk and Motwani 1998).

Banding proposes candidates, the agreement of signatures sorts out the hopeless ones, and the rest is compared exactly:
a reported pair is never an approximation, and a pair right at the threshold is overlooked about once in a thousand.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from harness.overlap.texts import jaccard, mix, pieces

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OVERLOOKED = 1e-3
"""Chance that a pair exactly at the threshold is no candidate; a closer pair is overlooked more rarely."""
MOST_HASHES = 128
_DEVIATIONS = 4.0
"""How far a signature's estimate may lie below the threshold, in standard deviations, before a pair is given up."""


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


class Neighbours:
    """An index of texts that finds those at least `threshold` similar to a given one."""

    def __init__(self, threshold: float, *, seed: int = 0) -> None:
        """An empty index; `seed` decides which candidates are proposed, never what is reported of them."""
        import numpy as np

        if not 0 < threshold <= 1:
            raise ValueError(f"a similarity threshold lies above 0 and at most at 1, found {threshold}")
        self.texts: list[str] = []
        """The normalised texts, by index."""
        self._threshold = threshold
        self._bands, self._rows = bands(threshold)
        hashes = self._bands * self._rows
        self._hopeless = threshold - _DEVIATIONS * math.sqrt(threshold * (1 - threshold) / hashes)
        random = np.random.Generator(np.random.PCG64(seed))
        self._multipliers = random.integers(0, 2**63, hashes, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
        self._shifts = random.integers(0, 2**63, hashes, dtype=np.uint64)
        self._signatures = np.zeros((64, hashes), dtype=np.uint32)
        self._buckets: dict[int, list[int]] = {}

    def add(self, normal: str, tags: Iterable[Hashable] = ("",)) -> int:
        """Put a normalised text in, under one or several tags; its index."""
        import numpy as np

        at = len(self.texts)
        if at == len(self._signatures):
            self._signatures = np.concatenate([self._signatures, np.zeros_like(self._signatures)])
        self._signatures[at] = signature = self._signature(pieces(normal))
        self.texts.append(normal)
        for key in self._keys(signature, tags):
            self._buckets.setdefault(key, []).append(at)
        return at

    def find(
        self, normal: str, tags: Iterable[Hashable] = ("",), *, beat: NDArray[np.float64] | None = None
    ) -> list[Neighbour]:
        """Every text near to this one that shares a tag with it, the nearest first.

        Args:
            beat: (texts) similarities known already; a text that by estimate does not reach its own is left out.
        """
        import numpy as np

        found = pieces(normal)
        signature = self._signature(found)
        candidates = {at for key in self._keys(signature, tags) for at in self._buckets.get(key, ())}
        if not candidates:
            return []
        rows = np.fromiter(candidates, dtype=np.int64, count=len(candidates))
        estimates = (self._signatures[rows] == signature).mean(axis=1)
        hopeful = estimates >= self._hopeless
        if beat is not None:
            hopeful &= estimates > beat[rows]
        near = (Neighbour(at, jaccard(found, pieces(self.texts[at]))) for at in rows[hopeful].tolist())
        return sorted((n for n in near if n.similarity >= self._threshold), key=lambda n: (-n.similarity, n.at))

    def _signature(self, found: NDArray[np.uint64]) -> NDArray[np.uint32]:
        """(hashes): the smallest value of each hash function over some pieces."""
        import numpy as np

        values: NDArray[np.uint64] = (found[:, None] * self._multipliers + self._shifts) >> np.uint64(32)
        lowest: NDArray[np.uint32] = values.min(axis=0).astype(np.uint32)
        return lowest

    def _keys(self, signature: NDArray[np.uint32], tags: Iterable[Hashable]) -> list[int]:
        """One number for each band of a signature and each tag."""
        import numpy as np

        keys = np.arange(self._bands, dtype=np.uint64)
        for row in range(self._rows):
            keys = mix(keys ^ signature[row :: self._rows].astype(np.uint64))
        return [hash((key, tag)) for tag in set(tags) for key in keys.tolist()]
