"""The ledger: which runs count, when the candidate was first measured, and what a run says of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness import ledger
from harness import lock as locks

DAY = "2026-02-01T10:00:00+00:00"
LOCK = locks.locked("suite", {"criteria": {}, "checks": {}, "samples": {}, "rules": {}}, at=DAY)


def finished(folder: Path, name: str, day: str, lock: str = "", weights: str = "w", verdict: str = "rejected") -> None:
    (folder / name).mkdir()
    data = {
        "run_id": name, "started": f"2026-{day}T00:00:00+00:00", "verdict": verdict, "candidate": "candidate",
        "models": {"candidate": {"digest": weights}}, "lock": {"digest": lock} if lock else None,
    }  # fmt: skip
    (folder / name / "result.json").write_text(json.dumps(data))


def test_runs_under_a_lock_are_counted(tmp_path: Path) -> None:
    finished(tmp_path, "b", "02-03", LOCK.digest)
    finished(tmp_path, "a", "02-02", LOCK.digest)
    finished(tmp_path, "c", "02-04", "another")
    (tmp_path / "latest").symlink_to("c")
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "result.json").write_text("{")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "result.json").write_text('{"started": "once upon a time"}')
    assert [use.run_id for use in ledger.runs_in(tmp_path)] == ["a", "b", "c"]
    assert [use.run_id for use in ledger.uses(tmp_path, LOCK.digest)] == ["a", "b"]
    said = ledger.summary(LOCK, started="2026-02-05T00:00:00+00:00", runs=ledger.runs_in(tmp_path), weights="w")
    assert said["before_first_run"]
    assert said["runs"] == 3
    assert said["chance"] == pytest.approx(1 - 0.95**3)
    assert "run 3 under this lock" in said["sentence"]
    assert "up to 14.3%" in said["sentence"]


def test_a_run_without_the_lock_shows_that_the_lock_came_late(tmp_path: Path) -> None:
    finished(tmp_path, "early", "01-05")
    runs = ledger.runs_in(tmp_path)
    assert not ledger.summary(LOCK, started=DAY, runs=runs, weights="w")["before_first_run"]
    assert ledger.summary(LOCK, started=DAY, runs=runs, weights="another candidate")["before_first_run"]


def test_locking_anew_is_said(tmp_path: Path) -> None:
    again = locks.locked("suite", {**LOCK.content, "rules": {"seed": 2}}, at=DAY, reason="new seed", previous=LOCK)
    said = ledger.summary(again, started=DAY, exploratory=["t.a >= 1"])["sentence"]
    assert "locked anew 1 times, last because: new seed" in said
    assert "exploratory: t.a >= 1" in said
