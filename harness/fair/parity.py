"""Parity of groups: each measure as sums over samples, by the names and with the signs of AIF360.

A difference is unprivileged − privileged, a ratio unprivileged / privileged. A sample counts as favourable (ŷ = 1) or
not, and as deserving it (y = 1) or not. 0/0 has no value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.fair.groups import Grouping
from harness.fair.outcomes import Decisions
from harness.score import EVERY, NOWHERE, Missing, Quantity, Scores, Totals

if TYPE_CHECKING:
    from harness.score import Array

UNPRIVILEGED, PRIVILEGED = "unprivileged", "privileged"
Cells = tuple[float, ...] | None
"""What a sample adds to its side's columns; None where the measure does not look at it."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """A measure of two sides."""

    quantity: Quantity
    columns: tuple[str, ...]
    """Of one side; a name ending in `_n` counts samples, and each such count must reach the least."""
    cells: Callable[[bool | None, bool], Cells]
    """(favourable or None where missing, deserved) → one number a column."""
    rises: bool = False
    """Whether more favourable outcomes of the unprivileged can only raise it, and of the privileged only lower it."""


def contrasts() -> dict[str, Contrast]:
    """Every measure that holds one group against another, by name."""
    return {made.quantity.name: made for made in (*_rates(), *_ratios())}


def _rates() -> list[Contrast]:
    """Differences (and one ratio) of a single rate: independent proportions, exact to bound."""

    def made(name: str, cells: Callable[[bool | None, bool], Cells]) -> Contrast:
        return Contrast(
            Quantity(name, "gap", "neither", (-1.0, 1.0), combine=_difference, drawn=False), ("", "_n"), cells
        )

    impact = Quantity("disparate_impact", "impact", "neither", (0.0, math.inf), combine=_impact)
    return [
        Contrast(impact, ("", "_n"), lambda given, y: (float(given or 0), 1.0), rises=True),
        made("statistical_parity_difference", lambda given, y: (float(given or 0), 1.0)),
        made("equal_opportunity_difference", lambda given, y: (float(given or 0), 1.0) if y else None),
        made("false_positive_rate_difference", lambda given, y: None if y else (float(given or 0), 1.0)),
        made("error_rate_difference", lambda given, y: (float(given is not None and given != y), 1.0)),
    ]


def _ratios() -> list[Contrast]:
    """Measures that join several rates, or whose denominators are the model's own outcomes."""

    def made(
        name: str, low: float, better: str, columns: Sequence[str], combine: Callable[[Totals], Array]
    ) -> Contrast:
        def cells(given: bool | None, y: bool) -> Cells:
            found = _confusion(given, y)
            return tuple(found[column] for column in columns)

        return Contrast(
            Quantity(name, "corpus", better, (low, 1.0), combine=combine, drawn=False), tuple(columns), cells
        )

    odds = ("tp", "fp", "fn", "tn", " deserving_n", " undeserving_n")
    favored, refused = ("tp", "fp", " favored_n"), ("fn", "tn", " refused_n")
    return [
        made("average_odds_difference", -1.0, "neither", odds, _average_odds),
        made("average_abs_odds_difference", 0.0, "lower", odds, _average_abs_odds),
        made("equalized_odds_difference", 0.0, "lower", odds, _equalized_odds),
        made("false_discovery_rate_difference", -1.0, "neither", favored, _gap_of("fp", ("tp", "fp"))),
        made("false_omission_rate_difference", -1.0, "neither", refused, _gap_of("fn", ("fn", "tn"))),
        made("average_predictive_value_difference", -1.0, "neither", favored + refused, _average_predictive_value),
    ]


def _confusion(given: bool | None, y: bool) -> dict[str, float]:
    """What one sample adds to each column; nothing to the cells where its outcome is missing."""
    yes, no = given is True, given is False
    found = {
        "tp": yes and y, "fp": yes and not y, "fn": no and y, "tn": no and not y, " deserving_n": y,
        " undeserving_n": not y, " favored_n": yes, " refused_n": no,
    }  # fmt: skip
    return {column: float(value) for column, value in found.items()}


