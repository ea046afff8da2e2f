"""Rates that a judge says, corrected by human labels: post-stratified, or by sensitivity and specificity."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.stats.evidence import Ends, Evidence, unknown
from harness.stats.proportion import wilson, z_of

if TYPE_CHECKING:
    from harness.score import Array


def post_stratified(verdicts: Sequence[int], labelled: Sequence[int], labels: Sequence[int]) -> Evidence:
    """Evidence of the rate that humans would give, from the judge's verdicts on all items and labels on some.

    Args:
        verdicts: the judge's 0/1 verdict on every item, labelled ones included.
        labelled: the judge's verdict on the items that humans labelled; they may be drawn by verdict.
        labels: the human 0/1 label of those items.
    """
    method, total = "post_stratified", len(verdicts)
    if not total:
        return unknown("the judge gave no verdict", method=method)
    share = sum(verdicts) / total
    counts = {v: sum(1 for f in labelled if f == v) for v in (0, 1)}
    good = {v: sum(y for f, y in zip(labelled, labels, strict=True) if f == v) for v in (0, 1)}
    weight = {1: share, 0: 1 - share}
    empty = [v for v in (1, 0) if weight[v] > 0 and not counts[v]]
    if empty:
        what = " and ".join("accepted" if v else "refused" for v in empty)
        return unknown(f"no human label among the items that the judge {what}", n=sum(counts.values()), method=method)
    rate = {v: good[v] / counts[v] if counts[v] else 0.0 for v in (0, 1)}
    value = share * rate[1] + (1 - share) * rate[0]

    def ends(confidence: float) -> Ends:
        z = z_of(confidence)
        bounds = {v: wilson(good[v], counts[v], confidence) if counts[v] else (0.0, 0.0) for v in (0, 1)}
        sampling = z * z * (rate[1] - rate[0]) ** 2 * share * (1 - share) / total
        down = sum((weight[v] * (rate[v] - bounds[v][0])) ** 2 for v in (0, 1))
        up = sum((weight[v] * (bounds[v][1] - rate[v])) ** 2 for v in (0, 1))
        return value - math.sqrt(down + sampling), value + math.sqrt(up + sampling)

    return Evidence(value, sum(counts.values()), method, ends, (0.0, 1.0), note=f"{total} items judged")


COLUMNS = ("verdict", "judged", "label", "labelled")
"""Of a `judged` table: the judge's verdict (0 to 1), 1 where it belongs to the samples that are estimated, the human
label (0 to 1), 1 where there is one. A labelled sample of the run is both; one from elsewhere is only labelled."""
FEWEST = 10
"""Labels below which nothing is claimed."""
STRATA = 5
"""Kinds of verdict at most; finer ones are put together by fifths."""


def corrected(verdicts: Array, said: Array, labels: Array) -> Evidence:
    """Evidence of the mean that humans would give, from the judge's verdicts on all samples and labels on some.

    The samples are stratified by the verdict, and each stratum takes the mean of its human labels: right whatever the
    judge's scale means, and whether labels were drawn at random or by verdict. A stratum's interval is Wilson's, whose
    variance p(1 − p) no score between 0 and 1 exceeds.

    A judge that says another thing when it is asked again needs no wider interval: verdict and label of an answer are
    one draw of both, whatever makes them vary, so that the mean label of a verdict, and its share, are those of the
    wavering judge, and their sampling errors hold its noise. Labels drawn by a verdict need that very verdict.

    Args:
        verdicts: (N) the judge's verdicts from 0 to 1 on every sample.
        said: (n) its verdicts on the samples that humans labelled.
        labels: (n) their labels from 0 to 1.
    """
    import numpy as np

    total, n, method = len(verdicts), len(labels), "post_stratified"
    if not total:
        return unknown("the judge gave no verdict", method=method)
    if n < FEWEST:
        return unknown(f"{n} human labels; at least {FEWEST} are needed", n=n, method=method)
    strata, own = _strata(np.asarray(verdicts, float)), _strata(np.asarray(said, float))
    levels = sorted(set(strata.tolist()))
    weight = {v: float((strata == v).mean()) for v in levels}
    count = {v: int((own == v).sum()) for v in levels}
    empty = [v for v in levels if not count[v]]
    if empty:
        told = ", ".join(f"{v:g}" for v in empty)
        return unknown(f"no human label among the samples that the judge gave {told}", n=n, method=method)
    good = {v: math.fsum(np.asarray(labels, float)[own == v].tolist()) for v in levels}  # whatever the order
    rate = {v: good[v] / count[v] for v in levels}
    value = sum(weight[v] * rate[v] for v in levels)
    spread = sum(weight[v] * (rate[v] - value) ** 2 for v in levels) / total

    def ends(confidence: float) -> Ends:
        z = z_of(confidence)
        bounds = {v: wilson(good[v], count[v], confidence) for v in levels}
        down = sum((weight[v] * (rate[v] - bounds[v][0])) ** 2 for v in levels)
        up = sum((weight[v] * (bounds[v][1] - rate[v])) ** 2 for v in levels)
        return value - math.sqrt(down + z * z * spread), value + math.sqrt(up + z * z * spread)

    return Evidence(value, n, method, ends, (0.0, 1.0), note=f"{total} samples judged, corrected by {n} human labels")


def _strata(verdicts: Array) -> Array:
    """The verdicts as few kinds: as they are where there are few, else rounded to quarters."""
    import numpy as np

    few: Array = np.round(verdicts, 9)
    quarters: Array = np.round(verdicts * (STRATA - 1)) / (STRATA - 1)
    return few if np.isin(few * (STRATA - 1), np.arange(STRATA)).all() else quarters


def rogan_gladen(
    said: float, n: int, *, sensitivity: float, positives: int, specificity: float, negatives: int
) -> Evidence:  # fmt: skip
    """Evidence of the true rate where sensitivity and specificity come from another population (Lee et al. 2025).

    Args:
        said: share that the judge accepted.
        n: items judged.
        sensitivity: share of truly good items that the judge accepts.
        positives: truly good items it was measured on.
        specificity: share of truly bad items that the judge refuses.
        negatives: truly bad items it was measured on.
    """
    method = "rogan_gladen"
    if min(n, positives, negatives) < 1:
        return unknown("the judge was not calibrated on both good and bad items", n=n, method=method)
    if sensitivity + specificity <= 1:
        return unknown("the judge is no better than chance", n=n, method=method)
    value = min(1.0, max(0.0, (said + specificity - 1) / (sensitivity + specificity - 1)))

    def ends(confidence: float) -> Ends:
        z = z_of(confidence)
        size = n + z * z
        p = (n * said + z * z / 2) / size
        q0, q1 = (negatives * specificity + 1) / (negatives + 2), (positives * sensitivity + 1) / (positives + 2)
        m0, m1, power = negatives + 2, positives + 2, q0 + q1 - 1
        if power <= 0:
            return 0.0, 1.0
        theta = (p + q0 - 1) / power
        bad, good = q0 * (1 - q0) / m0, q1 * (1 - q1) / m1
        shift = 2 * z * z * (theta * good - (1 - theta) * bad)
        half = z * math.sqrt(p * (1 - p) / size + (1 - theta) ** 2 * bad + theta**2 * good) / power
        return theta + shift - half, theta + shift + half

    return Evidence(value, n, method, ends, (0.0, 1.0))
