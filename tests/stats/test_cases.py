"""Published and independently computed reference values, to their stated tolerance.

The important figures are frozen here, so that they run anywhere; the shared table of cases runs where it is present.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.stats import (
    agreement,
    bounded,
    fairness,
    judge,
    membership,
    multiplicity,
    order,
    power,
    powered,
    proportion,
    ratio,
    repeats,
    resample,
    sequential,
    sureness,
)

SHARED = Path(os.environ.get("HARNESS_SHARED", Path(__file__).parents[2].parent / "shared"))
TABLE = SHARED / "design" / "statistics_cases.json"
Case = dict[str, Any]


def two_sided(level: float) -> float:
    """The one-sided confidence whose bounds make a two-sided interval."""
    return (1 + level) / 2


def ends(low: float, high: float) -> Case:
    return {"low": low, "high": high}


def one_proportion(i: Case) -> Case:
    method = proportion.METHODS[i["method"]]
    confidence = 1 - i["alpha"] if "alpha" in i else two_sided(i["level"])
    return ends(*method(i["successes"], i["n"], confidence))


def paired(i: Case) -> Case:
    n = i["n11"] + i["n10"] + i["n01"] + i["n00"]
    confidence = two_sided(i["level"])
    if i["method"] == "tango_score":
        low, high = proportion.tango(i["n01"], i["n10"], n, confidence)
    else:
        low, high = proportion.newcombe_paired(i["n11"], i["n10"], i["n01"], i["n00"], confidence)
    return {"diff": (i["n01"] - i["n10"]) / n, **ends(low, high)}


def independent(i: Case) -> Case:
    method = {"miettinen_nurminen": proportion.miettinen_nurminen}.get(i.get("method", ""), proportion.newcombe)
    return ends(*method(i["x1"], i["n1"], i["x2"], i["n2"], two_sided(i["level"])))


def clustered(i: Case) -> Case:
    found = bounded.cluster_errors(np.array(i["scores"]), [str(c) for c in i["clusters"]])
    low, high = found.t_interval(0.975)
    return {
        "mean": found.mean, "se_naive": found.naive, "se_CR0": found.cr0, "se_CR1": found.cr1,
        "ci95_t_low": low, "ci95_t_high": high,
    }  # fmt: skip


def zero_variance(i: Case) -> Case:
    low, high = i["range"]
    sums, sizes = bounded.by_cluster(np.zeros(40), None)
    estimate = bounded.range_augmented_t(np.zeros(40), low, high).at(1 - i["alpha"])
    return {"mean_aug": bounded.augmented(sums[:, 0], sizes, low, high)[0], "low": estimate.low}


def plan(i: Case) -> Case:
    if "omega2" in i and "n" in i:
        variance = power.noise_of_mean(i["omega2"], i["sigma2_A"], i["sigma2_B"], i["K"], i["K"])
        return {"mde": power.detectable_difference(i["n"], variance, alpha=i["alpha_two_sided"], power=i["power"])}
    if "n_per_group" in i:
        return {"power": power.t_power(i["n_per_group"], i["delta"], i["sd"], alpha=i["alpha_two_sided"])}
    confidence = 1 - i["alpha_one_sided"]
    return {"power": power.paired_power(i["n"], i["discordance"], i["true_diff"], ">=", -i["margin"], confidence)}


def many(i: Case) -> Case:
    if "u" in i:
        return {"p": multiplicity.partial_conjunction(i["p"], i["u"])}
    method = {
        "benjamini_yekutieli": multiplicity.benjamini_yekutieli,
        "benjamini_hochberg": multiplicity.benjamini_hochberg,
        "holm": multiplicity.holm,
    }[i["method"]]
    adjusted = method(i["p"])
    return {"adjusted": adjusted, "rejected": sum(p <= i["alpha"] for p in adjusted)}


def raters(i: Case) -> Case:
    if "ratings" in i:
        scales = ("nominal", "ordinal", "interval", "ratio")
        return {scale: agreement.alpha_of(i["ratings"], scale) for scale in scales}  # type: ignore[arg-type]
    table = np.array(i["table"])
    return {
        "kappa": float(agreement.kappa(table, i.get("weights", "none"))), "ac1": float(agreement.ac1(table)),
        "agreement": float(agreement.agreement(table)), "se": agreement.kappa_error(table),
    }  # fmt: skip


def judged(i: Case) -> Case:
    if "Y" in i:
        estimate = powered.prediction_powered(
            np.array(i["Y"]), np.array(i["f_labeled"]), np.array(i["f_unlabeled"]), normal=True
        ).at(two_sided(i["level"]))
    else:
        estimate = judge.rogan_gladen(
            i["p"], i["n"], sensitivity=i["sensitivity"], positives=i["m1"], specificity=i["specificity"],
            negatives=i["m0"],
        ).at(two_sided(i["level"]))  # fmt: skip
    return {"theta": estimate.value, **ends(estimate.low or 0, estimate.high or 0)}


def groups(i: Case) -> Case:
    parts = []
    for side in (0, 1):
        rows = [k for k, p in enumerate(i["protected"]) if (p == i["privileged"]) == bool(side)]
        parts.append(fairness.group([i["y_true"][k] for k in rows], [i["y_pred"][k] for k in rows]))
    right = np.mean(np.array(i["y_true"]) == np.array(i["y_pred"]))
    return {**fairness.indices(*parts), "theil_index": fairness.theil(i["y_true"], i["y_pred"]), "accuracy": right}


def looks(i: Case) -> Case:
    if "looks" in i:
        return {"bounds": list(sequential.obrien_fleming(i["looks"], i["alpha_two_sided"]))}
    return ends(*sequential.confidence_sequence(i["successes"], i["n"], i["alpha"]))


def mcnemar(i: Case) -> Case:
    return {"p": proportion.mcnemar(i["n01"], i["n10"], mid=i["variant"] == "midp")}


def percentile(i: Case) -> Case:
    lower, upper = order.ranks(i["n"], i["quantile"], 1 - i["alpha_one_sided"])
    return {"lower_rank": lower, "upper_rank": upper}


def calibration(i: Case) -> Case:
    return {"ece": sureness.expected_calibration_error(i["confidence"], i["correct"], bins=i["bins"])}


def miller(k: int) -> float:
    """The published planning example with `k` answers per sample."""
    return power.detectable_difference(198, power.noise_of_mean(1 / 9, 1 / 6, 1 / 6, k, k))


FAMILIES: dict[str, Callable[[Case], Case]] = {
    "proportion": one_proportion,
    "difference_independent": independent,
    "difference_paired_binary": paired,
    "paired_test": mcnemar,
    "clustered_mean": clustered,
    "mean_bounded": zero_variance,
    "power": plan,
    "multiplicity": many,
    "agreement": raters,
    "judge_corrected": judged,
    "percentile": percentile,
    "calibration": calibration,
    "fairness": groups,
    "sequential": looks,
    "contamination": lambda i: {"score": membership.min_k(i["token_logprobs"], i["k"])},
}
ELSEWHERE = {"corpus_metric": "tests/metrics"}
"""Families whose cases are those of metrics."""


def read() -> dict[str, list[Case]]:
    return json.loads(TABLE.read_text("utf-8")) if TABLE.exists() else {"cases": [], "decision_cases": []}


@pytest.mark.skipif(not TABLE.exists(), reason="the shared table of reference cases is not beside this checkout")
@pytest.mark.parametrize("case", [c for c in read()["cases"] if c["family"] not in ELSEWHERE], ids=lambda c: c["id"])
def test_shared_case(case: Case) -> None:
    found = FAMILIES[case["family"]](case["inputs"])
    for name, expected in case["expected"].items():
        close = pytest.approx(expected, abs=case["tolerance"], rel=case["tolerance"])
        assert found[name] == close, f"{case['id']}.{name}"


@pytest.mark.parametrize(
    ("found", "expected", "tolerance"),
    [
        (lambda: proportion.wilson(81, 263, 0.975), (0.255289, 0.366210), 1e-6),
        (lambda: proportion.clopper_pearson(81, 263, 0.975), (0.252737, 0.367622), 1e-6),
        (lambda: proportion.clopper_pearson(1, 29, 0.975), (0.000873, 0.177644), 1e-6),
        (lambda: proportion.wilson(95, 100, 0.95)[0], 0.900839, 1e-6),
        (lambda: proportion.clopper_pearson(95, 100, 0.95)[0], 0.897746622, 1e-8),
        (lambda: proportion.clopper_pearson(59, 59, 0.95)[0], 0.05 ** (1 / 59), 1e-12),
        (lambda: proportion.miettinen_nurminen(56, 70, 48, 80, 0.975), (0.0528297132, 0.33817294), 1e-8),
        (lambda: proportion.newcombe(56, 70, 48, 80, 0.975), (0.0524, 0.3339), 5e-5),
        (lambda: proportion.newcombe_paired(59, 16, 6, 80, 0.975), (-0.118621196, -0.00462511393), 1e-8),
        (lambda: proportion.newcombe_paired(95, 0, 0, 5, 0.95), (-0.0287318247, 0.0287318247), 1e-8),
        (lambda: proportion.tango(0, 0, 100, 0.95), (-0.026343, 0.026343), 1e-6),
        (lambda: proportion.tango(1, 7, 21, 0.975), (-0.517232276, -0.0260030325), 1e-8),
        (lambda: proportion.tango(8, 12, 200, 0.95), (-0.059351712, 0.0177554141), 1e-8),
        (lambda: proportion.tango(2, 18, 200, 0.95), (-0.120359847, -0.0471017353), 1e-8),
        (lambda: (proportion.mcnemar(6, 16), proportion.mcnemar(6, 16, mid=True)), (0.052479, 0.034690), 1e-6),
        (lambda: proportion.mcnemar(0, 0), 1.0, 0),
        (lambda: bounded.range_augmented_t(np.zeros(40), -1, 1).at(0.95).low, -0.0573523289, 1e-9),
        (lambda: power.samples_for_difference(0.03, 1 / 9), 968.9975, 1e-4),
        (lambda: miller(10), 0.0756696393, 1e-9),
        (lambda: miller(1), 0.132733, 1e-6),
        (lambda: power.score_power(200, 0.1, -0.06), 0.879044, 1e-6),
        (lambda: power.mcnemar_power(200, 0.1, -0.06), 0.832751, 1e-6),
        (lambda: power.paired_power(200, 0.1, 0, ">=", -0.05, 0.95), 0.694787, 1e-6),
        (lambda: power.t_power(20, 1, 1), 0.868952802, 1e-8),
        (lambda: float(agreement.kappa(np.array([[20, 5], [10, 15]]))), 0.4, 1e-12),
        (lambda: agreement.kappa_error(np.array([[20, 5], [10, 15]])), 0.126996, 1e-6),
        (lambda: float(agreement.kappa(np.array([[90, 5], [5, 0]]))), -0.052632, 1e-6),
        (lambda: float(agreement.ac1(np.array([[90, 5], [5, 0]]))), 0.889503, 1e-6),
        (lambda: order.ranks(200, 0.95, 0.95), (185, 196), 0),
        (lambda: order.ranks(1000, 0.95, 0.95), (938, 962), 0),
        (lambda: sequential.obrien_fleming(5, 0.05), (4.561737, 3.225635, 2.633720, 2.280868, 2.040071), 1e-5),
        (lambda: sequential.confidence_sequence(45, 50, 0.05), (0.712339535, 0.984341445), 1e-8),
        (lambda: [sequential.crossing((1.959964,) * k) for k in (2, 3, 5, 10)], [0.083, 0.107, 0.142, 0.193], 5e-4),
        (lambda: membership.min_k([-0.1, -0.2, -3.5, -0.05, -1.2, -7.0, -0.4, -0.3, -2.2, -0.6]), -5.25, 1e-12),
    ],
)  # fmt: skip
def test_reference_figure(found: Callable[[], Any], expected: Any, tolerance: float) -> None:
    assert found() == pytest.approx(expected, abs=tolerance, rel=0)


def test_variance_components_of_six_samples_with_four_answers() -> None:
    rows = [[1, 1, 1, 1], [1, 1, 0, 1], [0, 0, 1, 0], [1, 0, 1, 1], [0, 1, 0, 1], [0, 0, 0, 0]]
    found = repeats.decompose(np.array(rows, dtype=float))
    assert found.within == pytest.approx(np.mean([np.var(row, ddof=1) for row in rows]))
    assert found.error == pytest.approx(np.std(np.mean(rows, axis=1), ddof=1) / np.sqrt(6))
    assert found.between == pytest.approx(found.error**2 * 6 - found.within / 4)
    assert found.error_at(4) == pytest.approx(found.error)


def test_alpha_of_four_raters() -> None:
    n = None
    ratings = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, n, n, n],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, n, 3],
        [n, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, n],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, n],
    ]
    found = [agreement.alpha_of(ratings, scale) for scale in ("nominal", "ordinal", "interval", "ratio")]  # type: ignore[arg-type]
    assert found == pytest.approx([0.743421, 0.815388, 0.849107, 0.797403], abs=1e-6)


def test_judged_rates_of_twenty_labels() -> None:
    human = [1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1]
    said = [1, 1, 0, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1]
    rest = [1] * 50 + [0] * 10
    found = judge.post_stratified(said + rest, said, human).at(0.95)
    assert [found.value, found.low, found.high] == pytest.approx([0.817188, 0.661369, 0.910216], abs=1e-6)
    found = powered.prediction_powered(np.array(human), np.array(said), np.array(rest), normal=True).at(0.95)
    assert found.value == pytest.approx(np.mean(rest) + np.mean(human) - np.mean(said))
    found = judge.rogan_gladen(0.4, 1000, sensitivity=0.9, positives=200, specificity=0.7, negatives=200).at(0.975)
    assert [found.value, found.low, found.high] == pytest.approx([0.166666667, 0.0563507248, 0.262733026], abs=1e-8)


def test_the_jackknife_of_a_ratio_is_the_plain_one() -> None:
    rng = np.random.default_rng(3)
    tokens = rng.integers(50, 400, 60).astype(float)
    stats = np.stack([tokens * rng.normal(2.2, 0.3, 60), tokens], axis=1)

    def perplexity(sums: Any, sizes: Any) -> Any:
        return np.exp(sums[..., 0] / sums[..., 1])

    found = ratio.log_jackknife(resample.units_of(stats, None), perplexity, limits=(1, np.inf)).at(0.975)
    logs = np.array([np.delete(stats, i, axis=0).sum(axis=0) for i in range(60)])
    logs = logs[:, 0] / logs[:, 1]
    error = np.sqrt(59 / 60 * ((logs - logs.mean()) ** 2).sum())
    from scipy.stats import t

    centre = stats[:, 0].sum() / stats[:, 1].sum()
    expected = np.exp([centre, centre - t.ppf(0.975, 59) * error, centre + t.ppf(0.975, 59) * error])
    assert [found.value, found.low, found.high] == pytest.approx(list(expected), rel=1e-9)
