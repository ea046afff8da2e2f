"""Attention with the log-sum-exp of its scores, so that attention over two sets of keys can be merged into one.

Softmax over the keys A and B together is the mean of softmax over A and over B, weighted by the sums of exponentials:
with the log-sum-exps a and b, B's share is 1 / (1 + exp(a − b)).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from harness.local.attention import How

if TYPE_CHECKING:
    import torch


def attend(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    how: How,
    mask: torch.Tensor | None = None,
    *,
    causal: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """(batch, heads, queries, width) attention and its (batch, heads, queries) log-sum-exp.

    `query`, `key` and `value` are (batch, heads, tokens, width). `mask`, of (batch or 1, 1, queries or 1, keys), is
    added to the scores; `causal` is for as many keys as queries. Window and sinks are the caller's.
    """
    scale = query.shape[-1] ** -0.5 if how.scaling is None else how.scaling
    alike = query.shape[-1] == key.shape[-1] == value.shape[-1]
    fused = _flash() if alike and not how.softcap and query.device.type == "cpu" else None
    if fused is None:
        return _plainly(query, key, value, scale, how.softcap, mask, causal)
    wide = None if mask is None else mask.to(query.dtype).expand(query.shape[0], 1, query.shape[2], -1)
    out, total = fused(query, key, value, 0.0, causal, attn_mask=wide, scale=scale)
    return out, total


def merge(
    first: torch.Tensor, first_total: torch.Tensor, second: torch.Tensor, second_total: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """One attention of two, outputs (…, width) with their log-sum-exps (…); the first sees something everywhere."""
    import torch

    share = (second_total - first_total).sigmoid()[..., None]
    return torch.lerp(first, second, share.to(first.dtype)), torch.logaddexp(first_total, second_total)


def _plainly(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float, softcap: float,
    mask: torch.Tensor | None, causal: bool,
) -> tuple[torch.Tensor, torch.Tensor]:  # fmt: skip
    import torch

    scores = (query @ key.transpose(-1, -2)).float() * scale
    if softcap:
        scores = torch.tanh(scores / softcap) * softcap
    if mask is not None:
        scores = scores + mask
    if causal:
        later = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu(1)
        scores = scores.masked_fill(later, float("-inf"))
    total = scores.logsumexp(-1)
    return (scores - total[..., None]).exp().to(value.dtype) @ value, total


@lru_cache(maxsize=1)
def _flash() -> Any:
    """torch's own CPU kernel that gives the log-sum-exp too; None in a torch that has no such kernel."""
    import torch

    return getattr(torch.ops.aten, "_scaled_dot_product_flash_attention_for_cpu", None)
