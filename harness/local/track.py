"""The live path: keys and values of every layer from the root of a trie to the cursor, and of nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.local.attention import How, kernel
from harness.local.attention import folded as fold
from harness.local.cuts import BLOCK, Block, Pack, blocks, visible

if TYPE_CHECKING:
    import numpy as np
    import torch

    Pair = tuple[torch.Tensor, torch.Tensor]


@dataclass(slots=True, eq=False)
class Track:
    """Keys and values by depth: (1, key heads, `depth`, size) for each layer; what is stored stays until a pack that
    was computed whole is committed, so that a pack can be tried again."""

    depth: int
    """Tokens of the longest sequence."""
    stored: dict[int, Pair] = field(default_factory=dict)
    pending: dict[int, Pair] = field(default_factory=dict)

    def hold(self, layer: int, key: torch.Tensor, value: torch.Tensor, carried: torch.Tensor | None) -> None:
        """Keep what the next pack needs of this one."""
        if carried is not None:
            self.pending[layer] = key[:, :, carried], value[:, :, carried]

    def commit(self, pack: Pack) -> None:
        """Let the path end where the next pack begins."""
        carried = pack.carried
        for layer, (key, value) in self.pending.items():
            if layer not in self.stored:
                self.stored[layer] = self._room(key), self._room(value)
            at = int(pack.trie.depth[carried[0]])
            for place, new in zip(self.stored[layer], (key, value), strict=True):
                place[:, :, at : at + len(carried)] = new
        self.pending = {}

    def forget(self) -> None:
        """Drop what a pack that failed has left."""
        self.pending = {}

    def until(self, layer: int, depth: int) -> tuple[Sequence[torch.Tensor], Sequence[torch.Tensor]]:
        """Keys and values of the first `depth` tokens of the path; nothing where that is none."""
        if not depth:
            return (), ()
        key, value = self.stored[layer]
        return (key[:, :, :depth],), (value[:, :, :depth],)

    def _room(self, like: torch.Tensor) -> torch.Tensor:
        return like.new_empty(like.shape[0], like.shape[1], self.depth, like.shape[3])


@dataclass(slots=True, eq=False)
class _Ready:
    """A block with what its attention call needs, made once for all layers."""

    block: Block
    inside: torch.Tensor | None
    masks: dict[tuple[int, int], torch.Tensor] = field(default_factory=dict)
    """(window, heads that share keys) → mask."""


class InBlocks:
    """Attention of a pack in blocks of queries, each over the keys that any of its queries sees."""

    def __init__(self, pack: Pack, track: Track, device: torch.device, size: int = BLOCK) -> None:
        self._pack, self._track, self._device = pack, track, device
        self._ready = [_Ready(block, _index(block.inside, device)) for block in blocks(pack, size)]
        self._carried = _index(pack.carried - pack.start, device)

    def attend(
        self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, how: How,
        rows: torch.Tensor | None = None,
    ) -> torch.Tensor:  # fmt: skip
        """One layer; see `lastlayer.Selective`."""
        self._track.hold(layer, key, value, self._carried)
        made, groups = [], query.shape[1] // key.shape[1]
        asked = None if rows is None else rows.cpu().numpy()
        for ready in self._ready:
            begun, ended = ends = [ready.block.start, ready.block.stop]
            if asked is None:
                mask = self._mask(ready, how.window, groups, query)
            else:
                begun, ended = asked.searchsorted(ends).tolist()
                if begun == ended:
                    continue
                mask = self._masked(ready.block, asked[begun:ended], how.window, groups, query)
            made.append(kernel(query[:, :, begun:ended], *self._seen(ready, layer, key, value), mask, how))
        return _joined(made)

    def _seen(
        self, ready: _Ready, layer: int, key: torch.Tensor, value: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Keys and values that any query of a block sees."""
        keys, values = self._track.until(layer, ready.block.stored)
        own = slice(ready.block.start, ready.block.stop)
        inner_key = () if ready.inside is None else (key[:, :, ready.inside],)
        inner_value = () if ready.inside is None else (value[:, :, ready.inside],)
        keys, values = (*keys, *inner_key, key[:, :, own]), (*values, *inner_value, value[:, :, own])
        return _joined(keys), _joined(values)

    def _mask(self, ready: _Ready, window: int, groups: int, like: torch.Tensor) -> torch.Tensor:
        import numpy as np

        if (window, groups) not in ready.masks:
            queries = np.arange(ready.block.start, ready.block.stop)
            ready.masks[window, groups] = self._masked(ready.block, queries, window, groups, like)
        return ready.masks[window, groups]

    def _masked(
        self, block: Block, queries: np.ndarray[Any, Any], window: int, groups: int, like: torch.Tensor
    ) -> torch.Tensor:
        """The mask of a block's keys for the queries at those places of the pack."""
        import torch

        seen = torch.from_numpy(visible(self._pack.trie, self._pack.start + queries, block.keys, window))
        found = torch.zeros(seen.shape, dtype=like.dtype).masked_fill_(~seen, float("-inf"))
        return fold(found, groups).to(self._device)


def _joined(parts: Sequence[torch.Tensor]) -> torch.Tensor:
    import torch

    return parts[0] if len(parts) == 1 else torch.cat(list(parts), dim=2)


def _index(places: object, device: torch.device) -> torch.Tensor | None:
    """Places as a tensor; None where there are none."""
    import torch

    found = torch.as_tensor(places, dtype=torch.long, device=device)
    return found if found.numel() else None
