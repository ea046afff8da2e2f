"""The control of `throughput`."""

from __future__ import annotations

import time
from random import Random

from harness.catalog import control
from harness.control import Control, Situation, Voice
from harness.exchange import Request, Response


@control()
def throughput(seed: int) -> Control:
    """A candidate that takes four times as long as base."""
    rng = Random(seed)
    rows = [{"id": str(i), "input": f"{rng.randrange(10**6)} ?", "target": "x"} for i in range(64)]
    base, slow = 0.0008, 0.0032
    speed = {"throughput": {"of": "quiz", "concurrency": 2, "blocks": 32, "warmup": 1}}
    return Control(
        checks={"quiz": {"task": {"data": "quiz.jsonl", "metrics": ["exact_match"]}}, "speed": speed},
        criterion="speed.tokens_per_second >= 0.6 * base",
        flawed=Situation(files={"quiz.jsonl": rows}, models={"candidate": _busy(slow), "base": _busy(base)}),
        sound=Situation(files={"quiz.jsonl": rows}, models={"candidate": _busy(base), "base": _busy(base)}),
        flaw="answers that take four times as long as base's",
    )


def _busy(seconds: float) -> Voice:
    def voice(request: Request) -> Response:
        time.sleep(seconds)
        return Response(text="x", finish="stop", new_tokens=5)

    return voice
