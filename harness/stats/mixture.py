"""Bounds of a corpus metric where next to nothing varies: how many samples could still be of another kind.

A bootstrap cannot see what did not happen: if all of 200 answers are perfect, every resample is perfect too. Here the
share of samples that are not perfect is bounded as a proportion (Clopper–Pearson), and the metric is computed with that
many more samples unanswered, chosen so that it hurts most. With no error in n samples this is the rule of three.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from harness.score import Scores
from harness.stats.evidence import Ends, Evidence
from harness.stats.proportion import clopper_pearson
from harness.stats.resample import Statistic

if TYPE_CHECKING:
    from harness.score import Array

METHOD = "clopper_pearson_mixture"
FEWEST_GOLD = 10
"""Gold answers of a class below which a metric that weighs classes alike says nothing of its error."""
_GOLD, _HIT = "gold=", "tp="


def of_level(scores: Scores, statistic: Statistic) -> Callable[[float], Evidence] | None:
    """Evidence of one model's value, given the value; None where nobody knows what unanswered and perfect look like."""
    import numpy as np

    if scores.extremes is None:
        return None
    worst, best = scores.extremes
    n, flawed = len(scores.ids), np.abs(scores.stats - best).max(axis=1) > 1e-9
    higher = scores.quantity.better != "lower"

    def evidence(value: float) -> Evidence:
        def ends(confidence: float) -> Ends:
            least, most = clopper_pearson(int(flawed.sum()), n, confidence)
            worse = replaced(scores.stats, worst, (most - flawed.mean()) * n, statistic, down=higher)
            better = replaced(scores.stats, best, (flawed.mean() - least) * n, statistic, down=not higher)
            return (worse, better) if higher else (better, worse)

        return Evidence(value, n, METHOD, ends, scores.quantity.bounds)

    return evidence


def of_difference(
    new: Scores, old: Scores, statistic: Statistic, limits: tuple[float, float]
) -> Callable[[float], Evidence] | None:  # fmt: skip
    """Evidence of a paired difference, given its value: how many more pairs could differ, and as much as they can."""
    import numpy as np

    if new.extremes is None or old.extremes is None:
        return None
    rows = np.concatenate([new.stats, old.stats], axis=1)
    falling = np.concatenate([new.extremes[0], old.extremes[1]], axis=1)
    rising = np.concatenate([new.extremes[1], old.extremes[0]], axis=1)
    n, differ = len(rows), int((np.abs(new.stats - old.stats).max(axis=1) > 1e-9).sum())
    if new.quantity.better == "lower":
        falling, rising = rising, falling

    def evidence(value: float) -> Evidence:
        def ends(confidence: float) -> Ends:
            more = (clopper_pearson(differ, n, confidence)[1] - differ / n) * n
            low = replaced(rows, falling, more, statistic, down=True)
            return low, replaced(rows, rising, more, statistic, down=False)

        return Evidence(value, n, METHOD, ends, limits)

    return evidence


def replaced(rows: Array, extreme: Array, count: float, statistic: Statistic, *, down: bool) -> float:
    """The statistic after `count` samples (a fraction allowed) got their extreme, those first that move it furthest."""
    import numpy as np

    size, total = np.asarray(float(len(rows))), rows.sum(axis=0)
    both, counts = np.unique(np.concatenate([rows, extreme], axis=1), axis=0, return_counts=True)
    change = both[:, rows.shape[1] :] - both[:, : rows.shape[1]]
    moved = statistic(total + change, np.full(len(change), float(len(rows))))
    order = np.argsort(moved if down else -moved, kind="stable")
    before = np.concatenate([[0.0], np.cumsum(counts[order])[:-1]])
    taken = np.minimum(counts[order], np.maximum(0.0, count - before))
    return float(statistic(total + taken @ change[order], size))


def rare_class(scores: Scores, statistic: Statistic) -> str:
    """Why a metric over classes says nothing of its error: a class that weighs much has few gold answers; or empty.

    A class weighs more than its share where losing all its hits changes the value far more than its share of samples.
    """
    import numpy as np

    gold = {name.removeprefix(_GOLD): at for at, name in enumerate(scores.names) if name.startswith(_GOLD)}
    totals, size = scores.stats.sum(axis=0), np.asarray(float(len(scores.ids)))
    value = float(statistic(totals, size))
    for label, column in gold.items():
        count = float(totals[column])
        hit = scores.names.index(_HIT + label) if _HIT + label in scores.names else None
        if not 0 < count < FEWEST_GOLD:
            continue
        if hit is not None:
            turned = totals.copy()
            turned[hit] = 0.0 if totals[hit] > 0 else count
            if abs(value - float(statistic(turned, size))) <= 2 * count / float(size):
                continue
        return f"only {count:.0f} samples have the gold answer {label!r}; {FEWEST_GOLD} of each class are needed"
    return ""
