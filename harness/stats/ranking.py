"""How well confidences tell right answers from wrong ones: AUROC and the area under the risk–coverage curve.

Answers are sorted into ranks of like confidence, and counted right and wrong in each, so that both are functions of
sums and share the paired bootstrap of every other corpus metric.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.score import Missing, Quantity, Scores, Totals, table

if TYPE_CHECKING:
    from harness.score import Array

RANKS = 64
"""Ranks at most; answers of one rank count as equally sure."""
_RIGHT, _WRONG = "right:", "wrong:"


def auroc(totals: Totals) -> Array:
    """(...): probability that a right answer is surer than a wrong one, ties counting half (Mann–Whitney)."""
    import numpy as np

    right, wrong = _by_rank(totals)
    below = np.cumsum(wrong, axis=-1) - wrong
    with np.errstate(invalid="ignore", divide="ignore"):
        won = (right * (below + wrong / 2)).sum(axis=-1)
        value: Array = won / (right.sum(axis=-1) * wrong.sum(axis=-1))
    return value


def aurc(totals: Totals) -> Array:
    """(...): mean over answers of the error rate among those at least as sure (Geifman and El-Yaniv 2017)."""
    import numpy as np

    right, wrong = (side[..., ::-1] for side in _by_rank(totals))
    size = right + wrong
    with np.errstate(invalid="ignore", divide="ignore"):
        risk = np.cumsum(wrong, axis=-1) / np.cumsum(size, axis=-1)
        value: Array = np.nansum(size * risk, axis=-1) / size.sum(axis=-1)
    return value


def ranked(
    quantity: Quantity,
    ids: Iterable[str],
    confidences: Sequence[float | Missing | None],
    correct: Sequence[float | Missing],
    groups: dict[str, list[str]] | None = None,
) -> Scores:
    """Scores for `auroc` or `aurc`; a failed answer counts as wrong and most sure, one without confidence (None) is not
    covered and counts as neither right nor wrong."""
    known = sorted({c for c in confidences if c is not None and not isinstance(c, Missing)})
    step = max(1, -(-len(known) // RANKS))
    place = {value: at // step for at, value in enumerate(known)}
    top = f"{_WRONG}{max(place.values(), default=0):03d}"
    values: list[dict[str, float] | Missing] = []
    for sure, good in zip(confidences, correct, strict=True):
        if sure is None:
            values.append({top: 0.0})
        elif isinstance(sure, Missing) or isinstance(good, Missing):
            values.append(sure if isinstance(sure, Missing) else good)  # type: ignore[arg-type]
        else:
            # an answer may be partly right, where several repeats of it were asked
            name = f"{place[sure]:03d}"
            values.append({f"{_RIGHT}{name}": good, f"{_WRONG}{name}": 1.0 - good})
    made = table(quantity, ids, values, groups=groups)
    worst = tuple(float(name == top) for name in made.names)
    return replace(made, worst_stats=worst if sum(worst) else None)


def risk_at(confidence: Array, correct: Array, coverage: float) -> float:
    """Error rate of the surest share `coverage` of the answers, at least one of them."""
    import numpy as np

    order = np.argsort(-np.asarray(confidence, dtype=float), kind="stable")
    taken = np.asarray(correct, dtype=float)[order][: max(1, round(coverage * len(order)))]
    return float(1.0 - taken.mean())


def _by_rank(totals: Totals) -> tuple[Array, Array]:
    """(..., ranks) counts of right and of wrong answers, the least sure first."""
    import numpy as np

    names = sorted({name.split(":", 1)[1] for name in totals.names if ":" in name})
    right, wrong = (
        np.stack([totals[f"{side}{name}"] for name in names], axis=-1) if names else np.zeros((*totals.n.shape, 0))
        for side in (_RIGHT, _WRONG)
    )
    return right, wrong
