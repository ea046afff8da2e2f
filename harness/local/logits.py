"""What tokens weigh, read from the logits of the places where they are weighed: float32 log-sum-exp, in chunks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.exchange import Token

if TYPE_CHECKING:
    import numpy as np
    import torch

CHUNK_BYTES = 1 << 25
"""Bytes of float32 logits that are normalised together."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Targets with what they weigh; all arrays are (targets,), on the CPU."""

    logprob: np.ndarray[Any, Any]
    """float64 nats."""
    greedy: np.ndarray[Any, Any]
    """Whether no token is more probable, and none of the same probability has a smaller id."""
    mean: np.ndarray[Any, Any] | None = None
    """Mean log-probability of the vocabulary, weighted by probability; None where nobody asked."""
    deviation: np.ndarray[Any, Any] | None = None

    def shuffled(self, order: torch.Tensor) -> Reading:
        """The reading whose targets `order` (targets,) brought into this one's order."""
        import numpy as np

        back = np.argsort(order.cpu().numpy(), kind="stable")
        parts = (self.logprob, self.greedy, self.mean, self.deviation)
        return Reading(*(part[back] for part in parts if part is not None))


def tokens_of(reading: Reading) -> list[Token]:
    """A token for each target; none at all where nobody asked for them."""
    if reading.mean is None or reading.deviation is None:
        return []
    rows = zip(reading.logprob.tolist(), reading.mean.tolist(), reading.deviation.tolist(), strict=True)
    return [Token(*row) for row in rows]


def read(logits: torch.Tensor, rows: torch.Tensor, tokens: torch.Tensor, *, each: bool = False) -> Reading:
    """What `tokens` weigh in the `rows` of (places, vocabulary) logits; `rows` ascend."""
    import torch

    step = max(1, CHUNK_BYTES // (4 * logits.shape[-1]))
    parts: list[tuple[torch.Tensor, ...]] = []
    for start in range(0, max(1, logits.shape[0]), step):
        piece = logits[start : start + step].float()
        lse = piece.logsumexp(-1)
        begun, ended = torch.searchsorted(rows, torch.tensor([start, start + step], device=rows.device)).tolist()
        own, token = rows[begun:ended] - start, tokens[begun:ended]
        chosen = piece[own, token]
        part = (chosen.double() - lse.double()[own], _greedy(piece, own, token, chosen))
        parts.append((*part, *(moment[own] for moment in _moments(piece, lse))) if each else part)
    found = [torch.cat(column).cpu().numpy() for column in zip(*parts, strict=True)]
    return Reading(*found)


def _greedy(piece: torch.Tensor, own: torch.Tensor, token: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
    """Whether the tokens are the most probable ones; the few that seem so are looked at again for equals before them,
    as a maximum costs far less than its place."""
    flags = chosen == piece.amax(-1)[own]
    likely = flags.nonzero()[:, 0]
    if likely.numel():
        flags[likely] = piece[own[likely]].argmax(-1) == token[likely]
    return flags


def _moments(piece: torch.Tensor, lse: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation of the log-probability under the distribution itself, float64 (rows,); impossible
    tokens count nothing."""
    logprobs = piece - lse[:, None]
    share = logprobs.exp()
    known = logprobs.masked_fill(share == 0, 0.0)
    mean = (share * known).sum(-1)
    spread = (share * (known - mean[:, None]).square()).sum(-1)
    return mean.double(), spread.double().sqrt()
