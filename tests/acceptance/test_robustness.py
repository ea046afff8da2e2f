"""Robustness through the command: what a plan counts, what a run asks, and what is said of wrong files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import tiny

SUITE = """
suite: shaken
seed: 4
models:
  candidate: {pretrained: ../tiny}
checks:
  intents: {task: {data: rows.jsonl, prompt: "{{ text }}\\nIntent:", target: intent, choices: [ask, buy, complain],
                   metrics: [accuracy], slices: [channel]}}
  typing:
    robustness:
      of: intents
      perturbations: [typos: {rate: 0.05}, lowercase, uppercase, ocr, swap, whitespace, homoglyphs, fillers, negation,
                      distractor_sentence]
accept:
  - intents.accuracy >= 0
  - typing.drop[worst] <= 100%
  - typing.drop[typos] <= 100%
  - typing.drop[worst perturbation] <= 100%
  - typing.failure_rate[negation] <= 100%
"""
ROWS = [
    {"id": str(at), "text": f"Where can I buy a ticket for the night train number {at}, please?", "intent": "ask",
     "channel": "web" if at % 2 else "mail"}
    for at in range(24)
]  # fmt: skip


def test_a_plan_counts_what_a_run_asks(harness: Callable, suite: Callable, tmp_path: Path) -> None:
    """Ten perturbations: every original is asked once, and every variant once."""
    tiny.causal(tmp_path / "tiny")
    path = suite(SUITE, rows__jsonl=ROWS)
    plan = harness("plan", path, "--json")
    assert plan.code == 0, plan.err
    told = json.loads(plan.out)
    (cost,) = told["requests"]
    done = harness("run", path)
    assert done.code in (0, 3), done.err
    traffic = done.result["traffic"]["candidate"]
    assert cost["distinct"] == traffic["distinct"] == traffic["computed"] == len(ROWS) * 11
    assert cost["requests"] == traffic["asked"] == len(ROWS) * 12, "the task and robustness share the originals"
    verdicts = done.verdicts()
    assert verdicts["typing.drop[worst] <= 100%"] == verdicts["typing.drop[worst perturbation] <= 100%"] == "pass"
    slices = {m["slice"] for m in done.result["measurements"] if (m["check"], m["metric"]) == ("typing", "drop")}
    assert {"", "perturbation=typos", "perturbation=lowercase", "channel=web"} <= slices
    assert "perturbation=negation" not in slices
    report = (done.folder / "report.html").read_text("utf-8")
    assert "What each perturbation costs" in report
    assert "How strong the perturbations were" in report


def test_rows_without_a_partner(harness: Callable, suite: Callable, tmp_path: Path) -> None:
    tiny.causal(tmp_path / "tiny")
    text = SUITE.replace("[typos: {rate: 0.05},", "[paraphrase: {file: mine.jsonl}, typos,")
    mine = [{"id": "1", "text": "night train 1?"}, {"id": "77", "text": "night train 77?"}]
    done = harness("plan", suite(text, rows__jsonl=ROWS, mine__jsonl=mine))
    assert done.code == 2
    assert "mine.jsonl:2: no sample has the id '77', so that this row has no partner" in done.err
    gone = harness("validate", suite(text.replace("mine.jsonl", "mien.jsonl"), rows__jsonl=ROWS, mine__jsonl=mine))
    assert gone.code == 2
    assert "mien.jsonl" in gone.err
    assert "did you mean 'mine.jsonl'" in gone.err


def test_perturbations_are_listed_and_shown(harness: Callable) -> None:
    lines = harness("list", "perturbations").out.splitlines()
    assert len([line for line in lines if line.strip()]) >= 57
    assert any(line.split()[:1] == ["typos"] and "neighbours on the keyboard" in line for line in lines)
    assert "share of the text's characters that change" in harness("show", "typos").out


def test_what_validation_says(harness: Callable, suite: Callable, tmp_path: Path) -> None:
    tiny.causal(tmp_path / "tiny")
    for old, new, said in (
        (
            "{rate: 0.05}",
            "{rate: 5}",
            "option 'rate' of typos wants a number (input should be less than or equal to 1)",
        ),
        ("lowercase,", "lowercas,", "no perturbation named 'lowercas'; did you mean 'lowercase'?"),
        ("drop[typos]", "drop[perturbation=typo]", "no slice 'typo'; did you mean 'typos'?"),
        ("[negation]", "[worst colour]", "'colour' is not among the slices"),
    ):
        done = harness("validate", suite(SUITE.replace(old, new, 1), rows__jsonl=ROWS))
        assert done.code == 2
        assert said in done.err.replace("\n", " ")
