"""Terms: what looks and candidates do to the confidence, and which samples a look asks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.assembly import build
from harness.catalog import Catalog
from harness.criterion import parse
from harness.data import open_data
from harness.spec import AtLeast, Terms
from harness.task import Task, partial
from harness.terms import grouped, held_to, tightened


@pytest.mark.parametrize(
    ("look", "looks", "confidence"),
    [(1, 1, 0.95), (1, 2, 0.99118), (2, 2, 0.95333), (3, 3, 0.95618)],
)
def test_looks_are_those_of_obrien_and_fleming(look: int, looks: int, confidence: float) -> None:
    """Two-sided 0.10: C = 1.678 for two looks and 1.710 for three (Jennison and Turnbull, table 2.3)."""
    assert tightened(0.95, Terms(looks=looks), look) == pytest.approx(confidence, abs=2e-4)


def test_candidates_share_the_error() -> None:
    assert tightened(0.95, Terms(candidates=5)) == pytest.approx(0.99)
    assert tightened(0.95, Terms(candidates=5, looks=2), 1) > tightened(0.95, Terms(looks=2), 1)


def test_a_look_that_was_not_planned_is_an_error() -> None:
    with pytest.raises(ValueError, match="look 3 was not planned"):
        tightened(0.95, Terms(looks=2), 3)


def test_criteria_are_held_to_the_terms() -> None:
    criteria = (parse("t.a >= 0.8"),)
    assert held_to(criteria, Terms()) == criteria
    assert held_to(criteria, Terms(candidates=10))[0].confidence == pytest.approx(0.995)


def test_members_decide_nothing_alone() -> None:
    union = AtLeast(1, ("t.a >= 0.8", "t.b >= 0.8"))
    alone, member = grouped([parse("t.c >= 1"), parse("t.a  >= 0.8")], [union])
    assert (alone.severity, alone.group) == ("require", "")
    assert (member.severity, member.group) == ("warn", "at least 1 of (t.a >= 0.8; t.b >= 0.8)")


@pytest.fixture
def task(tmp_path: Path) -> Task:
    rows = [{"id": f"q{i}", "input": "x", "target": "y", "shop": f"s{i % 9}"} for i in range(90)]
    (tmp_path / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = {"data": open_data("data.jsonl", root=tmp_path), "cluster": "shop"}
    return build("t", options, Catalog(), seed=3)


def test_a_larger_share_holds_every_smaller_one_in_whole_clusters(task: Task) -> None:
    parts = [{s.id for s in partial(task, share).samples()} for share in (1 / 3, 2 / 3, 1.0)]
    assert [len(part) for part in parts] == [30, 60, 90]
    assert parts[0] < parts[1] < parts[2]
    shops = {s.cluster for s in partial(task, 1 / 3).samples()}
    assert len(shops) == 3
    assert shops != {"s0", "s1", "s2"}, "not simply the first of the file"
