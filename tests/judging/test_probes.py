"""Probes: what must not win, what must, and a judge that says nothing."""

from __future__ import annotations

import pytest

from harness.judging import probes
from harness.judging.probes import Probe, Said
from harness.judging.question import Case

CASES = [Case(f"q{at}", f"question {at}", (f"answer {at}",)) for at in range(5)]
PAIRS = [Case(f"q{at}", f"question {at}", (f"mine {at}", f"theirs {at}")) for at in range(5)]
GOLD = [f"gold {at}" for at in range(5)]
YES, NO, TIE, SILENT = (
    Said(True, True, False),
    Said(True, False, False),
    Said(True, False, True),
    Said(False, False, False),
)


def faults(made: list[Probe], judge: object) -> list[str]:
    return probes.faults(probes.outcomes(made, [judge(probe) for probe in made]))  # type: ignore[operator]


def test_every_question_is_put_with_each_kind_of_worthless_answer() -> None:
    made = probes.pointwise(CASES, GOLD)
    assert {probe.kind for probe in made} == {*probes.WORTHLESS, "off topic", "reference", "padded reference"}
    assert len(made) == 5 * (len(probes.WORTHLESS) + 3)
    off = [probe for probe in made if probe.kind == "off topic"]
    assert all(probe.case.answers[0] in GOLD and probe.case.answers[0][-1] != probe.case.id[1] for probe in off)
    assert {probe.case.question for probe in made} == {case.question for case in CASES}


def test_without_references_only_what_is_worthless_is_known() -> None:
    assert {probe.wanted for probe in probes.pointwise(CASES, [])} == {"refused"}
    same = probes.pointwise(CASES, ["yes"] * 5)
    assert "off topic" not in {probe.kind for probe in same}
    assert {probe.kind for probe in probes.pairwise(PAIRS, [""] * 5)} == {"identity"}


def test_a_sound_judge_has_no_faults() -> None:
    assert faults(probes.pointwise(CASES, GOLD), lambda p: YES if p.wanted == "accepted" else NO) == []
    assert faults(probes.pairwise(PAIRS, GOLD), lambda p: TIE if p.wanted == "tie" else NO) == []


@pytest.mark.parametrize(
    ("pair", "judge", "told"),
    [
        (
            False,
            lambda p: YES,
            "worthless answers pass (empty, colon, thought, order, breakout, fence, authority, role",
        ),
        (False, lambda p: YES if p.kind in ("order", "reference", "padded reference") else NO, "it lets 5 of 45"),
        (False, lambda p: NO, "it refuses 5 of 5 answers that are right (reference)"),
        (False, lambda p: YES if p.kind == "reference" else NO, "answers that are right (padded reference)"),
        (True, lambda p: NO, "it prefers one of two equal answers in 5 of 5 pairs"),
        (True, lambda p: TIE if p.wanted == "tie" else YES, "it lets 40 of 40 worthless answers pass"),
        (True, lambda p: SILENT, "it prefers one of two equal answers in 5 of 5 pairs"),
        (False, lambda p: SILENT, "it refuses 5 of 5 answers that are right (reference)"),
    ],
)
def test_each_flaw_is_named(pair: bool, judge: object, told: str) -> None:
    made = probes.pairwise(PAIRS, GOLD) if pair else probes.pointwise(CASES, GOLD)
    found = faults(made, judge)
    assert any(told in text for text in found), found


def test_one_slip_in_twenty_is_tolerated_and_two_are_not() -> None:
    made = [probe for probe in probes.pointwise(CASES, []) if probe.kind == "empty"] * 4

    def slips(count: int) -> list[str]:
        said = [YES] * count + [NO] * (len(made) - count)
        return probes.faults(probes.outcomes(made, said))

    assert slips(1) == []
    assert slips(2) == ["it lets 2 of 20 worthless answers pass (empty)"]


def test_probes_without_a_verdict_are_counted() -> None:
    (found,) = probes.outcomes([Probe("empty", CASES[0], "refused")] * 3, [SILENT, NO, YES])
    assert (found.asked, found.wrong, found.unread) == (3, 1, 1)
