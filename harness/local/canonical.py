"""Packs in canonical shapes: what a token weighs does not depend, to the last bit, on what else is computed with it.

A row of a matrix product comes out the same whatever the other rows hold, as long as there are as many of them, since
libraries choose their kernels by the shape; sums over keys come out the same if the same keys stand at the same places.
So packs always have the same number of rows, places that are read come in few sizes that were shown to agree, and
attention is done in tiles of 64 depths of one path, over exactly the keys of that path.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.local.attention import How, attending, folded, kernel
from harness.local.cuts import Pack, exactly
from harness.local.track import Track
from harness.local.trie import Trie
from harness.local.walk import through

if TYPE_CHECKING:
    import numpy as np
    import torch

TILE = 64
"""Depths of one attention tile."""
ROWS = 512
"""Rows of every pack, whatever it holds."""
LEVELS = (32, 128, 512)
"""How many places may be read in a pack; the rest is filled up."""
TILE_NUMBERS = 1 << 22
"""Numbers of the keys that are gathered together."""


@dataclass(frozen=True, slots=True)
class Tiles:
    """Tiles with the same number of keys."""

    keys: np.ndarray[Any, Any]
    """(tiles, keys) places among: the stored path, the pack, and one place of zeros at the end."""
    queries: np.ndarray[Any, Any]
    """(tiles, 64) places in the pack, or its length where a tile has no token."""


def tiles(pack: Pack, rows: int) -> list[Tiles]:
    """The pack's tiles by number of keys; `rows` is the pack's padded length."""
    import numpy as np

    depth = pack.positions().astype(np.int64)
    stored = len(pack.before)
    path = np.concatenate([np.arange(stored), np.zeros(int(depth.max()) + TILE + 1, dtype=np.int64)])
    starts = np.flatnonzero(np.r_[True, (depth[1:] != depth[:-1] + 1) | (depth[1:] % TILE == 0)])
    made: dict[int, tuple[list[Any], list[Any]]] = {}
    for start, stop in zip(starts.tolist(), [*starts[1:].tolist(), len(depth)], strict=True):
        low, high = int(depth[start]), int(depth[stop - 1]) + 1
        path[low:high] = stored + np.arange(start, stop)
        number = TILE * (low // TILE + 1)
        keys = np.full(number, stored + rows)
        keys[:high] = path[:high]
        queries = np.full(TILE, rows)
        queries[low % TILE : low % TILE + stop - start] = np.arange(start, stop)
        columns = made.setdefault(number, ([], []))
        columns[0].append(keys)
        columns[1].append(queries)
    return [Tiles(np.stack(keys), np.stack(queries)) for keys, queries in made.values()]


class InTiles:
    """Attention of a pack in tiles."""

    def __init__(self, pack: Pack, track: Track, device: torch.device, rows: int) -> None:
        import torch

        self.rows = rows
        self._pack, self._track, self._device = pack, track, device
        self._tiles = [
            (torch.from_numpy(tile.keys).to(device), torch.from_numpy(tile.queries).to(device))
            for tile in tiles(pack, self.rows)
        ]
        carried = pack.carried - pack.start
        self._carried = torch.from_numpy(carried).to(device) if len(carried) else None
        self._masks: dict[tuple[int, int, int], torch.Tensor] = {}

    def attend(self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, how: How) -> torch.Tensor:
        """One layer; see `attention.Attender`."""
        import torch

        self._track.hold(layer, key, value, self._carried)
        keys, values = self._track.until(layer, len(self._pack.before))
        nothing = key.new_zeros(1, key.shape[1], 1, key.shape[3])
        none = value.new_zeros(1, value.shape[1], 1, value.shape[3])
        whole_key, whole_value = torch.cat([*keys, key, nothing], dim=2)[0], torch.cat([*values, value, none], dim=2)[0]
        asked = torch.cat([query, query.new_zeros(1, query.shape[1], 1, query.shape[3])], dim=2)[0]
        out = query.new_zeros(query.shape[1], self.rows + 1, value.shape[3])
        for own_keys, own_queries in self._tiles:
            mask = self._mask(own_keys.shape[1], how.window, query.shape[1] // key.shape[1], query)
            step = max(1, TILE_NUMBERS // (own_keys.shape[1] * key.shape[1] * key.shape[3]))
            for at in range(0, len(own_keys), step):
                places, rows = own_keys[at : at + step], own_queries[at : at + step]
                found = kernel(
                    asked[:, rows].transpose(0, 1), whole_key[:, places].transpose(0, 1),
                    whole_value[:, places].transpose(0, 1), mask, how,
                )  # fmt: skip
                out[:, rows.reshape(-1)] = found.transpose(0, 1).reshape(query.shape[1], -1, value.shape[3])
        return out[None, :, : self.rows]

    def _mask(self, keys: int, window: int, groups: int, like: torch.Tensor) -> torch.Tensor:
        import torch

        if (keys, window, groups) not in self._masks:
            key = torch.arange(keys, device=self._device)
            query = torch.arange(keys - TILE, keys, device=self._device)[:, None]
            hidden = (key > query) | (query - key >= window) if window else key > query
            mask = torch.zeros(TILE, keys, dtype=like.dtype, device=self._device).masked_fill_(hidden, float("-inf"))
            self._masks[keys, window, groups] = folded(mask, groups)
        return self._masks[keys, window, groups]


class Canonical:
    """A `walk.Course` in canonical shapes."""

    def __init__(self, trie: Trie, device: torch.device, levels: Sequence[int] = LEVELS, rows: int = ROWS) -> None:
        self._track, self._device, self._levels = Track(trie.deepest), device, levels
        self.rows = rows
        self.filled = 0
        """Rows that were computed only to fill up packs."""
        self.calls = 0
        """Attention calls of the last pack."""

    def logits(self, model: Any, pack: Pack, rows: np.ndarray[Any, Any]) -> torch.Tensor:
        """See `walk.Course`."""
        import numpy as np

        attender = InTiles(pack, self._track, self._device, self.rows)
        spare = np.zeros(attender.rows - len(pack), dtype=np.int64)
        tokens = np.concatenate([pack.trie.token[pack.start : pack.stop], spare])
        positions = np.concatenate([pack.positions(), spare])
        level = next(level for level in self._levels if level >= len(rows))
        padded = np.concatenate([rows, np.zeros(level - len(rows), dtype=np.int64)])
        with attending(model, attender) as current:
            logits = through(model, tokens, positions, padded, self._device)
        self.calls = current.calls
        self.filled += len(spare)
        return logits[: len(rows)]

    def cut(self, trie: Trie, start: int, most: int, places: int) -> int:
        """See `walk.Course`: anywhere, as full packs waste no rows and no cut changes a bit."""
        return exactly(trie, start, min(most, self.rows), min(places, self._levels[-1]))

    def commit(self, pack: Pack) -> None:
        """See `walk.Course`."""
        self._track.commit(pack)

    def forget(self) -> None:
        """See `walk.Course`."""
        self._track.forget()
