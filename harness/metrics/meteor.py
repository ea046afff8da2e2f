"""METEOR without synonyms: words that match exactly or by stem, and how well they keep their order."""

from __future__ import annotations

from typing import Any

from harness.catalog import metric
from harness.words import stem, words


@metric(better="higher", bounds=(0, 1), suits=("generate",))
def meteor(
    answer: str, targets: list[str], valid: bool = True, *, alpha: float = 0.9, beta: float = 3.0, gamma: float = 0.5
) -> float:
    """Best exact-and-stem METEOR of the answer over the references (Lavie and Agarwal 2007; computed by nltk).

    Synonyms need WordNet, which is a download, and are left out: values are lower than METEOR's with WordNet and not
    comparable with them. The same words in the same order score 1, as in METEOR 1.5; a reference without words scores
    1 for the same text, else 0.

    Options:
        alpha: weight of precision against recall, 0 to 1; recall counts more the nearer to 1
        beta: how fast the penalty grows with the number of pieces that the matching words fall into
        gamma: the largest penalty, 0 to 1

    >>> round(meteor("the cat sat on the mat", ["on the mat sat the cat"]), 3)
    0.5
    """
    if not valid:
        return 0.0
    given = words(answer)
    return max(_one(answer, given, target, (alpha, beta, gamma)) for target in targets)


def _one(answer: str, given: list[str], target: str, weights: tuple[float, float, float]) -> float:
    from nltk.translate.meteor_score import single_meteor_score

    wanted = words(target)
    if given == wanted or not wanted:
        return float(bool(wanted) or answer.strip() == target.strip())
    alpha, beta, gamma = weights
    return float(
        single_meteor_score(
            wanted, given, stemmer=_Stemmer(), wordnet=_NoSynonyms(), alpha=alpha, beta=beta, gamma=gamma
        )
    )


class _Stemmer:
    """nltk's stemmer with a memory."""

    def stem(self, word: str) -> str:
        return stem(word)


class _NoSynonyms:
    """Stands where nltk wants WordNet; knows no synonym of any word."""

    def synsets(self, word: str) -> list[Any]:
        return []
