"""Perplexity: how surprised a model is by each token of the right text."""

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


def exp_of_ratio(totals: Totals) -> NDArray[np.float64]:
    """(...): exp(nats / tokens), infinite where that is too large for a number; NaN without a token."""
    import numpy as np

    with np.errstate(over="ignore"):
        return np.exp(ratio(totals["0"], totals["1"]))


@metric(better="lower", bounds=(1, math.inf), family="log_ratio", combine=exp_of_ratio, suits=("perplexity",))
def perplexity(response: Response) -> tuple[float, float]:
    """exp of the mean negative log-probability of a target token, over the tokens of all samples together.

    One sample adds (nats, tokens) of its first scored text. It depends on the tokenizer: compare models that share
    one, or use bits_per_byte.

    Raises:
        CheckBroken: the answer holds no log-probability.
        CheckpointBroken: the log-probability is not a finite number at or below 0.

    >>> from harness.exchange import Scored
    >>> perplexity(Response(scores=(Scored(logprob=-12.0, tokens=4),)))
    (12.0, 4.0)
    """
    if not response.scores:
        raise CheckBroken("perplexity needs the log-probability of the target; the model answered with text")
    scored = response.scores[0]
    if not math.isfinite(scored.logprob) or scored.logprob > 1e-3 or (scored.tokens < 1 and scored.logprob):
        raise CheckpointBroken(
            f"the log-probability of a target of {scored.tokens} tokens is {scored.logprob}; it must be finite and "
            "at most 0. A dtype of float32 or bfloat16 helps where float16 overflows"
        )
    return max(-scored.logprob, 0.0), float(scored.tokens)
