"""Asked twice: who is, about what, and what becomes of a judge that says another thing."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace

import pytest
from scipy.stats import binomtest

from harness.exchange import Request, Response
from harness.judging import retest
from harness.judging.hearing import Bench
from harness.judging.question import Case, requests
from harness.judging.retest import Repeated
from harness.judging.rubric import Rubric
from talk import OUTAGE, Heard, Say, drive

CASES = [Case(f"q{at}", f"question {at}", ("good" if at % 2 else "bad",)) for at in range(40)]
PAIRS = [Case(f"q{at}", f"question {at}", (f"mine {at}", f"theirs {at}")) for at in range(40)]
FIRST = [[float(at % 2)] for at in range(40)]


def steady(request: Request) -> str:
    met = "begin answer\ngood" in request.prompt
    return json.dumps({name: {"evidence": "", "met": met} for name in ("polite", "right")})


def changing(*ids: str) -> Say:
    """Says the opposite of `steady` of these."""

    def say(request: Request) -> str:
        said = steady(request)
        return _turned(said) if request.sample in ids else said

    return say


def _turned(said: str) -> str:
    return said.replace("true", "-").replace("false", "true").replace("-", "false")


def again(
    rubric: Rubric, say: Say, share: float = 0.1, cases: list[Case] = CASES, backend: str = "endpoint"
) -> tuple[Heard, list[Repeated]]:  # fmt: skip
    talk = retest.repeat(Bench(rubric, ("ann",), 1), cases, FIRST, share, {"ann": backend})
    heard = drive(talk, say)
    return heard, list(heard.findings)


def test_a_tenth_is_asked_again_ten_at_least_with_a_key_of_its_own(items: Rubric) -> None:
    heard, (found,) = again(items, steady)
    assert len(heard.asked) == 10
    assert {request.again for request in heard.asked} == {1}
    second = heard.asked[0]
    (first,) = requests(next(case for case in CASES if case.id == second.sample), items, "ann", 1)
    assert first == replace(second, again=0)
    assert first != second
    assert first.digest != second.digest
    assert (found.same, len(found.pairs), found.unread) == (10, 10, 0)
    assert retest.faults([found]) == []


def test_what_is_drawn_hangs_on_texts_alone() -> None:
    chosen = {CASES[at].id for at in retest.drawn(CASES, 0.5)}
    turned = CASES[::-1]
    assert {turned[at].id for at in retest.drawn(turned, 0.5)} == chosen
    assert len(chosen) == 20
    assert retest.drawn(CASES, 0.0) == []
    assert retest.drawn(CASES[:4], 0.1) == [0, 1, 2, 3]


@pytest.mark.parametrize("backend", ["transformers", "replay"])
def test_who_cannot_say_another_thing_is_not_asked(items: Rubric, backend: str) -> None:
    heard, (found,) = again(items, lambda request: pytest.fail("asked"), backend=backend)
    assert heard.asked == []
    assert found.steady == retest.STEADY[backend]
    (table,) = retest.shown([found])
    assert table.rows[0][-1] == f"not asked twice: {found.steady}"  # type: ignore[union-attr]


def test_a_share_of_nothing_asks_nobody_and_it_is_told(items: Rubric) -> None:
    heard, found = again(items, lambda request: pytest.fail("asked"), share=0.0)
    assert (heard.asked, found) == ([], [])
    told = "whether ann says the same again is not known (retest: 0)"
    assert retest.untested(0.0, ["ann", "ben"], {"ann": "endpoint", "ben": "replay"}) == [told]
    assert retest.untested(0.1, ["ann"], {"ann": "endpoint"}) == []


def test_a_judge_that_wavers_is_not_trusted(items: Rubric) -> None:
    drawn = [CASES[at].id for at in retest.drawn(CASES, 0.1)]
    _, two = again(items, changing(*drawn[:2]))
    assert (two[0].same, retest.faults(two)) == (8, [])
    _, three = again(items, changing(*drawn[:3]))
    assert retest.faults(three) == ["ann says another thing of 3 of 10 answers when it is asked the same again"]
    (table,) = retest.shown(three)
    row = table.rows[0]  # type: ignore[union-attr]
    assert row[:3] == ["ann", 10, 0.7]
    exact = binomtest(7, 10).proportion_ci(0.9, "exact")
    assert row[3:5] == [pytest.approx(exact.low), pytest.approx(exact.high)]
    assert row[6] == pytest.approx(0.3)


def test_noise_is_the_variance_within_over_the_whole() -> None:
    """Of two sayings each: half the mean squared difference, over the variance of all."""
    found = Repeated("ann", ((1.0, 1.0), (0.0, 0.0), (1.0, 0.0), (0.0, 1.0)), 2)
    assert found.noise == pytest.approx((0.5 * 0.5) / 0.25)
    assert Repeated("ann", ((1.0, 1.0),) * 4, 4).noise is None


def test_second_verdicts_that_do_not_come_are_no_agreement(items: Rubric) -> None:
    def silent(count: int) -> Say:
        drawn = [CASES[at].id for at in retest.drawn(CASES, 0.1)][:count]
        return lambda request: OUTAGE if request.sample in drawn else steady(request)

    assert retest.faults(again(items, silent(1))[1]) == []
    told = "ann has no second verdict on 2 of 10 answers that it was asked twice of"
    assert retest.faults(again(items, silent(2))[1]) == [told]
    told = "ann has no second verdict on 10 of 10 answers that it was asked twice of"
    assert retest.faults(again(items, lambda request: OUTAGE)[1]) == [told]


def test_labels_that_look_chosen_do_not_correct_a_judge_that_wavers() -> None:
    loose, firm = Repeated("ann", ((1.0, 1.0),) * 10, 9), Repeated("ben", ((1.0, 1.0),) * 100, 98)
    run, chosen, random_ = [1.0] * 80 + [0.0] * 20, [1.0] * 50 + [0.0] * 50, [1.0] * 78 + [0.0] * 22
    (told,) = retest.drifted([loose, firm], run, chosen)
    assert told.startswith(
        "ann says the same again of 9 of 10 answers, and finds 50% of the labelled ones good where it "
    )
    assert told.endswith("draw them at random, or record its verdicts")
    assert retest.drifted([loose], run, random_) == []
    assert retest.drifted([firm], run, chosen) == []
    assert retest.drifted([loose], [], []) == []


def test_pairs_are_asked_again_in_both_orders(items: Rubric) -> None:
    def prefers(request: Request) -> str:
        first = re.search(r"begin first\n(\w+)", request.prompt)
        assert first is not None
        return json.dumps({"evidence": "", "better": "first" if first[1] == "mine" else "second"})

    talk = retest.repeat(Bench(items, ("ann",), 1), PAIRS, [[1.0]] * 20 + [[0.5]] * 20, 1.0, {})
    heard = drive(talk, prefers)
    assert len(heard.asked) == 80
    assert (heard.findings[0].same, len(heard.findings[0].pairs)) == (20, 40)


def test_of_a_jury_each_answers_for_itself(items: Rubric) -> None:
    coin = random.Random(3)

    def say(request: Request) -> str | Response:
        return steady(request) if request.to == "ann" or coin.random() < 0.5 else _turned(steady(request))

    bench = Bench(items, ("ann", "odd", "ben"), 1)
    first = [[float(at % 2)] * 3 for at in range(40)]
    talk = retest.repeat(bench, CASES, first, 1.0, {"ann": "endpoint", "odd": "endpoint", "ben": "replay"})
    heard = drive(talk, say)
    assert [one.judge for one in heard.findings] == ["ann", "odd", "ben"]
    assert {request.to for request in heard.asked} == {"ann", "odd"}
    (told,) = retest.faults(heard.findings)
    assert re.fullmatch(r"odd says another thing of \d+ of 40 answers when it is asked the same again", told)
