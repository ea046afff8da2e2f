"""Overlap: the same, nearly the same, inside each other; compared with direct computation over plain sets."""

from __future__ import annotations

import random
import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.overlap import (
    Copies,
    Neighbours,
    Passages,
    Text,
    bands,
    jaccard,
    ngrams,
    normalise,
    pieces,
    similarity,
)

WORDS = [
    "bus",
    "route",
    "stop",
    "first",
    "when",
    "where",
    "fare",
    "ticket",
    "station",
    "ramp",
    "night",
    "airport",
    "river",
]


def by_hand(a: str, b: str) -> float:
    """Multiset Jaccard of three-letter pieces, by counting."""
    one, two = (Counter(f" {t} "[i : i + 3] for i in range(len(t))) for t in (normalise(a), normalise(b)))
    return sum((one & two).values()) / sum((one | two).values())


def sentence(source: random.Random, words: int) -> str:
    return " ".join(source.choice(WORDS) + str(source.randrange(1000)) for _ in range(words))


def noisy(text: str, source: random.Random, rate: float) -> str:
    """The text with a share of its characters replaced, dropped or doubled."""
    out = []
    for char in text:
        if source.random() < rate:
            out.append(source.choice(["", char + char, source.choice("abcdefghijklmnop")]))
        else:
            out.append(char)
    return "".join(out)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("When does bus 7 leave?", "when does  bus 7 leave"),
        ("“Hello”, (she) said!", "hello she said"),
        ("ﬁne ｗｉｄｅ", "fine wide"),
        ("cafe\u0301", "café"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("Straße", "STRASSE"),
        ("a tale -- as good", "a tale \x96 as good"),
    ],
)
def test_the_same_in_another_spelling(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("route 47", "route 48"), ("3 - 2", "3 * 2"), ("$2.50", "$250"), ("4.7", "47"), ("can't", "cant"),
        ("?!", "..."), ("a + b", "a = b"), ("😀", "😢"), ("x\ny z", "x\ny w"), ("etc.", "etc"),
    ],
)  # fmt: skip
def test_what_differs_stays_different(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


@given(st.text())
def test_normalising_twice_changes_nothing_for_words(text: str) -> None:
    once = normalise(text)
    assert once == " ".join(once.split())
    assert bool(once) == bool(normalise(once)) or not any(c.isalnum() for c in once)


@given(st.text(max_size=60), st.text(max_size=60))
def test_similarity_is_the_jaccard_of_counted_pieces(one: str, other: str) -> None:
    if normalise(one) and normalise(other):
        assert similarity(one, other) == pytest.approx(by_hand(one, other))
    assert similarity(one, one) == 1
    assert similarity(one, other) == similarity(other, one)


def test_long_unrelated_texts_are_not_near() -> None:
    """Sets of pieces would saturate; counted pieces do not."""
    source = random.Random(1)
    words = ["".join(source.choices("etaoinshrdlu", k=source.randrange(2, 9))) for _ in range(8000)]
    assert similarity(" ".join(words[:4000]), " ".join(words[4000:])) < 0.75


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.8, 0.9, 0.95, 1.0])
def test_bands_overlook_one_pair_in_a_thousand(threshold: float) -> None:
    number, rows = bands(threshold)
    assert number * rows <= 128
    assert (1 - threshold**rows) ** number <= 1e-3


def test_every_near_pair_is_found_and_nothing_else() -> None:
    source = random.Random(7)
    texts = [sentence(source, source.randrange(4, 20)) for _ in range(60)]
    texts += [noisy(text, source, 0.03) for text in texts]
    index = Neighbours(0.8)
    for text in texts:
        index.add(normalise(text))
    truth = {(i, j) for i, a in enumerate(texts) for j, b in enumerate(texts) if by_hand(a, b) >= 0.8}
    found = {(i, near.at) for i, text in enumerate(texts) for near in index.find(normalise(text))}
    assert found <= truth
    assert len(found) >= 0.999 * len(truth)
    assert len(truth) > 170
    for near in index.find(normalise(texts[0])):
        assert near.similarity == pytest.approx(by_hand(texts[0], texts[near.at]))


def test_noisy_copies_are_recalled_and_unique_texts_are_not() -> None:
    """100 different texts and 50 copies with 2 % of the characters changed: at least 95 % found, none by mistake."""
    source = random.Random(3)
    texts = [sentence(source, 18) for _ in range(100)]
    index = Neighbours(0.8)
    for text in texts:
        assert index.find(normalise(text)) == []
        index.add(normalise(text))
    hits = [index.find(normalise(noisy(text, source, 0.02))) for text in texts[:50]]
    assert sum(bool(hit) and hit[0].at == at for at, hit in enumerate(hits)) >= 48


