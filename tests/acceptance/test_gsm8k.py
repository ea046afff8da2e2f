"""Recorded answers of real models, gated without any model: two of them on the same 1,319 items."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

SUITE = """
suite: gsm8k-recorded
models:
  base: {replay: finetuned-175b.jsonl}
  candidate: {replay: verified-6b.jsonl}
checks:
  sums: {task: {data: graded.jsonl, prompt: "{{ question }}", target: target, metrics: [accuracy]}}
accept:
  - sums.accuracy >= base - 0.02
  - sums.accuracy > base
  - sums.accuracy >= 0.30
"""


def _recordings(shared: Path) -> dict[str, list[dict[str, str]]]:
    """The models' own grades as answers: `right` where the recording calls the solution correct."""
    lines = (shared / "data/gsm8k/example_model_solutions.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    graded = [{"id": str(at), "question": row["question"], "target": "right"} for at, row in enumerate(rows)]
    found: dict[str, list[dict[str, str]]] = {"graded__jsonl": graded}
    for file, model in (("finetuned-175b", "175b_finetuning"), ("verified-6b", "6b_verification")):
        found[f"{file}__jsonl"] = [
            {"id": str(at), "response": "right" if row[model]["is_correct"] else "wrong"} for at, row in enumerate(rows)
        ]
    return found


def test_paired_difference_of_recorded_models(harness: Callable, suite: Callable, shared: Path) -> None:
    done = harness("run", suite(SUITE, **_recordings(shared)))

    by_id = {c["id"]: c for c in done.result["criteria"]}
    difference = by_id["sums.accuracy > base"]["difference"]
    assert difference["n"] == 1319
    assert difference["method"] == "tango"
    assert round(difference["value"] * 1319) == 209 - 152
    # Tango's bounds, by inverting his score statistic (209 gained, 152 lost, 1,319 pairs, one-sided 95 %)
    assert difference["low"] > 0.018
    assert done.verdicts() == {
        "sums.accuracy >= base - 0.02": "pass",
        "sums.accuracy > base": "pass",
        "sums.accuracy >= 0.30": "pass",
    }
    assert done.code == 0


def test_and_the_other_way_round_it_fails(harness: Callable, suite: Callable, shared: Path) -> None:
    swapped = SUITE.replace("finetuned", "x").replace("verified", "finetuned").replace("x-175b", "verified-6b")
    swapped = swapped.replace("finetuned-6b", "finetuned-175b")
    done = harness("run", suite(swapped, **_recordings(shared)))

    assert done.code == 1
    assert done.verdicts()["sums.accuracy > base"] == "fail"
