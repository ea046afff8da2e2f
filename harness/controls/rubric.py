"""The control of `rubric`."""

from __future__ import annotations

import json
import re
from random import Random
from typing import Any

from harness.catalog import control
from harness.control import Control, Situation, Voice
from harness.exchange import Request, Response

_HEADED = re.compile(r"\A### Answer\n\n- \*\*")
_SHOWN = re.compile(r"(#[0-9a-f]{16}#) begin (question|answer)\n(.*?)\n\1 end \2", re.DOTALL)


@control()
def rubric(seed: int) -> Control:
    """A candidate half of whose answers people refuse, by a judge that lets half of the bad ones pass."""
    rng = Random(seed)
    rows = [{"id": f"q{at}", "input": f"question {rng.randrange(10**6)}", "target": f"fact {at}"} for at in range(300)]
    labels = []
    for at in range(400):
        good = rng.random() < 0.5
        answer = f"fact {at + 1000}" if good else f"rumour {at + 1000}"
        labels.append({"question": f"asked elsewhere {at}", "answer": answer, "label": int(good)})
    checks = {
        "answers": {"task": {"data": "rows.jsonl", "metrics": ["valid_rate"]}},
        "good": {"rubric": {"of": "answers", "judge": "judge", "labels": "labels.jsonl", "agreement": 0.6}},
    }

    def situation(share: float) -> Situation:
        known = {row["input"]: f"fact {at}" if rng.random() < share else f"rumour {at}" for at, row in enumerate(rows)}
        right = {row["input"]: f"fact {at}" for at, row in enumerate(rows)}
        right |= {f"asked elsewhere {at}": f"fact {at + 1000}" for at in range(400)}
        models = {"candidate": _saying(known), "judge": _judging(right)}
        return Situation(files={"rows.jsonl": rows, "labels.jsonl": labels}, models=models)

    return Control(
        checks=checks, criterion="good.pass_rate >= 0.7", flawed=situation(0.5), sound=situation(0.95),
        flaw="half of the answers are rumours, and the judge believes a quarter of them",
    )  # fmt: skip


def _saying(known: dict[str, str]) -> Voice:
    def voice(request: Request) -> Response:
        return Response(text=known[request.prompt], finish="stop", new_tokens=2)

    return voice


def _judging(right: dict[str, str]) -> Voice:
    """A judge that knows the facts, refuses what is neither fact nor rumour, and believes one rumour in four."""

    def voice(request: Request) -> Response:
        shown = {name: text for _, name, text in _SHOWN.findall(request.prompt)}
        answer = _HEADED.sub("", shown["answer"])
        words = answer.split()
        rumour = len(words) == 2 and words[0] == "rumour" and int(words[1]) % 4 == 0
        good = answer.startswith(right[shown["question"]]) or rumour
        items = json.loads(request.schema)["properties"]
        said: dict[str, Any] = {name: {"evidence": " ".join(words), "met": good} for name in items}
        return Response(text=json.dumps(said), finish="stop", new_tokens=9)

    return voice
