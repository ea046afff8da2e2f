"""The control of `task`."""

from __future__ import annotations

from random import Random

from harness.catalog import control
from harness.control import Control, Situation, Voice
from harness.exchange import Request, Response


@control()
def task(seed: int) -> Control:
    """A model that knows four answers in ten, beside one that knows nearly all."""
    rng = Random(seed)
    rows = [{"id": str(i), "input": f"{rng.randrange(10**6)} + 1 ="} for i in range(200)]
    for row in rows:
        row["target"] = str(int(row["input"].split()[0]) + 1)
    known = {row["input"]: rng.random() for row in rows}
    return Control(
        checks={"sums": {"task": {"data": "sums.jsonl", "metrics": ["exact_match"]}}},
        criterion="sums.exact_match >= 0.7",
        flawed=Situation(files={"sums.jsonl": rows}, models={"candidate": _knowing(known, 0.4)}),
        sound=Situation(files={"sums.jsonl": rows}, models={"candidate": _knowing(known, 0.95)}),
        flaw="answers 40 % of the questions, where 70 % are asked for",
    )


def _knowing(known: dict[str, float], share: float) -> Voice:
    def voice(request: Request) -> Response:
        right = known.get(request.prompt, 1.0) < share
        text = str(int(request.prompt.split()[0]) + 1) if right else "no idea"
        return Response(text=text, finish="stop", new_tokens=2)

    return voice
