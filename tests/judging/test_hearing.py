"""Hearings: one round, one repair, both orders; and what was not said is not made up."""

from __future__ import annotations

import json
import re

from harness.exchange import Request, Response
from harness.judging.hearing import Bench, both, compare, hear
from harness.judging.question import Case
from harness.judging.rubric import Rubric
from harness.judging.verdict import Verdict
from talk import OUTAGE, Say, drive

CASES = [Case(f"q{at}", f"question {at}", (f"answer {at}",)) for at in range(4)]
PAIRS = [Case(f"q{at}", f"question {at}", (f"mine {at}", f"theirs {at}")) for at in range(3)]


def verdict(met: bool) -> str:
    return json.dumps({name: {"evidence": "", "met": met} for name in ("polite", "right")})


def repaired(request: Request) -> bool:
    return "Your last reply does not count" in request.prompt


def test_every_judge_is_asked_about_every_case(items: Rubric) -> None:
    bench = Bench(items, ("ann", "ben"), 1)
    heard = drive(hear(bench, CASES), lambda request: verdict(request.to == "ann"))
    assert [[v.score for v in each] for each in heard.findings] == [[1.0, 0.0]] * 4
    assert len(heard.rounds) == 1
    assert [(r.sample, r.to) for r in heard.asked[:3]] == [("q0", "ann"), ("q0", "ben"), ("q1", "ann")]


def test_a_malformed_reply_is_repaired_once_and_only_that_one(items: Rubric) -> None:
    def say(request: Request) -> str:
        return "7/10" if request.sample == "q2" and not repaired(request) else verdict(True)

    heard = drive(hear(Bench(items, ("ann",), 1), CASES), say)
    assert [v.score for (v,) in heard.findings] == [1.0] * 4
    assert [len(requests) for requests in heard.rounds] == [4, 1]
    assert "begin reply\n7/10\n" in heard.rounds[1][0].prompt


def test_what_is_malformed_twice_has_no_verdict(items: Rubric) -> None:
    heard = drive(hear(Bench(items, ("ann",), 1), CASES), lambda request: "11 of 10")
    assert [v.score for (v,) in heard.findings] == [None] * 4
    assert [len(requests) for requests in heard.rounds] == [4, 4]
    assert all("is no verdict" in v.fault for (v,) in heard.findings)


def test_a_judge_that_is_away_is_not_asked_again(items: Rubric) -> None:
    heard = drive(hear(Bench(items, ("ann",), 1), CASES), lambda request: OUTAGE)
    assert (len(heard.rounds), [v.score for (v,) in heard.findings]) == (1, [None] * 4)


def test_weighed_words_take_a_request_for_each_item(items: Rubric) -> None:
    heard = drive(
        hear(Bench(items, ("ann",), 1, "scoring"), CASES), lambda r: "yes" if "polite? yes or no?" in r.prompt else "no"
    )
    assert len(heard.asked) == 8
    assert [dict(v.met) for (v,) in heard.findings] == [{"polite": True, "right": False}] * 4


def prefers(word: str) -> Say:
    """A judge that prefers the answer with a word in it, wherever it stands."""

    def say(request: Request) -> str:
        first = re.search(r"begin first\n(\w+)", request.prompt)
        assert first is not None
        return json.dumps({"evidence": "", "better": "first" if first[1] == word else "second"})

    return say


def test_pairs_are_heard_in_both_orders(items: Rubric) -> None:
    heard = drive(compare(Bench(items, ("ann",), 1), PAIRS), prefers("mine"))
    assert len(heard.asked) == 6
    assert [(c.score, c.consistent, c.first_wins) for (c,) in heard.findings] == [(1.0, True, (True, False))] * 3
    heard = drive(compare(Bench(items, ("ann",), 1), PAIRS), prefers("theirs"))
    assert [(c.score, c.consistent) for (c,) in heard.findings] == [(0.0, True)] * 3


def test_a_judge_of_places_says_nothing_of_answers(items: Rubric) -> None:
    always = json.dumps({"evidence": "", "better": "first"})
    heard = drive(compare(Bench(items, ("ann",), 1), PAIRS), lambda request: always)
    assert [(c.score, c.consistent, c.first_wins) for (c,) in heard.findings] == [(0.5, False, (True, True))] * 3


def test_half_ties_count_quarters_and_one_lost_order_loses_the_pair() -> None:
    win, tie, loss, none = Verdict(1.0), Verdict(0.5), Verdict(0.0), Verdict(None, fault="away")
    assert [both(a, b).score for a, b in ((win, loss), (win, tie), (tie, tie), (tie, win), (loss, win))] == [
        1.0,
        0.75,
        0.5,
        0.25,
        0.0,
    ]
    assert both(tie, tie).first_wins == ()
    for lost in (both(none, loss), both(win, none)):
        assert (lost.score, lost.consistent, lost.fault) == (None, None, "away")


def test_a_fault_is_no_answer(items: Rubric) -> None:
    heard = drive(hear(Bench(items, ("ann",), 1), CASES[:1]), lambda request: Response(text="", finish="stop"))
    assert heard.findings[0][0].score is None
