"""Bits per byte: how many bits a model needs for each byte of the right text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from harness.catalog import metric
from harness.confusion import ratio
from harness.errors import CheckBroken, CheckpointBroken
from harness.exchange import Response

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.score import Totals


def bits(totals: Totals) -> NDArray[np.float64]:
    """(...): nats / bytes / ln 2; NaN without a byte."""
    return ratio(totals["0"], totals["1"]) / math.log(2)


@metric(better="lower", bounds=(0, math.inf), family="log_ratio", combine=bits, suits=("perplexity",))
def bits_per_byte(response: Response, targets: list[str]) -> tuple[float, float]:
    """Negative log2-probability of the targets per byte of their UTF-8 text, over all samples together.

    One sample adds (nats, bytes) of its first target. Models with different tokenizers can be compared.

    Raises:
        CheckBroken: the answer holds no log-probability.
        CheckpointBroken: the log-probability is not a finite number at or below 0.

    >>> from harness.exchange import Scored
    >>> bits_per_byte(Response(scores=(Scored(logprob=-12.0, tokens=4),)), ["the text"])
    (12.0, 8.0)
    """
    if not response.scores:
        raise CheckBroken("bits_per_byte needs the log-probability of the target; the model answered with text")
    logprob, size = response.scores[0].logprob, len(targets[0].encode())
    if not math.isfinite(logprob) or logprob > 1e-3 or (size < 1 and logprob):
        raise CheckpointBroken(
            f"the log-probability of a target of {size} bytes is {logprob}; it must be finite and at most 0. "
            "A dtype of float32 or bfloat16 helps where float16 overflows"
        )
    return max(-logprob, 0.0), float(size)
