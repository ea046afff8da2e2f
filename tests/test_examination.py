"""What `harness selftest` prints, and its exit code."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from harness import examination
from harness.examination import selftest, summary
from harness.selftest import Outcome


def outcome(side: str, verdict: str, seed: int = 1) -> Outcome:
    return Outcome("typing", seed, side, verdict, f"it was {verdict}", "a flaw", "typing.drop <= 5%")


def test_rates_count_what_was_caught_flagged_and_left_open() -> None:
    row = summary([
        outcome("flawed", "fail"), outcome("flawed", "inconclusive", 2), outcome("flawed", "broken", 3),
        outcome("sound", "pass"), outcome("sound", "fail", 2), outcome("sound", "inconclusive", 3),
    ])  # fmt: skip
    assert (row.seeds, row.caught, row.flagged, row.undecided) == (3, 1, 1, 1)
    assert row.why == "seed 2, flawed: inconclusive: it was inconclusive"
    assert not row.right


def test_a_broken_sound_twin_is_flagged() -> None:
    assert summary([outcome("flawed", "fail"), outcome("sound", "broken")]).flagged == 1


def test_the_exit_code_is_1_where_a_flaw_goes_unseen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def examine(check: str, seed: int) -> list[Outcome]:
        return [outcome("flawed", "pass", seed), outcome("sound", "pass", seed)]

    monkeypatch.setattr(examination, "examine", examine)
    monkeypatch.setattr(examination, "controls", list)
    assert selftest(["typing"], 2, 1, as_json=False, quiet=0) == 1
    said = capsys.readouterr().out
    assert "0 of 2" in said
    assert "typing: seed 1, flawed: pass: it was pass" in said


def test_a_file_gets_whole_names(capsys: pytest.CaptureFixture[str]) -> None:
    long = summary([replace(outcome(side, "rejected"), check="prompt_sensitivity") for side in ("flawed", "sound")])
    examination._show([long])
    assert any(line.startswith("prompt_sensitivity ") for line in capsys.readouterr().out.splitlines())


def test_json_holds_the_same_rates(capsys: pytest.CaptureFixture[str]) -> None:
    assert selftest(["leakage", "task"], 1, 1, as_json=True, quiet=0) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["check"], row["caught"], row["flagged"], row["right"]) for row in rows] == [
        ("leakage", 1, 0, True),
        ("task", 1, 0, True),
    ]
