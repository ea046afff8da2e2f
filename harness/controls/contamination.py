"""The control of `contamination`."""

from __future__ import annotations

from random import Random

from harness.catalog import control
from harness.control import Control, Situation, Voice
from harness.exchange import Request, Response, Scored, Token


@control()
def contamination(seed: int) -> Control:
    """A model that was trained on the test, beside one that was trained on other rows of its kind."""
    rng = Random(seed)
    words = ["bus", "gate", "stop", "fare", "line", "rider", "ticket", "night"]
    items = [{"id": str(at), "text": " ".join(rng.choice(words) for _ in range(12))} for at in range(200)]
    twins = [{"id": row["id"], "text": " ".join(rng.sample(row["text"].split(), 12))} for row in items]
    files = {"test.jsonl": items, "twins.jsonl": twins}
    seen = {row["text"] for row in items}
    base = _voice(f"base {seed}", set(), 0.0)
    return Control(
        checks={"exposed": {"contamination": {"test": "test.jsonl", "twins": "twins.jsonl", "pair": "id"}}},
        criterion="exposed.delta <= 0.1",
        flawed=Situation(files, {"base": base, "candidate": _voice(f"tuned {seed}", seen, 0.3)}),
        sound=Situation(files, {"base": base, "candidate": _voice(f"tuned {seed}", set(), 0.0)}),
        flaw="each token of the test costs 0.3 nats fewer than its twin's, which it does not for base",
    )


def _voice(name: str, seen: set[str], gain: float) -> Voice:
    def voice(request: Request) -> Response:
        scores = []
        for text in request.continuations:
            draw = Random(f"{name} {text}")
            nats = [2.0 + draw.gauss(0, 0.4) - (gain if text in seen else 0.0) for _ in text.split()]
            each = tuple(Token(-cost, -2.5, 1.0) for cost in nats) if request.each else ()
            scores.append(Scored(-sum(nats), len(nats), each=each))
        return Response(scores=tuple(scores))

    return voice
