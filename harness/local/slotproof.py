"""Proof, on this very model, that generation in slots says what plain forwards say: with rows that share, leave, move
and are admitted late, and beyond the sliding window, which is made narrow for the time of the proof."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.local.batch import Budget
from harness.local.decoding import Draft, Row, Written
from harness.local.folder import CAUSAL
from harness.local.probe import HALF, TOLERANCE, probe_ids
from harness.local.proof import FAILURES, SHORT, narrowed
from harness.local.quiet import LOG, quiet
from harness.local.sharing import Thrift
from harness.local.slots import Slots

if TYPE_CHECKING:
    import torch

ROOM = 12
"""Tokens of the probe that are kept for what comes after the shared beginning."""

ATTENTION = {"full_attention", "sliding_attention"}
"""Kinds of layers that slots can hold the state of."""


@dataclass(frozen=True, slots=True)
class SlotProof:
    """Whether a model can be asked in slots."""

    right: bool = False
    sentence: str = "generation goes in batches"
    longest: int | None = None
    """Tokens of the longest text for which the proof holds; None for any."""
    curtailed: bool = False
    """Whether the last layer may be left out where nobody reads it."""

    def covers(self, draft: Draft) -> bool:
        """Whether this draft may be written in slots."""
        return self.right and (self.longest is None or draft.length <= self.longest)


def prove_slots(model: Any, head: str) -> SlotProof:
    """Write a few drafts in slots, and read them again with plain forwards."""
    ids = probe_ids(model)
    if head != CAUSAL or not set(_types(model)) <= ATTENTION or len(ids) < ROOM + SHORT:
        return SlotProof()
    limit = TOLERANCE.get(str(model.dtype).removeprefix("torch."), HALF)
    gap = None
    for curtail in (True, False):
        try:
            with quiet(), narrowed(model):
                gap = _gap(model, ids, fine=limit < HALF, curtail=curtail)
        except FAILURES as error:
            LOG.debug("slots fail on the probe, curtailed %s: %s", curtail, error)
            continue
        if gap <= limit:
            told = f"generation in slots says what plain forwards say, within {gap:.1g}"
            return SlotProof(True, told, _limit(model), curtail)
    if gap is None:
        return SlotProof(sentence="generation goes in batches: this model's attention cannot be done in slots")
    return SlotProof(sentence=f"generation goes in batches: in slots it is {gap:.1g} away from plain forwards")


def _gap(model: Any, ids: Sequence[int], *, fine: bool, curtail: bool) -> float:
    """Largest difference of log-probabilities between slots and plain forwards: of all tokens where `fine`, else of
    those said and of those that would have been the best."""
    import torch

    witness = _Witness()
    start, more = tuple(ids[: len(ids) - ROOM]), list(ids[-ROOM:])
    drafts = [
        Draft((*start, *more[:3]), 4), Draft((*start, *more[:2], more[4]), 6), Draft((*start, more[5]), 2),
        Draft((*start, *more[:2], more[6]), 5), Draft(tuple(more[:2]), 7), Draft(tuple(ids[3 : len(ids) // 2]), 3),
    ]  # fmt: skip
    budget = Budget.of("cpu", 1)
    budget.rows = 3
    slots = Slots(drafts, witness, budget, model.device, Thrift(many=3, long=2, copied=2), curtail=curtail)
    while slots.busy:
        slots.advance(model)
    gaps = []
    for draft in dict.fromkeys(drafts):
        said, seen = witness.said[draft], torch.stack(witness.seen[draft])
        text = torch.tensor([[*draft.prompt, *said[:-1]]], device=model.device)
        plain = model(input_ids=text).logits[0, -len(said) :].float().log_softmax(-1)
        at = torch.tensor(said, device=model.device)[:, None]
        own = plain.gather(-1, at)
        gaps.append((seen - plain if fine else seen.gather(-1, at) - own).abs().max())
        gaps.append((plain.max(-1, keepdim=True).values - own).max())
    worst = float(torch.stack(gaps).max())
    return worst if worst == worst else float("inf")


@dataclass(slots=True)
class _Witness:
    """Chooses greedily, and remembers what it saw; a `decoding.Chooser`."""

    said: dict[Draft, list[int]] = field(default_factory=dict)
    seen: dict[Draft, list[torch.Tensor]] = field(default_factory=dict)

    def choose(self, logits: torch.Tensor, rows: Sequence[Row]) -> list[int]:
        for row, own in zip(rows, logits.float().log_softmax(-1), strict=True):
            self.seen.setdefault(row.draft, []).append(own)
        chosen: list[int] = logits.argmax(-1).tolist()
        return chosen

    def say(self, row: Row, token: int) -> Written | None:
        row.said.append(token)
        self.said[row.draft] = row.said
        return Written(tuple(row.said), "", "length") if len(row.said) >= row.draft.most else None


def _types(model: Any) -> Sequence[str]:
    return getattr(model.config.get_text_config(), "layer_types", None) or ()


def _limit(model: Any) -> int | None:
    """Tokens up to which positions mean the same whatever else is read with them: beyond, some models turn all
    positions by the longest one."""
    config = model.config.get_text_config()
    rope = getattr(config, "rope_parameters", None) or {}
    kinds = [rope, *(value for value in rope.values() if isinstance(value, dict))]
    if not any(kind.get("rope_type") in ("dynamic", "longrope") for kind in kinds):
        return None
    found = [kind.get("original_max_position_embeddings") for kind in kinds]
    found += [getattr(config, "original_max_position_embeddings", None)]
    known = [int(value) for value in found if value]
    return min(known) if known else int(config.max_position_embeddings)
