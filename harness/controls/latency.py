"""The control of `latency`."""

from __future__ import annotations

from random import Random

from harness.catalog import control
from harness.control import Control, Situation, Voice
from harness.exchange import Request, Response


@control()
def latency(seed: int) -> Control:
    """Answers that take twice as long as they may."""
    rng = Random(seed)
    rows = [{"id": str(i), "input": f"{rng.randrange(10**6)} ?", "target": "x"} for i in range(100)]
    return Control(
        checks={
            "quiz": {"task": {"data": "quiz.jsonl", "metrics": ["exact_match"]}},
            "speed": {"latency": {"of": "quiz"}},
        },
        criterion="speed.p95 <= 300ms",
        flawed=Situation(files={"quiz.jsonl": rows}, models={"candidate": _taking(0.6, rng.randrange(10**6))}),
        sound=Situation(files={"quiz.jsonl": rows}, models={"candidate": _taking(0.12, rng.randrange(10**6))}),
        flaw="0.6 seconds an answer, where 0.3 are allowed",
    )


def _taking(seconds: float, seed: int) -> Voice:
    def voice(request: Request) -> Response:
        wobble = Random(f"{seed} {request.prompt}").uniform(0.8, 1.25)
        return Response(text="x", finish="stop", new_tokens=1, seconds=seconds * wobble)

    return voice
