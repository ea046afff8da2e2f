"""The control of `fairness`."""

from __future__ import annotations

from random import Random

from harness.catalog import control
from harness.control import Control, Situation, Voice
from harness.exchange import Request, Response

EACH = 200


@control()
def fairness(seed: int) -> Control:
    """A model that serves learners of English at half the others' rate, beside one that serves all alike."""
    rng = Random(seed)
    rows = [
        {"id": str(i), "input": f"{i}: {rng.randrange(10**6)}", "target": "yes", "english": english}
        for i, english in enumerate(["native"] * EACH + ["learner"] * EACH)
    ]
    luck = {str(row["input"]): rng.random() for row in rows}
    shares = {str(row["input"]): 0.45 if row["english"] == "learner" else 0.9 for row in rows}
    return Control(
        checks={
            "quiz": {"task": {"data": "quiz.jsonl", "choices": ["yes", "no"]}},
            "fair": {"fairness": {"of": "quiz", "group": "english", "privileged": "native"}},
        },
        criterion="fair.disparate_impact in [0.8, 1.25]",
        flawed=Situation(files={"quiz.jsonl": rows}, models={"candidate": _lucky(luck, shares)}),
        sound=Situation(files={"quiz.jsonl": rows}, models={"candidate": _lucky(luck, dict.fromkeys(shares, 0.9))}),
        flaw="learners of English are answered right half as often as the others",
    )


def _lucky(luck: dict[str, float], shares: dict[str, float]) -> Voice:
    """Right where the luck of a question is below its share."""

    def voice(request: Request) -> Response:
        right = luck[request.prompt] < shares[request.prompt]
        return Response(text="yes" if right else "no", finish="stop", new_tokens=1)

    return voice