def contrast_table(
    contrast: Contrast, decisions: Decisions, groups: Sequence[tuple[Grouping, str]], least: int
) -> Scores:
    """One row for each sample and grouping; a slice is one group beside the privileged one.

    `groups` are groupings, each with its privileged group.
    """
    import numpy as np

    names = tuple(f"{side}{column}" if column in ("", "_n") else f"{side} {column.strip()}"
                  for side in (UNPRIVILEGED, PRIVILEGED) for column in contrast.columns)  # fmt: skip
    width = len(contrast.columns)
    ids: list[str] = []
    kept: list[tuple[int, int, str]] = []
    rows: list[tuple[float, ...]] = []
    empty = (0.0,) * width
    for at, (grouping, privileged) in enumerate(groups):
        for row, value in enumerate(grouping.sides(privileged)):
            cells = contrast.cells(decisions.favorable(row), decisions.deserved[row])
            if value == NOWHERE or cells is None:
                continue
            rows.append((*empty, *cells) if value == EVERY else (*cells, *empty))
            kept.append((at, row, value))
            ids.append(decisions.ids[row] if len(groups) == 1 else f"{grouping.field}/{decisions.ids[row]}")
    lost = {place: why for place, (_, row, _) in enumerate(kept) if isinstance(why := decisions.given[row], Missing)}
    clusters = decisions.clusters

    def extreme(favored: str) -> Array:
        """What each row would contribute if only this side had favourable outcomes."""
        made = []
        for _, row, value in kept:
            cells = contrast.cells((value == EVERY) == (favored == PRIVILEGED), decisions.deserved[row]) or empty
            made.append((*empty, *cells) if value == EVERY else (*cells, *empty))
        return np.array(made, dtype=float).reshape(len(made), 2 * width)

    return Scores(
        replace(contrast.quantity, least=least, whole="worst"),
        tuple(ids),
        np.array(rows, dtype=float).reshape(len(rows), 2 * width),
        names,
        lost,
        extremes=(extreme(PRIVILEGED), extreme(UNPRIVILEGED)) if contrast.rises else None,
        clusters=None if clusters is None else tuple(clusters[row] for _, row, _ in kept),
        groups={
            grouping.field: tuple(value if at == mine else NOWHERE for mine, _, value in kept)
            for at, (grouping, _) in enumerate(groups)
        },
    )


def _share(totals: Totals, above: str, below: Sequence[str]) -> Array:
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        value: Array = totals[above] / sum((totals[name] for name in below[1:]), start=totals[below[0]])
    return value


def _difference(totals: Totals) -> Array:
    """p_u − p_p."""
    return _share(totals, UNPRIVILEGED, [f"{UNPRIVILEGED}_n"]) - _share(totals, PRIVILEGED, [f"{PRIVILEGED}_n"])


def _impact(totals: Totals) -> Array:
    """p_u / p_p; NaN where nobody of the privileged group has a favourable outcome."""
    import numpy as np

    above = _share(totals, UNPRIVILEGED, [f"{UNPRIVILEGED}_n"])
    below = _share(totals, PRIVILEGED, [f"{PRIVILEGED}_n"])
    with np.errstate(divide="ignore", invalid="ignore"):
        value: Array = above / np.where(below > 0, below, np.nan)
    return value


def _gap_of(above: str, below: Sequence[str]) -> Callable[[Totals], Array]:
    def combine(totals: Totals) -> Array:
        first, second = (
            _share(totals, f"{side} {above}", [f"{side} {name}" for name in below])
            for side in (UNPRIVILEGED, PRIVILEGED)
        )
        return first - second

    return combine


_TPR, _FPR = _gap_of("tp", ("tp", "fn")), _gap_of("fp", ("fp", "tn"))
_PPV, _FOR = _gap_of("tp", ("tp", "fp")), _gap_of("fn", ("fn", "tn"))


def _average_odds(totals: Totals) -> Array:
    return (_TPR(totals) + _FPR(totals)) / 2


def _average_abs_odds(totals: Totals) -> Array:
    return (abs(_TPR(totals)) + abs(_FPR(totals))) / 2


def _equalized_odds(totals: Totals) -> Array:
    import numpy as np

    value: Array = np.maximum(abs(_TPR(totals)), abs(_FPR(totals)))
    return value


def _average_predictive_value(totals: Totals) -> Array:
    return (_PPV(totals) + _FOR(totals)) / 2
