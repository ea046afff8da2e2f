"""Latency: the models take turns, the warm-up does not count, and nothing comes from a cache."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness import stats
from harness.errors import CheckBroken, NothingSelected, SuiteError
from harness.exchange import Request, Response
from talk import BASE, CANDIDATE, CRASH, chosen, drive, leaf, task

ROWS = [{"id": str(at), "input": f"q{at}", "target": "x"} for at in range(50)]
BOTH = (BASE, CANDIDATE)


def timed(seconds: float, tokens: int = 10) -> Response:
    return Response(text="x", seconds=seconds, new_tokens=tokens, finish="stop")


def level(scores: Any) -> Any:
    return stats.level(scores, confidence=0.95, seed="x")


def test_the_models_take_turns_so_that_none_is_always_first(tmp_path: Path) -> None:
    heard = drive(
        leaf("latency")(BOTH, of=task(tmp_path, ROWS), requests=6, warmup=2, first_token=False), lambda r: timed(1.0)
    )
    (asked,) = heard.rounds
    assert [(r.sample, r.to) for r in asked[:4]] == [("0", "base")] * 2 + [("0", "candidate")] * 2
    turns = [(r.sample, r.to[0]) for r in asked[4:]]
    assert turns == [
        ("0", "b"), ("0", "c"), ("1", "c"), ("1", "b"), ("2", "b"), ("2", "c"),
        ("3", "c"), ("3", "b"), ("4", "b"), ("4", "c"), ("5", "c"), ("5", "b"),
    ]  # fmt: skip
    assert Counter(r.to for r in asked) == {"base": 8, "candidate": 8}


def test_nothing_may_come_from_the_cache(tmp_path: Path) -> None:
    heard = drive(leaf("latency")(BOTH, of=task(tmp_path, ROWS)), lambda r: timed(1.0))
    assert all(request.fresh and request.to for request in heard.asked)


def test_a_task_with_repeats_is_timed_once_a_row(tmp_path: Path) -> None:
    made = task(tmp_path, ROWS, samples=5, temperature=1.0)
    heard = drive(leaf("latency")(BOTH, of=made, requests=10, warmup=0, first_token=False), lambda r: timed(1.0))
    assert len(heard.asked) == 20


def test_the_warm_up_does_not_count(tmp_path: Path) -> None:
    count: Counter[str] = Counter()

    def say(request: Request) -> Response:
        count[request.to] += 1
        return timed(100.0 if count[request.to] <= 3 else 0.5)  # two requests a question, after three for warming up

    findings = drive(leaf("latency")(BOTH, of=task(tmp_path, ROWS), requests=50), say).findings
    for scores in findings.by_model.values():
        assert level(scores["p50"]).value == 0.5
        assert level(scores["p99"]).value == 0.5
        assert scores["p50"].ids == tuple(str(at) for at in range(50))


def test_what_is_measured(tmp_path: Path) -> None:
    def say(request: Request) -> Response:
        at = int(request.sample)
        return timed((at + 1) / 100, tokens=20) if request.to == "base" else timed(2.0, tokens=10)

    findings = drive(leaf("latency")(BOTH, of=task(tmp_path, ROWS)), say).findings
    base, candidate = findings.by_model["base"], findings.by_model["candidate"]
    assert level(base["p50"]).value == pytest.approx(0.25, abs=0.011)
    assert level(base["p95"]).value == pytest.approx(0.48, abs=0.011)
    assert level(candidate["tokens_per_second"]).value == pytest.approx(5.0)
    assert level(base["tokens_per_second"]).value == pytest.approx(50 * 20 / sum((at + 1) / 100 for at in range(50)))
    assert level(candidate["tokens_per_answer"]).value == 10.0
    assert {name: scores.quantity.unit for name, scores in base.items()} == {
        "p50": "s", "p95": "s", "p99": "s", "first_token_p50": "s", "first_token_p95": "s", "tokens_per_second": "",
        "tokens_per_answer": "tokens",
    }  # fmt: skip
    histogram, table = findings.figures
    assert {name: sum(counts) for name, counts in histogram.counts.items()} == {"base": 50, "candidate": 50}
    assert [row[:2] for row in table.rows] == [["base", 50], ["candidate", 50]]


def test_a_failed_answer_is_the_slowest(tmp_path: Path) -> None:
    findings = drive(
        leaf("latency")((CANDIDATE,), of=task(tmp_path, ROWS), warmup=0),
        lambda r: CRASH if int(r.sample) < 20 else timed(0.1),
    ).findings
    estimate = level(findings.by_model["candidate"]["p95"])
    assert estimate.value is None or math.isinf(estimate.value)
    assert len(findings.by_model["candidate"]["p95"].missing) == 20


def test_a_recording_without_seconds_is_not_the_models_fault(tmp_path: Path) -> None:
    findings = drive(
        leaf("latency")((CANDIDATE,), of=task(tmp_path, ROWS)), lambda r: Response(text="x", new_tokens=3)
    ).findings
    scores = findings.by_model["candidate"]
    assert {why.blame for why in scores["p95"].missing.values()} == {"infrastructure"}
    assert level(scores["p95"]).value is None
    assert level(scores["tokens_per_answer"]).value == 3.0
    assert findings.figures[1].rows == [["candidate", 0, None, None, None, None, 3.0]]


def test_a_machine_that_is_not_quiet_is_told(tmp_path: Path) -> None:
    drift = drive(leaf("latency")(BOTH, of=task(tmp_path, ROWS)), lambda r: timed(1.0 if int(r.sample) < 25 else 2.0))
    assert len(drift.findings.warnings) == 2
    assert "drifted by more than 30 %" in drift.findings.warnings[0]
    assert drive(leaf("latency")(BOTH, of=task(tmp_path, ROWS)), lambda r: timed(1.0)).findings.warnings == []


@pytest.mark.parametrize(
    ("models", "options", "limit", "kind", "said"),
    [
        (BOTH, {"requests": 1}, None, SuiteError, "two requests and no warm-up are the least"),
        (BOTH, {"warmup": -1}, None, SuiteError, "two requests and no warm-up are the least"),
        ((), {}, None, CheckBroken, "no model is left that could be timed"),
        (BOTH, {}, 0, NothingSelected, "latency: task 'quiz' has no sample to time"),
    ],
)
def test_what_is_wrong_is_said(models: Any, options: Any, limit: Any, kind: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(kind, match=said):
        next(leaf("latency")(models, of=task(tmp_path, ROWS, limit=limit), **options))


def test_the_first_token_is_timed_right_beside_the_whole_answer(tmp_path: Path) -> None:
    def say(request: Request) -> Response:
        return timed(0.02, tokens=1) if request.max_new_tokens == 1 else timed(0.4)

    heard = drive(leaf("latency")(BOTH, of=task(tmp_path, ROWS), requests=40, warmup=1), say)
    assert Counter((r.to, r.max_new_tokens == 1) for r in heard.asked) == {
        ("base", False): 41, ("base", True): 40, ("candidate", False): 41, ("candidate", True): 40,
    }  # fmt: skip
    assert [(r.sample, r.to, r.max_new_tokens == 1) for r in heard.asked[2:6]] == [
        ("0", "base", False), ("0", "base", True), ("0", "candidate", False), ("0", "candidate", True),
    ]  # fmt: skip
    scores = heard.findings.by_model["candidate"]
    assert level(scores["first_token_p50"]).value == 0.02
    assert level(scores["p50"]).value == 0.4
    assert level(scores["tokens_per_answer"]).value == 10.0


def test_choices_have_no_first_token(tmp_path: Path) -> None:
    rows = [{**row, "target": "ab"[at % 2]} for at, row in enumerate(ROWS)]
    made = task(tmp_path, rows, choices=["a", "b"])
    heard = drive(
        leaf("latency")((CANDIDATE,), of=made, requests=10, warmup=0), lambda r: replace(chosen(r, "a"), seconds=0.1)
    )
    assert len(heard.asked) == 10
    scores = heard.findings.by_model["candidate"]
    assert level(scores["p50"]).value == 0.1
    assert level(scores["first_token_p50"]).value is None
