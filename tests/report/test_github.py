"""Annotations stay within what a step shows, and nothing in them forges another."""

from __future__ import annotations

from pathlib import Path

import pytest

import runs
from harness.errors import OutputBroken
from harness.report import github


def test_each_criterion_that_needs_attention_is_pointed_at() -> None:
    lines = github.commands(runs.rejected())
    assert lines[0].startswith(
        "::error file=suites/transit/suite.yaml,line=41,title=riders.exact_match >= 0.8 fails::0.244"
    )
    assert sum(line.startswith("::error ") for line in lines) == 9
    assert sum(line.startswith("::warning ") for line in lines) == 4
    assert github.commands(runs.accepted()) == []


def test_more_than_ten_are_nine_and_a_count() -> None:
    run = runs.rejected()
    lines = github.commands(run.model_copy(update={"criteria": [run.criteria[0]] * 25}))
    assert len(lines) == 10
    assert "and 16 more" in lines[-1]


def test_text_cannot_leave_its_field() -> None:
    for line in github.commands(runs.attacked()):
        assert "\n" not in line
        assert "\r" not in line
        head = line.split("::")[1]
        assert head.count(",") <= 2
        assert head.split(" ", 1)[1].replace("file=", "").replace(",line=", "").replace(",title=", "").count(":") == 0


def test_the_summary_is_appended_inside_of_actions_only(tmp_path: Path) -> None:
    file = tmp_path / "summary"
    file.write_text("before\n")
    assert github.summarise(runs.accepted(), {}) is None
    assert github.summarise(runs.accepted(), {"GITHUB_STEP_SUMMARY": str(file)}) == file
    assert file.read_text(encoding="utf-8").startswith("before\n<!-- harness:transit -->")
    with pytest.raises(OutputBroken, match="step summary"):
        github.summarise(runs.accepted(), {"GITHUB_STEP_SUMMARY": str(tmp_path / "no" / "x")})
