"""Instructions: each kind is told apart from answers that nearly follow it, and silence follows none."""

from __future__ import annotations

import pytest

from harness.truth.instructions import KINDS, MOST, SUBJECTS, chosen, followed

RIGHT = {
    "lowercase": "bees make honey. they live in hives.",
    "uppercase": "BEES MAKE HONEY.",
    "no_comma": "Bees make honey. They live in hives.",
    "three_bullets": "* one\n* two\n\n* three",
    "numbered": "1. They hum.\n2. They work.",
    "json": '{"name": "bee", "use": "honey"}',
    "ending": "Bees make honey all day long. That is all.",
    "beginning": "Answer: they hum",
    "at_most_ten": "They make honey.",
    "at_least_thirty": "word " * 30,
    "keyword": "Each morning they wake. Every Morning they fly.",
    "without_the": "A bee makes honey all day.",
    "quoted": '"Bees hum."',
    "two_parts": "One part.\n***\nAnother part.",
    "one_word": "Yes.",
}
WRONG = {
    "lowercase": "Bees make honey.",
    "uppercase": "BEES make HONEY.",
    "no_comma": "Bees, I know, make honey.",
    "three_bullets": "* one\n* two",
    "numbered": "1. One\n2. Two\n3. Three",
    "json": 'Sure! {"name": "bee", "use": "honey"}',
    "ending": "Bees make honey all day long. That is all",
    "beginning": "My answer: they hum",
    "at_most_ten": "one two three four five six seven eight nine ten eleven",
    "at_least_thirty": "word " * 29,
    "keyword": "Each morning they wake.",
    "without_the": "All day the bee makes honey.",
    "quoted": 'They say "hum".',
    "two_parts": "One part.\n***",
    "one_word": "Yes, there is.",
}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_follows_and_what_nearly_does(kind: str) -> None:
    assert followed(kind, RIGHT[kind])
    assert not followed(kind, WRONG[kind])
    assert not followed(kind, "")
    assert not followed(kind, " \n ")


def test_a_few_are_of_many_kinds() -> None:
    assert len(chosen(len(KINDS))) == len({instruction.kind for instruction in chosen(len(KINDS))}) == len(KINDS)
    every = chosen(10_000)
    assert len(every) == MOST == len(KINDS) * len(SUBJECTS)
    assert len({instruction.id for instruction in every}) == len({instruction.prompt for instruction in every}) == MOST
    assert chosen(0) == []
