"""Packs on a GPU: one FlexAttention call for a whole pack, told by four comparisons what each query sees."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from harness.local.attention import How
from harness.local.cuts import Pack, cut
from harness.local.track import Track
from harness.local.trie import Trie
from harness.local.walk import attended

if TYPE_CHECKING:
    import numpy as np
    import torch


def mask_mod(pack: Pack, device: torch.device, window: int, rows: torch.Tensor | None = None) -> Callable[..., Any]:
    """The `mask_mod` of a pack, or of the queries at `rows` in it.

    Keys are the path to the pack, then its own nodes; key k is seen by query q where k is q or stands before it, q lies
    in k's subtree, and the two are less than `window` apart (0: at any distance).
    """
    import numpy as np
    import torch

    def there(numbers: np.ndarray[Any, Any]) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(numbers)).to(device=device, dtype=torch.int32)

    nodes = np.concatenate([pack.before, np.arange(pack.start, pack.stop)])
    node, end, depth = there(nodes), there(pack.trie.end[nodes]), there(pack.trie.depth[nodes])
    begun = len(pack.before)
    own, deep = (node[begun:], depth[begun:]) if rows is None else (node[begun + rows], depth[begun + rows])

    def seen(batch: Any, head: Any, query: Any, key: Any) -> Any:
        at = own[query]
        allowed = (node[key] <= at) & (at < end[key])
        return allowed & (deep[query] - depth[key] < window) if window else allowed

    return seen


class InOne:
    """Attention of a pack in one call."""

    def __init__(self, pack: Pack, track: Track, device: torch.device) -> None:
        import torch

        self._pack, self._track, self._device = pack, track, device
        carried = pack.carried - pack.start
        self._carried = torch.from_numpy(carried).to(device) if len(carried) else None
        self._masks: dict[tuple[int, bool], Any] = {}

    def attend(
        self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, how: How,
        rows: torch.Tensor | None = None,
    ) -> torch.Tensor:  # fmt: skip
        """One layer; see `lastlayer.Selective`."""
        import torch
        from torch.nn.attention.flex_attention import AuxRequest

        self._track.hold(layer, key, value, self._carried)
        keys, values = self._track.until(layer, len(self._pack.before))
        out, more = _flex(self._device.type)(
            query, torch.cat([*keys, key], dim=2), torch.cat([*values, value], dim=2),
            score_mod=_bent(how.softcap) if how.softcap else None, block_mask=self._mask(how.window, query, key, rows),
            scale=how.scaling, enable_gqa=query.shape[1] != key.shape[1], return_aux=AuxRequest(lse=True),
        )  # fmt: skip
        if how.sinks is None:
            return out
        # A sink takes exp(sink) beside the keys' exp(lse), so the keys keep this share of what they had.
        share = torch.sigmoid(more.lse.float() - how.sinks.float()[None, :, None])
        return (out * share[..., None]).to(out.dtype)

    def _mask(self, window: int, query: torch.Tensor, key: torch.Tensor, rows: torch.Tensor | None) -> Any:
        from torch.nn.attention.flex_attention import create_block_mask

        name = window, rows is None
        if name not in self._masks:
            keys = len(self._pack.before) + key.shape[2]
            mod = mask_mod(self._pack, self._device, window, rows)
            self._masks[name] = create_block_mask(mod, None, None, query.shape[2], keys, device=str(self._device))
        return self._masks[name]


class Flex:
    """A `walk.Course` through FlexAttention."""

    def __init__(self, trie: Trie, device: torch.device, *, curtail: bool = False) -> None:
        self._track, self._device, self._curtail = Track(trie.deepest), device, curtail
        self.calls = 0
        """Attention calls of the last pack."""

    def logits(self, model: Any, pack: Pack, rows: np.ndarray[Any, Any]) -> torch.Tensor:
        """See `walk.Course`."""
        attender, tokens = InOne(pack, self._track, self._device), pack.trie.token[pack.start : pack.stop]
        logits, self.calls = attended(model, attender, tokens, pack.positions(), rows, self._device, self._curtail)
        return logits

    def cut(self, trie: Trie, start: int, most: int, places: int) -> int:
        """See `walk.Course`."""
        return cut(trie, start, most, places)

    def commit(self, pack: Pack) -> None:
        """See `walk.Course`."""
        self._track.commit(pack)

    def forget(self) -> None:
        """See `walk.Course`."""
        self._track.forget()


@lru_cache(maxsize=8)
def _bent(softcap: float) -> Callable[..., Any]:
    import torch

    def bend(score: Any, batch: Any, head: Any, query: Any, key: Any) -> Any:
        return torch.tanh(score / softcap) * softcap

    return bend


@lru_cache(maxsize=2)
def _flex(kind: str) -> Any:
    """FlexAttention, compiled where that pays; uncompiled it is slow, but the same arithmetic, so a CPU can test it."""
    import torch
    from torch.nn.attention.flex_attention import flex_attention

    return torch.compile(flex_attention, dynamic=True) if kind == "cuda" else flex_attention
