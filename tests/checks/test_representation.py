"""Representation: counts and label rates by group, with AIF360's numbers, and no claim about a handful of rows."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

import talk
from harness import stats
from harness.catalog import Catalog
from harness.data import open_data
from harness.errors import NothingSelected, SuiteError
from harness.findings import Findings
from talk import leaf


def people(rates: dict[str, float], n: int = 300, seed: int = 0) -> list[dict[str, Any]]:
    rng, names = Random(seed), list(rates)
    return [
        {"id": f"{at}", "who": (w := names[at % len(names)]), "target": "yes" if rng.random() < rates[w] else "no"}
        for at in range(n)
    ]


def look(folder: Path, rows: list[dict[str, Any]], **options: Any) -> Findings:
    found = leaf("representation")(data=talk.data(folder, rows), group="who", **options)
    assert isinstance(found, Findings)
    return found


def value(found: Findings, name: str) -> Any:
    return stats.level(found.scores[name], confidence=0.95, seed="x")


def test_the_rates_are_aif360s(tmp_path: Path) -> None:
    import pandas as pd
    from aif360.datasets import BinaryLabelDataset
    from aif360.metrics import BinaryLabelDatasetMetric

    rows = people({"a": 0.7, "b": 0.3}, 400)
    found = look(tmp_path, rows, favorable=["yes"], privileged="a")
    frame = pd.DataFrame(
        {"who": [float(r["who"] == "a") for r in rows], "label": [float(r["target"] == "yes") for r in rows]}
    )
    data = BinaryLabelDataset(df=frame, label_names=["label"], protected_attribute_names=["who"])
    metric = BinaryLabelDatasetMetric(data, unprivileged_groups=[{"who": 0.0}], privileged_groups=[{"who": 1.0}])
    assert value(found, "disparate_impact").value == pytest.approx(metric.disparate_impact())
    assert value(found, "rate_gap").value == pytest.approx(-metric.mean_difference())
    assert value(found, "disparate_impact").high < 0.8
    even = look(tmp_path, people({"a": 0.5, "b": 0.5}, 2000), favorable=["yes"])
    impact = value(even, "disparate_impact")
    assert impact.low < 1 < impact.high


def test_a_skew_of_three_to_one_is_seen_without_naming_a_good_label(tmp_path: Path) -> None:
    found = look(tmp_path, people({"a": 0.75, "b": 0.25}, 800))
    assert value(found, "label_gap").value == pytest.approx(0.5, abs=0.06)
    assert value(look(tmp_path, people({"a": 0.5, "b": 0.5}, 800)), "label_gap").value < 0.08
    assert set(found.scores) == {"smallest", "ungrouped", "label_gap"}


def test_every_group_is_held_against_the_privileged_one(tmp_path: Path) -> None:
    found = look(tmp_path, people({"a": 0.6, "b": 0.6, "c": 0.2}, 600), favorable=["yes"], privileged="a")
    scores = found.scores["disparate_impact"]
    assert set(scores.groups["group"]) == {"*", "b", "c"}
    worst = scores.take([at for at, g in enumerate(scores.groups["group"]) if g in ("*", "c")])
    assert stats.level(worst, confidence=0.95, seed="x").high < 0.6


def test_a_group_of_one_decides_nothing(tmp_path: Path) -> None:
    found = look(tmp_path, [*people({"a": 0.5}, 99), {"id": "alone", "who": "b", "target": "no"}], favorable=["yes"])
    assert value(found, "smallest").value == 1.0
    impact = value(found, "disparate_impact")
    assert (impact.low, impact.high) == (None, None)
    assert found.warnings == ["the group 'b' has 1 rows; nothing can be claimed of it"]


def test_missing_groups_and_labels_are_counted_never_dropped(tmp_path: Path) -> None:
    rows = people({"a": 0.5, "b": 0.5}, 400)
    for at in range(40):
        rows[at]["who"] = None if at % 2 else ""
    for at in range(40, 60):
        rows[at]["target"] = None
    found = look(tmp_path, rows, favorable=["yes"])
    assert value(found, "ungrouped").value == pytest.approx(0.1)
    assert value(found, "disparate_impact").missing == 20
    assert len(found.scores["disparate_impact"].ids) == 360
    table, _heat = found.figures
    assert ["(missing)", 40] in [row[:2] for row in table.rows]
    assert any("20 rows have no label" in warning for warning in found.warnings)


def test_free_text_has_no_label_gap(tmp_path: Path) -> None:
    rows = [{"who": "ab"[at % 2], "target": f"text {at}"} for at in range(400)]
    assert value(look(tmp_path, rows), "label_gap").value is None


@pytest.mark.parametrize(
    ("rows", "options", "said"),
    [
        (people({"a": 1.0}, 5), {}, "has only the group 'a'; there are no groups to compare"),
        ([{"who": None, "target": "x"}], {}, "has nothing in 'who'"),
        (people({"a": 1, "b": 0}, 6), {"privileged": "c"}, "no row of rows.jsonl has who='c'"),
        (people({"a": 1, "b": 0}, 6), {"favorable": ["yess"]}, "has the label 'yess'; did you mean 'yes'"),
        (people({"a": 1, "b": 0}, 6), {"target": "label"}, "a field 'label'.*set `target`"),
    ],
)
def test_what_is_wrong_is_said(rows: Any, options: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=said):
        look(tmp_path, rows, **options)


def test_no_rows(tmp_path: Path) -> None:
    with pytest.raises(NothingSelected, match="has no rows"):
        look(tmp_path, [])
    assert all(option.text for option in Catalog().get("check", "representation").options.values())


def test_real_people(tmp_path: Path, shared: Path) -> None:
    """German Credit: 201 of 310 women and 499 of 690 men have good credit, AIF360's disparate impact of 0.897."""
    data = open_data("german.csv", root=shared / "data" / "adult_german")
    women = ("A92", "A95")
    rows = [{"who": "female" if r["personal_status"] in women else "male", "target": r["credit"]} for r in data.rows()]
    found = look(tmp_path, rows, favorable=["1"], privileged="male")
    impact = value(found, "disparate_impact")
    assert impact.value == pytest.approx((201 / 310) / (499 / 690))
    assert impact.low < 0.897 < impact.high
    assert value(found, "smallest").value == 310
