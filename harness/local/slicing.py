"""The output head in slices of the vocabulary: what tokens weigh, without ever holding the logits of all of it.

The model's own forward runs up to its head; what comes to the head is taken from it there, multiplied with the head's
weights slice by slice, and folded into a running log-sum-exp. This stays in the processor's cache, where whole logits
would go through memory several times. What models do to their logits afterwards is known in a few forms; whether one
of them is right for a model is shown on a probe.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.local.forward import accepts
from harness.local.logits import Reading

if TYPE_CHECKING:
    import torch

WIDTH = {"cpu": 2048, "gpu": 32768}
"""Tokens of the vocabulary that are looked at together; the same at all times, so that sums come out the same."""
KINDS = ("as they are", "final_logit_softcapping", "logits_scaling", "logit_scale")
"""What is done to logits, by the setting that says how much."""


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A linear output head, and what is done to its logits."""

    weight: torch.Tensor
    bias: torch.Tensor | None
    kind: str = KINDS[0]
    value: float = 1.0

    @classmethod
    def of(cls, model: Any, kind: str) -> Head | None:
        """The head of a model, where it is a plain linear layer and the setting is there."""
        import torch

        layer = _acting(model.get_output_embeddings())
        value = 1.0 if kind == KINDS[0] else getattr(model.config.get_text_config(), kind, None)
        if kind == "logits_scaling" and value == 1.0:
            value = None
        if type(layer) is not torch.nn.Linear or not value or "logits_to_keep" not in accepts(model.__class__):
            return None
        return cls(layer.weight, layer.bias, kind, float(value))

    def logits(self, rows: torch.Tensor, start: int, stop: int) -> torch.Tensor:
        """(rows, stop - start) float32 logits of a slice of the vocabulary."""
        import torch

        bias = None if self.bias is None else self.bias[start:stop]
        found = torch.nn.functional.linear(rows, self.weight[start:stop], bias)
        if self.kind == "final_logit_softcapping":
            found = torch.tanh(found / self.value) * self.value
        elif self.kind == "logits_scaling":
            found = found / self.value
        elif self.kind == "logit_scale":
            found = found * self.value
        return found.float()


def _acting(layer: Any) -> Any:
    """The layer that computes now, where an adapter keeps several in its place."""
    own = getattr(layer, "modules_to_save", None)
    first = getattr(layer, "original_module", None) if own is not None else getattr(layer, "base_layer", None)
    if first is None:
        return layer
    added = own if own is not None else getattr(layer, "lora_A", {})
    active = [] if layer.disable_adapters else [name for name in layer.active_adapters if name in added]
    if not active:
        return first
    return own[active[0]] if own is not None else layer


@contextmanager
def beheaded(model: Any) -> Iterator[list[torch.Tensor]]:
    """Inside, the model's head does nothing; what came to it is put into the list."""
    layer, taken = model.get_output_embeddings(), list[Any]()

    def take(rows: torch.Tensor) -> torch.Tensor:
        taken.append(rows.reshape(-1, rows.shape[-1]))
        return rows[..., :1].clone()

    layer.forward = take
    try:
        yield taken
    finally:
        del layer.forward


@dataclass(slots=True, eq=False)
class _Running:
    """Sums over the vocabulary so far, of exp(logit - `top`) times powers of (logit - `top`)."""

    top: torch.Tensor
    sums: list[torch.Tensor]
    """float64 (rows,) for the powers 0, and 1 and 2 where moments are wanted."""

    @classmethod
    def of(cls, rows: torch.Tensor, moments: bool) -> _Running:
        """Nothing seen yet."""
        import torch

        top = torch.full((rows.shape[0],), torch.finfo(torch.float32).min, device=rows.device)
        return cls(top, [torch.zeros_like(top, dtype=torch.float64) for _ in range(3 if moments else 1)])

    def add(self, piece: torch.Tensor, highest: torch.Tensor) -> None:
        """One more slice, which is used up."""
        import torch

        new = torch.maximum(self.top, highest)
        moved = (self.top - new).double().clamp(min=-1e9)
        self.top, sums = new, self.sums
        piece.sub_(new[:, None])
        if len(sums) == 3:
            low = piece.clamp(min=-1e4)  # what is impossible has no part in a moment
            share = piece.exp()
            more = [share.sum(-1), (share * low).sum(-1), (share * low.square()).sum(-1)]
            sums[2] = sums[2] + 2 * moved * sums[1] + moved.square() * sums[0]
            sums[1] = sums[1] + moved * sums[0]
        else:
            more = [piece.exp_().sum(-1)]
        self.sums = [old * moved.exp() + one.double() for old, one in zip(sums, more, strict=True)]

    @property
    def lse(self) -> torch.Tensor:
        """(rows,) float64 log of the sum of exponentials."""
        return self.top.double() + self.sums[0].log()

    def moments(self) -> list[torch.Tensor]:
        """Mean and standard deviation of the log-probability; nothing where they are not wanted."""
        if len(self.sums) == 1:
            return []
        first, second = self.sums[1] / self.sums[0], self.sums[2] / self.sums[0]
        return [first - self.sums[0].log(), (second - first.square()).clamp(min=0).sqrt()]


def read_sliced(head: Head, rows: torch.Tensor, at: torch.Tensor, tokens: torch.Tensor, *, each: bool) -> Reading:
    """What `tokens` weigh in rows `at` of (places, size) `rows`, which are what comes to the head."""
    import torch

    width = WIDTH["cpu" if rows.device.type == "cpu" else "gpu"]
    order = tokens.argsort(stable=True)
    bounds = range(0, head.weight.shape[0], width)
    ends = torch.searchsorted(tokens[order], torch.tensor([*bounds, head.weight.shape[0]], device=rows.device)).tolist()
    running = _Running.of(rows, each)
    best = torch.zeros(rows.shape[0], dtype=torch.long, device=rows.device)
    chosen = torch.zeros(len(tokens), device=rows.device)
    for start, (begun, ended) in zip(bounds, itertools.pairwise(ends), strict=True):
        piece = head.logits(rows, start, min(start + width, head.weight.shape[0]))
        own = order[begun:ended]
        chosen[own] = piece[at[own], tokens[own] - start]
        highest, where = piece.max(-1)
        best = torch.where(highest > running.top, where + start, best)  # the first of equals stays
        running.add(piece, highest)
    parts = [chosen.double() - running.lse[at], best[at] == tokens, *(moment[at] for moment in running.moments())]
    return Reading(*(part.cpu().numpy() for part in parts))


def prove_head(model: Any, ids: Sequence[int], limit: float, largest: Callable[..., float]) -> str:
    """The kind of head that gives the model's own log-probabilities within `limit`; empty where none does."""
    import torch

    row = torch.tensor([list(ids)], device=next(model.parameters()).device)
    heads = [head for kind in KINDS if (head := Head.of(model, kind)) is not None]
    if not heads:
        return ""
    # A setting that is there must be what is done: on a probe with small logits, a cap of large ones would not be seen.
    heads = heads[1:] or heads
    wanted = model(row).logits[0].float().log_softmax(-1)
    with beheaded(model) as taken:
        model(row)
    if len(taken) != 1 or taken[0].shape[0] != len(ids):
        return ""
    for head in heads:
        found = head.logits(taken[0], 0, head.weight.shape[0]).log_softmax(-1)
        if found.shape == wanted.shape and largest(found, wanted) <= limit:
            return head.kind
    return ""
