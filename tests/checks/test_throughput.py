"""Throughput: blocks asked at once, the models in turns, rates over whole blocks."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from harness import stats
from harness.catalog import Catalog
from harness.errors import CheckBroken, NothingSelected, SuiteError
from harness.exchange import Request, Response, lots
from talk import BASE, CANDIDATE, CRASH, chosen, drive, leaf, task

ROWS = [{"id": str(at), "input": f"q{at}", "target": "x"} for at in range(30)]
BOTH = (BASE, CANDIDATE)


def timed(seconds: float | None, tokens: int = 10) -> Response:
    return Response(text="x", seconds=seconds, new_tokens=tokens, finish="stop")


def level(scores: Any) -> Any:
    return stats.level(scores, confidence=0.95, seed="x")


def test_blocks_are_asked_at_once_and_the_models_take_turns(tmp_path: Path) -> None:
    heard = drive(
        leaf("throughput")(BOTH, of=task(tmp_path, ROWS), concurrency=4, blocks=3, warmup=1), lambda r: timed(1.0)
    )
    (asked,) = heard.rounds
    blocks = [[asked[at] for at in lot] for lot in lots(asked)]
    assert [len(block) for block in blocks] == [4] * 8
    assert [block[0].to for block in blocks] == [
        "base", "candidate", "base", "candidate", "candidate", "base", "base", "candidate",
    ]  # fmt: skip
    assert all(request.fresh and request.together for request in asked)
    assert [r.sample for r in blocks[2]] == [r.sample for r in blocks[3]] == ["0", "1", "2", "3"]
    assert [r.sample for r in blocks[4]] == ["4", "5", "6", "7"]


def test_rates_are_over_whole_blocks(tmp_path: Path) -> None:
    def say(request: Request) -> Response:
        wobble = 1 + (int(request.together.split("/")[1]) % (5 if request.to == "base" else 8)) / 50
        return timed((0.5 if request.to == "base" else 2.0) * wobble)

    findings = drive(leaf("throughput")(BOTH, of=task(tmp_path, ROWS), warmup=0), say).findings
    base, candidate = findings.by_model["base"], findings.by_model["candidate"]
    assert level(base["tokens_per_second"]).value == pytest.approx(80 / 0.5 / 1.04, rel=1e-3)
    assert level(base["requests_per_second"]).value == pytest.approx(8 / 0.5 / 1.04, rel=1e-3)
    slower = stats.difference(
        candidate["tokens_per_second"], base["tokens_per_second"], confidence=0.95, seed="x", factor=0.5
    )
    assert slower.high < 0
    assert [row[:3] for row in findings.figures[0].rows] == [["base", 40, 0], ["candidate", 40, 0]]


def test_a_block_with_a_failure_has_no_rate(tmp_path: Path) -> None:
    findings = drive(
        leaf("throughput")((CANDIDATE,), of=task(tmp_path, ROWS), concurrency=2, blocks=10, warmup=0),
        lambda r: CRASH if r.sample == "3" else timed(1.0),
    ).findings
    scores = findings.by_model["candidate"]["tokens_per_second"]
    assert {why.blame for why in scores.missing.values()} == {"candidate"}
    assert len(scores.missing) == 1
    assert level(scores).low is None


def test_a_recording_was_not_timed_at_once(tmp_path: Path) -> None:
    findings = drive(leaf("throughput")((CANDIDATE,), of=task(tmp_path, ROWS)), lambda r: timed(None)).findings
    scores = findings.by_model["candidate"]["tokens_per_second"]
    assert {why.reason for why in scores.missing.values()} == {"the block was not timed as one"}
    assert level(scores).value is None


def test_tasks_that_write_nothing_count_what_is_read(tmp_path: Path) -> None:
    made = task(tmp_path, [{**row, "target": "a"} for row in ROWS], choices=["a", "b"])

    def say(request: Request) -> Response:
        return Response(scores=chosen(request, "a").scores, prompt_tokens=5, seconds=1.0)

    findings = drive(leaf("throughput")((CANDIDATE,), of=made, concurrency=1, blocks=5, warmup=0), say).findings
    value = level(findings.by_model["candidate"]["tokens_per_second"]).value
    assert value is not None
    assert math.isclose(value, 7.0)


def test_a_machine_that_is_not_quiet_is_told(tmp_path: Path) -> None:
    def say(request: Request) -> Response:
        return timed(1.0 if int(request.together.split("/")[1]) < 20 else 2.0)

    findings = drive(leaf("throughput")((CANDIDATE,), of=task(tmp_path, ROWS)), say).findings
    assert findings.warnings == [
        "the throughput of candidate drifted by more than 30 % during the check; the machine was not quiet"
    ]


@pytest.mark.parametrize(
    ("models", "options", "limit", "kind", "said"),
    [
        (BOTH, {"concurrency": 0}, None, SuiteError, "one question, two blocks and no warm-up are the least"),
        (BOTH, {"blocks": 1}, None, SuiteError, "one question, two blocks and no warm-up are the least"),
        ((), {}, None, CheckBroken, "no model is left that could be timed"),
        (BOTH, {}, 0, NothingSelected, "throughput: task 'quiz' has no sample to ask"),
    ],
)
def test_what_is_wrong_is_said(models: Any, options: Any, limit: Any, kind: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(kind, match=said):
        next(leaf("throughput")(models, of=task(tmp_path, ROWS, limit=limit), **options))
    assert all(option.text for option in Catalog().get("check", "throughput").options.values())
