"""One forward pass over padded token rows."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Padded:
    """Token rows padded on the left to one length, so that the last token of each stands at the end."""

    ids: torch.Tensor
    """(rows, length)"""
    mask: torch.Tensor | None
    """(rows, length) of 0 and 1; None where nothing was padded."""
    lengths: torch.Tensor
    """(rows,)"""


def pad_left(rows: Sequence[Sequence[int]], device: torch.device) -> Padded:
    """Rows of token ids as one tensor; padding is id 0 and masked out."""
    import torch

    lengths = [len(row) for row in rows]
    longest = max(lengths)
    ids = torch.tensor([[0] * (longest - len(row)) + list(row) for row in rows], device=device)
    counts = torch.tensor(lengths, device=device)
    if min(lengths) == longest:
        return Padded(ids, None, counts)
    at = torch.arange(longest, device=device)
    return Padded(ids, (at >= (longest - counts)[:, None]).long(), counts)


def pad_right(rows: Sequence[Sequence[int]], device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """(rows, longest) ids padded with 0 on the right, and the mask of 0 and 1."""
    import torch

    longest = max(len(row) for row in rows)
    ids = torch.tensor([list(row) + [0] * (longest - len(row)) for row in rows], device=device)
    counts = torch.tensor([len(row) for row in rows], device=device)
    return ids, (torch.arange(longest, device=device) < counts[:, None]).long()


def forward(
    model: Any,
    ids: torch.Tensor,
    *,
    mask: torch.Tensor | None = None,
    positions: torch.Tensor | None = None,
    cache: Any = None,
    use_cache: bool = False,
    keep: int = 0,
) -> tuple[torch.Tensor, Any]:
    """Logits (rows, kept positions, vocabulary) and the key/value cache; `keep` last positions, 0 for all."""
    known = accepts(model.__class__)
    arguments: dict[str, Any] = {"input_ids": ids, "use_cache": use_cache}
    if mask is not None:
        arguments["attention_mask"] = mask
    if positions is not None and "position_ids" in known:
        arguments["position_ids"] = positions
    if cache is not None:
        arguments["past_key_values"] = cache
    if "logits_to_keep" in known:
        arguments["logits_to_keep"] = keep
    out = model(**arguments)
    logits = out.logits[:, -keep:] if keep else out.logits
    return logits, (out.past_key_values if use_cache else None)


def positions_of(mask: torch.Tensor | None) -> torch.Tensor | None:
    """Position of every token in its own row, not counting the padding before it."""
    return None if mask is None else (mask.cumsum(-1) - 1).clamp(min=0)


@lru_cache(maxsize=64)
def accepts(kind: Any) -> frozenset[str]:
    """Names of what the forward of a class of models takes."""
    return frozenset(inspect.signature(kind.forward).parameters)
