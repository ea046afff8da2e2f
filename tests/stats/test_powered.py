"""Prediction-powered scores: worked out with scipy's t, and silent wherever their conditions do not hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats as scipy_stats

from harness.score import Quantity, table
from harness.stats import level, powered

RNG = np.random.default_rng(11)
SAID = RNG.integers(0, 5, 700) / 4
TRUE = np.clip(SAID + RNG.choice([-0.25, 0.0, 0.0, 0.25], 700), 0, 1)


def half(values: np.ndarray, low: float, high: float) -> tuple[float, float]:
    """Distances from the mean to both ends of scipy's t interval, one value added at each end of the range."""
    more = np.append(values, [low, high])
    ends = scipy_stats.t.interval(0.9, len(more) - 1, more.mean(), scipy_stats.sem(more))
    return values.mean() - ends[0], ends[1] - values.mean()


def test_value_and_ends_are_those_of_two_augmented_means() -> None:
    found = powered.prediction_powered(TRUE[:250], SAID[:250], SAID[250:]).at(0.95)
    errors, others = TRUE[:250] - SAID[:250], SAID[250:]
    one, two = half(errors, -1, 1), half(others, 0, 1)
    value = errors.mean() + others.mean()
    wanted = (value, value - math.hypot(one[0], two[0]), value + math.hypot(one[1], two[1]))
    assert (found.value, found.low, found.high) == pytest.approx(wanted)
    assert (found.n, found.method) == (250, "prediction_powered")


@pytest.mark.parametrize(
    ("n", "others", "told"),
    [
        (199, 500, "199 labels are too few to correct a score by its mean error; at least 200 are needed"),
        (250, 1, "1 answers have no label; this correction adds a mean error to at least 2 of them"),
        (0, 500, "500 answers have no label"),
    ],
)
def test_with_too_little_it_says_nothing(n: int, others: int, told: str) -> None:
    found = powered.corrected(SAID[:others], SAID[:n], TRUE[:n]).at(0.95)
    if n:
        assert told in found.note
    assert not found.known


def test_labels_that_were_drawn_by_verdict_are_noticed() -> None:
    low = np.flatnonzero(SAID <= 0.5)[:220]
    rest = np.delete(np.arange(700), low)
    found = powered.corrected(SAID[rest], SAID[low], TRUE[low]).at(0.95)
    assert not found.known
    assert "which is improbable of labels drawn at random (p = " in found.note
    assert "`correction: strata` allows labels drawn by verdict" in found.note
    assert powered.corrected(SAID[220:], SAID[:220], TRUE[:220]).at(0.95).known


def test_alike_is_the_z_of_two_means() -> None:
    one, two = SAID[:200], SAID[200:] ** 2
    z = (one.mean() - two.mean()) / math.sqrt(one.var() / 200 + two.var() / 500)
    assert powered.alike(one, two) == pytest.approx(2 * scipy_stats.norm.sf(abs(z)))
    assert (powered.alike(np.ones(9), np.ones(5)), powered.alike(np.ones(9), np.zeros(5))) == (1.0, 0.0)


def test_the_family_takes_run_and_labels_from_one_table() -> None:
    """Answers of the run that people labelled correct; they are not counted among those that are corrected."""
    rows = [
        {"verdict": v, "judged": float(at >= 50), "label": y if at < 300 else 0.0, "labelled": float(at < 300)}
        for at, (v, y) in enumerate(zip(SAID, TRUE, strict=True))
    ]
    made = table(Quantity("score", "prediction_powered"), [str(at) for at in range(700)], rows)
    wanted = powered.corrected(SAID[300:], SAID[:300], TRUE[:300]).at(0.95)
    found = level(made, confidence=0.95, seed="s")
    assert (found.value, found.low, found.high) == pytest.approx((wanted.value, wanted.low, wanted.high))
