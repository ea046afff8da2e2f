"""The control of `consistency`."""

from __future__ import annotations

from random import Random

from harness.catalog import control
from harness.control import Control, Situation, Voice
from harness.exchange import Request, Response


@control()
def consistency(seed: int) -> Control:
    """A model that says something else each time, beside one that rarely does."""
    rng = Random(seed)
    rows = [{"id": str(at), "input": f"Gate of bus {c}?", "target": f"Gate {c % 90}."}
            for at, c in enumerate(rng.sample(range(10**6), 120))]  # fmt: skip
    gold = {row["input"]: row["target"] for row in rows}
    return Control(
        checks={
            "gates": {"task": {"data": "gates.jsonl", "metrics": ["exact_match"]}},
            "again": {"consistency": {"of": "gates", "samples": 5, "temperature": 0.7}},
        },
        criterion="again.agreement >= 0.7",
        flawed=Situation({"gates.jsonl": rows}, {"candidate": _voice(gold, 0.3)}),
        sound=Situation({"gates.jsonl": rows}, {"candidate": _voice(gold, 0.95)}),
        flaw="seven drawn answers in ten are made up anew",
    )


def _voice(gold: dict[str, str], steady: float) -> Voice:
    def voice(request: Request) -> Response:
        draw = Random(f"{request.prompt} {request.seed}")
        known = request.temperature == 0 or draw.random() < steady
        return Response(text=gold[request.prompt] if known else f"Gate {draw.randrange(900)}.", finish="stop",
                        new_tokens=3)  # fmt: skip

    return voice
