"""A judge's verdicts beside human labels, as one table that the gate corrects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.judging.labels import Labelled
from harness.judging.rubric import Rubric
from harness.judging.session import Heard, Judged
from harness.score import Missing, Quantity, Scores, Stat, table

PASSING = "pass_rate"
"""The quantity of which verdicts and labels are whether an answer passes; of any other they are its score."""


def corrected(
    quantity: Quantity, ids: Sequence[str], lost: Sequence[Missing | None], heard: Heard, rubric: Rubric
) -> Scores:
    """The verdicts on the run's samples, with the labels of those that people saw; then what was labelled elsewhere.

    Args:
        quantity: of the family `judged`.
        ids: every sample of the run.
        lost: why each has no verdict; None where it has one.
        heard: the session.
        rubric: what was judged by.
    """
    by_id = {one.case.id: one for one in heard.run}
    known = {(one.case.question, one.case.answers): one for one, _ in heard.labelled}
    values: list[Stat | Missing] = []
    used: set[int] = set()
    for name, why in zip(ids, lost, strict=True):
        if why is not None:
            values.append(why)
            continue
        one = by_id[name]
        label = known.get((one.case.question, one.case.answers))
        used |= {label.line} if label is not None else set()
        values.append(_row(quantity, rubric, one, label, here=True))
    elsewhere = [(one, two) for one, two in heard.labelled if one.line not in used and two.score is not None]
    values += [_row(quantity, rubric, two, one, here=False) for one, two in elsewhere]
    whole = [*ids, *(f"label/{one.line}" for one, _ in elsewhere)]
    ends = [{"verdict": end, "judged": 1.0, "label": 0.0, "labelled": 0.0} for end in (0.0, 1.0)]
    found = table(quantity, whole, values, extremes=[(ends[0], ends[1])] * len(whole))
    note = f"{len(elsewhere)} of the labels are of other answers than this run's" if elsewhere else ""
    return replace(found, withheld=heard.withheld, note=note)


def _row(quantity: Quantity, rubric: Rubric, judged: Judged, label: Labelled | None, *, here: bool) -> dict[str, float]:
    passing = quantity.name == PASSING
    said = float(bool(judged.passes)) if passing else judged.score or 0.0
    told = 0.0 if label is None else label.passing(rubric) if passing else label.label
    return {"verdict": said, "judged": float(here), "label": told, "labelled": float(label is not None)}
