"""Recorded verdicts of real judges, in both orders, through `replay`: who is trusted, and what their word is worth."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.judging.question import Case, requests
from harness.judging.rubric import find

SUITE = """
suite: llmbar
seed: 7
models:
  candidate: {replay: first.jsonl}
  base: {replay: second.jsonl}
  judge: {replay: judge.jsonl}
checks:
  said: {task: {data: rows.jsonl, metrics: [valid_rate]}}
  better: {pairwise: {of: said, judge: judge, labels: labels.jsonl, least_labels: 90, probe: 0}}
accept:
  - better.win_rate >= 0.3
  - better.swap_consistency >= 0.5
"""


def _files(shared: Path, part: str, judge: str) -> dict[str, Any]:
    """The suite's files: both answers as recorded models, people's choices as labels, the judge's as a recording."""
    text = (shared / "data/llmbar/LLMBar" / part / "evaluators" / judge / "Vanilla/result.json").read_text("utf-8")
    rows = json.loads(text)
    rubric = find("helpfulness", Path())
    said: dict[str, str] = {}
    for at, row in enumerate(rows):
        case = Case(str(at), row["input"], (row["output_1"], row["output_2"]))
        for order, name in ((case, "swap = False"), (case.swapped(), "swap = True")):
            winner = row["results"][0][name]["winner"]
            first = "1" if order is case else "2"
            told = "first" if winner == first else "second"
            reply = json.dumps({"evidence": "", "better": told}) if winner else "I cannot decide."
            said[requests(order, rubric, "judge", 7)[0].prompt] = reply
    return {
        "rows__jsonl": [{"id": str(at), "input": row["input"], "target": "-"} for at, row in enumerate(rows)],
        "first__jsonl": [{"id": str(at), "response": row["output_1"]} for at, row in enumerate(rows)],
        "second__jsonl": [{"id": str(at), "response": row["output_2"]} for at, row in enumerate(rows)],
        "labels__jsonl": [
            {
                "question": row["input"], "answers": [row["output_1"], row["output_2"]],
                "label": float(row["label"] == 1 or row["label"] == "1"),
            }
            for row in rows
        ],
        "judge__jsonl": [{"prompt": prompt, "response": reply} for prompt, reply in said.items()],
    }  # fmt: skip


def _upstream(shared: Path, part: str, judge: str) -> dict[str, Any]:
    path = shared / "data/llmbar/LLMBar" / part / "evaluators" / judge / "Vanilla/statistics.json"
    return dict(json.loads(path.read_text("utf-8")))


@pytest.mark.parametrize(
    ("part", "judge", "trusted"),
    [
        ("Natural", "GPT-4", True),
        ("Natural", "LLaMA2", False),
        ("Adversarial/GPTInst", "GPT-4", True),
        ("Adversarial/GPTInst", "ChatGPT", False),
        ("Adversarial/GPTInst", "LLaMA2", False),
    ],
)
def test_real_judges_are_trusted_as_far_as_people_agree(
    harness: Callable[..., Any], suite: Callable[..., Path], shared: Path, part: str, judge: str, trusted: bool
) -> None:
    done = harness("run", suite(SUITE, **_files(shared, part, judge)))

    upstream = _upstream(shared, part, judge)
    measured = {m["metric"]: m for m in done.result["measurements"] if m["model"] == "candidate"}
    pairs = json.loads((shared / "data/llmbar/LLMBar" / part / "dataset.json").read_text("utf-8"))
    (both, whole) = upstream["equal"].split(" = ")[0].split(" / ")
    unread = 1 if (part, judge) == ("Adversarial/GPTInst", "LLaMA2") else 0
    assert measured["swap_consistency"]["value"] == pytest.approx(int(both) / (int(whole) - unread))
    assert measured["swap_consistency"]["n"] == len(pairs) - unread

    verdict = done.verdicts()["better.win_rate >= 0.3"]
    (told,) = [c for c in done.result["criteria"] if c["metric"] == "win_rate"]
    if trusted:
        people = sum(str(row["label"]) == "1" for row in pairs) / len(pairs)
        assert verdict == "pass"
        assert measured["win_rate"]["low"] <= people <= measured["win_rate"]["high"]
        figure = next(f for f in done.result["checks"]["better"]["figures"] if f["title"] == "The judge against people")
        agreement = next(item for item in figure["items"] if item["label"] == "agreement")
        right = int(upstream["correct_both"].split(" / ")[0])
        assert agreement["value"] == pytest.approx(right / len(pairs))
        assert figure["note"] == "trusted"
    else:
        assert verdict == "inconclusive"
        assert "the judge is not trusted: " in told["reason"]
        assert "agreement is" in told["reason"]
        assert done.code == 3


def test_a_judge_that_likes_the_first_place(
    harness: Callable[..., Any], suite: Callable[..., Path], shared: Path
) -> None:
    """ChatGPT on Natural: of 100 pairs 71 alike in both orders, 25 for whichever comes first, 4 for the second."""
    done = harness("run", suite(SUITE, **_files(shared, "Natural", "ChatGPT")))

    measured = {m["metric"]: m["value"] for m in done.result["measurements"] if m["model"] == "candidate"}
    assert measured["first_wins"] == pytest.approx((71 + 2 * 25) / 200)
    assert measured["raw_win_rate"] == pytest.approx((27 * 2 + 25 + 4) / 200)
    assert measured["swap_consistency"] == pytest.approx(0.71)
