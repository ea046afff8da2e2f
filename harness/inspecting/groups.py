"""Groups of rows: how many each has, and how far apart the labels are that they carry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.data import Dataset, text_of
from harness.errors import NothingSelected, SuiteError, nearest
from harness.figure import Figure, Heat, Table
from harness.score import Combine, Missing, Quantity, Scores, Totals, table

if TYPE_CHECKING:
    from harness.score import Array

NOBODY = "(missing)"
MOST_LABELS = 300
_IMPACT = ("unprivileged", "unprivileged_n", "privileged", "privileged_n")
_GAP = ("reference", "reference_n", "other", "other_n")


def _least(totals: Totals) -> Array:
    smallest: Array = totals.sums.min(axis=-1)
    return smallest


def _widest(totals: Totals) -> Array:
    widest: Array = totals.sums.max(axis=-1)
    return widest


def quantities(favorable: Sequence[str] | None) -> dict[str, Quantity]:
    """What is measured of groups; rates only where favourable labels are named."""
    found = {
        "smallest": Quantity("smallest", "census", "higher", (0.0, float("inf")), combine=_least),
        "ungrouped": Quantity("ungrouped", "census", "lower"),
        "label_gap": Quantity("label_gap", "census", "lower", combine=_widest),
    }
    if favorable is not None:
        found["disparate_impact"] = Quantity("disparate_impact", "impact", "neither", (0.0, float("inf")))
        found["rate_gap"] = Quantity("rate_gap", "gap", "neither", (-1.0, 1.0))
    return found


@dataclass(frozen=True, slots=True)
class Members:
    """What is needed of each row."""

    ids: list[str]
    groups: list[str]
    labels: list[str | None]


def read(data: Dataset, group: str, target: str) -> Members:
    """The group and the label of every row.

    Raises:
        NothingSelected: there are no rows.
        SuiteError: no row has the field.
    """
    rows, fields = Members([], [], []), dict[str, None]()
    for record in data.records():
        value, label = record.fields.get(group), record.fields.get(target)
        fields.update(dict.fromkeys(record.fields))
        rows.ids.append(record.id)
        rows.groups.append(NOBODY if value is None or value == "" else text_of(value))
        rows.labels.append(None if label is None or label == "" else text_of(label))
    if not rows.ids:
        raise NothingSelected(f"{data} has no rows; there is nobody to count")
    for option, name in (("group", group), ("target", target)):
        if name not in fields:
            hint = nearest(name, fields)
            raise SuiteError(f"representation: no row of {data} has a field {name!r}{hint}; set `{option}`")
    return rows


def smallest(known: Mapping[str, int]) -> Scores:
    """The rows of the smallest group."""
    return _by_group("smallest", {name: float(n) for name, n in known.items()}, _least, float("inf"))


def _by_group(name: str, values: Mapping[str, float], combine: Combine, high: float) -> Scores:
    """One row a group, with its number in its own column."""
    import numpy as np

    quantity = Quantity(name, "census", "higher" if combine is _least else "lower", (0.0, high), combine=combine)
    names = sorted(values)
    return Scores(quantity, tuple(names), np.diag([values[n] for n in names]), tuple(names))


def label_gap(rows: Members, known: Mapping[str, int]) -> Scores:
    """For each group the total variation between its labels and those of all other rows."""
    pairs = Counter((g, label) for g, label in zip(rows.groups, rows.labels, strict=True) if label and g in known)
    labels = Counter[str]()
    for (_, label), n in pairs.items():
        labels[label] += n
    if not labels or len(labels) > MOST_LABELS:
        why = Missing(f"the targets are no labels: {len(labels):,} different ones")
        return table(quantities(None)["label_gap"], ["all"], [why])
    sizes, total = Counter[str](), sum(labels.values())
    for (name, _), n in pairs.items():
        sizes[name] += n
    apart = {
        name: 0.5 * sum(abs(pairs[name, x] / size - (n - pairs[name, x]) / (total - size)) for x, n in labels.items())
        for name, size in sizes.items()
        if total > size
    }
    return _by_group("label_gap", apart, _widest, 1.0)


def rates(rows: Members, favorable: set[str], reference: str) -> dict[str, Scores]:
    """Rows as the two-group families want them; those of the privileged group belong to every slice."""
    import numpy as np

    at = [i for i, name in enumerate(rows.groups) if name != NOBODY]
    first = np.array([rows.groups[i] == reference for i in at])
    good = np.array([float(rows.labels[i] in favorable) for i in at])
    missing = {k: Missing("the row has no label") for k, i in enumerate(at) if rows.labels[i] is None}
    groups = {"group": tuple("*" if one else rows.groups[i] for one, i in zip(first, at, strict=True))}
    ids = tuple(rows.ids[i] for i in at)
    one, other = np.where(first, good, 0.0), np.where(first, 0.0, good)
    of = quantities([])
    impact = np.stack([other, ~first, one, first], axis=1).astype(float)
    gap = np.stack([one, first, other, ~first], axis=1).astype(float)
    return {
        "disparate_impact": Scores(of["disparate_impact"], ids, impact, _IMPACT, missing, groups=groups),
        "rate_gap": Scores(of["rate_gap"], ids, gap, _GAP, missing, groups=groups),
    }


def figures(rows: Members, counts: Counter[str], favorable: Sequence[str] | None, reference: str) -> list[Figure]:
    """The groups, and the share of each label in each of them."""
    labels = [label for label, _ in Counter(x for x in rows.labels if x is not None).most_common(12)]
    pairs = Counter(zip(rows.groups, rows.labels, strict=True))
    names = [name for name, _ in counts.most_common(30)]
    told: list[list[str | float | int | None]] = []
    for name in names:
        labelled = sum(n for (g, x), n in pairs.items() if g == name and x is not None)
        good = sum(pairs[name, x] for x in favorable or ())
        told.append(
            [name, counts[name], counts[name] / len(rows.ids), good / labelled if favorable and labelled else None]
        )
    title = f"Groups (the privileged one: {reference})" if favorable else "Groups"
    made: list[Figure] = [Table(title=title, columns=["group", "rows", "share", "favourable"], rows=told)]
    if 2 <= len(labels) <= 12:
        shares: list[list[float | None]] = [[pairs[n, x] / counts[n] for x in labels] for n in names]
        made.append(Heat(title="Share of each label in each group", rows=names, columns=labels, values=shares))
    return made
