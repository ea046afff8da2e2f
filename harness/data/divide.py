"""Which part of a split a row belongs to, decided so that more rows never move old ones."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import accumulate

LARGEST_BLOCK = 100


@dataclass(slots=True)
class Division:
    """Deals units (inputs, groups) to parts by their shares.

    Without a stratum, a unit's part is a function of its text and the seed alone. Within a stratum, units are dealt in
    the order in which they first come, in blocks: a block holds every part in its exact proportion, shuffled by seed,
    stratum and block number. So units that come later never move earlier ones, and every whole block is exact.
    """

    shares: tuple[float, ...]
    """Of each part; they add up to 1."""
    seed: int
    _known: dict[bytes, int] = field(default_factory=dict)
    _dealt: Counter[str] = field(default_factory=Counter)

    def part(self, unit: str, stratum: str | None = None) -> int:
        """Which part (from 0) a unit belongs to; the same unit always belongs to the same."""
        key = text_hash(unit, self.seed)
        if stratum is None:
            return self._by_hash(key)
        if key not in self._known:
            self._known[key] = self._by_block(stratum)
        return self._known[key]

    def _by_hash(self, key: bytes) -> int:
        at = int.from_bytes(key[:8], "big") / 2**64
        possible = [n for n, share in enumerate(self.shares) if share > 0]
        edges = accumulate(self.shares[n] for n in possible)
        # rounding may leave the last edge a little below 1
        return next((n for n, edge in zip(possible, edges, strict=True) if at < edge), possible[-1])

    def _by_block(self, stratum: str) -> int:
        cards = [part for part, count in enumerate(block_of(self.shares)) for _ in range(count)]
        block, at = divmod(self._dealt[stratum], len(cards))
        self._dealt[stratum] += 1
        order = sorted(range(len(cards)), key=lambda card: text_hash(f"{card} {block} {stratum}", self.seed))
        return cards[order[at]]


def block_of(shares: tuple[float, ...]) -> tuple[int, ...]:
    """How many units of each part a block holds: the smallest exact block, of at most 100 units.

    >>> block_of((0.8, 0.1, 0.1)), block_of((0.5, 0.25, 0.25))
    ((8, 1, 1), (2, 1, 1))
    """
    for size in range(1, LARGEST_BLOCK + 1):
        exact = [share * size for share in shares]
        if all(math.isclose(number, round(number), abs_tol=1e-9) for number in exact):
            return tuple(round(number) for number in exact)
    # no exact block: whole hundredths, what is left over to the largest remainders
    counts = [math.floor(share * LARGEST_BLOCK) for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda n: counts[n] - shares[n] * LARGEST_BLOCK)
    for n in by_remainder[: LARGEST_BLOCK - sum(counts)]:
        counts[n] += 1
    return tuple(counts)


def text_hash(text: str, seed: int = 0) -> bytes:
    """16 bytes that a text and a seed decide."""
    return sha256(f"{seed} {text}".encode("utf-8", "surrogatepass")).digest()[:16]
