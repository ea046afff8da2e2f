"""Scores: tables of sufficient statistics, in which nothing is lost and nothing is invented."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.score import CANDIDATE, INFRASTRUCTURE, Missing, Quantity, Scores, Totals, table

Q = Quantity("q")


def test_plain_numbers() -> None:
    made = table(Q, ["a", "b"], [1, 0.5])
    assert made.stats.tolist() == [[1.0], [0.5]]
    assert (made.names, made.ids, made.n, made.missing) == (("value",), ("a", "b"), 2, {})


def test_tuples_are_numbered_columns() -> None:
    made = table(Q, ["a", "b"], [(1, 2), (3, 4)])
    assert made.names == ("0", "1")
    assert made.stats.tolist() == [[1, 2], [3, 4]]


def test_named_statistics_may_differ_between_samples() -> None:
    made = table(Q, ["a", "b"], [{"x": 1}, {"y": 2}])
    assert made.names == ("x", "y")
    assert made.stats.tolist() == [[1, 0], [0, 2]]


def test_missing_is_kept_apart_with_its_reason() -> None:
    made = table(Q, ["a", "b", "c"], [1, Missing("time out"), Missing("empty", CANDIDATE)])
    assert made.n == 1
    assert made.missing[1] == Missing("time out", INFRASTRUCTURE)
    assert made.missing[2].blame == CANDIDATE
    assert made.present().ids == ("a",)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_nothing_that_is_not_finite_gets_in(value: float) -> None:
    with pytest.raises(ValueError, match="q of sample 'b' is not a finite number"):
        table(Q, ["a", "b"], [1.0, value])
    with pytest.raises(ValueError, match="q of sample 'b'"):
        table(Q, ["a", "b"], [{"x": 1.0}, {"x": 0.0, "y": value}])


def test_no_rows() -> None:
    made = table(Q, [], [])
    assert made.stats.shape == (0, 1)
    assert made.n == 0


@given(st.lists(st.one_of(st.floats(-10, 10), st.just(None)), max_size=12), st.randoms())
def test_take_keeps_rows_together(values: list[float | None], random: object) -> None:
    ids = [f"s{at}" for at in range(len(values))]
    made = table(
        Q, ids, [Missing(i) if v is None else v for i, v in zip(ids, values, strict=True)],
        clusters=[f"c{at % 3}" for at in range(len(values))],
        groups={"g": [f"g-{i}" for i in ids]},
    )  # fmt: skip
    rows = list(range(len(values)))
    random.shuffle(rows)  # type: ignore[attr-defined]
    rows = rows[: len(rows) // 2 + 1]
    taken = made.take(rows)
    assert taken.ids == tuple(ids[row] for row in rows)
    assert taken.groups["g"] == tuple(f"g-{ids[row]}" for row in rows)
    assert taken.clusters == tuple(f"c{row % 3}" for row in rows)
    for at, row in enumerate(rows):
        if values[row] is None:
            assert taken.missing[at].reason == ids[row]
        else:
            assert taken.stats[at, 0] == values[row]
    assert taken.n == sum(values[row] is not None for row in rows)


def test_totals_by_name() -> None:
    totals = Totals(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), ("tp:a", "tp:b", "n"), np.array([2.0, 2.0]))
    assert totals["n"].tolist() == [3, 6]
    assert totals["nobody"].tolist() == [0, 0]
    sums, names = totals.matching("tp:")
    assert names == ("a", "b")
    assert sums.tolist() == [[1, 2], [4, 5]]


@pytest.mark.parametrize(
    ("better", "worst", "best"), [("higher", 0.0, 1.0), ("lower", 1.0, 0.0), ("neither", 0.0, 1.0)]
)
def test_the_ends_of_a_range(better: str, worst: float, best: float) -> None:
    quantity = Quantity("q", better=better)
    assert (quantity.worst, quantity.best) == (worst, best)


def test_scores_are_built_without_a_table_too() -> None:
    made = Scores(Q, ("a",), np.ones((1, 1)))
    assert made.present().ids == ("a",)
