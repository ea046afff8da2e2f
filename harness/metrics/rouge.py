"""Overlap of n-grams or of the longest common subsequence with a reference (ROUGE)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from harness.catalog import metric
from harness.words import stem as stem_of
from harness.words import words

_ASCII = re.compile(r"[a-z0-9]+")


@metric(better="higher", bounds=(0, 1), suits=("generate",))
def rouge(
    answer: str,
    targets: list[str],
    valid: bool = True,
    *,
    variant: Literal["rouge1", "rouge2", "rougeL", "rougeLsum"] = "rougeL",
    stem: bool = True,
    alphabet: Literal["auto", "ascii", "unicode"] = "auto",
) -> float:
    """Best ROUGE F-measure of the answer over the references (Lin 2004; computed by rouge_score).

    A reference with too few words for the variant (none, or one for rouge2) scores 1 for the same text, else 0.

    Options:
        variant: rouge1, rouge2, rougeL (longest common subsequence) or rougeLsum (the same, line by line)
        stem: compare English words by their Porter stem
        alphabet: what makes a word: ascii (a to z and 0 to 9, as rouge_score has it), unicode (letters and digits of
            any script), or auto (unicode where the reference has anything but ASCII)

    >>> round(rouge("the cat sat", ["the cat sat down"]), 3)
    0.857
    """
    return max((_one(answer, target, variant, stem, alphabet) for target in targets), default=0.0) if valid else 0.0


def _one(answer: str, target: str, variant: str, stem: bool, alphabet: str) -> float:
    plain = alphabet == "ascii" or (alphabet == "auto" and target.isascii())
    split = _ascii_words if plain else words
    if answer.strip() == target.strip() or len(split(target)) < (2 if variant == "rouge2" else 1):
        return float(answer.strip() == target.strip())
    return float(_scorer(variant, stem, plain).score(target, answer)[variant].fmeasure)


def _ascii_words(text: str) -> list[str]:
    return _ASCII.findall(text.lower())


@dataclass(frozen=True, slots=True)
class _Tokenizer:
    """What rouge_score calls to split a text; stems are remembered, which is most of its time."""

    split: Callable[[str], list[str]]
    stem: bool

    def tokenize(self, text: str) -> list[str]:
        found = self.split(text)
        # rouge_score stems only what is longer than three characters.
        return [stem_of(word) if len(word) > 3 else word for word in found] if self.stem else found


@cache
def _scorer(variant: str, stem: bool, plain: bool) -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer([variant], tokenizer=_Tokenizer(_ascii_words if plain else words, stem))
