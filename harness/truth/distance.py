"""How far a model has moved from another: the KL divergence, estimated on texts that the other one draws."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

from harness import digest
from harness.exchange import Request, Response
from harness.score import CANDIDATE, Missing, Quantity, Scores, Totals, table

if TYPE_CHECKING:
    from harness.score import Array


def _per_token(totals: Totals) -> Array:
    import numpy as np

    with np.errstate(invalid="ignore", divide="ignore"):
        return totals["nats"] / totals["tokens"]


KL = Quantity("kl", "corpus", "lower", (0.0, math.inf), "nats", combine=_per_token)
"""KL(base ‖ model) in nats a token of the texts that base draws."""


def diverged(
    prompts: Sequence[tuple[str, str]], source: str, max_new_tokens: int, seed: int
) -> Generator[list[Request], list[Response], Scores]:
    """KL(source ‖ the model that is asked) over (id, prompt) pairs, in two rounds.

    `source` draws one text a prompt at temperature 1; both weigh it. The mean of log p_source − log p_model over such
    texts is an unbiased estimate of the divergence of whole texts of at most `max_new_tokens` tokens (their end is not
    weighed); it is shown per token. Where source's own settings cut the tails of what it draws (top_k, top_p), it is
    that of the cut distribution.
    """
    drawn = yield [
        Request("generate", prompt, max_new_tokens=max_new_tokens, temperature=1.0, sample=name, to=source,
                seed=int(digest.of([seed, "kl", name])[:12], 16))
        for name, prompt in prompts
    ]  # fmt: skip
    asked: list[Request] = []
    for (name, prompt), response in zip(prompts, drawn, strict=True):
        if response.text:
            asked += [Request("score", prompt, (response.text,), sample=name, to=to) for to in (source, "")]
    heard = iter((yield asked))
    values: list[dict[str, float] | Missing] = []
    for response in drawn:
        if not response.text:
            # a text that ends at once has no token to be weighed
            nothing = {"nats": 0.0, "tokens": 0.0}
            values.append(Missing(f"{source} drew no text: {response.fault}") if response.fault else nothing)
        else:
            values.append(_weighed(next(heard), next(heard), source))
    return table(KL, [name for name, _ in prompts], values)


def _weighed(source: Response, own: Response, name: str) -> dict[str, float] | Missing:
    if source.fault or not source.scores:
        return Missing(f"{name} did not weigh its own text: {source.fault}")
    if own.fault or not own.scores:
        return Missing(own.fault or "the text was not weighed", own.blame or CANDIDATE)
    one, other = source.scores[0], own.scores[0]
    return {"nats": one.logprob - other.logprob, "tokens": float(one.tokens)}
