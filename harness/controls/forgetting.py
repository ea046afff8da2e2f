"""The control of `forgetting`."""

from __future__ import annotations

from random import Random

from harness.catalog import control
from harness.control import Control, Situation, Voice
from harness.exchange import Request, Response, Scored


@control()
def forgetting(seed: int) -> Control:
    """A model that general texts have become strange to, beside one that reads them as base does."""
    rng = Random(seed)
    words = ["once", "upon", "a", "time", "there", "was", "little", "girl", "who", "liked", "to", "play"]
    rows = [{"id": str(at), "text": " ".join(rng.choice(words) for _ in range(20))} for at in range(150)]
    files = {"general.jsonl": rows}
    base = _voice(f"base {seed}", 2.0)
    return Control(
        checks={"skills": {"forgetting": {"texts": "general.jsonl"}}},
        criterion="skills.perplexity <= 1.2 * base",
        flawed=Situation(files, {"base": base, "candidate": _voice(f"tuned {seed}", 2.4)}),
        sound=Situation(files, {"base": base, "candidate": _voice(f"tuned {seed}", 2.03)}),
        flaw="every token of general texts costs 0.4 nats more than it cost base",
    )


def _voice(name: str, nats: float) -> Voice:
    def voice(request: Request) -> Response:
        scores = []
        for text in request.continuations:
            size = len(text.split())
            scores.append(Scored(-size * (nats + Random(f"{name} {text}").gauss(0, 0.1)), size))
        return Response(scores=tuple(scores))

    return voice
