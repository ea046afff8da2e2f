"""BLEU of all answers together."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from harness.catalog import metric
from harness.errors import SuiteError, nearest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.score import Totals

ORDER = 4
FLOOR, ADDED = 0.1, 1.0
"""What `floor` and `add-k` put in the place of no match: sacrebleu's defaults."""


def corpus_bleu(totals: Totals, smooth: str = "exp") -> NDArray[np.float64]:
    """(...): geometric mean of the n-gram precisions times the brevity penalty, 0 to 100, smoothed as in sacrebleu."""
    import numpy as np

    if smooth not in ("exp", "floor", "add-k", "none"):
        raise SuiteError(f"no smoothing named {smooth!r}{nearest(smooth, ('exp', 'floor', 'add-k', 'none'))}")
    given, wanted = totals["0"], totals["1"]
    value = np.zeros(np.shape(given))
    halved = np.ones(np.shape(given))
    matched = np.stack([totals[str(2 + n)] for n in range(ORDER)], axis=-1)
    possible = np.stack([totals[str(2 + ORDER + n)] for n in range(ORDER)], axis=-1)
    any_match = (matched > 0).any(axis=-1)
    for n in range(ORDER):
        hits, tries = matched[..., n], possible[..., n]
        if smooth == "add-k" and n > 0:
            hits, tries = hits + ADDED, tries + ADDED
        if smooth == "floor":
            hits = np.where(hits == 0, FLOOR, hits)
        if smooth == "exp":
            halved = np.where(hits == 0, halved * 2, halved)
            hits = np.where(hits == 0, 1 / halved, hits)
        with np.errstate(divide="ignore", invalid="ignore"):
            # No n-gram to try or, unsmoothed, none that matches: the logarithm is -inf and BLEU 0.
            value = value + np.log(np.where(tries > 0, hits / tries, 0.0)) / ORDER
    with np.errstate(divide="ignore", invalid="ignore"):
        brevity = np.where(given < wanted, np.exp(1 - wanted / given), 1.0)
    return np.where(any_match & (given > 0), np.minimum(100 * brevity * np.exp(value), 100.0), 0.0)


@metric(better="higher", bounds=(0, 100), family="corpus", combine=corpus_bleu, suits=("generate",))
def bleu(
    answer: str,
    targets: list[str],
    valid: bool = True,
    *,
    smooth: Literal["exp", "floor", "add-k", "none"] = "exp",
    tokenize: Literal["13a", "intl", "char", "zh", "none"] = "13a",
    lowercase: bool = False,
) -> tuple[float, ...]:
    """Corpus BLEU, 0 to 100, equal to sacrebleu's (Post 2018), from counts that are summed over the samples.

    It needs texts of four words and more: a set with no four words in a row in any answer scores 0, even if all are
    right. For Chinese and Japanese choose `zh` or `char`.

    Options:
        smooth: what stands for an n-gram length without a match: exp, floor, add-k or none
        tokenize: how words are split: 13a (mteval's), intl (any script with spaces), char, zh or none (at spaces)
        lowercase: compare in lower case

    >>> bleu("the cat sat down", ["the cat sat here"])
    (4.0, 4.0, 3.0, 2.0, 1.0, 0.0, 4.0, 3.0, 2.0, 1.0)
    """
    found = _scorer(tokenize, lowercase).sentence_score(answer if valid else "", targets)
    return tuple(float(n) for n in (found.sys_len, found.ref_len, *found.counts, *found.totals))


@cache
def _scorer(tokenize: str, lowercase: bool) -> Any:
    from sacrebleu.metrics.bleu import BLEU

    # Only the counts are read, which no smoothing and no effective order changes; `force` silences a warning.
    return BLEU(tokenize=tokenize, lowercase=lowercase, smooth_method="none", effective_order=True, force=True)
