"""Which word n-grams of some texts stand in other texts."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.overlap.texts import mix


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
        runs = mix(runs ^ hashes[at : at + len(runs)])
    return [int(run) for run in runs]
