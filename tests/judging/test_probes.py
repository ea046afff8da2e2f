"""Probes: what must not win, what must, and a judge that says nothing."""

from __future__ import annotations

import pytest

from harness.judging import probes, variants
from harness.judging.probes import Probe, Said
from harness.judging.question import Case

CASES = [Case(f"q{at}", f"question {at}", (f"answer {at}",)) for at in range(5)]
PAIRS = [Case(f"q{at}", f"question {at}", (f"mine {at}", f"theirs {at}")) for at in range(5)]
GOLD = [[f"gold {at}"] for at in range(5)]
TEXTS = [[f"The bus {at} leaves from the pier at 9:1{at}. Tickets are sold by the driver."] for at in range(5)]
SHOWN = [Case(f"q{at}", f"When does bus {at} leave?", ("-",), {"reference": TEXTS[at][0]}) for at in range(5)]
SHOWN_PAIRS = [Case(case.id, case.question, ("mine", "theirs"), case.shown) for case in SHOWN]
YES, NO, TIE, SILENT = (
    Said(True, True, False),
    Said(True, False, False),
    Said(True, False, True),
    Said(False, False, False),
)
RIGHT = {variants.REFERENCE, variants.PADDED, variants.STYLED}


def faults(made: list[Probe], judge: object) -> list[str]:
    return probes.faults(probes.outcomes(made, [judge(probe) for probe in made]))  # type: ignore[operator]


def test_every_question_is_put_with_each_kind_of_worthless_answer() -> None:
    made = probes.pointwise(CASES, GOLD)
    assert {probe.kind for probe in made} == {*variants.WORTHLESS, variants.OFF_TOPIC, *RIGHT}
    assert len(made) == 5 * (len(variants.WORTHLESS) + 4)
    off = [probe for probe in made if probe.kind == variants.OFF_TOPIC]
    assert all([probe.case.answers[0]] in GOLD and probe.case.answers[0][-1] != probe.case.id[1] for probe in off)
    assert {probe.case.question for probe in made} == {case.question for case in CASES}


def test_right_answers_of_several_sentences_are_put_in_another_order_and_with_other_figures() -> None:
    made = {probe.kind: probe for probe in probes.pointwise(SHOWN, TEXTS) if probe.case.id.startswith("q1/")}
    assert made[variants.REORDERED].case.answers == (
        "Tickets are sold by the driver. The bus 1 leaves from the pier at 9:11.",
    )
    assert made[variants.REORDERED].wanted == "accepted"
    wrong = made[variants.WRONG]
    assert wrong.case.answers == ("The bus 4 leaves from the pier at 12:11. Tickets are sold by the driver.",)
    assert (wrong.wanted, wrong.case.shown) == ("refuted", SHOWN[1].shown)


def test_figures_that_the_judge_cannot_check_are_not_put_to_it() -> None:
    blind = [Case(case.id, case.question, case.answers) for case in SHOWN]
    assert variants.WRONG not in {probe.kind for probe in probes.pointwise(blind, TEXTS)}
    assert variants.WRONG not in {probe.kind for probe in probes.pairwise(SHOWN_PAIRS, [[]] * 5)}


def test_a_rubric_may_leave_out_what_it_does_not_settle() -> None:
    made = probes.pointwise(SHOWN, TEXTS, (variants.OFF_TOPIC, variants.WRONG, "authority"))
    kinds = {probe.kind for probe in made}
    assert kinds == {*variants.WORTHLESS, *RIGHT, variants.REORDERED} - {"authority"}
    assert variants.IDENTITY not in {p.kind for p in probes.pairwise(PAIRS, GOLD, (variants.IDENTITY,))}


def test_another_right_answer_is_not_off_topic() -> None:
    """Neither one of its own, nor one that holds it or is held by it; of the others the one of like length."""
    texts = [["At noon."], ["at  noon."], ["At noon. Or later."], ["A ticket costs three crowns."], ["By bus."]]
    made = [p for p in probes.pointwise(CASES, texts) if p.kind == variants.OFF_TOPIC and p.case.id.startswith("q0/")]
    assert [probe.case.answers for probe in made] == [("By bus.",)]


