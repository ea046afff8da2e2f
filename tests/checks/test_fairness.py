"""Fairness of groups: AIF360's values, verdicts on planted unfairness, and groups that say nothing."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import stats
from harness.criterion import parse
from harness.errors import SuiteError
from harness.fair import aif
from harness.fair.groups import Grouping
from harness.fair.inequality import benefit_table, differential, differential_table, inequality
from harness.fair.outcomes import Decisions
from harness.fair.parity import contrast_table, contrasts
from harness.gate import decide
from harness.score import Scores, Totals
from talk import BASE, CANDIDATE, CRASH, OUTAGE, drive, leaf, task

Row = dict[str, Any]


def rows_of(counts: Mapping[str, tuple[int, int]], **more: Any) -> list[Row]:
    """Group → (answered right, all): rows whose input says whether they will be."""
    return [
        {"id": f"{group}{at}", "input": "right" if at < right else "wrong", "target": "yes", "group": group, **more}
        for group, (right, n) in counts.items()
        for at in range(n)
    ]


def found(folder: Path, rows: list[Row], say: Any = None, model: Any = CANDIDATE, **options: Any) -> Any:
    made = task(folder, rows, choices=["yes", "no"])
    talk = leaf("fairness")(model, of=made, **{"group": "group", **options})
    return drive(talk, say or (lambda request: "yes" if request.prompt == "right" else "no")).findings


def verdict(that: str, findings: Any, base: Any = None) -> Any:
    models = {"candidate": findings.scores, **({"base": base.scores} if base is not None else {})}
    return decide(parse(that), models, seed="x")


def value(scores: Scores) -> float:
    combine = scores.quantity.combine
    assert combine is not None
    return float(combine(Totals(scores.stats.sum(axis=0), scores.names, np.asarray(float(len(scores.ids))))))


def random_decisions(rng: random.Random, groups: str = "up") -> tuple[Decisions, Grouping]:
    n = rng.randint(2, 60)
    rate, truth = rng.random(), rng.random()
    values = tuple([*groups, *(rng.choice(groups) for _ in range(n))])
    size = len(values)
    decisions = Decisions(
        tuple(map(str, range(size))),
        tuple(rng.random() < rate for _ in range(size)),
        tuple(rng.random() < truth for _ in range(size)),
        (True,) * size,
    )
    return decisions, Grouping("group", values, {}, "p")


def without_value(decisions: Decisions, grouping: Grouping) -> set[str]:
    """Measures that divide 0 by 0. There AIF360 says NaN, an infinity, 0 (where nobody is favoured or refused),
    or the other of two numbers (the maximum of NaN and a number is whichever comes first); nothing says which."""
    sides = [
        [
            (given, y)
            for given, y, side in zip(decisions.given, decisions.deserved, grouping.values, strict=True)
            if side == s
        ]
        for s in "up"
    ]
    empty = {
        "deserving": not all(any(y for _, y in side) for side in sides),
        "undeserving": not all(any(not y for _, y in side) for side in sides),
        "favored": not all(any(given for given, _ in side) for side in sides),
        "refused": not all(any(not given for given, _ in side) for side in sides),
        "privileged": not any(given for given, _ in sides[1]),
    }
    odds = ["average_odds_difference", "average_abs_odds_difference", "equalized_odds_difference"]
    touched = {
        "deserving": ["equal_opportunity_difference", *odds],
        "undeserving": ["false_positive_rate_difference", *odds],
        "favored": ["false_discovery_rate_difference", "average_predictive_value_difference"],
        "refused": ["false_omission_rate_difference", "average_predictive_value_difference"],
        "privileged": ["disparate_impact"],
    }
    return {name for why, names in touched.items() if empty[why] for name in names}


def test_every_measure_equals_aif360_on_a_thousand_random_tables() -> None:
    rng = random.Random(360)
    compared = dict.fromkeys(contrasts(), 0)
    for _ in range(1000):
        decisions, grouping = random_decisions(rng)
        theirs = aif.of(decisions, grouping.values, "p", "u")
        undefined = without_value(decisions, grouping)
        for name, contrast in contrasts().items():
            ours = value(contrast_table(contrast, decisions, [(grouping, "p")], 0))
            assert math.isfinite(ours) == (name not in undefined), name
            if name not in undefined:
                assert ours == pytest.approx(theirs[name], abs=1e-12), name
                compared[name] += 1
    assert min(compared.values()) > 600


def test_the_indices_over_everybody_equal_aif360() -> None:
    rng = random.Random(361)
    with aif._quiet():
        import pandas as pd
        from aif360.datasets import BinaryLabelDataset
        from aif360.metrics import BinaryLabelDatasetMetric, ClassificationMetric
    for _ in range(100):
        decisions, grouping = random_decisions(rng, "abcp")
        code = {name: float(at) for at, name in enumerate("abcp")}
        frame = pd.DataFrame({"g": [code[v] for v in grouping.values], "y": [float(y) for y in decisions.deserved]})
        truth = BinaryLabelDataset(df=frame, label_names=["y"], protected_attribute_names=["g"])
        given = truth.copy()
        given.labels = np.array([[float(bool(outcome))] for outcome in decisions.given])
        metric = ClassificationMetric(truth, given, [{"g": 0.0}], [{"g": 3.0}])
        with np.errstate(all="ignore"):
            theirs = {
                "theil_index": metric.theil_index(),
                "generalized_entropy_index": metric.generalized_entropy_index(),
            }
        for name, quantity in inequality().items():
            ours = value(benefit_table(quantity, decisions))
            if math.isfinite(theirs[name]):
                assert ours == pytest.approx(theirs[name], abs=1e-12)
        edf = value(differential_table(differential(1), decisions, grouping.values))
        labels = BinaryLabelDatasetMetric(given, [{"g": 0.0}], [{"g": 3.0}])
        assert edf == pytest.approx(labels.smoothed_empirical_differential_fairness(), abs=1e-12)


def test_a_value_that_differs_from_aif360_breaks_the_check(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = aif.of
    monkeypatch.setattr(aif, "of", lambda *given: {**real(*given), "disparate_impact": 0.9})
    with pytest.raises(Exception, match=r"disparate_impact of group=b is 0\.5 here and 0\.9 by AIF360; one is wrong"):
        found(tmp_path, rows_of({"a": (40, 40), "b": (20, 40)}), privileged="a")


def test_importing_aif360_leaves_no_logging_handler(tmp_path: Path) -> None:
    import logging

    before = list(logging.getLogger().handlers)
    found(tmp_path, rows_of({"a": (40, 40), "b": (40, 40)}), privileged="a")
    assert logging.getLogger().handlers == before
    assert logging.root.manager.disable == 0


@pytest.mark.parametrize(
    ("counts", "verdict_"),
    [
        ({"a": (160, 200), "b": (158, 200)}, "pass"), ({"a": (160, 200), "b": (96, 200)}, "fail"),
        ({"a": (160, 200), "b": (6, 12)}, "inconclusive"), ({"a": (0, 100), "b": (0, 100)}, "inconclusive"),
        ({"a": (80, 100), "b": (0, 100)}, "fail"), ({"a": (199, 200), "b": (1, 1)}, "inconclusive"),
    ],
)  # fmt: skip
def test_verdicts_on_two_groups(counts: dict[str, tuple[int, int]], verdict_: str, tmp_path: Path) -> None:
    findings = found(tmp_path, rows_of(counts), privileged="a")
    assert verdict("fair.disparate_impact >= 0.8", findings).verdict == verdict_


def test_planted_unfairness_is_found_and_equal_rates_are_not_blamed(tmp_path: Path) -> None:
    rng, wrong = np.random.default_rng(5), 0
    for _ in range(200):
        given = rng.random(400) < 0.9
        unfair = given.copy()
        unfair[200:] = rng.random(200) < 0.9 * 0.6
        for outcomes, expected in ((unfair, True), (given, False)):
            decisions = Decisions(tuple(map(str, range(400))), tuple(map(bool, outcomes)), (True,) * 400, (True,) * 400)
            grouping = Grouping("group", ("a",) * 200 + ("b",) * 200, {}, "a")
            scores = {
                "disparate_impact": contrast_table(contrasts()["disparate_impact"], decisions, [(grouping, "a")], 30)
            }
            failed = (
                decide(parse("f.disparate_impact in [0.8, 1.25]"), {"candidate": scores}, seed="x").verdict == "fail"
            )
            wrong += failed != expected
    assert wrong <= 4


def test_a_small_group_is_shown_and_never_judged(tmp_path: Path) -> None:
    findings = found(tmp_path, rows_of({"a": (160, 200), "b": (6, 12)}), privileged="a")
    decided = verdict("fair.disparate_impact[b] >= 0.8", findings)
    assert decided.candidate.value == pytest.approx(0.5 / 0.8)
    assert "12 samples are unprivileged; at least 30 are needed before anything is claimed" in decided.reason
    assert "Below 30 samples, so shown but not judged: b." in findings.figures[0].note
    lower = found(tmp_path, rows_of({"a": (160, 200), "b": (0, 12)}), privileged="a", min_group_size=10)
    assert verdict("fair.disparate_impact[b] >= 0.8", lower).verdict == "fail"


def test_nobody_favoured_has_no_ratio(tmp_path: Path) -> None:
    findings = found(tmp_path, rows_of({"a": (0, 100), "b": (0, 100)}), privileged="a")
    decided = verdict("fair.disparate_impact in [0.8, 1.25]", findings)
    assert "no favourable outcome in the privileged group, so that the ratio is not defined" in decided.reason
    assert verdict("fair.worst_group >= 0.5", findings).verdict == "fail"


def test_a_model_that_gives_one_group_no_answer_is_caught(tmp_path: Path) -> None:
    rows = [{"id": f"{g}{at}", "input": f"{g}{at}", "target": "yes", "group": g} for g in "ab" for at in range(60)]
    made = task(tmp_path, rows, choices=["yes", "no"], output="generate")
    for answer in ("I would rather not say", CRASH):
        talk = leaf("fairness")(CANDIDATE, of=made, group="group", privileged="a")
        findings = drive(talk, lambda r, a=answer: a if r.sample.startswith("b") else "yes").findings
        assert verdict("f.disparate_impact >= 0.8", findings).verdict == "fail"
        assert verdict("f.valid_rate[b] >= 0.9", findings).verdict == "fail"
        assert verdict("f.valid_rate[a] >= 0.9", findings).verdict == "pass"
        assert findings.figures[0].rows[1][4] == 0.0
    assert "60 of 120 answers failed (candidate): out of memory" in findings.warnings[0]


def test_answers_that_were_lost_are_taken_both_ways(tmp_path: Path) -> None:
    lost = {f"b{at}" for at in range(20)}
    rows = [{"id": f"{g}{at}", "input": f"{g}{at}", "target": "yes", "group": g} for g in "ab" for at in range(60)]
    findings = found(tmp_path, rows, say=lambda r: OUTAGE if r.sample in lost else "yes", privileged="a")
    decided = verdict("f.disparate_impact >= 0.8", findings)
    assert decided.verdict == "inconclusive"
    assert decided.candidate.missing == 20


def test_several_groups_must_all_hold(tmp_path: Path) -> None:
    findings = found(tmp_path, rows_of({"a": (180, 200), "b": (178, 200), "c": (90, 200)}), privileged="a")
    whole = verdict("f.disparate_impact in [0.8, 1.25]", findings)
    assert whole.verdict == "fail"
    assert whole.reason.startswith("disparate_impact of group=c is 0.500 ")
    assert verdict("f.disparate_impact[b] in [0.8, 1.25]", findings).verdict == "pass"
    level = stats.level(findings.scores["disparate_impact"], confidence=0.95, seed="x")
    assert level.value == pytest.approx(0.5)
    assert level.note.startswith("the worst of 2: group=c")
    assert verdict("f.rate[worst group] >= 0.7", findings).verdict == "fail"
    assert verdict("f.worst_group >= 0.3", findings).verdict == "pass"


def test_the_highest_rate_is_the_reference_where_none_is_named(tmp_path: Path) -> None:
    findings = found(tmp_path, rows_of({"a": (100, 200), "b": (190, 200), "c": (5, 5)}))
    assert "Privileged: b, for it has the highest rate here." in findings.figures[0].note
    assert verdict("f.disparate_impact[a] >= 0.8", findings).verdict == "fail"


def test_a_candidate_is_compared_with_base(tmp_path: Path) -> None:
    fair, unfair = rows_of({"a": (160, 200), "b": (160, 200)}), rows_of({"a": (160, 200), "b": (90, 200)})
    right = {row["id"] for row in unfair if row["input"] == "right"}
    good = found(tmp_path, fair, privileged="a")
    bad = found(tmp_path, fair, say=lambda r: "yes" if r.sample in right else "no", model=BASE, privileged="a")
    for name in ("disparate_impact", "statistical_parity_difference"):
        assert verdict(f"f.{name} > base", good, bad).verdict == "pass"
        assert verdict(f"f.{name} >= base - 0.1", bad, good).verdict == "fail"
        assert verdict(f"f.{name} >= base - 0.2", good, good).verdict == "pass"


def test_bias_that_only_an_intersection_shows(tmp_path: Path) -> None:
    rates = {("f", "x"): 190, ("f", "y"): 110, ("m", "x"): 110, ("m", "y"): 190}
    rows = [
        {"id": f"{s}{r}{at}", "input": "right" if at < right else "wrong", "target": "yes", "sex": s, "race": r}
        for (s, r), right in rates.items()
        for at in range(200)
    ]
    marginal = found(tmp_path, rows, group=["sex", "race"], privileged={"sex": "m", "race": "x"})
    assert verdict("f.disparate_impact in [0.8, 1.25]", marginal).verdict == "pass"
    options = {"group": ["sex", "race"], "intersectional": True}
    crossed = found(tmp_path, rows, privileged={"sex": "f", "race": "x"}, **options)
    assert verdict("f.disparate_impact in [0.8, 1.25]", crossed).verdict == "fail"
    assert verdict("f.disparate_impact[sex*race=m*x] >= 0.8", crossed).verdict == "fail"
    assert verdict("f.disparate_impact[worst sex*race] >= 0.8", crossed).verdict == "fail"
    assert verdict("f.disparate_impact[sex=m] >= 0.8", crossed).verdict == "pass"


def test_small_cells_are_pooled_and_named(tmp_path: Path) -> None:
    sizes = {("f", "x"): 100, ("f", "y"): 20, ("m", "x"): 100, ("m", "y"): 15}
    rows = [{"id": f"{s}{r}{at}", "input": "right", "target": "yes", "sex": s, "race": r}
            for (s, r), n in sizes.items() for at in range(n)]  # fmt: skip
    findings = found(tmp_path, rows, group=["sex", "race"], privileged={"sex": "m", "race": "x"}, intersectional=True)
    assert "Pooled as 'small': f*y (20), m*y (15)." in findings.figures[2].note
    assert verdict("f.disparate_impact[small] >= 0.8", findings).verdict == "pass"


def test_simpsons_paradox_is_seen_within_strata(tmp_path: Path) -> None:
    """Bickel's pattern: each department treats b better, but b applies where few are admitted."""
    counts = {("easy", "a"): (160, 200), ("easy", "b"): (36, 40), ("hard", "a"): (8, 40), ("hard", "b"): (60, 200)}
    rows = [
        {"id": f"{d}{g}{at}", "input": "right" if at < right else "wrong", "target": "yes", "group": g, "department": d}
        for (d, g), (right, n) in counts.items()
        for at in range(n)
    ]
    findings = found(tmp_path, rows, privileged="a", control="department")
    assert verdict("f.disparate_impact >= 0.8", findings).verdict == "fail"
    assert verdict("f.mantel_haenszel_ratio >= 0.8", findings).verdict == "pass"
    tables = [figure for figure in findings.figures if figure.title.startswith("Rates within department")]
    assert ["hard", "b", 200, 0.3] in tables[0].rows
    from statsmodels.stats.contingency_tables import StratifiedTable

    odds = StratifiedTable([np.array([[36, 4], [160, 40]]), np.array([[60, 140], [8, 32]])])
    assert odds.oddsratio_pooled > 1
    ratio = (36 * 200 / 240 + 60 * 40 / 240) / (160 * 40 / 240 + 8 * 200 / 240)
    assert value(findings.scores["mantel_haenszel_ratio"]) == pytest.approx(ratio)


