"""The control of `human`."""

from __future__ import annotations

from random import Random

from harness.catalog import control
from harness.control import Control, Situation, Voice
from harness.exchange import Request, Response


@control()
def human(seed: int) -> Control:
    """A candidate that people like less than the other model, beside one that they like more."""
    rng = Random(seed)
    rows = [{"id": f"q{at}", "input": f"question {rng.randrange(10**6)}", "target": "-"} for at in range(120)]
    checks = {
        "answers": {"task": {"data": "rows.jsonl", "metrics": ["valid_rate"]}},
        "people": {"human": {"of": "answers", "ratings": "ratings.jsonl"}},
    }

    def situation(share: float) -> Situation:
        ratings = [
            {
                "id": row["id"], "rater": rater, "score": float(rng.random() < share),
                "candidate": f"mine: {row['input']}", "other": f"theirs: {row['input']}",
            }
            for row in rows
            for rater in ("ann", "ben")
        ]  # fmt: skip
        models = {"candidate": _saying("mine"), "base": _saying("theirs")}
        return Situation(files={"rows.jsonl": rows, "ratings.jsonl": ratings}, models=models)

    return Control(
        checks=checks, criterion="people.win_rate > 0.5", flawed=situation(0.25), sound=situation(0.75),
        flaw="people prefer the other answer three times in four",
    )  # fmt: skip


def _saying(word: str) -> Voice:
    def voice(request: Request) -> Response:
        return Response(text=f"{word}: {request.prompt}", finish="stop", new_tokens=2)

    return voice