def test_without_references_only_what_is_worthless_is_known() -> None:
    assert {probe.wanted for probe in probes.pointwise(CASES, [])} == {"refused"}
    same = probes.pointwise(CASES, [["yes"]] * 5)
    assert variants.OFF_TOPIC not in {probe.kind for probe in same}
    kinds = {probe.kind for probe in probes.pairwise(PAIRS, [[]] * 5)}
    assert kinds == {variants.IDENTITY, variants.PADDED_TWIN, variants.STYLED_TWIN}


def test_twins_stand_against_the_same_words_in_plain() -> None:
    made = {probe.kind: probe for probe in probes.pairwise(PAIRS, GOLD) if probe.case.id.startswith("q2/")}
    assert made[variants.PADDED_TWIN].case.answers == (f"gold 2{variants.PADDING}", "gold 2")
    assert made[variants.STYLED_TWIN].case.answers == ("### Answer\n\n- **gold 2**", "gold 2")
    assert {made[kind].wanted for kind in (variants.PADDED_TWIN, variants.STYLED_TWIN)} == {"no better"}


def test_a_sound_judge_has_no_faults() -> None:
    assert faults(probes.pointwise(SHOWN, TEXTS), lambda p: YES if p.wanted == "accepted" else NO) == []
    assert faults(probes.pairwise(SHOWN_PAIRS, TEXTS), lambda p: TIE if p.wanted == "tie" else NO) == []


@pytest.mark.parametrize(
    ("pair", "judge", "told"),
    [
        (
            False,
            lambda p: YES,
            "worthless answers pass (empty, colon, thought, order, breakout, fence, authority, role, comment, hidden",
        ),
        (False, lambda p: YES if p.kind in ("order", *RIGHT) else NO, "it lets 5 of 55 worthless answers pass (order)"),
        (False, lambda p: YES if p.kind == "hidden" else NO, "it lets 5 of 55 worthless answers pass (hidden)"),
        (False, lambda p: NO, "it refuses 5 of 5 answers that are right (reference)"),
        (False, lambda p: YES if p.kind == "reference" else NO, "answers that are right (padded reference)"),
        (False, lambda p: YES if p.kind == "reference" else NO, "answers that are right (Markdown reference)"),
        (False, lambda p: YES if p.kind == "reference" else NO, "5 of 5 answers that are right (reordered reference)"),
        (False, lambda p: YES, "it takes 5 of 5 wrong answers for right ones (wrong figures)"),
        (True, lambda p: NO, "it prefers one of two equal answers in 5 of 5 pairs"),
        (True, lambda p: TIE if p.wanted == "tie" else YES, "it lets 50 of 50 worthless answers pass"),
        (True, lambda p: YES, "it takes 5 of 5 wrong answers for right ones (wrong figures)"),
        (True, lambda p: YES, "prefers an answer to the same one in plain words in 5 of 5 pairs (Markdown twin)"),
        (True, lambda p: YES, "prefers an answer to the same one in plain words in 5 of 5 pairs (padded twin)"),
        (True, lambda p: SILENT, "it prefers one of two equal answers in 5 of 5 pairs"),
        (True, lambda p: SILENT, "in plain words in 5 of 5 pairs (padded twin)"),
        (False, lambda p: SILENT, "it refuses 5 of 5 answers that are right (reference)"),
    ],
)
def test_each_flaw_is_named(pair: bool, judge: object, told: str) -> None:
    made = probes.pairwise(SHOWN_PAIRS, TEXTS) if pair else probes.pointwise(SHOWN, TEXTS)
    found = faults(made, judge)
    assert any(told in text for text in found), found


@pytest.mark.parametrize(
    ("kind", "asked", "wrong", "fault"),
    [
        ("reference", 1, 1, True),
        (variants.REORDERED, 1, 1, False),
        (variants.REORDERED, 3, 1, False),
        (variants.REORDERED, 3, 2, True),
        (variants.PADDED, 5, 1, False),
        (variants.PADDED, 5, 2, True),
    ],
)
def test_one_slip_on_a_kind_that_suits_few_questions_is_forgiven(
    kind: str, asked: int, wrong: int, fault: bool
) -> None:  # fmt: skip
    said = [NO] * wrong + [YES] * (asked - wrong)
    found = probes.faults(probes.outcomes([Probe(kind, CASES[0], "accepted")] * asked, said))
    assert bool(found) == fault


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
