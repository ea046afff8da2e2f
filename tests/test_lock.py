"""The lock: what is promised, what counts as a change, and what a run says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness import lock as locks
from harness.criterion import parse
from harness.errors import Tampered
from harness.run import BoundRecord, CriterionRecord

DAY = "2026-02-01T10:00:00+00:00"


def content(*that: str, n: int = 3, looks: int = 1, **checks: Any) -> dict[str, Any]:
    criteria = [parse(text) for text in that or ("t.accuracy >= 0.8", "t.accuracy >= base - 0.02")]
    made = {"t": {"kind": "task", "prompt": "{{ input }}", "samples": 1, **checks}}
    return locks.content_of(criteria, made, {"t": [f"s{i}" for i in range(n)]}, seed=13, looks=looks)


def test_a_lock_survives_its_file(tmp_path: Path) -> None:
    lock = locks.locked("suite", content(), at=DAY)
    locks.write(lock, tmp_path / "suite.lock")
    assert locks.read(tmp_path / "suite.lock") == lock
    assert [p.name for p in tmp_path.iterdir()] == ["suite.lock"]
    assert locks.read(tmp_path / "other.lock") is None


def test_the_order_of_samples_and_criteria_does_not_matter() -> None:
    one = locks.content_of([parse("t.a >= 0.8"), parse("t.b >= 1")], {}, {"t": ["x", "y"]}, seed=1)
    two = locks.content_of([parse("t.b  >= 1"), parse("t.a >=  0.8")], {}, {"t": ["y", "x"]}, seed=1)
    locks.verify(locks.locked("s", one, at=DAY), two)


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (content("t.accuracy >= 0.8"), "criterion t.accuracy >= base - 0.02 was removed"),
        (content("t.accuracy >= 0.7", "t.accuracy >= base - 0.02"), "criterion t.accuracy >= 0.8 was removed"),
        (content(n=4), "the samples of t changed: digest "),
        (content(samples=5), "check t changed: samples 1 is now 5"),
        (content(looks=3), "the rule 'looks' changed: 1 is now 3"),
    ],
)
def test_what_differs_is_told_and_refused(now: dict[str, Any], told: str) -> None:
    lock = locks.locked("suite", content(), at=DAY)
    assert any(line.startswith(told) for line in locks.changes(lock, now))
    with pytest.raises(Tampered, match=r"no longer matches suite\.lock of 2026-02-01") as caught:
        locks.verify(lock, now)
    assert caught.value.exit_code == 6
    with pytest.raises(Tampered, match="give a reason"):
        locks.locked("suite", now, at=DAY, previous=lock)
    again = locks.locked("suite", now, at=DAY, previous=lock, reason="more rows were labelled")
    assert [r.reason for r in again.history] == ["first lock", "more rows were labelled"]
    locks.verify(again, now)


def record(that: str) -> CriterionRecord:
    return CriterionRecord(
        id=that, that=that, check="t", metric="accuracy", verdict="pass", reason="fine",
        bound=BoundRecord(op=">=", value=0.8)
    )  # fmt: skip


def test_added_criteria_are_exploratory() -> None:
    lock = locks.locked("suite", content("t.accuracy >= 0.8"), at=DAY)
    now = content("t.accuracy >= 0.8", "t.accuracy >= 0.5")
    locks.verify(lock, now)
    assert locks.added(lock, ["t.accuracy >= 0.8", "t.accuracy >= 0.5"]) == ["t.accuracy >= 0.5"]
    kept, extra = locks.mark_exploratory([record("t.accuracy >= 0.8"), record("t.accuracy >= 0.5")], lock)
    assert kept == record("t.accuracy >= 0.8")
    assert extra.severity == "warn"
    assert extra.reason == f"fine; exploratory: it was added after the suite was locked on {DAY}"


@pytest.mark.parametrize("damage", ["{", "[]", '{"schema": "x"}', '{"schema": "urn:finetune-harness:lock:1"}'])
def test_a_file_that_is_no_lock_is_refused(tmp_path: Path, damage: str) -> None:
    (tmp_path / "suite.lock").write_text(damage)
    with pytest.raises(Tampered, match=r"suite.lock is "):
        locks.read(tmp_path / "suite.lock")


def test_an_edited_lock_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "suite.lock"
    locks.write(locks.locked("suite", content(), at=DAY), file)
    file.write_text(file.read_text().replace('"confidence": 0.95', '"confidence": 0.6', 1))
    with pytest.raises(Tampered, match="edited by hand"):
        locks.read(file)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (DAY, "2025-02-01T10:00:00+00:00", "when and why it was locked"),
        ("first lock", "agreed", "when and why it was locked"),
        (DAY, "some day", "not a lock that can be read"),
    ],
)
def test_a_lock_cannot_be_dated_back(tmp_path: Path, before: str, after: str, told: str) -> None:
    file = tmp_path / "suite.lock"
    locks.write(locks.locked("suite", content(), at=DAY), file)
    file.write_text(file.read_text().replace(before, after))
    with pytest.raises(Tampered, match=told):
        locks.read(file)
