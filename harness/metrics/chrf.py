"""chrF: F-score of character n-grams, over all answers together."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from harness.catalog import metric
from harness.confusion import ratio

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.score import Totals


def corpus_chrf(totals: Totals, beta: int = 2) -> NDArray[np.float64]:
    """(...): F-beta of the mean n-gram precision and recall, over the n-gram lengths that both sides have; 0 to 100."""
    orders = len(totals.names) // 3
    precision = recall = used = totals["0"] * 0.0
    for n in range(orders):
        given, wanted, matched = (totals[str(3 * n + at)] for at in range(3))
        both = (given > 0) & (wanted > 0)
        precision = precision + both * ratio(matched, given, 0.0)
        recall = recall + both * ratio(matched, wanted, 0.0)
        used = used + both
    precision, recall = ratio(precision, used, 0.0), ratio(recall, used, 0.0)
    return 100 * ratio((1 + beta**2) * precision * recall, beta**2 * precision + recall, 0.0)


@metric(better="higher", bounds=(0, 100), family="corpus", combine=corpus_chrf, suits=("generate",))
def chrf(
    answer: str,
    targets: list[str],
    valid: bool = True,
    *,
    char_order: int = 6,
    word_order: int = 0,
    beta: int = 2,
    lowercase: bool = False,
) -> tuple[float, ...]:
    """Corpus chrF, 0 to 100, equal to sacrebleu's (Popović 2015), from counts that are summed over the samples.

    It needs no words, so it suits every script. Of several references the one with the best chrF counts.

    Options:
        char_order: longest character n-gram
        word_order: longest word n-gram; 2 gives chrF++
        beta: how much more recall counts than precision
        lowercase: compare in lower case

    >>> chrf("cab", ["cat"], char_order=2)
    (3.0, 3.0, 2.0, 2.0, 2.0, 1.0)
    """
    scorer = _scorer(char_order, word_order, beta, lowercase)
    found = scorer._extract_corpus_statistics([answer if valid else ""], [[target] for target in targets])
    return tuple(float(n) for n in found[0])


@cache
def _scorer(char_order: int, word_order: int, beta: int, lowercase: bool) -> Any:
    from sacrebleu.metrics.chrf import CHRF

    return CHRF(char_order=char_order, word_order=word_order, beta=beta, lowercase=lowercase)
