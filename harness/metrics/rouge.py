"""Overlap of n-grams or of the longest common subsequence with a reference (ROUGE)."""

from __future__ import annotations

import re
from collections import Counter
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
    """Best ROUGE F-measure of the answer over the references (Lin 2004), equal to rouge_score's.

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
    tokenizer = _Tokenizer(_ascii_words if plain else words, stem)
    given, wanted = tokenizer.tokenize(answer), tokenizer.tokenize(target)
    if answer.strip() == target.strip() or len(wanted) < (2 if variant == "rouge2" else 1):
        return float(answer.strip() == target.strip())
    if variant == "rougeLsum":
        return float(_scorer(tokenizer).score(target, answer)["rougeLsum"].fmeasure)
    if variant == "rougeL":
        return 2 * _common(given, wanted) / (len(given) + len(wanted))
    n = {"rouge1": 1, "rouge2": 2}[variant]
    one, two = (Counter(zip(*(found[at:] for at in range(n)), strict=False)) for found in (given, wanted))
    return 2 * (one & two).total() / (one.total() + two.total())


def _common(one: list[str], two: list[str]) -> int:
    """Length of the longest common subsequence, a bit for each word of `one` (Hyyrö 2004): no table, however long."""
    places: dict[str, int] = {}
    for at, word in enumerate(one):
        places[word] = places.get(word, 0) | 1 << at
    full = (1 << len(one)) - 1
    row = full
    for word in two:
        here = row & places.get(word, 0)
        row = (row + here | row - here) & full
    return len(one) - row.bit_count()


def _ascii_words(text: str) -> list[str]:
    return _ASCII.findall(text.lower())


@dataclass(frozen=True, slots=True)
class _Tokenizer:
    """How a text is split, also for rouge_score; stems are remembered, which would take most of the time."""

    split: Callable[[str], list[str]]
    stem: bool

    def tokenize(self, text: str) -> list[str]:
        found = self.split(text)
        # rouge_score stems only what is longer than three characters.
        return [stem_of(word) if len(word) > 3 else word for word in found] if self.stem else found


@cache
def _scorer(tokenizer: _Tokenizer) -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(["rougeLsum"], tokenizer=tokenizer)
