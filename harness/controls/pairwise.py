"""The control of `pairwise`."""

from __future__ import annotations

import json
import re
from random import Random

from harness.catalog import control
from harness.control import Control, Situation, Voice
from harness.exchange import Request, Response

_SHOWN = re.compile(r"(#[0-9a-f]{16}#) begin (question|first|second)\n(.*?)\n\1 end \2", re.DOTALL)


@control()
def pairwise(seed: int) -> Control:
    """A candidate that loses three pairs in four, before a judge that people agree with nine times in ten."""
    rng = Random(seed)
    rows = [{"id": f"q{at}", "input": f"question {rng.randrange(10**6)}", "target": "worth 9"} for at in range(300)]
    labels = []
    for at in range(160):
        worth = rng.sample(range(9), 2)
        better = float(worth[0] > worth[1])
        label = better if rng.random() < 0.9 else 1.0 - better
        labels.append({"question": f"asked elsewhere {at}", "answers": [f"worth {w}" for w in worth], "label": label})
    checks = {
        "answers": {"task": {"data": "rows.jsonl", "metrics": ["valid_rate"]}},
        "better": {"pairwise": {"of": "answers", "judge": "judge", "labels": "labels.jsonl"}},
    }

    def situation(share: float) -> Situation:
        mine = {row["input"]: f"worth {7 if rng.random() < share else 1}" for row in rows}
        theirs = {row["input"]: "worth 4" for row in rows}
        models = {"candidate": _saying(mine), "base": _saying(theirs), "judge": _judge}
        return Situation(files={"rows.jsonl": rows, "labels.jsonl": labels}, models=models)

    return Control(
        checks=checks, criterion="better.win_rate >= 0.5", flawed=situation(0.25), sound=situation(0.9),
        flaw="base gives the better answer three times in four",
    )  # fmt: skip


def _saying(known: dict[str, str]) -> Voice:
    def voice(request: Request) -> Response:
        return Response(text=known[request.prompt], finish="stop", new_tokens=2)

    return voice


def _judge(request: Request) -> Response:
    """Prefers the answer of the greater worth; an answer without one is worth nothing."""
    shown = {name: text for _, name, text in _SHOWN.findall(request.prompt)}
    first, second = (_worth(shown.get(name, "")) for name in ("first", "second"))
    better = "tie" if first == second else "first" if first > second else "second"
    return Response(text=json.dumps({"evidence": "worth", "better": better}), finish="stop", new_tokens=9)


def _worth(text: str) -> int:
    words = text.split()
    return int(words[1]) if len(words) > 1 and words[0] == "worth" and words[1].isdigit() else -1
