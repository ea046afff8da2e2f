"""Calibration of judges by simulation: rates and scores corrected by labels, however drawn, of judges steady or not."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from benchmarks.rates import CONFIDENCE, Array, Row, judged, known, rates, stream
from harness.stats import bounded, judge, powered
from harness.stats.evidence import Evidence
from harness.stats.proportion import clopper_pearson

ITEMS = 1000
"""Answers of a run."""
RATES = ((0.8, 0.95, 0.8, 50), (0.95, 0.97, 0.6, 100), (0.9, 0.98, 0.7, 50), (0.9, 0.98, 0.7, 200))
"""True rate, sensitivity, specificity, labels."""
LEVELS = np.arange(5) / 4
SCORES: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "a lenient judge": ((0.05, 0.1, 0.2, 0.35, 0.3), (0.04, 0.10, 0.58, 0.24, 0.04)),
    "a weak judge": ((0.1, 0.2, 0.3, 0.25, 0.15), (0.15, 0.2, 0.3, 0.2, 0.15)),
    "rare errors by two levels": ((0.01, 0.01, 0.02, 0.06, 0.9), (0.0, 0.0, 0.985, 0.0, 0.015)),
}
"""Judge → shares of the five true levels, and how often it says two fewer, one fewer, the same, one more, two more."""
DRAWS = (
    "at random", "as many of each verdict", "four times as many of the low verdicts",
    "a third more of the low verdicts",
)  # fmt: skip
"""How labels are drawn."""
NOISE = (0.0, 0.01, 0.025, 0.05, 0.11, 0.2)
"""How often a judge says the opposite of what it thinks, by chance."""
CHOSEN = ("at random", "more of what it accepted", "more of what an earlier asking accepted",
          "more of what an earlier asking refused")  # fmt: skip
"""How labels are drawn where the judge wavers."""


def rate(truth: float, sensitivity: float, specificity: float, labels: int, draws: int) -> Row:
    """A rate by a judge, corrected with human labels; beside it the judge alone (as `t`)."""
    rng, ours, alone = stream("judge", truth, labels), [], []
    for _ in range(draws):
        good = rng.random(ITEMS) < truth
        said = np.where(good, rng.random(ITEMS) < sensitivity, rng.random(ITEMS) >= specificity).astype(int)
        ours.append(judge.post_stratified(said.tolist(), said[:labels].tolist(), good[:labels].astype(int).tolist()))
        alone.append(clopper_pearson(int(said.sum()), ITEMS, CONFIDENCE))
    ends = np.array(alone)
    return Row(
        "judge, corrected", f">= {truth}", f"sensitivity {sensitivity}, specificity {specificity}; t: judge alone",
        labels, judged(ours, truth), None, rates(ends[:, 0], ends[:, 1], truth), None, draws, allowed=0.07,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Corrected:
    """What one way of correcting does to scores whose true mean is exactly at the limit."""

    judge: str
    drawn: str
    labels: int
    way: str
    truth: float
    errors: tuple[float, float]
    """False pass, false fail."""
    width: float
    """Mean of the intervals that are known."""
    undecided: float
    """Share of runs without an interval."""
    draws: int

    @property
    def row(self) -> Row:
        """As a row of the calibration table."""
        scenario = f"five levels, {self.judge}, labels {self.drawn}; {self.way}"
        return Row(
            "score by a judge", f">= {self.truth:.4g}", scenario, self.labels, self.errors, None, None, None, self.draws
        )


def _shares(said: Array, drawn: str) -> Array:
    """Probability of each answer to be labelled, up to a factor."""
    if drawn == DRAWS[1]:
        values, place, count = np.unique(said, return_inverse=True, return_counts=True)
        return np.asarray(1 / count[place] / len(values))
    more = {DRAWS[2]: 4.0, DRAWS[3]: 4 / 3}.get(drawn, 1.0)
    return np.where(said < said.mean(), more, 1.0)


@cache
def score(name: str, drawn: str, labels: int, draws: int) -> tuple[Corrected, ...]:
    """The mean of five-level scores by a judge, corrected in each way from the same answers and labels."""
    levels, slips = SCORES[name]
    truth, rng = float(np.dot(levels, LEVELS)), stream("score", name, drawn, labels)
    ways: dict[str, Callable[[Array, Array, Array], Evidence]] = {
        "strata": lambda said, at, labels: judge.corrected(said, said[at], labels),
        "prediction_powered": lambda said, at, labels: powered.corrected(np.delete(said, at), said[at], labels),
        "the same, unguarded": lambda said, at, labels: _unguarded(np.delete(said, at), said[at], labels),
        "the textbook's": lambda said, at, labels: powered.prediction_powered(
            labels, said[at], np.delete(said, at), normal=True
        ),
    }  # fmt: skip
    found: dict[str, list[Evidence]] = {way: [] for way in ways}
    for _ in range(draws):
        true = rng.choice(5, ITEMS, p=levels)
        said = LEVELS[np.clip(true + rng.choice(np.arange(-2, 3), ITEMS, p=slips), 0, 4)]
        share = _shares(said, drawn)
        at = rng.choice(ITEMS, labels, replace=False, p=share / share.sum())
        for way, correct in ways.items():
            found[way].append(correct(said, at, LEVELS[true][at]))
    return tuple(_corrected(name, drawn, labels, way, truth, made) for way, made in found.items())


def _unguarded(others: Array, said: Array, labels: Array) -> Evidence:
    """Prediction-powered with our interval, whatever the number of labels and the way they were drawn."""
    one, two = bounded.range_augmented_t(labels - said, -1, 1), bounded.range_augmented_t(others, 0, 1)
    mean, rest = one.value or 0.0, two.value or 0.0

    def ends(confidence: float) -> tuple[float | None, float | None]:
        ((a, b), (c, d)) = one.bounds(confidence), two.bounds(confidence)
        low = math.hypot(mean - known(a, -1), rest - known(c, 0))
        return mean + rest - low, mean + rest + math.hypot(known(b, 1) - mean, known(d, 1) - rest)

    return Evidence(mean + rest, len(labels), "unguarded", ends)


def _corrected(name: str, drawn: str, labels: int, way: str, truth: float, made: list[Evidence]) -> Corrected:
    ends = [e.bounds(CONFIDENCE) for e in made]
    widths = [high - low for low, high in ends if low is not None and high is not None]
    width = float(np.mean(widths)) if widths else math.nan
    errors = judged(made, truth)
    return Corrected(name, drawn, labels, way, truth, errors, width, 1 - len(widths) / len(made), len(made))


def steadiness(noise: float) -> float:
    """Percent of answers on which two askings agree, where each says the opposite with probability `noise`."""
    return 100 * (1 - 2 * noise * (1 - noise))


@cache
def wavering(noise: float, chosen: str, labels: int, draws: int) -> tuple[float, Row]:
    """(how often the judge says the same again, its row): a rate by a judge that by chance says the opposite.

    Its mind has sensitivity 0.97 and specificity 0.9; the true rate is 0.8.
    """
    rng, ours, same, truth = stream("wavering", noise, chosen, labels), [], 0.0, 0.8
    for _ in range(draws):
        good = rng.random(ITEMS) < truth
        mind = np.where(good, rng.random(ITEMS) < 0.97, rng.random(ITEMS) >= 0.9)
        before, now = (mind ^ (rng.random(ITEMS) < noise) for _ in range(2))
        same += float((before == now).mean()) / draws
        by = before if "earlier" in chosen else now
        more = np.zeros(ITEMS, bool) if chosen == CHOSEN[0] else by == ("accepted" in chosen)
        share = np.where(more, 4.0, 1.0)
        at = rng.choice(ITEMS, labels, replace=False, p=share / share.sum())
        ours.append(judge.corrected(now.astype(float), now[at].astype(float), good[at].astype(float)))
    scenario = f"says the same again of {steadiness(noise):.1f} %, labels {chosen}"
    return same, Row(
        "judge that wavers", f">= {truth}", scenario, labels, judged(ours, truth), None, None, None, draws, allowed=0.07
    )


def rows(draws: int) -> Iterator[Row]:
    """What the gate is held to: labels at random, or by a verdict that still stands."""
    for truth, sensitivity, specificity, labels in RATES:
        yield rate(truth, sensitivity, specificity, labels, draws)
    for noise in NOISE:
        for chosen in CHOSEN[:2]:
            yield wavering(noise, chosen, 200, draws)[1]
    for name in SCORES:
        for labels in (200, 400):
            yield from (found.row for found in score(name, DRAWS[0], labels, draws)[:2])


def page(draws: int) -> Iterator[str]:
    """The two corrections of scores side by side, and what labels by an earlier asking do, in Markdown."""
    yield "| judge | labels drawn | labels | **strata** | **prediction_powered** | unguarded | textbook |"
    yield "|---|---|--:|--:|--:|--:|--:|"
    for name in SCORES:
        for drawn in DRAWS:
            for labels in (100, 200, 400):
                cells = " | ".join(_cell(found) for found in score(name, drawn, labels, draws))
                yield f"| {name} | {drawn} | {labels} | {cells} |"
    yield ""
    yield "| says the same again | labels drawn | false pass / false fail |"
    yield "|--:|---|--:|"
    for noise in NOISE:
        for chosen in CHOSEN:
            row = wavering(noise, chosen, 200, draws)[1]
            yield f"| {steadiness(noise):.1f} % | {chosen} | {100 * row.ours[0]:.1f} / {100 * row.ours[1]:.1f} |"


def _cell(found: Corrected) -> str:
    if math.isnan(found.width):
        return "says nothing"
    silent = f", silent {100 * found.undecided:.0f} %" if found.undecided > 0 else ""
    return f"{100 * found.errors[0]:.1f} / {100 * found.errors[1]:.1f}, {found.width:.3f}{silent}"
