"""Charts are well-formed, hold nothing but numbers and known classes, and lose no spike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

import runs
from harness.figure import Curves, Histogram, Interval, Intervals, Series
from harness.report import forest, svg

POINTS = st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=0, max_size=1500)


def parsed(markup: str) -> etree._Element:
    """The drawing as a tree: fails where it is not well-formed."""
    return etree.fromstring(f"<all>{markup}</all>")


@pytest.mark.parametrize("row", runs.debacle_criteria(), ids=lambda row: row.id)
def test_every_row_of_the_forest_can_be_drawn(row: runs.CriterionRecord) -> None:
    tree = parsed(svg.forest(forest.margin(row), "fail", '"<&label'))
    assert tree.find(".//svg").get("aria-label") == '"<&label'
    assert tree.find(".//rect[@class='mark']") is not None


def test_a_base_beyond_the_edge_is_an_arrow() -> None:
    row = runs.criterion("a.b >= 0.9", "pass", "", runs.est(0.95, 0.92, 0.97))
    tree = parsed(svg.forest(forest.margin(row, runs.est(0.0, 0.0, 0.1)), "pass", "x"))
    assert tree.find(".//path[@class='base']") is not None
    assert tree.find(".//circle") is None


def test_no_estimate_says_so() -> None:
    assert "not measured" in svg.forest(None, "broken", "x")


@given(POINTS)
def test_thinning_keeps_the_extremes(points: list[tuple[float, float]]) -> None:
    kept = svg.thinned(points)
    assert len(kept) <= svg.MOST_POINTS
    assert set(kept) <= set(points)
    if points:
        assert max(y for _, y in kept) == max(y for _, y in points)
        assert min(y for _, y in kept) == min(y for _, y in points)


@pytest.mark.parametrize(
    "points", [[], [(0.0, 1.0)], [(0.0, 0.0), (0.0, 0.0)], [(float(i), 1e300) for i in range(900)]]
)
def test_curves_of_any_length_can_be_drawn(points: list[tuple[float, float]]) -> None:
    figure = Curves(title="t", x="epoch", y="loss", series=[Series(name="a", points=points)], marker=0.0)
    tree = parsed(svg.lines(figure, "<x>"))
    assert "nan" not in etree.tostring(tree).decode()
    assert tree.find(".//line[@class='best']") is not None


def test_a_histogram_shows_every_model() -> None:
    figure = Histogram(title="t", edges=[0, 1, 2], counts={"candidate": [0, 3], "base": [2, 0], "baseline": [0, 0]})
    tree = parsed(svg.bars(figure, "x"))
    assert len(tree.findall(".//path")) == 3
    assert tree.findall(".//path")[0].get("class") == "filled"


def test_whiskers_share_one_axis_with_the_threshold_on_it() -> None:
    items = [
        Interval(label="a", model="candidate", value=0.2, low=0.1, high=0.3),
        Interval(label="a", model="base", value=None, low=None, high=None),
    ]
    axis = svg.interval_axis(Intervals(title="t", items=items, threshold=0.9))
    assert axis.low <= 0.1
    assert axis.high >= 0.9
    tree = parsed(svg.whiskers(items, axis, 0.9, "a"))
    assert tree.find(".//line[@class='threshold']") is not None
    assert tree.find(".//circle") is None
