"""Sessions: answers, labels and probes heard together, and what is left to decide."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from harness.exchange import Request
from harness.judging import probes, turning
from harness.judging.correcting import corrected
from harness.judging.hearing import Bench
from harness.judging.labels import Labelled
from harness.judging.question import Case
from harness.judging.rubric import Rubric
from harness.judging.session import Heard, Judged, sit
from harness.judging.trust import Demands
from harness.score import INFRASTRUCTURE, Missing, Quantity
from harness.stats.judge import corrected as estimate
from talk import Say, drive

RUN = [Case(f"q{at}", f"question {at}", ("good" if at % 4 else "bad",)) for at in range(60)]
LABELS = [
    Labelled(Case(f"label {at}", f"asked {at}", ("good" if at % 2 else "bad",)), {"ann": float(at % 2)}, at + 1)
    for at in range(120)
]


def grader(*, malformed: str = "") -> Say:
    """Finds good what says so; replies with nonsense to questions that hold `malformed`."""

    def say(request: Request) -> str:
        answer = re.search(r"begin answer\n(.*?)\n#", request.prompt, re.DOTALL)
        question = re.search(r"begin question\n(.*?)\n#", request.prompt, re.DOTALL)
        assert answer is not None
        assert question is not None
        if malformed and malformed in question[1]:
            return "ten"
        met = bool(re.match(r"(### Answer\n\n- \*\*)?good", answer[1]))
        return json.dumps({name: {"evidence": "", "met": met} for name in ("polite", "right")})

    return say


def heard(rubric: Rubric, say: Say, labels: list[Labelled] = LABELS, judges: tuple[str, ...] = ("ann",)) -> Heard:
    made = probes.pointwise(RUN[:3], [["good"]] * 3)
    talk = sit(Bench(rubric, judges, 1), RUN, labels, made, Demands())
    found = drive(talk, say).findings
    assert isinstance(found, Heard)
    return found


def test_a_judge_that_agrees_with_people_is_trusted(items: Rubric) -> None:
    found = heard(items, grader())
    assert found.withheld == ""
    assert [one.passes for one in found.run] == [bool(at % 4) for at in range(60)]
    assert len(found.labelled) == 120
    assert {outcome.wrong for outcome in found.probes} == {0}


def test_without_labels_nothing_is_decided(items: Rubric) -> None:
    assert "the judge is not trusted: 0 human labels, where 100 are declared" in heard(items, grader(), []).withheld


def test_labels_that_the_judge_cannot_read_cost_it_the_trust(items: Rubric) -> None:
    found = heard(items, grader(malformed="asked 1"))
    unread = sum("asked 1" in one.case.question for one in LABELS)
    assert f"it has no verdict on {unread} of 120 labelled answers" in found.withheld


def test_a_jury_is_asked_as_one(items: Rubric) -> None:
    def say(request: Request) -> str:
        return grader()(request) if request.to != "odd" else grader()(request).replace("true", "false")

    found = heard(items, say, judges=("ann", "ben", "odd"))
    assert found.withheld == ""
    assert found.run[1].each == (1.0, 1.0, 0.0)
    assert found.run[1].score == pytest.approx(2 / 3)
    assert found.alpha is not None
    assert found.alpha < 0.5


def test_reasons_found_later_are_added(items: Rubric) -> None:
    found = heard(items, grader()).also(["it prefers a place"])
    assert found.withheld == "the judge is not trusted: it prefers a place"


QUANTITY = Quantity("pass_rate", "judged", "higher")


def test_the_corrected_rate_is_that_of_the_strata(items: Rubric) -> None:
    """Verdicts weigh the labels' means of what the judge accepted and what it refused."""
    found = heard(items, grader(), [
        Labelled(one.case, {"ann": 0.0 if at % 10 == 1 else one.label}, one.line) for at, one in enumerate(LABELS)
    ])  # fmt: skip
    table = corrected(QUANTITY, [case.id for case in RUN], [None] * 60, found, items)
    verdicts = [float(bool(one.passes)) for one in found.run]
    wanted = estimate(
        np.array(verdicts),
        np.array([float(bool(two.passes)) for _, two in found.labelled]),
        np.array([one.passing(items) for one, _ in found.labelled]),
    )
    assert wanted.value == pytest.approx(0.75 * 0.8)
    from harness import stats

    got = stats.level(table, confidence=0.95, seed="s")
    assert got.value == pytest.approx(wanted.value)
    assert "120 of the labels are of other answers" in table.note


def test_a_label_of_the_runs_own_answer_is_used_where_it_belongs(items: Rubric) -> None:
    own = Labelled(RUN[0], {"ann": 1.0}, 500)
    found = heard(items, grader(), [*LABELS, own])
    table = corrected(QUANTITY, [case.id for case in RUN], [None] * 60, found, items)
    assert table.stats[0].tolist() == [0.0, 1.0, 1.0, 1.0]
    assert len(table.ids) == 60 + 120


def test_an_answer_without_a_verdict_stays_missing(items: Rubric) -> None:
    found = heard(items, grader())
    gone: list[Missing | None] = [Missing("away", INFRASTRUCTURE), *[None] * 59]
    table = corrected(QUANTITY, [case.id for case in RUN], gone, found, items)
    assert [missing.reason for missing in table.missing.values()] == ["away"]


def judged(consistent: bool) -> Judged:
    return Judged(Case("q", "?", ("a", "b")), 0.5, False, consistent=consistent)


@pytest.mark.parametrize(
    ("changed", "first", "told"),
    [
        (0, 50, []),
        (30, 50, []),
        (31, 50, ["it says another thing of 31 of 100 pairs once the answers change places"]),
        (0, 80, ["the answer shown first wins 80 of 100 times"]),
        (0, 20, ["the answer shown first wins 20 of 100 times"]),
        (0, 60, []),
    ],
)
def test_a_judge_of_places_is_unfair(changed: int, first: int, told: list[str]) -> None:
    turned = [judged(at >= changed) for at in range(100)]
    assert turning.unfair(turned, [at < first for at in range(100)]) == told
