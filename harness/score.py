"""Scores: what one metric says of each sample, kept as what adds up, so that any combination can be resampled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

CANDIDATE = "candidate"
"""Blame: the model under test failed (no answer, out of memory, over-long); scores worst."""
INFRASTRUCTURE = "infrastructure"
"""Blame: something around the model failed; the score is missing."""
BROKEN = "check"
"""Blame: what was to be measured cannot be; every criterion that needs this sample is broken."""
EVERY = "*"
"""The value of a row that belongs to every slice of a field: what the slices are compared with."""
NOWHERE = "\0"
"""The value of a row that belongs to no slice of a field."""


@dataclass(frozen=True, slots=True)
class Missing:
    """No score for this sample, and why; never NaN, never 0, never dropped."""

    reason: str
    blame: str = INFRASTRUCTURE


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of sufficient statistics, given to a metric's `combine`; leading axes are resamples."""

    sums: Array
    """(..., k): one column a name."""
    names: tuple[str, ...]
    n: Array
    """(...): how many samples were summed."""

    def __getitem__(self, name: str) -> Array:
        """(...): the sum called `name`; zeros where no sample had it."""
        if name not in self.names:
            zeros: Array = self.sums[..., :0].sum(axis=-1)
            return zeros
        return self.sums[..., self.names.index(name)]

    def matching(self, prefix: str) -> tuple[Array, tuple[str, ...]]:
        """(..., m) sums and the m names (prefix removed) of all columns that begin with `prefix`."""
        at = [i for i, name in enumerate(self.names) if name.startswith(prefix)]
        return self.sums[..., at], tuple(self.names[i].removeprefix(prefix) for i in at)


