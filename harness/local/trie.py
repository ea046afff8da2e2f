"""A trie of token sequences without a tree: in preorder, as three arrays; each shared beginning stands there once.

Sequences are sorted; what each has in common with its neighbour is the path that they share. In preorder, `k` is `q`
or one of its ancestors exactly where `k <= q < end[k]`.
"""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

WIDTH = 4
"""Bytes of a token id."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One continuation after one context, in tokens; neither is empty."""

    tokens: bytes
    """Ids of both, big-endian, so that sorted bytes are sorted tokens."""
    begin: int
    """Where the continuation begins, in tokens."""

    @classmethod
    def of(cls, context: Sequence[int], continuation: Sequence[int]) -> Unit:
        """From two sequences of ids."""
        return cls(packed(context) + packed(continuation), len(context))

    @property
    def context(self) -> tuple[int, ...]:
        """Ids before the continuation."""
        return _unpacked(self.tokens[: WIDTH * self.begin])

    @property
    def continuation(self) -> tuple[int, ...]:
        """Ids that are weighed."""
        return _unpacked(self.tokens[WIDTH * self.begin :])

    @property
    def read_first(self) -> bytes:
        """The context, packed."""
        return self.tokens[: WIDTH * self.begin]

    @property
    def input(self) -> bytes:
        """All that is fed to the model, packed."""
        return self.tokens[:-WIDTH]

    @property
    def fed_ids(self) -> tuple[int, ...]:
        """Ids that the model reads to score it: all but the last."""
        return _unpacked(self.input)

    @property
    def count(self) -> int:
        """Tokens of the continuation."""
        return len(self.tokens) // WIDTH - self.begin

    @property
    def fed(self) -> int:
        """How many ids the model reads."""
        return len(self.tokens) // WIDTH - 1


def packed(ids: Sequence[int]) -> bytes:
    """Ids as big-endian bytes.

    >>> packed([1, 258])
    b'\\x00\\x00\\x00\\x01\\x00\\x00\\x01\\x02'
    """
    import sys

    row = array("I", ids)
    if sys.byteorder == "little":
        row.byteswap()
    return row.tobytes()


def _unpacked(data: bytes) -> tuple[int, ...]:
    import sys

    row = array("I", data)
    if sys.byteorder == "little":
        row.byteswap()
    return tuple(row)


@dataclass(frozen=True, slots=True)
class Trie:
    """Distinct tokens in preorder, and what is to be read after which of them; all arrays are int32 or int64."""

    token: np.ndarray[Any, Any]
    """(nodes,) token ids."""
    depth: np.ndarray[Any, Any]
    """(nodes,) position of each token in its sequence."""
    end: np.ndarray[Any, Any]
    """(nodes,) the first node after the subtree of each."""
    at: np.ndarray[Any, Any]
    """(targets,) node after which a token is weighed; ascending."""
    target: np.ndarray[Any, Any]
    """(targets,) the token that is weighed there."""
    unit: np.ndarray[Any, Any]
    """(targets,) for which unit."""
    units: int
    """How many units there are."""

    def __len__(self) -> int:
        return len(self.token)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(a.nbytes for a in (self.token, self.depth, self.end, self.at, self.target, self.unit))

    @property
    def deepest(self) -> int:
        """Tokens of the longest sequence."""
        return int(self.depth.max(initial=-1)) + 1


def grow(units: Sequence[Unit]) -> Trie:
    """The trie of what the units feed to a model, with all of their targets; units are numbered as given."""
    import numpy as np

    order = sorted(range(len(units)), key=lambda at: units[at].tokens)
    rows = [np.frombuffer(units[at].tokens, dtype=">u4") for at in order]
    longest = max((len(row) for row in rows), default=1)
    shared = _common([row[:-1] for row in rows])
    fresh = [len(row) - 1 - common for row, common in zip(rows, shared, strict=True)]
    nodes = sum(fresh)
    token, depth, end = (np.zeros(nodes, dtype=np.int32) for _ in range(3))
    path, length, made = np.zeros(longest, dtype=np.int64), 0, 0
    at = []
    for row, common, new, number in zip(rows, shared, fresh, order, strict=True):
        end[path[common:length]] = made
        if new:
            token[made : made + new] = row[common:-1]
            depth[made : made + new] = np.arange(common, common + new)
            path[common : common + new] = np.arange(made, made + new)
            made += new
        length = len(row) - 1
        at.append(path[units[number].begin - 1 : length].copy())
    end[path[:length]] = made
    return _with_targets(units, order, rows, at, (token, depth, end))


def _common(rows: Sequence[np.ndarray[Any, Any]]) -> list[int]:
    """How many first tokens each row shares with the row before it."""
    import numpy as np

    shared = [0] if rows else []
    for before, row in itertools.pairwise(rows):
        most = min(len(before), len(row))
        differ = before[:most] != row[:most]
        first = int(np.argmax(differ)) if most else 0
        shared.append(first if most and differ[first] else most)
    return shared


def _with_targets(
    units: Sequence[Unit], order: Sequence[int], rows: Sequence[Any], at: Sequence[Any], arrays: tuple[Any, Any, Any]
) -> Trie:
    """The trie with its targets sorted by node."""
    import numpy as np

    def joined(parts: Iterable[Any], kind: Any) -> np.ndarray[Any, Any]:
        pieces = list(parts)
        return np.concatenate(pieces).astype(kind) if pieces else np.zeros(0, dtype=kind)

    where = joined(at, np.int64)
    target = joined((row[units[n].begin :] for n, row in zip(order, rows, strict=True)), np.int64)
    unit = np.repeat(np.array(order, dtype=np.int64), [units[n].count for n in order])
    sort = np.argsort(where, kind="stable")
    return Trie(*arrays, where[sort], target[sort], unit[sort], len(units))
