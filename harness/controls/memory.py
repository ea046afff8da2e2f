"""The control of `memory`."""

from __future__ import annotations

from random import Random

from harness.catalog import control
from harness.control import Control, Situation, Voice
from harness.exchange import Request, Response

MEGA = 1_000_000


@control()
def memory(seed: int) -> Control:
    """A model that takes 120 MB for an answer."""
    rng = Random(seed)
    rows = [{"id": str(i), "input": f"{rng.randrange(10**6)} ?", "target": "x"} for i in range(10)]
    return Control(
        checks={
            "quiz": {"task": {"data": "quiz.jsonl", "metrics": ["exact_match"]}},
            "held": {"memory": {"of": "quiz", "concurrency": 2, "rounds": 2}},
        },
        criterion="held.answering <= 60MB",
        flawed=Situation(files={"quiz.jsonl": rows}, models={"candidate": _holding(120 * MEGA)}),
        sound=Situation(files={"quiz.jsonl": rows}, models={"candidate": _holding(MEGA)}),
        flaw="120 MB held while answering",
    )


def _holding(size: int) -> Voice:
    def voice(request: Request) -> Response:
        held = b"x" * size  # written to, so that the system really gives it
        return Response(text="x", finish="stop", new_tokens=len(held) // size)

    return voice
