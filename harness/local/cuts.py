"""Cutting a trie: into packs that go through the weights together, and these into blocks of queries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.local.trie import Trie

if TYPE_CHECKING:
    import numpy as np

BLOCK = 192
"""Queries of one attention call on a CPU."""


@dataclass(frozen=True, slots=True)
class Pack:
    """Nodes `start` to `stop` of a trie, computed in one forward pass, after the path that leads to the first."""

    trie: Trie
    start: int
    stop: int
    before: np.ndarray[Any, Any]
    """(depth of the first node,) the nodes of the path to it, from the root on."""

    def __len__(self) -> int:
        return self.stop - self.start

    @property
    def carried(self) -> np.ndarray[Any, Any]:
        """Nodes of the pack that are on the path to the node after it; their depths are consecutive."""
        import numpy as np

        return self.start + np.flatnonzero(self.trie.end[self.start : self.stop] > self.stop)

    @property
    def after(self) -> np.ndarray[Any, Any]:
        """`before` of the pack that follows."""
        import numpy as np

        if self.stop >= len(self.trie):
            return self.before[:0]
        depth = int(self.trie.depth[self.stop])
        carried = self.carried
        return np.concatenate([self.before[: depth - len(carried)], carried])

    def targets(self) -> slice:
        """Which of the trie's targets are read in this pack."""
        import numpy as np

        first, last = np.searchsorted(self.trie.at, [self.start, self.stop])
        return slice(int(first), int(last))

    def positions(self) -> np.ndarray[Any, Any]:
        """(nodes,) the place of each in its own sequence."""
        return self.trie.depth[self.start : self.stop]


def first(trie: Trie) -> np.ndarray[Any, Any]:
    """`Pack.before` of a trie's first pack."""
    import numpy as np

    return np.zeros(0, dtype=np.int64)


def exactly(trie: Trie, start: int, most: int, places: int) -> int:
    """Where a pack that begins at `start` ends: after `most` nodes, or before more than `places` different nodes are
    read after."""
    import numpy as np

    stop = min(start + most, len(trie))
    begun, ended = np.searchsorted(trie.at, [start, stop])
    read = np.unique(trie.at[begun:ended])
    return int(read[places]) if len(read) > places else stop


def cut(trie: Trie, start: int, most: int, places: int) -> int:
    """The same at the shallowest branch of the pack's second half, where there is one; or up to half a pack later,
    where a text ends there of which this would carry most to the next pack."""
    stop = exactly(trie, start, most, places)
    if stop >= len(trie):
        return stop
    stop = branch(trie, start, stop)
    return _text_end(trie, stop, exactly(trie, start, most + most // 2, places)) or stop


def _text_end(trie: Trie, stop: int, last: int) -> int:
    """The first node from `stop` to `last` at less than half the depth of `stop`; 0 where there is none."""
    import numpy as np

    found = np.flatnonzero(2 * trie.depth[stop : last + 1] < trie.depth[stop])
    return stop + int(found[0]) if len(found) else 0


def branch(trie: Trie, start: int, stop: int) -> int:
    """The shallowest node in the second half of `start` to `stop` at which a sequence leaves its neighbour, the last of
    several; `stop` where there is none."""
    import numpy as np

    middle = start + (stop - start + 1) // 2
    depth = trie.depth[middle : stop + 1]
    leaves = np.flatnonzero(depth[1:] <= depth[:-1]) + 1
    if not len(leaves):
        return stop
    shallow = depth[leaves]
    return int(middle + leaves[len(leaves) - 1 - int(np.argmin(shallow[::-1]))])


@dataclass(frozen=True, slots=True)
class Block:
    """Queries of a pack that are computed in one call, and the keys that any of them sees."""

    start: int
    """First query, counted in the pack."""
    stop: int
    stored: int
    """Keys from before the pack: the first so many of the path."""
    inside: np.ndarray[Any, Any]
    """Keys of the pack before this block, counted in the pack; the block's own keys come after them."""
    keys: np.ndarray[Any, Any]
    """(keys,) the nodes that the keys are of."""

    @property
    def queries(self) -> int:
        """How many."""
        return self.stop - self.start


def blocks(pack: Pack, size: int = BLOCK) -> Iterator[Block]:
    """The pack's blocks in order, cut at branches where there are any."""
    import numpy as np

    trie, start = pack.trie, pack.start
    while start < pack.stop:
        stop = min(start + size, pack.stop)
        if stop < pack.stop:
            stop = branch(trie, start, stop)
        inside = np.flatnonzero(trie.end[pack.start : start] > start)
        stored = int(trie.depth[start]) - len(inside)
        keys = np.concatenate([pack.before[:stored], pack.start + inside, np.arange(start, stop)])
        yield Block(start - pack.start, stop - pack.start, stored, inside, keys)
        start = stop


def visible(trie: Trie, queries: np.ndarray[Any, Any], keys: np.ndarray[Any, Any], window: int) -> Any:
    """(queries, keys) of bool: whether a key's node is the query's own or an ancestor, at most `window` - 1 before."""
    seen = (keys <= queries[:, None]) & (queries[:, None] < trie.end[keys])
    if window:
        seen &= trie.depth[queries][:, None] - trie.depth[keys] < window
    return seen
