"""A judge's day in a few lines: answers that say a fact or a rumour, labels of both, and a judge who can tell them."""

from __future__ import annotations

import json
import re
from typing import Any

from loopback import Asked

RUBRIC = """
question: Is the answer right?
items:
  - {id: right, ask: Does it say a fact?}
"""
LABELS = [
    {"question": f"asked {at}", "answer": f"{'fact' if at % 2 else 'rumour'} {at}", "label": at % 2}
    for at in range(100)
]


def files(count: int) -> dict[str, Any]:
    """What stands beside a suite: a rubric, `count` questions and their right answers, and a hundred labels."""
    return {
        "rubric__yaml": RUBRIC,
        "rows__jsonl": [{"id": f"q{at}", "input": f"question {at}", "target": f"fact {at}"} for at in range(count)],
        "said__jsonl": [{"id": f"q{at}", "response": f"fact {at}"} for at in range(count)],
        "labels__jsonl": LABELS,
    }


def verdict(asked: Asked) -> str:
    """A judge that finds right what is a fact that belongs to its question."""
    prompt = asked["messages"][-1]["content"]
    question = re.search(r"begin question\n(?:question|asked) (\d+)\n#", prompt)
    answer = re.search(r"begin answer\n(?:### Answer\n\n- \*\*)?(.*?)\n#", prompt, re.DOTALL)
    right = bool(question and answer and answer[1].startswith(f"fact {question[1]}"))
    return json.dumps({"right": {"evidence": "as it says", "met": right}})


def sound(asked: Asked, _: int) -> str:
    """The same as a server's script."""
    return verdict(asked)
