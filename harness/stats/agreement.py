"""Agreement of raters: raw, Cohen's kappa, Gwet's AC1, Krippendorff's alpha; with intervals over items."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from harness.stats.evidence import Evidence, unknown
from harness.stats.resample import bca, seed_of, units_of

if TYPE_CHECKING:
    from harness.score import Array

FEWEST = 50
"""Items below which an agreement coefficient has no interval."""
Weights = Literal["none", "linear", "quadratic"]
Scale = Literal["nominal", "ordinal", "interval", "ratio"]


def agreement(table: Array) -> Array:
    """(...) share of items on which two raters agree; `table` is (..., c, c) counts."""
    import numpy as np

    total = table.sum(axis=(-2, -1))
    return _ratio(np.trace(table, axis1=-2, axis2=-1), total)


def kappa(table: Array, weights: Weights = "none") -> Array:
    """(...) Cohen's kappa of (..., c, c) counts of two raters; NaN where chance alone would agree always."""
    import numpy as np

    table = np.asarray(table, dtype=float)
    size = table.shape[-1]
    gap = np.abs(np.subtract.outer(np.arange(size), np.arange(size))).astype(float)
    cost = {"none": (gap > 0).astype(float), "linear": gap, "quadratic": gap**2}[weights]
    total = table.sum(axis=(-2, -1))
    expected = table.sum(axis=-1)[..., :, None] * table.sum(axis=-2)[..., None, :]
    seen = (cost * table).sum(axis=(-2, -1))
    return 1 - _ratio(seen * total, (cost * expected).sum(axis=(-2, -1)))


def kappa_error(table: Array) -> float:
    """Large-sample standard error of unweighted kappa (Fleiss, Cohen and Everitt 1969)."""
    import numpy as np

    share = np.asarray(table, dtype=float) / np.sum(table)
    rows, columns = share.sum(axis=1), share.sum(axis=0)
    seen, chance = float(np.trace(share)), float(rows @ columns)
    k = (seen - chance) / (1 - chance)
    diagonal = float((np.diag(share) * (1 - (rows + columns) * (1 - k)) ** 2).sum())
    cross = share * np.add.outer(columns, rows) ** 2
    off = (1 - k) ** 2 * float(cross.sum() - np.trace(cross))
    rest = (k - chance * (1 - k)) ** 2
    return math.sqrt(max(0.0, diagonal + off - rest) / float(np.sum(table))) / (1 - chance)


def ac1(table: Array) -> Array:
    """(...) Gwet's AC1 of (..., c, c) counts; unlike kappa it does not collapse where one category is rare."""
    import numpy as np

    table = np.asarray(table, dtype=float)
    total = table.sum(axis=(-2, -1))
    share = _ratio((table.sum(axis=-1) + table.sum(axis=-2)) / 2, total[..., None])
    chance = (share * (1 - share)).sum(axis=-1) / (table.shape[-1] - 1)
    return _ratio(agreement(table) - chance, 1 - chance)


def alpha(coincidences: Array, values: Sequence[float], scale: Scale = "nominal") -> Array:
    """(...) Krippendorff's alpha of (..., c, c) coincidences; `values` are the c categories in order."""
    import numpy as np

    table = np.asarray(coincidences, dtype=float)
    margin = table.sum(axis=-1)
    cost = _distance(margin, np.asarray(values, dtype=float), scale)
    seen = (cost * table).sum(axis=(-2, -1))
    expected = (cost * margin[..., :, None] * margin[..., None, :]).sum(axis=(-2, -1))
    return 1 - _ratio(seen * (margin.sum(axis=-1) - 1), expected)


def _distance(margin: Array, values: Array, scale: Scale) -> Array:
    """(..., c, c) squared distance of two categories."""
    import numpy as np

    gap = np.subtract.outer(values, values)
    if scale == "nominal":
        return np.asarray(gap != 0, dtype=float)
    if scale == "interval":
        return np.asarray(gap**2)
    if scale == "ratio":
        total = np.add.outer(values, values)
        return np.where(total == 0, 0.0, gap / np.where(total == 0, 1.0, total)) ** 2
    before = np.cumsum(margin, axis=-1) - margin / 2
    return np.asarray((before[..., :, None] - before[..., None, :]) ** 2)


def coincidences(ratings: Sequence[Sequence[float | None]]) -> tuple[Array, list[float]]:
    """(items, c, c) coincidences of every item, and the c categories; `ratings` is raters × items, None where absent.

    An item with fewer than two ratings says nothing of agreement and contributes zeros.
    """
    import numpy as np

    values = sorted({float(v) for rater in ratings for v in rater if v is not None})
    place = {value: at for at, value in enumerate(values)}
    items = len(ratings[0]) if ratings else 0
    out = np.zeros((items, len(values), len(values)))
    for item in range(items):
        counts = np.zeros(len(values))
        for rater in ratings:
            given = rater[item]
            if given is not None:
                counts[place[float(given)]] += 1
        if counts.sum() >= 2:
            out[item] = (np.outer(counts, counts) - np.diag(counts)) / (counts.sum() - 1)
    return out, values


def alpha_of(ratings: Sequence[Sequence[float | None]], scale: Scale = "nominal") -> float:
    """Krippendorff's alpha of raters × items."""
    table, values = coincidences(ratings)
    return float(alpha(table.sum(axis=0), values, scale))


def evidence(
    per_item: Array, coefficient: Callable[[Array], Array], *, seed: str, ids: Sequence[str], name: str = "agreement"
) -> Evidence:
    """Evidence of a coefficient by BCa over items.

    Args:
        per_item: (n, c, c) each item's part of the table.
        coefficient: (..., c, c) → (...).
        seed: of the resampling.
        ids: (n) item ids.
        name: what the coefficient is called in a note.
    """
    import numpy as np

    n, size = len(per_item), per_item.shape[-1]
    flat = per_item.reshape(n, -1)
    if n < FEWEST:
        value = float(coefficient(flat.sum(axis=0).reshape(size, size))) if n else None
        return unknown(
            f"{n} items are too few to say how sure {name} is; at least {FEWEST} are needed", value=value, n=n
        )

    def statistic(sums: Array, sizes: Array) -> Array:
        return np.asarray(coefficient(sums.reshape(*sums.shape[:-1], size, size)))

    units = units_of(flat, None)
    return bca(units, statistic, seed=seed_of(seed, ids), limits=(-1.0, 1.0), fewest=FEWEST)


def pairs(first: Sequence[object], second: Sequence[object]) -> tuple[Array, list[object]]:
    """(n, c, c) one-hot pairs of two raters' labels, and the labels in order."""
    import numpy as np

    labels = sorted(set(first) | set(second), key=lambda label: (str(type(label)), label))
    place = {label: at for at, label in enumerate(labels)}
    out = np.zeros((len(first), len(labels), len(labels)))
    for at, (one, two) in enumerate(zip(first, second, strict=True)):
        out[at, place[one], place[two]] = 1
    return out, labels


def _ratio(above: Array, below: Array) -> Array:
    """above / below, NaN for 0/0."""
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(above, dtype=float) / below
