"""The control of `overfit`."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from harness.catalog import control
from harness.control import Control, Situation, Voice
from harness.exchange import Request, Response


@control()
def overfit(seed: int) -> Control:
    """A model that learnt its training rows by heart, beside one that is as good on others."""
    rng = Random(seed)
    numbers = rng.sample(range(10**6), 400)
    rows = [{"id": str(at), "input": f"{number} + 1 =", "target": str(number + 1)} for at, number in enumerate(numbers)]
    train, test = rows[:200], rows[200:]
    luck = {row["input"]: rng.random() for row in rows}
    seen = {row["input"] for row in train}
    return Control(
        checks={
            "sums": {"task": {"data": "test.jsonl", "metrics": ["exact_match"]}},
            "heart": {"overfit": {"of": "sums", "train": "train.jsonl"}},
        },
        criterion="heart.gap <= 0.2",
        flawed=_situation(train, test, _voice(luck, lambda prompt: 0.95 if prompt in seen else 0.45)),
        sound=_situation(train, test, _voice(luck, lambda prompt: 0.85)),
        flaw="95 % right on training rows, 45 % on test rows",
    )


def _situation(train: list[dict[str, str]], test: list[dict[str, str]], voice: Voice) -> Situation:
    return Situation(files={"train.jsonl": train, "test.jsonl": test}, models={"candidate": voice})


def _voice(luck: dict[str, float], share: Callable[[str], float]) -> Voice:
    def voice(request: Request) -> Response:
        right = luck[request.prompt] < share(request.prompt)
        return Response(text=str(int(request.prompt.split()[0]) + 1) if right else "?", finish="stop", new_tokens=2)

    return voice