Combine = Callable[[Totals], "Array"]
"""Sums of sufficient statistics → the metric's value, for each resample at once; NaN only for 0/0."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """What is being measured: enough to combine, to bound and to judge it, whatever the check that scored it."""

    name: str
    family: str = "mean"
    """How it varies: `proportion` (each score 0 or 1), `mean` (bounded), `corpus` (combine of sums), `log_ratio`
    (exp of a ratio of sums), `unbounded` (mean without bounds), `quantile` (of the scores), `census` (exact), `gap`
    (mean of one set of samples minus that of another), `impact` (rate of one group over that of another), `exposure`
    (centre of paired differences), `calibration` (error of confidences: columns confidence and correct),
    `judged` (a judge's verdicts corrected by human labels: columns verdict, judged, label, labelled),
    `prediction_powered` (the same columns, corrected by the mean error), `spread` (best minus worst of several ways of
    asking: a column for each)."""
    better: str = "higher"
    """`higher`, `lower`, or `neither` (a band is wanted)."""
    bounds: tuple[float, float] = (0.0, 1.0)
    """The range of the value; infinite ends allowed."""
    unit: str = ""
    """`%`, `ms`, `s`, `tokens`, … or empty."""
    combine: Combine | None = None
    """For `corpus` and `log_ratio`; None means the mean of the first statistic."""
    quantile: float = 0.0
    """Which one, for `quantile`: 0.95."""
    least: int = 0
    """Samples of each side (of each column `…_n`; of the whole where there is none) below which nothing is claimed."""
    compared: bool = False
    """Whether it may only be held against another model's: nobody knows how far the value itself is right."""
    whole: str = "all"
    """What is meant where no slice is named: `all` rows together, or the `worst` slice, so that each must hold."""
    advice: str = ""
    """Why it should be shown and not decide, where that is so."""
    drawn: bool = True
    """Whether the report draws its slices as a chart."""

    @property
    def worst(self) -> float:
        """The bad end of the range."""
        return self.bounds[0] if self.better != "lower" else self.bounds[1]

    @property
    def best(self) -> float:
        """The good end of the range."""
        return self.bounds[1] if self.better != "lower" else self.bounds[0]


@dataclass(frozen=True, slots=True)
class Scores:
    """One metric's scores of one model: a table of sufficient statistics, one row a sample, in sample order."""

    quantity: Quantity
    ids: tuple[str, ...]
    stats: Array
    """(n, k) sufficient statistics; rows of missing samples are zero and listed in `missing`."""
    names: tuple[str, ...] = ("value",)
    """The k column names."""
    missing: Mapping[int, Missing] = field(default_factory=dict)
    """Row → why it has no score."""
    worst_stats: tuple[float, ...] | None = None
    """What a failed sample contributes, where that is not (quantity.worst,)."""
    extremes: tuple[Array, Array] | None = None
    """((n, k), (n, k)): what each sample would contribute unanswered and answered perfectly, where that is known."""
    clusters: tuple[str, ...] | None = None
    """(n) independent unit of each row; None where rows are independent."""
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Slice field → (n) value of each row; EVERY where a row belongs to each slice, NOWHERE where to none."""
    withheld: str = ""
    """Why nothing may be claimed of these scores, where that is so: the value is shown, and decides nothing."""
    note: str = ""
    """What a reader of the estimate must know."""

    @property
    def n(self) -> int:
        """Rows that have a score."""
        return len(self.ids) - len(self.missing)

    def take(self, rows: Sequence[int]) -> Scores:
        """The same scores of some rows only, in that order."""
        place = {row: at for at, row in enumerate(rows)}
        return replace(
            self,
            ids=tuple(self.ids[r] for r in rows),
            stats=self.stats[list(rows)],
            missing={place[r]: why for r, why in self.missing.items() if r in place},
            extremes=None if self.extremes is None else (self.extremes[0][list(rows)], self.extremes[1][list(rows)]),
            clusters=None if self.clusters is None else tuple(self.clusters[r] for r in rows),
            groups={name: tuple(values[r] for r in rows) for name, values in self.groups.items()},
        )

    def slices(self, field: str = "") -> dict[str, list[int]]:
        """`field=value` → its rows, of one slice field or of all of them, in the order of their names."""
        found: dict[str, list[int]] = {}
        for name in [field] if field else sorted(self.groups):
            rows: dict[str, list[int]] = {}
            for row, value in enumerate(self.groups[name]):
                rows.setdefault(value, []).append(row)
            each = rows.pop(EVERY, [])
            rows.pop(NOWHERE, None)
            found.update({f"{name}={value}": sorted(each + members) for value, members in rows.items()})
        return dict(sorted(found.items()))

    def part(self, rows: Sequence[int]) -> Scores:
        """The scores of one slice's rows, which speak for themselves, not for their worst slice."""
        return replace(self.take(rows), quantity=replace(self.quantity, whole="all"))

    def present(self) -> Scores:
        """Only the rows that have a score."""
        if not self.missing:
            return self
        return self.take([row for row in range(len(self.ids)) if row not in self.missing])


Stat = float | tuple[float, ...] | Mapping[str, float]
"""What a metric returns for one sample."""


def table(
    quantity: Quantity,
    ids: Iterable[str],
    values: Iterable[Stat | Missing],
    *,
    clusters: Iterable[str] | None = None,
    groups: Mapping[str, Iterable[str]] | None = None,
    extremes: Iterable[tuple[Stat, Stat]] | None = None,
) -> Scores:
    """Scores from per-sample values; named statistics may differ from sample to sample (absent means 0).

    `extremes` are each sample's statistics unanswered and answered perfectly; they make bounds possible where nearly
    every sample is right, and stand in for what is missing.

    Raises:
        ValueError: a value is NaN or infinite, or tuples differ in length.
    """
    import numpy as np

    missing: dict[int, Missing] = {}
    rows: list[Mapping[str, float]] = []
    for at, value in enumerate(values):
        if isinstance(value, Missing):
            missing[at] = value
        rows.append({} if isinstance(value, Missing) else _named(value))
    ends = [(_named(worst), _named(best)) for worst, best in extremes or ()]
    ids = tuple(ids)
    names = tuple(dict.fromkeys(name for row in [*rows, *(end for pair in ends for end in pair)] for name in row))
    names = names or ("value",)
    stats = _filled(rows, names)
    if not np.isfinite(stats).all():
        bad = int(np.argwhere(~np.isfinite(stats))[0, 0])
        raise ValueError(f"{quantity.name} of sample {ids[bad]!r} is not a finite number")
    return Scores(
        quantity, ids, stats, names, missing,
        extremes=(_filled([e[0] for e in ends], names), _filled([e[1] for e in ends], names)) if ends else None,
        clusters=None if clusters is None else tuple(clusters),
        groups={name: tuple(members) for name, members in (groups or {}).items()},
    )  # fmt: skip


def joined(parts: Sequence[Scores]) -> Scores:
    """Scores of the same quantity for different samples as one table; a statistic that a part does not have is 0."""
    import numpy as np

    if len(parts) == 1:
        return parts[0]
    names = tuple(dict.fromkeys(name for part in parts for name in part.names if part.stats.any() or name != "value"))
    names = names or parts[0].names
    begins = np.cumsum([0, *(len(part.ids) for part in parts)])
    ends = [part.extremes for part in parts if part.extremes is not None]
    grouped = [part.clusters for part in parts if part.clusters is not None]
    return replace(
        parts[0],
        ids=tuple(name for part in parts for name in part.ids),
        stats=np.concatenate([_spread(part.stats, part.names, names) for part in parts]),
        names=names,
        missing={int(start) + row: why for start, part in zip(begins, parts, strict=False)
                 for row, why in part.missing.items()},
        extremes=(
            np.concatenate([_spread(low, part.names, names) for part, (low, _) in zip(parts, ends, strict=True)]),
            np.concatenate([_spread(high, part.names, names) for part, (_, high) in zip(parts, ends, strict=True)]),
        ) if ends else None,
        clusters=tuple(name for part in grouped for name in part) if grouped else None,
        groups={field: tuple(value for part in parts for value in part.groups[field]) for field in parts[0].groups},
    )  # fmt: skip


def _spread(stats: Array, own: tuple[str, ...], names: tuple[str, ...]) -> Array:
    """(n, len(names)): the columns called `own` at their places among `names`."""
    import numpy as np

    if own == names:
        return stats
    wide = np.zeros((len(stats), len(names)))
    for at, name in enumerate(own):
        if name in names:
            wide[:, names.index(name)] = stats[:, at]
    return wide


def _named(value: Stat) -> Mapping[str, float]:
    if isinstance(value, Mapping):
        return value
    if isinstance(value, tuple):
        return {str(i): float(v) for i, v in enumerate(value)}
    return {"value": float(value)}


def _filled(rows: Sequence[Mapping[str, float]], names: tuple[str, ...]) -> Array:
    """(n, k): one column a name."""
    import numpy as np

    column = {name: at for at, name in enumerate(names)}
    stats = np.zeros((len(rows), len(names)))
    for at, row in enumerate(rows):
        for name, number in row.items():
            stats[at, column[name]] = number
    return stats
