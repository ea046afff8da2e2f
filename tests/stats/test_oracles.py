"""Agreement, fairness, judges and calibration against statsmodels, scikit-learn and definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from harness.criterion import parse
from harness.gate import decide
from harness.score import Missing, Quantity, Scores, Totals
from harness.stats import agreement, bounded, fairness, judge, level, membership, powered, proportion, sureness

RNG = np.random.default_rng(21)


@pytest.mark.parametrize(("x", "n"), [(0, 20), (1, 29), (81, 263), (95, 100), (20, 20)])
def test_one_proportion(x: int, n: int) -> None:
    for method, name in (("wilson", "wilson"), ("beta", "clopper_pearson"), ("jeffreys", "jeffreys")):
        low, high = proportion_confint(x, n, alpha=0.1, method=method)
        mine = proportion.METHODS[name](x, n, 0.95)
        if name == "jeffreys":
            # Ours ends at 0 and at 1 where nothing or everything succeeded, as is usual.
            low, high = (0.0 if x == 0 else low), (1.0 if x == n else high)
        assert mine == pytest.approx((low, high), abs=1e-12)


def test_two_proportions_of_different_samples() -> None:
    for x1, n1, x2, n2 in ((56, 70, 48, 80), (9, 10, 3, 10), (0, 20, 5, 30)):
        expected = confint_proportions_2indep(x1, n1, x2, n2, method="newcomb", compare="diff", alpha=0.1)
        assert proportion.newcombe(x1, n1, x2, n2, 0.95) == pytest.approx(expected, abs=1e-9)
        low, high = proportion.miettinen_nurminen(x1, n1, x2, n2, 0.95)
        assert -1 <= low < x1 / n1 - x2 / n2 < high <= 1


def test_kappa() -> None:
    table = np.array([[44, 5, 1], [7, 20, 3], [9, 5, 6]])
    for weights, name in (("none", None), ("linear", "linear"), ("quadratic", "quadratic")):
        assert float(agreement.kappa(table, weights)) == pytest.approx(cohens_kappa(table, wt=name).kappa)
    assert agreement.kappa_error(table) == pytest.approx(cohens_kappa(table).std_kappa)
    one, two = RNG.integers(0, 4, 200), RNG.integers(0, 4, 200)
    pairs, labels = agreement.pairs(one.tolist(), two.tolist())
    assert float(agreement.kappa(pairs.sum(axis=0))) == pytest.approx(cohen_kappa_score(one, two))
    assert len(labels) == 4


def test_agreement_has_an_interval_over_items() -> None:
    one = RNG.integers(0, 2, 150)
    two = np.where(RNG.random(150) < 0.9, one, 1 - one)
    pairs, _ = agreement.pairs(one.tolist(), two.tolist())
    ids = [str(i) for i in range(150)]
    found = agreement.evidence(pairs, agreement.kappa, seed="x", ids=ids, name="kappa").at(0.95)
    half = 1.645 * agreement.kappa_error(pairs.sum(axis=0))
    assert found.value is not None
    assert [found.low, found.high] == pytest.approx([found.value - half, found.value + half], abs=0.03)
    few = agreement.evidence(pairs[:49], agreement.kappa, seed="x", ids=ids[:49], name="kappa").at(0.95)
    assert few.note == "49 items are too few to say how sure kappa is; at least 50 are needed"
    always, _ = agreement.pairs([1] * 80, [1] * 80)
    assert not agreement.evidence(always, agreement.kappa, seed="x", ids=ids[:80]).at(0.95).known


def test_a_rater_who_is_absent_says_nothing() -> None:
    assert agreement.alpha_of([[1, 2, None, 1], [1, 2, 3, 2]]) == agreement.alpha_of([[1, 2, 1], [1, 2, 2]])


def impact(unprivileged: tuple[int, int], privileged: tuple[int, int], missing: int = 0) -> Scores:
    """Scores of the family `impact` with the given favourable and all counts."""

    def ratio(totals: Totals) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return (totals["u"] / totals["u_n"]) / (totals["p"] / totals["p_n"])

    (x1, n1), (x2, n2) = unprivileged, privileged
    rows = [[1, 1, 0, 0]] * x1 + [[0, 1, 0, 0]] * (n1 - x1) + [[0, 0, 1, 1]] * x2 + [[0, 0, 0, 1]] * (n2 - x2)
    quantity = Quantity("disparate_impact", "impact", "neither", (0, math.inf), combine=ratio)
    ids = tuple(f"s{i}" for i in range(n1 + n2))
    lost = {at: Missing("x") for at in range(n1 - missing, n1)}
    return Scores(quantity, ids, np.array(rows, dtype=float), ("u", "u_n", "p", "p_n"), lost)


@pytest.mark.parametrize(
    ("groups", "verdict"),
    [
        (((180, 200), (180, 200)), "pass"), (((80, 200), (170, 200)), "fail"), (((7, 12), (170, 200)), "inconclusive"),
        (((0, 100), (0, 100)), "inconclusive"), (((0, 100), (60, 100)), "fail"),
    ],
)  # fmt: skip
def test_disparate_impact_is_gated_on_its_contrast(
    groups: tuple[tuple[int, int], tuple[int, int]], verdict: str
) -> None:
    models = {"candidate": {"disparate_impact": impact(*groups)}}
    assert decide(parse("fair.disparate_impact in [0.8, 1.25]"), models, seed="x").verdict == verdict


def test_disparate_impact_and_its_contrast_decide_alike() -> None:
    for unprivileged, privileged in (((150, 200), (170, 200)), ((60, 90), (170, 200)), ((140, 200), (170, 200))):
        low, high = fairness.disparate_impact(unprivileged, privileged).bounds(0.95)
        contrast = proportion.newcombe(*unprivileged, *privileged, 0.95, factor=0.8)
        assert low is not None
        assert high is not None
        assert (low >= 0.8) == (contrast[0] >= 0)
        assert (high < 0.8) == (contrast[1] < 0)
        around = fairness.katz(unprivileged, privileged, 0.95)
        assert around is not None
        assert [low, high] == pytest.approx(around, abs=0.03)


def test_missing_answers_widen_an_impact() -> None:
    whole, holed = (level(impact((160, 200), (170, 200), m), confidence=0.95, seed="x") for m in (0, 20))
    assert holed.missing == 20
    assert whole.low is not None
    assert whole.high is not None
    assert holed.low is not None
    assert holed.high is not None
    assert holed.low <= whole.low + 1e-9
    assert holed.high > whole.high


def test_a_table_without_any_outcome_has_no_index() -> None:
    found = fairness.indices(fairness.Group(0, 0, 0, 0), fairness.Group(1, 1, 1, 1))
    assert set(found.values()) == {None}
    assert fairness.theil([], []) is None
    assert fairness.theil([1, 1], [0, 0]) is None
    assert fairness.katz((0, 10), (5, 10), 0.95) is None


def test_a_judge_needs_labels_of_both_verdicts() -> None:
    found = judge.post_stratified([1] * 50 + [0] * 50, [1] * 30, [1] * 30).at(0.95)
    assert found.note == "no human label among the items that the judge refused"
    assert not found.known
    assert judge.post_stratified([1] * 50, [1] * 30, [1] * 30).at(0.95).low == pytest.approx(
        proportion.wilson(30, 30, 0.95)[0]
    )  # fmt: skip
    assert "no better than chance" in judge.rogan_gladen(
        0.5, 100, sensitivity=0.5, positives=50, specificity=0.5, negatives=50
    ).at(0.95).note  # fmt: skip
    numeric = powered.prediction_powered(RNG.random(50), RNG.random(50), RNG.random(500)).at(0.95)
    assert "50 labels are too few" in numeric.note


def test_of_two_verdicts_strata_are_the_two() -> None:
    said = [1] * 70 + [0] * 30
    labelled, labels = [1] * 40 + [0] * 20, [1] * 35 + [0] * 5 + [1] * 4 + [0] * 16
    two = judge.post_stratified(said, labelled, labels).at(0.95)
    many = judge.corrected(np.array(said), np.array(labelled), np.array(labels)).at(0.95)
    assert (many.value, many.low, many.high) == pytest.approx((two.value, two.low, two.high))


def test_levels_are_strata_and_fine_scores_are_put_together() -> None:
    levels = RNG.choice([0.0, 0.5, 1.0], 400)
    labels = np.clip(levels * 0.6 + RNG.normal(0.2, 0.1, 400), 0, 1)
    found = judge.corrected(levels, levels[:150], labels[:150]).at(0.95)
    weights = [(levels == v).mean() for v in (0.0, 0.5, 1.0)]
    means = [labels[:150][levels[:150] == v].mean() for v in (0.0, 0.5, 1.0)]
    assert found.value == pytest.approx(float(np.dot(weights, means)))
    assert found.low < labels.mean() < found.high
    fine = judge.corrected(RNG.random(400), RNG.random(200), RNG.random(200)).at(0.95)
    assert fine.known
    assert "at least 10 are needed" in judge.corrected(levels, levels[:9], labels[:9]).at(0.95).note
    assert "that the judge gave 0, 0.5" in judge.corrected(levels, np.ones(20), np.ones(20)).at(0.95).note


JUDGES = ((0.8, 0.95, 0.8, 50), (0.95, 0.97, 0.6, 100), (0.9, 0.98, 0.7, 50), (0.9, 0.98, 0.7, 200))
"""Share of good answers, sensitivity and specificity of a judge, and human labels of its verdicts."""


@pytest.mark.parametrize(("truth", "sensitivity", "specificity", "labelled"), JUDGES)
def test_a_corrected_rate_at_the_limit_passes_no_more_often_than_promised(
    truth: float, sensitivity: float, specificity: float, labelled: int
) -> None:
    rng, passed, naive, runs = np.random.default_rng(5), 0, 0, 400
    for _ in range(runs):
        human = (rng.random(1000) < truth).astype(float)
        said = np.where(human == 1, rng.random(1000) < sensitivity, rng.random(1000) >= specificity).astype(float)
        found = judge.corrected(said, said[:labelled], human[:labelled]).at(0.95)
        passed += bool(found.low is not None and found.low >= truth)
        naive += bool(proportion.of_counts(int(said.sum()), 1000).at(0.95).low >= truth)
    assert passed / runs <= 0.05 + 2.6 * (0.05 * 0.95 / runs) ** 0.5
    if (truth, specificity) == (0.9, 0.7):
        assert naive / runs > 0.25


def test_calibration_of_confidences() -> None:
    confidence = RNG.uniform(0.5, 1, 800)
    correct = (RNG.random(800) < confidence).astype(float)
    honest = sureness.excess_calibration_error(confidence, correct, seed=1, resamples=999).at(0.95)
    assert honest.low is not None
    assert honest.high is not None
    assert honest.low < 0 < honest.high
    boastful = sureness.excess_calibration_error(np.clip(confidence + 0.25, 0, 1), correct, seed=1, resamples=999)
    low, _ = boastful.bounds(0.95)
    assert low is not None
    assert low > 0.05
    assert sureness.brier(confidence, correct).value == pytest.approx(brier_score_loss(correct, confidence))
    few = sureness.excess_calibration_error(confidence[:100], correct[:100], seed=1).at(0.95)
    assert "100 answers are too few" in few.note
    assert math.isinf(sureness.log_loss(np.array([1.0]), np.array([0.0])))


def test_exposure_speaks_of_a_data_set() -> None:
    seen, unseen = RNG.normal(-2, 1, 200), RNG.normal(-3, 1, 200)
    found = membership.exposure(seen, unseen, seed=1, draws=1999)
    assert found.p == pytest.approx(1 / 2000)
    null = membership.exposure(unseen, unseen[::-1].copy(), seed=1, draws=1999)
    assert null.p is not None
    assert null.p > 0.05
    assert membership.exposure(unseen, unseen, seed=1, draws=199).p == 1.0
    assert membership.exposure(seen[:99], unseen[:99], seed=1).p is None


def test_betting_bounds_hold_for_every_bounded_mean() -> None:
    rng = np.random.default_rng(4)
    missed = 0
    for _ in range(150):
        values = np.where(rng.random(80) < 0.03, -1.0, 0.0)
        low, high = bounded.betting(values, -1, 1, steps=401).bounds(0.95)
        assert low is not None
        assert high is not None
        missed += low > -0.03 or high < -0.03
    assert missed / 150 <= 0.05
    assert bounded.betting(np.ones(60), 0, 1).bounds(0.95)[1] == 1.0