def test_tags_keep_apart_and_join() -> None:
    index = Neighbours(0.8)
    index.add("the same text here", ["a", "b"])
    assert index.find("the same text here", ["c"]) == []
    assert [n.at for n in index.find("the same text here", ["c", "b"])] == [0]


def test_the_seed_decides_nothing_but_candidates() -> None:
    for seed in range(5):
        index = Neighbours(0.8, seed=seed)
        index.add("when does the first bus leave")
        assert index.find("when does the first bus leaves")[0].similarity == pytest.approx(
            by_hand("when does the first bus leave", "when does the first bus leaves")
        )


@pytest.mark.parametrize("threshold", [0, -1, 1.5])
def test_a_threshold_outside_its_range(threshold: float) -> None:
    with pytest.raises(ValueError, match="threshold"):
        Neighbours(threshold)


def test_pieces_are_sorted_and_counted() -> None:
    found = pieces("aaaa")
    assert len(found) == 4
    assert len(set(found.tolist())) == 4
    assert sorted(found.tolist()) == found.tolist()
    assert jaccard(found, pieces("aaaaaaa")) == pytest.approx(4 / 7)
    assert len(pieces("")) == 1
    assert similarity("", "") == 1


@given(st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abc"), max_size=12), st.integers(1, 4))
@settings(deadline=None)
def test_passages_are_counted_like_sets_of_tuples(one: list[str], other: list[str], n: int) -> None:
    def grams(words: list[str]) -> set[tuple[str, ...]]:
        return {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}

    watch = Passages(n)
    watch.add(" ".join(one))
    watch.see(" ".join(other))
    (share,) = watch.shares()
    if not grams(one):
        assert share is None
    else:
        assert share == len(grams(one) & grams(other)) / len(grams(one))
    assert len(ngrams(" ".join(one), n)) == max(0, len(one) - n + 1)


def test_copies_keep_the_worst_and_note_conflicts() -> None:
    def text(words: str, *targets: str, place: str = "") -> Text:
        return Text(normalise(words), frozenset(targets), place, words)

    watched = [
        text("When does the first bus leave the harbour?", "6:00"),
        text("How much is a ticket?", "2", "3"),
        text("x", "y"),
    ]
    copies = Copies(watched, threshold=0.8, n=3)
    copies.see(text("when does the first bus leave the harbor", "6:00", place="t:1"))
    copies.see(text("when does the first bus leave the harbour", "7:00", place="t:2"))
    copies.see(text("How much is a ticket", "3", place="t:3"))
    copies.see(text("how much is a tickett", "2", place="t:4"))
    near, exact, none = copies.found
    assert near is not None and not near.exact and near.of.place == "t:1" and 0.8 <= near.similarity < 1  # noqa: PT018
    assert exact is not None and exact.exact and exact.of.place == "t:3"  # noqa: PT018
    assert none is None
    assert [c and c.place for c in copies.conflicts] == ["t:2", None, None]
    assert copies.shares() == [1.0, 1.0, None]
    copies.see(text("when does the first bus leave the harbour", "6:00", place="t:5"))
    assert copies.found[0] is not None
    assert copies.found[0].of.place == "t:5"


SHORT = st.text("abc ", min_size=1, max_size=14).map(normalise).filter(bool)
TEXTS = st.lists(st.builds(Text, SHORT, st.frozensets(st.sampled_from("xyz"), min_size=1)), min_size=1, max_size=12)


@given(TEXTS, TEXTS)
@settings(max_examples=100, deadline=None)
def test_copies_are_those_that_comparing_every_pair_finds(watched: list[Text], others: list[Text]) -> None:
    copies = Copies(watched, threshold=0.8, n=2)
    for other in others:
        copies.see(other)
    for text, copy, conflict in zip(watched, copies.found, copies.conflicts, strict=True):
        agreeing = [other for other in others if other.targets & text.targets]
        exact = any(other.normal == text.normal for other in agreeing)
        near = any(similarity(other.normal, text.normal) >= 0.8 for other in agreeing)
        assert (copy is not None) == (exact or near)
        assert copy is None or copy.exact == exact
        assert (conflict is not None) == any(o.normal == text.normal and not o.targets & text.targets for o in others)


def test_templates_do_not_make_it_quadratic() -> None:
    """2,000 near questions with two labels against 1,000 more: a second or two, not minutes."""
    source = random.Random(2)

    def text(n: int) -> Text:
        return Text(
            f"when is the first bus on route {n} on a {source.choice(WORDS)} day", frozenset(source.choice("ab"))
        )

    copies = Copies([text(n) for n in range(2000)], threshold=0.8, n=13)
    started = time.process_time()
    for n in range(2000, 3000):
        copies.see(text(n))
    assert time.process_time() - started < 10
    assert sum(copy is not None for copy in copies.found) > 1900
