"""Encoder–decoder models: each distinct source is encoded once, whatever is scored or generated from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.local.forward import pad_right
from harness.local.scoring import Bundle, Weight, add_up
from harness.local.sources import Sources
from harness.local.trie import Unit

if TYPE_CHECKING:
    import torch


def start_id(model: Any) -> int | None:
    """The token that the decoder begins with."""
    for config in (model.config, getattr(model, "generation_config", None)):
        value = getattr(config, "decoder_start_token_id", None)
        if value is not None:
            return int(value)
    return None if model.config.bos_token_id is None else int(model.config.bos_token_id)


def by_source(units: Iterable[Unit], most: int) -> list[Bundle]:
    """Distinct units, those with one source together, at most `most` in a bundle."""
    grouped: dict[bytes, list[Unit]] = {}
    for unit in dict.fromkeys(units):
        grouped.setdefault(unit.read_first, []).append(unit)
    return [Bundle(tuple(same[i : i + most]), True) for same in grouped.values() for i in range(0, len(same), most)]


def compute_pairs(
    model: Any, batch: Sequence[Bundle], device: torch.device, sources: Sources | None = None, *, each: bool = False
) -> list[tuple[Unit, Weight]]:
    """What every unit's continuation weighs after its source; `sources` remembers what was encoded."""
    import torch

    known = sources or Sources()
    hidden, mask = known.encoded(model, [bundle.units[0].context for bundle in batch], device)
    units = [(row, unit) for row, bundle in enumerate(batch) for unit in bundle.units]
    at = torch.tensor([row for row, _ in units], device=device)
    start = start_id(model)
    told, _ = pad_right([(start or 0, *unit.continuation[:-1]) for _, unit in units], device)
    logits = _decode(model, hidden[at], mask[at], told).logits
    places = [(row, i, token) for row, (_, unit) in enumerate(units) for i, token in enumerate(unit.continuation)]
    weights = add_up(logits, places, [unit.count for _, unit in units], each=each)
    return [(unit, weight) for (_, unit), weight in zip(units, weights, strict=True)]


@dataclass(slots=True)
class PairSession:
    """Decoding from sources; a session of `decoding.Writer`."""

    model: Any
    prompts: Sequence[tuple[int, ...]]
    device: torch.device
    sources: Sources = field(default_factory=Sources)
    _hidden: Any = None
    _mask: Any = None
    _cache: Any = None

    def start(self) -> torch.Tensor:
        """Encode what is not known yet, and read the decoder's first token."""
        import torch

        self._hidden, self._mask = self.sources.encoded(self.model, self.prompts, self.device)
        begin = start_id(self.model) or 0
        return self.step(torch.full((len(self.prompts),), begin, dtype=torch.long, device=self.device))

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        """Read one token a row."""
        out = _decode(self.model, self._hidden, self._mask, tokens[:, None], cache=self._cache, use_cache=True)
        self._cache = out.past_key_values
        return out.logits[:, -1]

    def keep(self, rows: torch.Tensor) -> None:
        """Drop the other rows."""
        self._hidden, self._mask = self._hidden[rows], self._mask[rows]
        self._cache.batch_select_indices(rows)


def _decode(
    model: Any,
    hidden: torch.Tensor,
    mask: torch.Tensor,
    ids: torch.Tensor,
    *,
    cache: Any = None,
    use_cache: bool = False,
) -> Any:
    from transformers.modeling_outputs import BaseModelOutput

    return model(
        encoder_outputs=BaseModelOutput(last_hidden_state=hidden), attention_mask=mask, decoder_input_ids=ids,
        past_key_values=cache, use_cache=use_cache,
    )  # fmt: skip
