"""What must hold whatever the scores are: order, monotony, identity, no false certainty, no NaN."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.criterion import parse
from harness.estimate import Estimate
from harness.gate import decide
from harness.score import CANDIDATE, Missing, Quantity, Scores, Totals, table
from harness.stats import difference, independent_difference, level, proportion
from harness.stats.families import FAMILIES

RANK = {"fail": 0, "inconclusive": 1, "pass": 2}
PLAIN = [family for family in FAMILIES if family not in ("gap", "impact")]


def f1(totals: Totals) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(2 * totals["tp"] / (2 * totals["tp"] + totals["wrong"]))


def quantity(family: str) -> Quantity:
    made = {
        "proportion": Quantity("q", "proportion"),
        "mean": Quantity("q", "mean"),
        "corpus": Quantity("q", "corpus", combine=f1),
        "log_ratio": Quantity("q", "log_ratio", "lower", (1, math.inf)),
        "unbounded": Quantity("q", "unbounded", "lower", (-math.inf, math.inf)),
        "quantile": Quantity("q", "quantile", "lower", (0, math.inf), "s", quantile=0.95),
        "census": Quantity("q", "census", "lower"),
        "exposure": Quantity("q", "exposure", "lower", (-math.inf, math.inf)),
        "calibration": Quantity("q", "calibration", "lower", (-1.0, 1.0)),
        "judged": Quantity("q", "judged"),
        "prediction_powered": Quantity("q", "prediction_powered"),
        "spread": Quantity("q", "spread", "lower", (-1.0, 1.0)),
    }
    return made[family]


def scores(family: str, numbers: list[float], *, prefix: str = "s", clusters: list[str] | None = None) -> Scores:
    """Scores of a family from numbers between 0 and 1."""
    values: list[object] = []
    for x in numbers:
        if family in ("proportion", "census"):
            values.append(float(x > 0.5))
        elif family == "corpus":
            values.append({"tp": 1.0} if x > 0.4 else {"wrong": 1.0} if x > 0.2 else {"tn": 1.0})
        elif family == "calibration":
            values.append((x, float((7 * x) % 1 < x)))
        elif family == "judged":
            values.append({"verdict": float(x > 0.3), "judged": 1.0, "label": x, "labelled": 1.0})
        elif family == "prediction_powered":
            values.append({"verdict": float(x > 0.3), "judged": 1.0, "label": x, "labelled": float(100 * x % 1 < 0.5)})
        elif family == "spread":
            values.append({"a": x, "b": float(x > 0.3), "c": (3 * x) % 1})
        elif family == "log_ratio":
            values.append((10 * x + 1, 5.0 + round(3 * x)))
        else:
            values.append(x)
    ids = [f"{prefix}{i:04d}" for i in range(len(numbers))]
    return table(quantity(family), ids, values, clusters=clusters)  # type: ignore[arg-type]


def sound(estimate: Estimate) -> None:
    """No NaN, ends in order around the value, and no width only for a census."""
    for end in (estimate.value, estimate.low, estimate.high):
        assert end is None or math.isfinite(end)
    if estimate.low is not None and estimate.high is not None:
        assert estimate.low <= estimate.high
        assert estimate.value is None or estimate.low <= estimate.value <= estimate.high
        assert estimate.low < estimate.high or estimate.method == "census"
    if not estimate.known:
        assert estimate.note


numbers = st.lists(st.floats(0, 1).map(lambda x: round(x, 3)), min_size=0, max_size=120)


@pytest.mark.parametrize("family", PLAIN)
@settings(max_examples=25, deadline=None)
@given(numbers=numbers)
def test_every_estimate_is_sound(family: str, numbers: list[float]) -> None:
    one = scores(family, numbers)
    sound(level(one, confidence=0.95, seed="x"))
    sound(difference(one, scores(family, numbers[::-1]), confidence=0.95, seed="x"))
    sound(independent_difference(one, scores(family, numbers[::2], prefix="t"), confidence=0.95, seed="x"))


@pytest.mark.parametrize("family", PLAIN)
@pytest.mark.parametrize("n", [0, 1, 2, 10, 60, 150])
@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_scores_that_are_all_equal_are_sound(family: str, n: int, value: float) -> None:
    one = scores(family, [value] * n)
    sound(level(one, confidence=0.95, seed="x"))
    gap = difference(one, one, confidence=0.95, seed="x")
    sound(gap)
    assert gap.value is None or gap.value == pytest.approx(0)
    if gap.known and gap.method != "census":
        assert gap.low is not None
        assert gap.high is not None
        assert gap.low < 0 < gap.high


@pytest.mark.parametrize("family", PLAIN)
def test_everything_missing_is_unknown(family: str) -> None:
    lost = table(quantity(family), ["a", "b", "c"], [Missing("no network")] * 3)
    found = level(lost, confidence=0.95, seed="x")
    sound(found)
    assert (found.value, found.missing) == (None, 3)
    assert (found.low, found.high) in [(None, None), (0.0, 1.0), (0.0, None)]


@pytest.mark.parametrize("family", PLAIN)
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_samples_changes_nothing(family: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 80
    names = [str(c) for c in rng.integers(0, 15, n)] if seed % 2 else None
    one = scores(family, rng.random(n).tolist(), clusters=names)
    two = scores(family, rng.random(n).tolist(), clusters=names)
    order = rng.permutation(n).tolist()
    assert level(one.take(order), confidence=0.95, seed="x") == level(one, confidence=0.95, seed="x")
    mixed = difference(one.take(order), two.take(order[::-1]), confidence=0.95, seed="x")
    assert mixed == difference(one, two, confidence=0.95, seed="x")


@pytest.mark.parametrize("family", PLAIN)
def test_bounds_widen_with_the_confidence(family: str) -> None:
    rng = np.random.default_rng(5)
    one, two = (
        scores(family, rng.random(600 if family in ("calibration", "prediction_powered") else 200).tolist())
        for _ in range(2)
    )
    for made in (lambda c: level(one, confidence=c, seed="x"), lambda c: difference(one, two, confidence=c, seed="x")):
        for narrow, wide in pairwise([made(c) for c in (0.6, 0.8, 0.9, 0.95, 0.975, 0.99)]):
            assert narrow.value == wide.value
            assert narrow.low is not None
            assert narrow.high is not None
            assert wide.low is None or wide.low <= narrow.low
            assert wide.high is None or wide.high >= narrow.high


@pytest.mark.parametrize("that", ["t.q >= 0.7", "t.q > base", "t.q >= base - 0.1", "t.q >= 0.9 * base"])
@settings(max_examples=40, deadline=None)
@given(data=st.data(), n=st.integers(1, 150))
def test_one_more_success_never_worsens_a_verdict(that: str, data: st.DataObject, n: int) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    rate = data.draw(st.sampled_from([0.3, 0.6, 0.75, 0.9, 0.98]))
    values = (rng.random(n) < rate).astype(float)
    base = scores("proportion", (rng.random(n) < 0.7).astype(float).tolist())
    wrong = np.flatnonzero(values == 0)
    if not len(wrong):
        return
    better = values.copy()
    better[data.draw(st.sampled_from(wrong.tolist()))] = 1.0
    ranks = []
    for row in (values, better):
        models = {"candidate": {"q": scores("proportion", row.tolist())}, "base": {"q": base}}
        ranks.append(RANK[decide(parse(that), models, seed="x").verdict])
    assert ranks[1] >= ranks[0]


def test_tango_is_monotone_in_every_pair() -> None:
    for n in (5, 12, 30):
        for gained in range(n + 1):
            for lost in range(1, n + 1 - gained):
                now = proportion.of_pairs(gained, lost, n).bounds(0.95)
                fewer_lost = proportion.of_pairs(gained, lost - 1, n).bounds(0.95)
                turned = proportion.of_pairs(gained + 1, lost - 1, n).bounds(0.95)
                for better in (fewer_lost, turned):
                    assert all(
                        b is not None and a is not None and b >= a - 1e-9 for a, b in zip(now, better, strict=True)
                    )


@settings(max_examples=60, deadline=None)
@given(good=st.integers(0, 60), bad=st.integers(0, 60), lost=st.integers(0, 40), blame=st.booleans())
def test_a_pass_survives_the_worst_case_and_a_fail_the_best(good: int, bad: int, lost: int, blame: bool) -> None:
    gap = Missing("x", CANDIDATE) if blame else Missing("x")
    values = [1.0] * good + [0.0] * bad + [gap] * lost
    ids = [f"s{i}" for i in range(len(values))]
    if not values:
        return

    def verdict(filled: list[object]) -> str:
        made = table(Quantity("q", "proportion"), ids, filled)  # type: ignore[arg-type]
        return decide(parse("t.q >= 0.8"), {"candidate": {"q": made}}, seed="x").verdict

    found = verdict(list(values))
    worst = verdict([1.0] * good + [0.0] * (bad + lost))
    best = verdict([1.0] * (good + (0 if blame else lost)) + [0.0] * (bad + (lost if blame else 0)))
    expected = "pass" if worst == "pass" else "fail" if best == "fail" else "inconclusive"
    assert found == expected


def test_scores_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="q of sample 'b' is not a finite number"):
        table(Quantity("q"), ["a", "b"], [0.5, math.nan])
    spoilt = Scores(Quantity("q"), ("a", "b"), np.array([[0.5], [np.nan]]))
    with pytest.raises(ValueError, match="q of sample 'b' is not a finite number"):
        level(spoilt, confidence=0.95, seed="x")
    outside = table(Quantity("q"), ["a", "b"], [0.5, 1.5])
    with pytest.raises(ValueError, match=r"q of sample 'b' is 1\.5, outside its declared range \[0, 1\]"):
        level(outside, confidence=0.95, seed="x")
    record = decide(parse("t.q >= 0.1"), {"candidate": {"q": spoilt}}, seed="x")
    assert (record.verdict, record.blame) == ("broken", "the check")


def test_one_cluster_and_few_clusters_decide_nothing() -> None:
    for count in (1, 9):
        made = scores("mean", [0.9] * 45, clusters=[str(i % count) for i in range(45)])
        found = level(made, confidence=0.95, seed="x")
        assert found.value == pytest.approx(0.9)
        assert not found.known
        assert found.note.startswith(f"{count} clusters are too few")
    enough = level(scores("mean", [0.9] * 45, clusters=[str(i % 15) for i in range(45)]), confidence=0.95, seed="x")
    assert (enough.n, enough.note) == (15, "only 15 clusters")


def test_a_confidence_is_a_one_sided_probability() -> None:
    for wrong in (0.5, 1.0, 95):
        with pytest.raises(ValueError, match=r"between 0\.5 and 1"):
            level(scores("mean", [0.5] * 20), confidence=wrong, seed="x")


def test_duplicate_ids_cannot_be_paired() -> None:
    twice = table(Quantity("q"), ["a", "a"], [0.5, 0.6])
    with pytest.raises(ValueError, match="'a' occurs twice"):
        difference(twice, twice, confidence=0.95, seed="x")
