"""The control of `grounding`."""

from __future__ import annotations

from random import Random

from harness.catalog import control
from harness.control import Control, Situation, Voice
from harness.exchange import Request, Response


@control()
def grounding(seed: int) -> Control:
    """A model that names fares that no table holds, beside one that sticks to the table."""
    rng = Random(seed)
    facts = [
        {"route": str(route), "fare": f"${rng.randrange(100, 900) / 100:.2f}"}
        for route in rng.sample(range(1, 999), 150)
    ]
    rows = [
        {"id": f["route"], "input": f"What is the fare of route {f['route']}?", "target": f"It is {f['fare']}."}
        for f in facts
    ]
    files = {"facts.jsonl": facts, "fares.jsonl": rows}
    gold = {row["input"]: row["target"] for row in rows}
    luck = {row["input"]: rng.random() for row in rows}
    return Control(
        checks={
            "fares": {"task": {"data": "fares.jsonl", "metrics": ["exact_match"]}},
            "facts": {"grounding": {"of": "fares", "knowledge": "facts.jsonl", "names": ["route"]}},
        },
        criterion="facts.unsupported_rate <= 0.1",
        flawed=Situation(files, {"candidate": _voice(gold, luck, 0.3)}),
        sound=Situation(files, {"candidate": _voice(gold, luck, 0.02)}),
        flaw="three answers in ten name a fare that does not exist",
    )


def _voice(gold: dict[str, str], luck: dict[str, float], invents: float) -> Voice:
    def voice(request: Request) -> Response:
        invented = luck[request.prompt] < invents
        return Response(text="It is $12.34." if invented else gold[request.prompt], finish="stop", new_tokens=4)

    return voice
