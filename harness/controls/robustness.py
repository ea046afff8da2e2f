"""The control of `robustness`."""

from __future__ import annotations

from random import Random

from harness.catalog import control
from harness.control import Control, Situation
from harness.exchange import Request, Response

ASKED = 120
OPENINGS = ("When does the last bus leave from", "Is there a night train to", "What does a day ticket cost at")
PLACES = ("Willow Corner", "Harbour Gate", "Mill Bridge", "Cedar Hill", "Market Cross", "Station Road")


@control()
def robustness(seed: int) -> Control:
    """A model that looks its questions up letter by letter, beside one that reads the number in them."""
    rng = Random(seed)
    answers = [rng.choice(("yes", "no")) for _ in range(ASKED)]
    rows = [
        {"id": str(at), "input": f"{rng.choice(OPENINGS)} {rng.choice(PLACES)}? Question {at}.", "target": answers[at]}
        for at in range(ASKED)
    ]
    known = {str(row["input"]): str(row["target"]) for row in rows}

    def brittle(request: Request) -> Response:
        return Response(text=known.get(request.prompt, "no idea"), finish="stop", new_tokens=1)

    def sturdy(request: Request) -> Response:
        said = answers[int("".join(letter for letter in request.prompt if letter.isdigit()))]
        return Response(text=said, finish="stop", new_tokens=1)

    return Control(
        checks={
            "quiz": {"task": {"data": "quiz.jsonl"}},
            "typing": {"robustness": {"of": "quiz", "perturbations": [{"typos": {"rate": 0.05}}, "lowercase", "swap"]}},
        },
        criterion="typing.drop[worst] <= 5%",
        flawed=Situation(files={"quiz.jsonl": rows}, models={"candidate": brittle}),
        sound=Situation(files={"quiz.jsonl": rows}, models={"candidate": sturdy}),
        flaw="every question is known by its exact letters only",
    )
