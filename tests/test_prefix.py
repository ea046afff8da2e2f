"""What prompts share, and a word where a date or shuffled examples undo it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tiny
from harness.exchange import Request
from harness.findings import Findings, Rounds
from harness.interview import Interview, conduct
from harness.models.replay import of
from harness.pool import Place, Pool
from harness.prefix import common, sharing, warning
from harness.watch import Silent

WORDS = " ".join(tiny.TEXT).split()


def said(rng: random.Random, n: int) -> str:
    return " ".join(rng.choices(WORDS, k=n))


def questions(n: int = 60) -> list[str]:
    rng = random.Random(1)
    return [f"Question: {said(rng, 12)}?\nAnswer:" for _ in range(n)]


EXAMPLES = [f"Question: {said(random.Random(seed), 14)}?\nAnswer: {said(random.Random(seed), 3)}." for seed in range(8)]


def fixed(question: str, at: int) -> str:
    return "\n\n".join([*EXAMPLES[:5], question])


def shuffled(question: str, at: int) -> str:
    return "\n\n".join([*random.Random(at).sample(EXAMPLES, 5), question])


def dated(question: str, at: int) -> str:
    return f"Today is Monday, {at % 28 + 1} March 2024, {at % 24:02}:{at * 7 % 60:02}.\n\n{fixed(question, at)}"


def asked(shape: Callable[[str, int], str]) -> list[str]:
    return [shape(question, at) for at, question in enumerate(questions())]


def test_a_date_before_everything_is_told() -> None:
    told = warning("skills", asked(dated))
    assert told.startswith(
        "check 'skills': a number, date or time that differs stands near the beginning of each prompt"
    )
    assert "('Today is Monday, " in told
    assert re.search(r"every token is asked 1\.\d times, and could be [5-9]\.\d times with it", told)
    assert told.endswith("times with it at the end of the prompt")


def test_examples_in_another_order_are_told() -> None:
    told = warning("skills", asked(shuffled))
    assert "check 'skills': paragraphs that many prompts have (examples, passages) stand in another order" in told
    assert "fewshot_config: {sampler: first_n}" in told


@pytest.mark.parametrize("prompts", [
    asked(fixed),
    questions(),
    asked(shuffled)[:19],
    [asked(shuffled)[0]] * 90,
    [f"What is {a} + {a * 7}?" for a in range(60)],
    ["" for _ in range(60)],
    [],
], ids=["fixed", "no shots", "too few", "one prompt", "short sums", "empty", "none"])  # fmt: skip
def test_nothing_is_said_where_nothing_is_lost(prompts: list[str]) -> None:
    assert warning("skills", prompts) == ""


@given(st.text("ab", max_size=9), st.text("ab", max_size=9))
def test_common_beginnings(one: str, other: str) -> None:
    assert common(one, other) == len(list(takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))))


@given(st.lists(st.text("ab", min_size=1, max_size=6), min_size=1, max_size=9))
def test_each_common_beginning_is_counted_once(prompts: list[str]) -> None:
    left = {prompt[:end] for prompt in prompts for end in range(1, len(prompt) + 1)}
    assert sharing(prompts).now == pytest.approx(sum(map(len, prompts)) / len(left))


def test_an_interview_keeps_what_is_noticed_of_its_first_round() -> None:
    def talk() -> Rounds:
        for prompts in (asked(dated), asked(shuffled)):
            yield [Request("score", prompt, (" yes",)) for prompt in prompts]
        return Findings()

    def timed() -> Rounds:
        yield [replace(Request("generate", prompt, max_new_tokens=1), fresh=True) for prompt in asked(dated)]
        return Findings()

    made = [Interview("dates", "candidate", talk()), Interview("speed", "candidate", timed())]
    conduct(made, Pool([Place("candidate", lambda: of(lambda request: "yes"), None)], Silent()))
    assert [len(interview.notes) for interview in made] == [1, 0]
    assert "check 'dates': a number, date or time" in made[0].notes[0]
