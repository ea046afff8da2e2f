"""Which beginnings texts have in common: the texts sorted, and cut into runs that share enough to keep it once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thrift:
    """From when on sharing is worth while."""

    many: int = 12
    """Texts that a beginning is kept once for, at least."""
    long: int = 32
    """Tokens that such a beginning is longer than the one around it, at least."""
    copied: int = 8
    """Tokens that a text copies from its neighbour, rather than having them read again, at least."""


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbours among sorted texts."""

    start: int
    end: int
    depth: int
    """Tokens that they share, and that are to be kept once; 0 for none."""


def common(first: Sequence[int], second: Sequence[int]) -> int:
    """Tokens that two texts begin with alike; compares slices, so a long beginning costs little."""
    low, high = 0, min(len(first), len(second))
    if first[:high] == second[:high]:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle
    return low


def runs(texts: Sequence[Sequence[int]], thrift: Thrift) -> list[Run]:
    """Sorted texts as consecutive runs, each with the beginning that is worth keeping once for all of it.

    Of all beginnings that `many` texts or more share, one is kept where it is `long` tokens longer than the kept one
    around it. At least one token of every text is left to be read after it.
    """
    depths, owner = [0], [0] * len(texts)
    around: list[tuple[int, int]] = []
    for start, end, depth in _shared(texts, thrift.many):
        while around and around[-1][0] <= start:
            around.pop()
        depth = min(depth, len(texts[start]) - 1)
        if depth >= thrift.long + (around[-1][1] if around else 0):
            around.append((end, depth))
            owner[start:end] = [len(depths)] * (end - start)
            depths.append(depth)
    if not texts:
        return []
    starts = [i for i in range(len(texts)) if i == 0 or owner[i] != owner[i - 1]]
    return [Run(start, end, depths[owner[start]]) for start, end in zip(starts, [*starts[1:], len(texts)], strict=True)]


def _shared(texts: Sequence[Sequence[int]], many: int) -> list[tuple[int, int, int]]:
    """(start, end, depth) of every beginning that `many` or more neighbours share, outer before inner.

    The intervals of an array of common beginnings, after Abouelhoda, Kurtz and Ohlebusch (2004), algorithm 4.1.
    """
    found = []
    open_ = [(0, 0)]
    for i in range(1, len(texts) + 1):
        depth, start = common(texts[i - 1], texts[i]) if i < len(texts) else -1, i - 1
        while open_ and open_[-1][0] > depth:
            deep, start = open_.pop()
            if i - start >= many and deep:
                found.append((start, i, deep))
        if not open_ or open_[-1][0] < depth:
            open_.append((depth, start))
    return sorted(found, key=lambda interval: (interval[0], -interval[1], interval[2]))
