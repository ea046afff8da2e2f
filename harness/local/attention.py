"""One attention function of our own, given to transformers by name: whoever computes says what each query may see.

`attending(model, attender)` switches a model to it for the time of a `with` block and back again afterwards, so that
others who share the weights never notice. Inside, every attention layer hands its queries, keys and values (after
their position encoding) to the attender; `kernel` is the arithmetic, with all that architectures ask for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    import torch

NAME = "harness_tree"
"""What the function is called among transformers' attention functions."""


@dataclass(frozen=True, slots=True)
class How:
    """What one layer asks of its attention, beside queries, keys and values."""

    scaling: float | None = None
    """Factor of the products; None for one over the root of the head's size."""
    window: int = 0
    """Tokens that a query sees, itself included; 0 for all before it."""
    softcap: float = 0.0
    """Products are bent to stay below this; 0 for not at all."""
    sinks: torch.Tensor | None = None
    """(heads,) logits that take a share of each query's attention and give nothing."""

    @property
    def plain(self) -> bool:
        """Whether a fused kernel can do it."""
        return not self.softcap and self.sinks is None


class Attender(Protocol):
    """Computes the attention of one forward pass, layer after layer."""

    def attend(self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, how: How) -> torch.Tensor:
        """(batch, heads, queries, size) from query (batch, heads, queries, size) and key and value (batch, key heads,
        keys, size); `layer` counts the calls of this pass."""
        ...


class Unsupported(RuntimeError):
    """The model asks its attention for something that is not done here; another way of computing must be taken."""


@dataclass(slots=True)
class Pass:
    """One forward pass of a model."""

    attender: Attender
    calls: int = 0
    """Attention layers so far."""
    module: Any = None
    """The attention layer that was called last."""
    spared: int = 0
    """Multiplications, over all tokens, that were not needed."""


def spared() -> int:
    """Multiplications that the forward pass now going on was spared."""
    current = _NOW.get()
    return 0 if current is None else current.spared


_NOW: ContextVar[Pass | None] = ContextVar("harness_attention", default=None)


@contextmanager
def attending(model: Any, attender: Attender) -> Iterator[Pass]:
    """The model's attention done by `attender`, for one forward pass; `calls` of what is given counts its layers.

    Raises:
        Unsupported: while the model runs, where it asks for what is not done here.
    """
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, _function)
    configs = configs_of(model)
    before = [config._attn_implementation for config in configs]
    current = Pass(attender)
    token = _NOW.set(current)
    try:
        for config in configs:
            config._attn_implementation_internal = NAME
        yield current
    finally:
        for config, name in zip(configs, before, strict=True):
            config._attn_implementation_internal = name
        _NOW.reset(token)


def configs_of(model: Any) -> list[Any]:
    """Every configuration that a part of the model reads, each once; looked for once, as models have many parts."""
    if model not in _CONFIGS:
        _CONFIGS[model] = _configs_of(model)
    return _CONFIGS[model]


_CONFIGS: WeakKeyDictionary[Any, list[Any]] = WeakKeyDictionary()


def _configs_of(model: Any) -> list[Any]:
    found: dict[int, Any] = {}
    waiting = [module.config for module in model.modules() if hasattr(module, "config")]
    while waiting:
        config = waiting.pop()
        if id(config) not in found and hasattr(config, "_attn_implementation_internal"):
            found[id(config)] = config
            waiting += [getattr(config, name, None) for name in getattr(config, "sub_configs", ())]
    return list(found.values())


def _function(
    module: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, attention_mask: Any, **asked: Any
) -> tuple[torch.Tensor, None]:
    """What transformers calls in every layer."""
    current = _NOW.get()
    if current is None:
        raise Unsupported("this attention was called outside of its forward pass")
    if asked.get("position_bias") is not None or attention_mask is not None:
        raise Unsupported("this model adds a bias or a mask of its own to its attention")
    if asked.get("is_causal") is False or not getattr(module, "is_causal", True):
        raise Unsupported("this model's attention looks ahead")
    how = How(asked.get("scaling"), int(asked.get("sliding_window") or 0), float(asked.get("softcap") or 0.0),
              asked.get("s_aux"))  # fmt: skip
    layer, current.calls, current.module = current.calls, current.calls + 1, module
    out = current.attender.attend(layer, query, key, value, how)
    return out.transpose(1, 2).contiguous(), None


def kernel(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None, how: How
) -> torch.Tensor:
    """Attention (batch, heads, queries, size of values). Heads that share keys are laid one after the other along the
    queries, so keys and values are never copied; `mask` is `folded` to that, (…, groups * queries, keys) of 0 and -inf;
    None lets each query see its own place and all before."""
    import torch

    batch, heads, queries, size = query.shape
    shared = key.shape[1]
    folded_query = query.reshape(batch, shared, heads // shared * queries, size)
    if how.plain:
        causal = mask is None and queries > 1
        if causal and heads != shared:
            mask, causal = folded(causal_mask(queries, key.shape[2], query), heads // shared), False
        out = torch.nn.functional.scaled_dot_product_attention(
            folded_query, key, value, attn_mask=mask, scale=how.scaling, is_causal=causal
        )
    else:
        if mask is None:
            mask = folded(causal_mask(queries, key.shape[2], query), heads // shared)
        out = _by_hand(folded_query, key, value, mask, how, queries)
    return out.reshape(batch, heads, queries, value.shape[-1])


def folded(mask: torch.Tensor, groups: int) -> torch.Tensor:
    """A mask (…, queries, keys) for `kernel`: once for each of the heads that share keys."""
    if groups == 1:
        return mask
    return mask.repeat(*(1,) * (mask.ndim - 2), groups, 1)


def causal_mask(queries: int, keys: int, like: torch.Tensor) -> torch.Tensor:
    """(queries, keys) of 0 and -inf: the queries stand at the end of the keys."""
    import torch

    at = torch.arange(keys, device=like.device)
    hidden = at > at[keys - queries :, None]
    return torch.zeros(queries, keys, dtype=like.dtype, device=like.device).masked_fill_(hidden, float("-inf"))


def _by_hand(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor, how: How, queries: int
) -> torch.Tensor:
    """The same in single steps, with a softcap and sinks; the softmax is float32."""
    import torch

    scale = how.scaling if how.scaling is not None else query.shape[-1] ** -0.5
    weights = (query @ key.transpose(-1, -2)) * scale
    if how.softcap:
        weights = torch.tanh(weights / how.softcap) * how.softcap
    weights = (weights + mask).float()
    if how.sinks is None:
        return weights.softmax(-1).to(value.dtype) @ value
    batch, shared, rows, _ = weights.shape
    sinks = how.sinks.float().reshape(1, shared, -1, 1).expand(batch, -1, -1, queries).reshape(batch, shared, rows, 1)
    share = torch.cat([weights, sinks], dim=-1).softmax(-1)[..., :-1]
    return share.to(value.dtype) @ value
