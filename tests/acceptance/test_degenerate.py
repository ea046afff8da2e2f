"""A model that always says the same is told of by name, and a criterion can forbid it; through the command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SUITE = """
suite: moods
models: {candidate: {replay: said.jsonl}}
checks:
  moods: {task: {data: rows.jsonl, choices: from_data, output: generate, slices: [lang]}}
  halves: {slice_gap: {of: moods, slice: lang, reference: de}}
accept:
  - moods.constant_rate <= 0.6
  - moods.constant_rate[worst lang] <= 0.7
  - {that: moods.exact_match >= 0.3, severity: warn}
"""
MOODS = ["good", "bad", "neutral"]
ROWS = [
    {"id": str(at), "input": f"q{at}", "target": MOODS[at % 3], "lang": "de" if at % 2 else "fr"} for at in range(120)
]


@pytest.mark.parametrize("flawed", [True, False])
def test_a_constant_answer_is_told_of_and_rejected(
    flawed: bool, harness: Callable[..., Any], suite: Callable[..., Path]
) -> None:
    said = [{"id": row["id"], "response": "good" if flawed else row["target"]} for row in ROWS]
    done = harness("run", suite(SUITE, rows__jsonl=ROWS, said__jsonl=said))
    verdict = "fail" if flawed else "pass"
    assert done.code == int(flawed), done.err
    assert done.verdicts()["moods.constant_rate <= 0.6"] == verdict
    assert done.verdicts()["moods.constant_rate[worst lang] <= 0.7"] == verdict
    warnings = done.result["checks"]["moods"]["warnings"]
    text = "candidate: 100.0% of the answers are the same, 'good'; no reference makes up more than 33.3% "
    assert warnings == ([f"{text}(criteria can limit constant_rate)"] if flawed else [])
    measured = {(m["metric"], m["slice"]) for m in done.result["measurements"] if m["check"] == "moods"}
    assert ("constant_rate", "lang=de") in measured, "a criterion asks for the slices"
    assert ("empty_rate", "") in measured
    assert ("empty_rate", "lang=de") not in measured
    assert ("cut_rate", "") not in measured, "the recording does not say how its answers ended"


def test_another_check_has_no_such_measure(harness: Callable[..., Any], suite: Callable[..., Path]) -> None:
    text = SUITE.replace("reference: de", "reference: de, metric: empty_rate")
    done = harness("validate", suite(text, rows__jsonl=ROWS, said__jsonl=[{"id": "0", "response": "good"}]))
    assert done.code == 2
    assert "the task has no metric 'empty_rate'" in done.err
