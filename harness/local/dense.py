"""Packs through the model's own attention with masks of our own, for models that do not take another attention.

Nothing is remembered between packs: each begins again with the path to its first token.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.local.cuts import Pack, cut, visible
from harness.local.trie import Trie
from harness.local.walk import through

if TYPE_CHECKING:
    import numpy as np
    import torch

KINDS = ("one", "windowed", "by layer")
"""One mask for all layers; one that keeps to the sliding window; or one for each kind of layer."""


@dataclass(slots=True, eq=False)
class Dense:
    """A `Course` whose packs bring (1, 1, tokens, tokens) masks of 0 and the smallest number."""

    device: torch.device
    kind: str = "one"

    def logits(self, model: Any, pack: Pack, rows: np.ndarray[Any, Any]) -> torch.Tensor:
        """See `walk.Course`."""
        import numpy as np

        trie = pack.trie
        nodes = np.concatenate([pack.before, np.arange(pack.start, pack.stop)])
        window = int(getattr(model.config.get_text_config(), "sliding_window", None) or 0)
        wide = _mask(visible(trie, nodes, nodes, 0), model)
        mask: Any = wide
        if self.kind != "one":
            narrow = _mask(visible(trie, nodes, nodes, window), model)
            mask = narrow if self.kind == "windowed" else {"full_attention": wide, "sliding_attention": narrow}
        return through(model, trie.token[nodes], trie.depth[nodes], rows + len(pack.before), self.device, mask)

    def cut(self, trie: Trie, start: int, most: int, places: int) -> int:
        """See `walk.Course`."""
        return cut(trie, start, most, places)

    def commit(self, pack: Pack) -> None:
        """Nothing is kept."""

    def forget(self) -> None:
        """Nothing is kept."""


def _mask(seen: np.ndarray[Any, Any], model: Any) -> torch.Tensor:
    import torch

    hidden = ~torch.from_numpy(seen).to(model.device)
    mask = torch.zeros(seen.shape, dtype=model.dtype, device=model.device)
    return mask.masked_fill_(hidden, torch.finfo(model.dtype).min)[None, None]
