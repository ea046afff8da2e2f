"""Inequality over everybody at once: entropy of benefits, differential fairness of cells, ratios within strata."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.fair.groups import Grouping
from harness.fair.outcomes import Decisions
from harness.fair.parity import PRIVILEGED, UNPRIVILEGED
from harness.score import EVERY, NOWHERE, Missing, Quantity, Scores, Totals, table

if TYPE_CHECKING:
    from harness.score import Array


def benefit_table(quantity: Quantity, decisions: Decisions) -> Scores:
    """Each sample's benefit ŷ − y + 1 as one of three counts (Speicher et al. 2018)."""
    values = [
        outcome if isinstance(outcome, Missing) else {f"benefit={int(outcome) - int(y) + 1}": 1.0}
        for outcome, y in zip(decisions.given, decisions.deserved, strict=True)
    ]
    return table(quantity, decisions.ids, values, clusters=decisions.clusters)


def differential_table(quantity: Quantity, decisions: Decisions, cells: Sequence[str]) -> Scores:
    """Favourable and all outcomes of each cell; samples of no cell are left out."""
    rows = [row for row, cell in enumerate(cells) if cell != NOWHERE]
    values: list[Mapping[str, float] | Missing] = []
    for row in rows:
        outcome = decisions.given[row]
        cell = {f"all={cells[row]}_n": 1.0}
        values.append(outcome if isinstance(outcome, Missing) else cell | {f"pos={cells[row]}": float(outcome)})
    clusters = None if decisions.clusters is None else [decisions.clusters[row] for row in rows]
    return table(quantity, [decisions.ids[row] for row in rows], values, clusters=clusters)


def inequality() -> dict[str, Quantity]:
    """Measures of everybody together, by name."""
    wide = (0.0, math.inf)
    return {
        "theil_index": Quantity("theil_index", "corpus", "lower", wide, combine=_theil),
        "generalized_entropy_index": Quantity("generalized_entropy_index", "corpus", "lower", wide, combine=_entropy),
    }


DIFFERENTIAL = "smoothed_empirical_differential_fairness"


def differential(least: int) -> Quantity:
    """Largest log-ratio of (smoothed) outcome rates between any two cells (Foulds et al. 2018)."""
    return Quantity(DIFFERENTIAL, "corpus", "lower", (0.0, math.inf), combine=_edf, least=least)


def _benefits(totals: Totals) -> tuple[Array, Array, Array]:
    """(number of benefits 1, number of benefits 2, their mean over all)."""
    import numpy as np

    one, two = totals["benefit=1"], totals["benefit=2"]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean: Array = (one + 2 * two) / totals.n
        return one, two, np.where(mean > 0, mean, np.nan)


def _theil(totals: Totals) -> Array:
    """mean of (b/μ) ln(b/μ): 0 where all benefit alike; NaN where nobody does."""
    import numpy as np

    one, two, mean = _benefits(totals)
    value: Array = (one / mean * np.log(1 / mean) + two * 2 / mean * np.log(2 / mean)) / totals.n
    return value


def _entropy(totals: Totals) -> Array:
    """Generalized entropy index with α = 2: mean of ((b/μ)² − 1) / 2."""
    one, two, mean = _benefits(totals)
    value: Array = ((one + 4 * two) / mean**2 / totals.n - 1) / 2
    return value


def _edf(totals: Totals) -> Array:
    import numpy as np

    (good, names), (everybody, order) = totals.matching("pos="), totals.matching("all=")
    good = good[..., [names.index(name.removesuffix("_n")) for name in order]]
    rate = (good + 0.5) / (everybody + 1)
    spread = [np.log(r).max(axis=-1) - np.log(r).min(axis=-1) for r in (rate, 1 - rate)]
    value: Array = np.maximum(*spread)
    return value


def stratified_table(
    quantity: Quantity, decisions: Decisions, groups: Sequence[tuple[Grouping, str]], strata: Sequence[str]
) -> Scores:
    """For the Mantel–Haenszel ratio: favourable and all outcomes of both sides in each stratum."""
    ids, values, fields = list[str](), list[Mapping[str, float] | Missing](), list[tuple[int, str]]()
    for at, (grouping, privileged) in enumerate(groups):
        for row, value in enumerate(grouping.sides(privileged)):
            if value == NOWHERE:
                continue
            outcome, side = decisions.given[row], PRIVILEGED if value == EVERY else UNPRIVILEGED
            cell = {f"{side} {strata[row]}_all": 1.0, f"{side}_n": 1.0}
            values.append(
                outcome if isinstance(outcome, Missing) else cell | {f"{side} {strata[row]}_pos": float(outcome)}
            )
            ids.append(decisions.ids[row] if len(groups) == 1 else f"{grouping.field}/{decisions.ids[row]}")
            fields.append((at, value))
    members = {
        grouping.field: [value if at == mine else NOWHERE for mine, value in fields]
        for at, (grouping, _) in enumerate(groups)
    }
    return table(replace(quantity, whole="worst"), ids, values, groups=members)


def mantel_haenszel(least: int) -> Quantity:
    """The ratio of rates within strata, pooled (Mantel and Haenszel 1959; for risks Nurminen 1981)."""
    bounds = (0.0, math.inf)
    return Quantity("mantel_haenszel_ratio", "corpus", "neither", bounds, combine=_pooled_ratio, least=least)


def _pooled_ratio(totals: Totals) -> Array:
    import numpy as np

    strata = dict.fromkeys(name.split(" ", 1)[1].removesuffix("_all") for name in totals.names if name.endswith("_all"))
    above = below = totals.n * 0.0
    for stratum in strata:
        (a, n1), (c, n2) = (
            (totals[f"{side} {stratum}_pos"], totals[f"{side} {stratum}_all"]) for side in (UNPRIVILEGED, PRIVILEGED)
        )
        size = np.maximum(n1 + n2, 1.0)
        above, below = above + a * n2 / size, below + c * n1 / size
    with np.errstate(divide="ignore", invalid="ignore"):
        value: Array = above / np.where(below > 0, below, np.nan)
    return value
