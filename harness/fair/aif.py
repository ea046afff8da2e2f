"""AIF360's own figures for the same outcomes, beside ours: they must be equal wherever AIF360 gives a number.

AIF360 0.6.1 gives NaN, an infinity or 0 for 0/0, depending on the function; there our value is unknown, and nothing is
compared.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from harness.errors import CheckBroken
from harness.fair.groups import Grouping
from harness.fair.outcomes import Decisions
from harness.fair.parity import Contrast, contrast_table, contrasts
from harness.figure import Figure, Table
from harness.score import Totals

if TYPE_CHECKING:
    from harness.score import Scores

TOLERANCE = 1e-9


def measures(model: str, decisions: Decisions, groups: Sequence[tuple[Grouping, str]]) -> list[Figure]:
    """Each measure of each group as a table, every number of it proved equal to AIF360's; none where nothing is known.

    Raises:
        CheckBroken: a number differs from AIF360's.
    """
    if all(decisions.favorable(row) is None for row in range(len(decisions.ids))):
        return []
    figures: list[Figure] = []
    for grouping, privileged in groups:
        others = sorted(set(grouping.sizes) - {privileged})
        theirs = {value: of(decisions, grouping.values, privileged, value) for value in others}
        rows: list[list[str | float | int | None]] = []
        for name, contrast in contrasts().items():
            ours = _ours(contrast, decisions, grouping, privileged)
            for value in others:
                _compare(name, f"{grouping.field}={value}", ours.get(value), theirs[value][name])
            rows.append([name, *(ours.get(value) for value in others)])
        note = f"Against {privileged}; a difference is its own rate minus that of {privileged}. Equal to AIF360's."
        title = f"Measures by {grouping.field}: {model}"
        figures.append(Table(title=title, columns=["measure", *others], rows=rows, note=note))
    return figures


def of(decisions: Decisions, values: Sequence[str], privileged: str, unprivileged: str) -> dict[str, float]:
    """AIF360's value of each measure of one group against another, NaN and infinities as it gives them."""
    import numpy as np

    rows = [
        row
        for row, value in enumerate(values)
        if value in (privileged, unprivileged) and decisions.favorable(row) is not None
    ]
    with _quiet():
        import pandas as pd
        from aif360.datasets import BinaryLabelDataset
        from aif360.metrics import ClassificationMetric

        frame = pd.DataFrame({
            "group": [float(values[row] == privileged) for row in rows],
            "outcome": [float(decisions.deserved[row]) for row in rows],
        })  # fmt: skip
        truth = BinaryLabelDataset(df=frame, label_names=["outcome"], protected_attribute_names=["group"])
        given = truth.copy()
        given.labels = np.array([[float(bool(decisions.favorable(row)))] for row in rows])
        metric = ClassificationMetric(truth, given, [{"group": 0.0}], [{"group": 1.0}])
        return {name: float(getattr(metric, name)()) for name in contrasts()}


def _ours(contrast: Contrast, decisions: Decisions, grouping: Grouping, privileged: str) -> dict[str, float | None]:
    """Group → our value, over the samples whose outcome is known."""
    import numpy as np

    scores = contrast_table(contrast, decisions, [(grouping, privileged)], 0)
    found: dict[str, float | None] = {}
    for label, rows in scores.slices(grouping.field).items():
        part: Scores = scores.take(rows).present()
        assert contrast.quantity.combine is not None
        totals = Totals(part.stats.sum(axis=0), part.names, np.asarray(float(len(part.ids))))
        value = float(contrast.quantity.combine(totals))
        found[label.removeprefix(f"{grouping.field}=")] = value if math.isfinite(value) else None
    return found


def _compare(name: str, group: str, ours: float | None, theirs: float) -> None:
    if ours is not None and math.isfinite(theirs) and abs(ours - theirs) > TOLERANCE:
        raise CheckBroken(f"fairness: {name} of {group} is {ours:.9g} here and {theirs:.9g} by AIF360; one is wrong")


@contextmanager
def _quiet() -> Iterator[None]:
    """Without AIF360's remarks on what is not installed, and without the logging handler that it leaves behind."""
    root: Any = logging.getLogger()
    handlers, level = list(root.handlers), logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
        root.handlers[:] = handlers
