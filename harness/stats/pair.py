"""Pairing two models' scores by sample id; an id that one side lacks becomes a missing score, never a dropped row."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.score import Missing, Scores

if TYPE_CHECKING:
    from harness.score import Array


@dataclass(frozen=True, slots=True)
class Pair:
    """Two tables of scores over the same ids in the same order."""

    candidate: Scores
    reference: Scores
    unmatched: tuple[str, ...]
    """Ids that only one of them has."""


def pair(candidate: Scores, reference: Scores) -> Pair:
    """Both scores over the union of their ids, in the candidate's order.

    Raises:
        ValueError: an id occurs twice, or the two do not measure the same kind of quantity.
    """
    one, two = candidate.quantity, reference.quantity
    if (one.family, one.name) != (two.family, two.name):
        raise ValueError(f"{one.name} ({one.family}) cannot be compared with {two.name} ({two.family})")
    for scores in (candidate, reference):
        if len(set(scores.ids)) != len(scores.ids):
            twice = next(name for name, count in Counter(scores.ids).items() if count > 1)
            raise ValueError(
                f"the sample id {twice!r} occurs twice, so that models cannot be compared sample by sample"
            )
    known = set(candidate.ids)
    ids = candidate.ids + tuple(name for name in reference.ids if name not in known)
    if candidate.ids == reference.ids:
        return Pair(candidate, reference, ())
    shared = known & set(reference.ids)
    unmatched = tuple(name for name in ids if name not in shared)
    clusters = _clusters(candidate, reference, ids)
    return Pair(_over(candidate, ids, clusters), _over(reference, ids, clusters), unmatched)


def _clusters(candidate: Scores, reference: Scores, ids: tuple[str, ...]) -> tuple[str, ...] | None:
    if candidate.clusters is None:
        return None
    named = dict(zip(reference.ids, reference.clusters or reference.ids, strict=True))
    named.update(zip(candidate.ids, candidate.clusters, strict=True))
    return tuple(named[name] for name in ids)


def _over(scores: Scores, ids: tuple[str, ...], clusters: tuple[str, ...] | None) -> Scores:
    import numpy as np

    place = {name: at for at, name in enumerate(scores.ids)}
    stats = np.zeros((len(ids), scores.stats.shape[1]))
    missing: dict[int, Missing] = {}
    for at, name in enumerate(ids):
        if name not in place:
            missing[at] = Missing("this model was not asked this sample")
        elif place[name] in scores.missing:
            missing[at] = scores.missing[place[name]]
        else:
            stats[at] = scores.stats[place[name]]
    extremes = None
    if scores.extremes is not None and len(scores.ids) == len(ids):
        order = [place[name] for name in ids]
        extremes = (scores.extremes[0][order], scores.extremes[1][order])
    return replace(scores, ids=ids, stats=stats, missing=missing, clusters=clusters, groups={}, extremes=extremes)


def align_columns(candidate: Scores, reference: Scores) -> tuple[Scores, Scores]:
    """Both with the same statistics in the same columns; one that a model never produced is zero."""
    import numpy as np

    if candidate.names == reference.names:
        return candidate, reference
    names = tuple(dict.fromkeys(candidate.names + reference.names))

    place = {name: at for at, name in enumerate(names)}

    def spread(columns: tuple[str, ...], table: Array) -> Array:
        out = np.zeros((len(table), len(names)))
        out[:, [place[name] for name in columns]] = table
        return out

    def widened(scores: Scores) -> Scores:
        stats = spread(scores.names, scores.stats)
        extremes = None
        if scores.extremes is not None:
            extremes = (spread(scores.names, scores.extremes[0]), spread(scores.names, scores.extremes[1]))
        worst = None
        if scores.worst_stats is not None and len(scores.worst_stats) == len(scores.names):
            held = dict(zip(scores.names, scores.worst_stats, strict=True))
            worst = tuple(held.get(name, 0.0) for name in names)
        return replace(scores, stats=stats, names=names, worst_stats=worst, extremes=extremes)

    return widened(candidate), widened(reference)
