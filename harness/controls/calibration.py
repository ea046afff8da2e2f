"""The control of `calibration`."""

from __future__ import annotations

import math
from random import Random

from harness.catalog import control
from harness.control import Control, Situation, Voice
from harness.exchange import Request, Response, Scored


@control()
def calibration(seed: int) -> Control:
    """A model that is always nearly certain, beside one that is right as often as it says."""
    rng = Random(seed)
    rows = [{"id": str(at), "input": f"Is {rng.randrange(10**9)} lucky?", "target": "yes"} for at in range(700)]
    truth = {row["input"]: rng.uniform(0.55, 0.95) for row in rows}
    right = {prompt: rng.random() < sure for prompt, sure in truth.items()}
    files = {"lucky.jsonl": rows}
    return Control(
        checks={
            "lucky": {"task": {"data": "lucky.jsonl", "choices": ["yes", "no"], "metrics": ["accuracy"]}},
            "sure": {"calibration": {"of": "lucky"}},
        },
        criterion="sure.ece <= 0.08",
        flawed=Situation(files, {"candidate": _voice(dict.fromkeys(truth, 0.97), right)}),
        sound=Situation(files, {"candidate": _voice(truth, right)}),
        flaw="97 % sure of every answer, and right in three of four",
    )


def _voice(sure: dict[str, float], right: dict[str, bool]) -> Voice:
    def voice(request: Request) -> Response:
        yes = sure[request.prompt] if right[request.prompt] else 1.0 - sure[request.prompt]
        weights = {"yes": math.log(yes), "no": math.log(1.0 - yes)}
        return Response(scores=tuple(Scored(weights[text.strip()], 1) for text in request.continuations))

    return voice
