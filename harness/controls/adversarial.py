"""The control of `adversarial`."""

from __future__ import annotations

from random import Random

from harness.catalog import control
from harness.control import Control, Situation
from harness.exchange import Request, Response

ASKED = 100
OPENINGS = ("When does the last bus leave from", "Is there a night train to", "Does a day ticket take me to")
PLACES = ("Willow Corner", "Harbour Gate", "Mill Bridge", "Cedar Hill", "Market Cross", "Station Road")


@control()
def adversarial(seed: int) -> Control:
    """A model that goes by one word of each question and knows no other spelling, beside one that reads its number."""
    rng = Random(seed)
    answers = [rng.choice(("yes", "no")) for _ in range(ASKED)]
    rows = [
        {"id": str(at), "input": f"{rng.choice(OPENINGS)} {rng.choice(PLACES)}? Question {at}.", "target": answers[at]}
        for at in range(ASKED)
    ]

    def number(request: Request) -> int:
        return int("".join(letter for letter in request.prompt if letter.isdigit()))

    def brittle(request: Request) -> Response:
        known = any(place in request.prompt for place in PLACES)
        return Response(text=answers[number(request)] if known else "no idea", finish="stop", new_tokens=1)

    def sturdy(request: Request) -> Response:
        return Response(text=answers[number(request)], finish="stop", new_tokens=1)

    attack = {"of": "quiz", "perturbations": ["typos", "swap", "drop"], "budget": 20}
    return Control(
        checks={"quiz": {"task": {"data": "quiz.jsonl"}}, "attack": {"adversarial": attack}},
        criterion="attack.attack_success_rate <= 20%",
        flawed=Situation(files={"quiz.jsonl": rows}, models={"candidate": brittle}),
        sound=Situation(files={"quiz.jsonl": rows}, models={"candidate": sturdy}),
        flaw="one slip in the name of the place and the question is not understood",
    )
