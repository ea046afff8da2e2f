"""Who stands in the data, and with which labels?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from harness.catalog import check
from harness.data.dataset import Dataset
from harness.errors import SuiteError, nearest
from harness.findings import Findings
from harness.inspecting.groups import NOBODY, Members, figures, label_gap, quantities, rates, read, smallest
from harness.score import Quantity, table


def _measures(favorable: list[str] | None) -> dict[str, Quantity]:
    return quantities(favorable)


@check(measures=_measures, asks="nobody")
def representation(
    *,
    data: Dataset,
    group: str,
    target: str = "target",
    favorable: list[str] | None = None,
    privileged: str | None = None,
) -> Findings:
    """Count the groups of a data set, and compare which labels they carry: what training rows teach of them.

    `smallest` is how many rows the smallest group has; `ungrouped` the share of rows without a group; `label_gap` how
    far the labels of the group that differs most are from those of all other rows (total variation: 0 to 1).
    With `favorable`, `disparate_impact` is the rate of favourable labels of the other groups over that of the
    privileged one, and `rate_gap` privileged minus others; both can be asked of one group (`[worst group]`), and a
    group of fewer than 30 rows decides nothing.

    Options:
        data: the rows
        group: the field that says which group a row is about
        target: the field with the label
        favorable: the labels that are good for whom they are about
        privileged: the group that others are held against; the largest unless said
    """
    rows = read(data, group, target)
    counts = Counter(rows.groups)
    known = Counter({name: n for name, n in counts.items() if name != NOBODY})
    if len(known) < 2:
        one = f"only the group {next(iter(known))!r}" if known else f"nothing in {group!r}"
        raise SuiteError(f"representation: {data} has {one}; there are no groups to compare")
    reference = privileged or max(sorted(known), key=lambda name: known[name])
    if reference not in known:
        raise SuiteError(f"representation: no row of {data} has {group}={privileged!r}{nearest(reference, known)}")
    labels = {label for label in rows.labels if label is not None}
    for wanted in favorable or ():
        if wanted not in labels:
            raise SuiteError(f"representation: no row of {data} has the label {wanted!r}{nearest(wanted, labels)}")
    scores = {
        "smallest": smallest(known),
        "ungrouped": table(quantities(None)["ungrouped"], rows.ids, [float(g == NOBODY) for g in rows.groups]),
        "label_gap": label_gap(rows, known),
    }
    if favorable is not None:
        scores |= rates(rows, set(favorable), reference)
    return Findings(scores=scores, figures=figures(rows, counts, favorable, reference), warnings=_warnings(rows, known))


def _warnings(rows: Members, known: Mapping[str, int]) -> list[str]:
    told = [f"the group {name!r} has {n} rows; nothing can be claimed of it" for name, n in known.items() if n < 30]
    if lost := sum(label is None for label in rows.labels):
        told.append(f"{lost:,} rows have no label; what it would be is taken both ways")
    return told[:10]
