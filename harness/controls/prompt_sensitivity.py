"""The control of `prompt_sensitivity`."""

from __future__ import annotations

from random import Random

from harness.catalog import control
from harness.control import Control, Situation
from harness.exchange import Request, Response

ASKED = 200
PLACES = ("Willow Corner", "Harbour Gate", "Mill Bridge", "Cedar Hill", "Market Cross", "Station Road")
TEMPLATES = ["Question - {{ q }}\nAnswer -", "Question:: {{ q }}\nAnswer::", "QUESTION: {{ q }}\nANSWER:"]


@control()
def prompt_sensitivity(seed: int) -> Control:
    """A model that gets lost where a dash stands for the colon, beside one that errs as often whatever stands there."""
    rng = Random(seed)
    answers = [rng.choice(("yes", "no")) for _ in range(ASKED)]
    hard = set(rng.sample(range(ASKED), ASKED * 2 // 5))
    luck = Random(seed + 1)
    unlucky = {(at, dash): luck.random() < 0.05 for at in range(ASKED) for dash in range(4)}
    rows = [
        {"id": str(at), "q": f"Is there a night bus from {rng.choice(PLACES)}, case {at}?", "target": answers[at]}
        for at in range(ASKED)
    ]

    def number(request: Request) -> int:
        return int("".join(letter for letter in request.prompt if letter.isdigit()))

    def lost(request: Request) -> Response:
        at = number(request)
        wrong = at in hard and " - " in request.prompt
        return Response(text="no idea" if wrong else answers[at], finish="stop", new_tokens=1)

    def steady(request: Request) -> Response:
        at = number(request)
        wrong = unlucky[at, (" - " in request.prompt) + 2 * ("::" in request.prompt)]
        return Response(text="no idea" if wrong else answers[at], finish="stop", new_tokens=1)

    task = {"data": "quiz.jsonl", "prompt": "Question: {{ q }}\nAnswer:"}
    return Control(
        checks={"quiz": {"task": task}, "prompts": {"prompt_sensitivity": {"of": "quiz", "templates": TEMPLATES}}},
        criterion="prompts.spread <= 15%",
        flawed=Situation(files={"quiz.jsonl": rows}, models={"candidate": lost}),
        sound=Situation(files={"quiz.jsonl": rows}, models={"candidate": steady}),
        flaw="two of five questions are answered wrong where a dash stands for the colon",
    )
