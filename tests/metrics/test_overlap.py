"""ROUGE, BLEU, chrF and METEOR against rouge_score, sacrebleu and nltk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.stem.porter import PorterStemmer
from nltk.translate.meteor_score import meteor_score
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from harness.errors import SuiteError
from harness.metrics.bleu import corpus_bleu
from harness.score import Quantity, Totals, table
from harness.words import words

Value = Callable[..., float]

VOCABULARY = ["the", "The", "cat", "cats", "running", "runs", "sat", "on", "mat.", "mat", "5", "o'clock,", "über", "\n"]
texts = st.lists(st.sampled_from(VOCABULARY), max_size=14).map(" ".join)
ascii_texts = texts.map(lambda t: t.replace("ü", "u"))


def one(answer: str, targets: list[str]) -> list[dict[str, Any]]:
    return [{"answer": answer, "targets": targets, "valid": True}]


@pytest.mark.parametrize("variant", ["rouge1", "rouge2", "rougeL", "rougeLsum"])
@pytest.mark.parametrize("stem", [True, False])
@given(answer=ascii_texts, targets=st.lists(ascii_texts.filter(lambda t: len(t.split()) > 1), min_size=1, max_size=3))
@settings(max_examples=40, deadline=None)
def test_rouge_equals_rouge_score(value: Value, variant: str, stem: bool, answer: str, targets: list[str]) -> None:
    expected = RougeScorer([variant], use_stemmer=stem).score_multi(targets, answer)[variant].fmeasure
    assert value("rouge", one(answer, targets), variant=variant, stem=stem) == pytest.approx(expected, abs=1e-12)


@given(answer=st.text(max_size=60), target=st.text(min_size=1, max_size=60))
@settings(max_examples=150, deadline=None)
def test_rouge_ascii_equals_rouge_score_on_any_text(value: Value, answer: str, target: str) -> None:
    expected = RougeScorer(["rouge1"], use_stemmer=True).score(target, answer)["rouge1"].fmeasure
    found = value("rouge", one(answer, [target]), variant="rouge1", alphabet="ascii")
    assert found == pytest.approx(expected, abs=1e-12) or (expected == 0 and answer.strip() == target.strip())


def test_rouge_reads_every_script(value: Value) -> None:
    russian = one("автобус идёт в парк", ["автобус идёт на вокзал"])
    assert RougeScorer(["rouge1"]).score(russian[0]["targets"][0], russian[0]["answer"])["rouge1"].fmeasure == 0
    assert value("rouge", russian, variant="rouge1") == pytest.approx(0.5)
    assert value("rouge", russian, variant="rouge1", alphabet="ascii") == 0
    assert value("rouge", one("東京駅", ["東京都"]), variant="rouge1") == pytest.approx(2 / 3)
    assert value("rouge", one("автобус 7", ["автобус 5"]), variant="rouge1") == pytest.approx(0.5)


def test_rouge_of_short_references(value: Value) -> None:
    assert value("rouge", one("yes", ["yes"]), variant="rouge2") == 1
    assert value("rouge", one("no", ["yes"]), variant="rouge2") == 0
    assert value("rouge", one("👍", ["👍"])) == 1
    assert value("rouge", one("👎", ["👍"])) == 0
    assert value("rouge", one("", [""])) == 1
    assert value("rouge", one("talk", [""])) == 0


def test_rouge_of_the_readme_of_rouge_score(value: Value) -> None:
    pair = one("The quick brown dog jumps on the log.", ["The quick brown fox jumps over the lazy dog"])
    found = [value("rouge", pair, variant=v) for v in ("rouge1", "rouge2", "rougeL")]
    assert found == pytest.approx([0.705882, 0.266667, 0.588235], abs=1e-6)


def test_bleu_and_chrf_of_the_readme_of_sacrebleu(value: Value) -> None:
    said = ["The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."]
    first = ["The dog bit the man.", "It was not unexpected.", "The man bit him first."]
    second = ["The dog had bit the man.", "No one was surprised.", "The man had bitten the dog."]
    rows, _, _ = split([(answer, [a, b]) for answer, a, b in zip(said, first, second, strict=True)])
    assert value("bleu", rows) == pytest.approx(48.530827, abs=1e-6)
    assert value("chrf", rows) == pytest.approx(59.7275178, abs=1e-6)


items = st.lists(st.tuples(texts, st.lists(texts, min_size=2, max_size=2)), min_size=1, max_size=8)


def split(data: list[tuple[str, list[str]]]) -> tuple[list[dict[str, Any]], list[str], list[list[str]]]:
    samples = [{"answer": a, "targets": t, "valid": True} for a, t in data]
    return samples, [a for a, _ in data], [[t[k] for _, t in data] for k in range(2)]


@pytest.mark.parametrize("smooth", ["exp", "floor", "add-k", "none"])
@pytest.mark.parametrize("tokenize", ["13a", "char"])
@given(data=items)
@settings(max_examples=40, deadline=None)
def test_bleu_equals_sacrebleu(value: Value, smooth: str, tokenize: str, data: list[tuple[str, list[str]]]) -> None:
    samples, answers, references = split(data)
    expected = BLEU(smooth_method=smooth, tokenize=tokenize, force=True).corpus_score(answers, references).score
    assert value("bleu", samples, smooth=smooth, tokenize=tokenize) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("tokenize", "lowercase"), [("intl", True), ("zh", False), ("none", True)])
def test_bleu_options(value: Value, tokenize: str, lowercase: bool) -> None:
    data = [
        ("The cat, sat on a mat in 東京都庁 today", ["the Cat, sat on the mat in 東京都 today", "A cat on a mat"])
    ] * 3
    samples, answers, references = split(data)
    expected = BLEU(tokenize=tokenize, lowercase=lowercase).corpus_score(answers, references).score
    assert 0 < expected < 100
    assert value("bleu", samples, tokenize=tokenize, lowercase=lowercase) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("options", [{}, {"word_order": 2}, {"beta": 1, "lowercase": True}, {"char_order": 3}], ids=str)
@given(data=items)
@settings(max_examples=40, deadline=None)
def test_chrf_equals_sacrebleu(value: Value, options: dict[str, Any], data: list[tuple[str, list[str]]]) -> None:
    samples, answers, references = split(data)
    expected = CHRF(**options).corpus_score(answers, references).score
    assert value("chrf", samples, **options) == pytest.approx(expected, abs=1e-9)


class NoSynonyms:
    def synsets(self, word: str) -> Iterator[Any]:
        return iter(())


@given(answer=texts, targets=st.lists(texts, min_size=1, max_size=3))
@settings(max_examples=150, deadline=None)
def test_meteor_equals_nltk_unless_all_is_the_same(value: Value, answer: str, targets: list[str]) -> None:
    found = value("meteor", one(answer, targets))
    tokens = [words(target) for target in targets]
    if words(answer) in [t for t in tokens if t] or (not answer.strip() and not all(t.strip() for t in targets)):
        assert found == 1
    else:
        wanted = [t for t in tokens if t] or [["-"]]
        expected = meteor_score(wanted, words(answer), stemmer=PorterStemmer(), wordnet=NoSynonyms())
        assert found == pytest.approx(expected, abs=1e-12)


def test_meteor_weights(value: Value) -> None:
    pair = one("the mat on the cat sat", ["the cat sat on the mat"])
    wanted = meteor_score(
        [words("the cat sat on the mat")], words("the mat on the cat sat"), wordnet=NoSynonyms(),
        alpha=0.5, beta=1.0, gamma=0.2,
    )  # fmt: skip
    assert value("meteor", pair, alpha=0.5, beta=1.0, gamma=0.2) == pytest.approx(wanted)


def test_an_unknown_smoothing_is_complained_of() -> None:
    stats = table(Quantity("bleu"), "1", [(4.0,) * 10])
    with pytest.raises(SuiteError, match=r"no smoothing named 'expp'; did you mean 'exp'\?"):
        corpus_bleu(Totals(stats.stats[0], stats.names, stats.stats[0, 0]), smooth="expp")
