"""Everything that answering needs to know of one model, and the responses that all kinds of answers share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.exchange import Request, Response
from harness.local.batch import Budget
from harness.local.encode import Encoder
from harness.local.probe import Ways
from harness.local.quiet import quiet
from harness.local.resident import Lease
from harness.local.slotproof import SlotProof
from harness.local.sources import Sources
from harness.score import CANDIDATE

if TYPE_CHECKING:
    import torch

Numbered = tuple[int, Request]
"""A request with its index in what was asked."""


@dataclass(frozen=True, slots=True)
class Seat:
    """One model's place at the weights."""

    lease: Lease
    encoder: Encoder
    budget: Budget
    context: int | None
    """Tokens that fit; None where nothing says it."""
    reproducible: bool = False
    """Whether scores must not depend, to the last bit, on what else is asked."""
    levels: tuple[int, ...] = ()
    """Places read in packs of canonical shapes, where these were shown to keep that promise."""
    sources: Sources = field(default_factory=Sources)
    """What an encoder made of the prompts seen last."""

    @property
    def alone(self) -> bool:
        """Whether every text is computed by itself, as nothing else keeps the promise."""
        return self.reproducible and not self.levels

    @property
    def head(self) -> str:
        """`causal`, `seq2seq` or `classifier`."""
        return self.lease.resident.loaded.head

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.lease.resident.device

    @contextmanager
    def opened(self) -> Iterator[Any]:
        """The model, for one forward pass or a few; others share the weights."""
        with quiet(), self.lease.model() as model:
            yield model

    @property
    def ways(self) -> Ways:
        """Which ways of computing were proved."""
        return self.lease.ways

    @property
    def slots(self) -> SlotProof:
        """Whether texts may be generated in slots."""
        return self.lease.resident.slots


def fault(text: str, blame: str = CANDIDATE, finish: str = "") -> Response:
    """No answer, and why."""
    return Response(fault=text, blame=blame, finish=finish)


def exhausted(seat: Seat) -> Response:
    """No answer for want of memory."""
    return fault(f"out of memory on {seat.device}, even alone")


def not_finite(request: Request) -> str:
    """What is wrong where healthy weights give NaN."""
    named = f"sample {request.sample!r}" if request.sample else "a request"
    return (
        f"the weights are finite, but the logits are NaN or infinite for {named} (prompt {short(request.prompt)!r}); "
        "an overflow in half precision does that: try dtype: float32 or bfloat16"
    )


def short(text: str, most: int = 60) -> str:
    """The beginning of a text, for a sentence."""
    return text if len(text) <= most else f"{text[:most]}…"