def test_a_label_is_deserved_by_those_whose_target_it_is(tmp_path: Path) -> None:
    rows = [
        {"id": f"{g}{t}{at}", "input": f"{g}{t}{at}", "target": t, "group": g}
        for g in "ab" for t in ("yes", "no") for at in range(100)
    ]  # fmt: skip
    rates = {"ayes": 80, "byes": 50, "ano": 10, "bno": 30}

    def say(request: Any) -> str:
        kind = request.sample.rstrip("0123456789")
        return "yes" if int(request.sample.removeprefix(kind)) < rates[kind] else "no"

    findings = found(tmp_path, rows, say=say, privileged="a", favorable="yes")

    def level(name: str) -> float | None:
        return stats.level(findings.scores[name], confidence=0.95, seed="x").value

    assert level("equal_opportunity_difference") == pytest.approx(-0.3)
    assert level("false_positive_rate_difference") == pytest.approx(0.2)
    assert level("average_odds_difference") == pytest.approx(-0.05)
    assert level("average_abs_odds_difference") == pytest.approx(0.25)
    assert level("equalized_odds_difference") == pytest.approx(0.3)
    assert verdict("f.equal_opportunity_difference in [-0.1, 0.1]", findings).verdict == "fail"
    assert verdict("f.equalized_odds_difference <= 0.1", findings).verdict == "fail"
    assert verdict("f.average_odds_difference in [-0.2, 0.2]", findings).verdict == "pass"
    assert [row[0] for row in findings.figures[1].rows] == list(contrasts())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"group": "grp"}, "the group field 'grp' is missing in sample 'a0'; did you mean 'group'?"),
        ({"privileged": "A"}, "no sample has group = 'A', the privileged (known: a, b)"),
        ({"privileged": {"grop": "a"}}, "'grop' is not among the groups; did you mean 'group'?"),
        (
            {"group": ["group", "same"], "privileged": "a"},
            "does not say of which group field; write {group: …, same: …}",
        ),
        ({"group": "same"}, "every sample has same = 'x'; there is nothing to compare"),
        ({"group": "empty"}, "no sample has a value of 'empty'; there is nothing to compare"),
        ({"group": "id"}, "'id' has 80 different values, so it names persons, not groups; at most 60"),
        ({"group": []}, "`group` of fairness names a field, or a list of different fields"),
        ({"intersectional": True}, "`intersectional` of fairness needs two group fields or more"),
        ({"exclude": ["c"]}, "no sample is in a group 'c' (known: a, b)"),
        ({"min_group_size": 0}, "min_group_size 0 of fairness: write 1 or more"),
        ({"control": "dept"}, "has no field 'dept' to control for"),
        ({"control": "group"}, "'group' is a group field; control for another one"),
        ({"favorable": "maybe"}, "no answer of the task is 'maybe'"),
        ({"favorable": "number > 3"}, "the target 'yes' of sample 'a0' is no number"),
        ({"metric": "acuracy"}, "the task has no metric 'acuracy'; did you mean 'accuracy'?"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_asked(options: dict[str, Any], said: str, tmp_path: Path) -> None:
    rows = rows_of({"a": (40, 40), "b": (40, 40)}, same="x", empty=None)
    made = task(tmp_path, rows, choices=["yes", "no"])
    with pytest.raises(SuiteError) as caught:
        next(leaf("fairness")(CANDIDATE, of=made, **{"group": "group", **options}))
    assert said in str(caught.value)


def test_unknown_and_excluded_groups_are_counted(tmp_path: Path) -> None:
    rows = rows_of({"a": (40, 40), "b": (40, 40), "c": (5, 10), "": (3, 10)})
    findings = found(tmp_path, rows, privileged="a", exclude=["c"])
    assert "20 samples without a known group, or of a group that is left out." in findings.figures[0].note
    assert len(findings.scores["disparate_impact"].ids) == 80
    assert verdict("f.disparate_impact in [0.8, 1.25]", findings).verdict == "pass"


def test_nothing_at_the_edge_is_narrow_by_accident(tmp_path: Path) -> None:
    """A bootstrap of 0 of 50 says [0, 0]; no interval here has no width, however extreme the counts."""
    for counts in ({"a": (50, 50), "b": (0, 50)}, {"a": (50, 50), "b": (50, 50)}, {"a": (1, 50), "b": (0, 50)}):
        findings = found(tmp_path, rows_of(counts), privileged="a")
        for name, scores in findings.scores.items():
            level = stats.level(scores, confidence=0.95, seed="x")
            assert level.low is None or level.high is None or level.high - level.low > 1e-6, name
        impact = stats.level(findings.scores["disparate_impact"], confidence=0.95, seed="x")
        assert impact.low is not None


def test_clustered_samples_widen_the_interval(tmp_path: Path) -> None:
    rows = [
        {**row, "who": f"{row['group']}{at // 4}"} for at, row in enumerate(rows_of({"a": (160, 200), "b": (120, 200)}))
    ]
    made = task(tmp_path, rows, choices=["yes", "no"], cluster="who")
    talk = leaf("fairness")(CANDIDATE, of=made, group="group", privileged="a")
    clustered = drive(talk, lambda r: "yes" if r.prompt == "right" else "no").findings
    plain = found(tmp_path, rows, privileged="a")
    one, other = (
        stats.level(f.scores["disparate_impact"], confidence=0.95, seed="x") for f in (clustered, plain)
    )  # fmt: skip
    assert one.value == other.value
    assert one.low is not None
    assert one.high is not None
    assert one.high - one.low > 1.5 * (other.high - other.low)
