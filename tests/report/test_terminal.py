"""The terminal's table: failing first, verdict last, and nothing in it that a terminal obeys."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import pytest

import runs
from harness.report import terminal

FOLDER = Path("/runs/transit/one")


@pytest.mark.parametrize("name", runs.ALL)
@pytest.mark.parametrize("width", [40, 80, 140])
def test_it_is_the_same_each_time_and_keeps_its_width(name: str, width: int) -> None:
    text = terminal.render(runs.ALL[name](), width=width)
    assert text == terminal.render(runs.ALL[name](), width=width)
    table = text.split("\n\n")[0].split("\n")
    assert all(len(row) <= width for row in table)


def test_the_last_line_is_the_verdict_and_where_the_report_is() -> None:
    lines = terminal.render(runs.rejected(), FOLDER).rstrip("\n").split("\n")
    assert lines[-1] == (
        "REJECTED: 9 failed, 2 inconclusive, 1 warning, 1 waived, 5 passed "
        "(18 criteria, 2,998 samples, 6m12s) -> /runs/transit/one/report.html"
    )
    signs = [line.strip()[0] for line in lines[1:19]]
    assert signs == sorted(signs, key="✗?▲~✓".index)


def test_worst_examples_warnings_and_what_to_do_next() -> None:
    text = terminal.render(runs.rejected(), FOLDER, width=100)
    assert "wanted    The last bus of route 12 leaves Quay Street at 23:40." in text
    assert "warning: clean: every row of the internal test" in text
    assert "styles.gap: about 1,240 samples (now 205) would settle it" in text
    assert "harness run transit --candidate debacle --lf" in text
    assert "--lf" not in terminal.render(runs.accepted(), FOLDER)


def test_why_something_is_broken_is_said_once_for_each_reason() -> None:
    run = runs.broken()
    reasons = {row.reason for row in run.criteria if row.verdict == "broken"}
    text = " ".join(terminal.render(run, width=100).split())
    assert reasons
    assert all(text.count(" ".join(reason.split())) >= 1 for reason in reasons)
    many = [
        row.model_copy(update={"id": f"c{at}", "reason": f"reason {at}", "verdict": "broken"})
        for at, row in enumerate([run.criteria[0]] * 40)
    ]
    told = terminal.render(run.model_copy(update={"criteria": many}), width=100)
    assert sum(f": reason {at}\n" in told for at in range(40)) == terminal.BROKEN_SHOWN


def test_a_criterion_without_any_sample_says_what_its_check_says() -> None:
    run = runs.accepted()
    name, check = next(iter(run.checks.items()))
    first = next(row for row in run.criteria if row.check == name)
    empty = first.model_copy(update={"candidate": first.candidate.model_copy(update={"n": 0})})  # type: ignore[union-attr]
    said = check.model_copy(update={"warnings": ["candidate: 9 answers failed: no answer is recorded"]})
    lost = run.model_copy(update={"criteria": [empty], "checks": {name: said}})
    assert f"{name}: candidate: 9 answers failed: no answer is recorded" in terminal.render(lost, width=100)
    whole = lost.model_copy(update={"criteria": [first]})
    assert "no answer is recorded" not in terminal.render(whole, width=100)


def test_quiet_says_only_the_verdict() -> None:
    assert terminal.render(runs.accepted(), quiet=True) == ("ACCEPTED: 4 passed (4 criteria, 2,998 samples, 6m12s)\n")


def test_wide_terminals_show_differences_too() -> None:
    assert "-0.727 [-0.787, -0.659]" in terminal.render(runs.rejected(), width=140)


def test_durations_are_the_slowest() -> None:
    text = terminal.render(runs.accepted(), durations=2)
    assert text.index("3m41s  phase ask") < text.index("2m11s  phase fixtures")
    assert "fixture repaired" not in text


@pytest.mark.parametrize("colour", [False, True])
def test_no_escape_of_the_model_reaches_the_terminal(colour: bool) -> None:
    text = terminal.render(runs.attacked(), FOLDER, colour=colour)
    bare = re.sub(r"\x1b\[[0-9;]*m", "", text) if colour else text
    assert ("\x1b[" in text) is colour
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u200b\u2028\ud800-\udfff]", bare)
    assert "\x1b]8" not in text
    assert "[bold]rich[/bold]" in " ".join(bare.split())
    assert bare.rstrip("\n").split("\n")[-1].startswith("REJECTED: ")


def test_a_log_of_github_is_not_given_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    text = terminal.render(runs.attacked(), FOLDER)
    assert "::" not in text
    assert "##[" not in text


@pytest.mark.parametrize(("encoding", "sign"), [("utf-8", "✗"), ("ascii", "x"), ("latin-1", "x")])
def test_it_speaks_what_the_output_can_spell(monkeypatch: pytest.MonkeyPatch, encoding: str, sign: str) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding, errors="strict"))
    terminal.show(runs.rejected(), FOLDER)
    text = raw.getvalue().decode(encoding)
    assert f" {sign}  riders.exact_match" in text
    assert "\x1b" not in text


@pytest.mark.parametrize(("quiet", "lines"), [(1, 1), (2, 0)])
def test_show_can_be_quiet(capsys: pytest.CaptureFixture[str], quiet: int, lines: int) -> None:
    terminal.show(runs.accepted(), quiet=quiet)
    assert capsys.readouterr().out.count("\n") == lines
