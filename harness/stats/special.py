"""Families that have an estimator of their own: exposure, calibration error, a judge corrected by labels, spread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.stats import judge, membership, powered, spread, sureness
from harness.stats.evidence import mover, unknown
from harness.stats.resample import seed_of

if TYPE_CHECKING:
    from harness.score import Scores
    from harness.stats.evidence import Evidence

FEWEST = {
    "exposure": membership.FEWEST,
    "calibration": sureness.FEWEST,
    "judged": judge.FEWEST,
    "prediction_powered": powered.FEWEST_OTHERS,
    "spread": spread.FEWEST,
}
"""Family → samples below which it says nothing."""
JUDGED = ("judged", "prediction_powered")
"""Families of a judge's verdicts with human labels beside them, by how these correct those."""


def level(scores: Scores, seed: str) -> Evidence:
    """One complete table of scores: paired differences, or (confidence, correct)."""
    number = seed_of(seed, scores.ids)
    if scores.quantity.family == "exposure":
        return membership.typical(scores.stats[:, 0], seed=number)
    if scores.quantity.family in JUDGED:
        return _judged(scores)
    if scores.quantity.family == "spread":
        return _spread(scores, number)
    if scores.stats.shape[1] < 2:  # nothing was scored, and what is missing was filled in
        return unknown("no answer has a confidence", method="ece_debiased")
    return sureness.excess_calibration_error(scores.stats[:, 0], scores.stats[:, 1], seed=number)


def difference(new: Scores, old: Scores, factor: float, seed: str) -> Evidence:
    """Two complete tables over the same ids: new − factor·old."""
    number = seed_of(seed, new.ids)
    if new.quantity.family == "exposure":
        return membership.typical(new.stats[:, 0] - factor * old.stats[:, 0], seed=number)
    if new.quantity.family in JUDGED:
        return mover(_judged(new), _judged(old), factor)
    if new.quantity.family == "spread":
        return spread.spread_difference(_spread(new, number), _spread(old, number), factor)
    if min(new.stats.shape[1], old.stats.shape[1]) < 2:
        return unknown("no answer has a confidence", method="ece_debiased")
    return sureness.excess_difference(new.stats, old.stats, factor=factor, seed=number)


def _judged(scores: Scores) -> Evidence:
    """The verdicts of all judged rows, corrected by the labels of the labelled ones."""
    if scores.stats.shape[1] < len(judge.COLUMNS):
        return unknown("nothing was judged", method="stratified")
    columns = {name: scores.stats[:, scores.names.index(name)] for name in judge.COLUMNS}
    verdicts, run, seen = columns["verdict"], columns["judged"] > 0, columns["labelled"] > 0
    if scores.quantity.family == "prediction_powered":
        return powered.corrected(verdicts[run & ~seen], verdicts[seen], columns["label"][seen])
    return judge.corrected(verdicts[run], verdicts[seen], columns["label"][seen])


def _spread(scores: Scores, seed: int) -> Evidence:
    """One column for each way of asking."""
    clusters = scores.clusters if scores.clusters and len(set(scores.clusters)) < len(scores.clusters) else None
    return spread.spread(scores.stats, width=scores.quantity.bounds[1], clusters=clusters, seed=seed)
