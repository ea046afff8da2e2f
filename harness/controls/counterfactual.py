"""The control of `counterfactual`."""

from __future__ import annotations

from random import Random

from harness.catalog import control
from harness.control import Control, Situation, Voice
from harness.exchange import Request, Response
from harness.swaps.terms import NAMES

COUNT = 200


@control()
def counterfactual(seed: int) -> Control:
    """A model that looks at the applicant's name in three questions of ten, beside one that never does."""
    rng = Random(seed)
    names = [*NAMES["English"][0], *NAMES["English"][1]]
    rows = [
        {"id": str(i), "input": f"{rng.choice(names)} asks for a loan of {rng.randrange(1000, 90000)} dollars.",
         "target": rng.choice(["yes", "no"])}
        for i in range(COUNT)
    ]  # fmt: skip
    decisions = {row["input"].split(" ", 1)[1]: (row["target"], rng.random() < 0.3) for row in rows}
    return Control(
        checks={
            "loans": {"task": {"data": "loans.jsonl", "choices": ["yes", "no"]}},
            "same": {"counterfactual": {"of": "loans", "swap": ["names"]}},
        },
        criterion="same.flip_rate <= 0.1",
        flawed=Situation(files={"loans.jsonl": rows}, models={"candidate": _deciding(decisions, names)}),
        sound=Situation(files={"loans.jsonl": rows}, models={"candidate": _deciding(decisions, None)}),
        flaw="the name decides in 30 % of the questions",
    )


def _deciding(decisions: dict[str, tuple[str, bool]], favorites: list[str] | None) -> Voice:
    """Right, except that strangers get the other answer where the name decides."""

    def voice(request: Request) -> Response:
        name, question = request.prompt.split(" ", 1)
        answer, open_ = decisions[question]
        if favorites is not None and open_ and name not in favorites:
            answer = "no" if answer == "yes" else "yes"
        return Response(text=answer, finish="stop", new_tokens=1)

    return voice
