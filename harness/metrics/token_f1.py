"""F1 of the words of a short answer, as in SQuAD."""

from __future__ import annotations

from collections import Counter

from harness.catalog import metric
from harness.words import normalize, tokens


@metric(better="higher", bounds=(0, 1), suits=("generate",))
def token_f1(answer: str, targets: list[str], valid: bool = True, *, ignore_articles: bool = True) -> float:
    """Best F1 of the answer's words against one reference (Rajpurkar et al. 2016).

    Case and punctuation do not count. Scripts without spaces between words are compared character by character. Where
    a reference is nothing but articles or punctuation, those count; an empty reference is matched by an empty answer.

    Options:
        ignore_articles: leave out a, an and the

    >>> round(token_f1("the red bus number 5", ["bus number 5"]), 3)
    0.857
    """
    if not valid:
        return 0.0

    def split(text: str) -> Counter[str]:
        plain = normalize(text, ignore_case=True, ignore_punctuation=True, ignore_articles=ignore_articles)
        return Counter(tokens(plain))

    given = split(answer)
    return max(_f1(given, split(target)) for target in targets)


def _f1(given: Counter[str], wanted: Counter[str]) -> float:
    total = given.total() + wanted.total()
    return 2 * (given & wanted).total() / total if total else 1.0
