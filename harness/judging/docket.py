"""The docket: what a check puts before a judge, and on which terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from harness.errors import SuiteError
from harness.judging.question import Case
from harness.judging.rubric import Rubric
from harness.sample import Sample
from harness.score import Quantity
from harness.task import as_text

Correction = Literal["strata", "prediction_powered"]
"""How scores are corrected by labels: by the mean label of every verdict, or by the judge's mean error."""


def seated(check: str, judge: str | Sequence[str], *, least_labels: int, probe: int, retest: float) -> tuple[str, ...]:
    """The judges that an option names; raises `SuiteError` where it or another term makes no sense."""
    judges = (judge,) if isinstance(judge, str) else tuple(judge)
    if not judges or least_labels < 1 or probe < 0:
        raise SuiteError(f"{check}: at least one judge and one label are needed, and `probe` is at least 0")
    if not 0 <= retest <= 1:
        raise SuiteError(f"{check}: `retest` is a share of the answers, from 0 to 1; found {retest!r}")
    return judges


def numeric(name: str, correction: Correction) -> Quantity:
    """A corrected score, by the way it is corrected."""
    return Quantity(name, "judged" if correction == "strata" else correction, "higher")


def beside(sample: Sample, rubric: Rubric) -> Mapping[str, str]:
    """What the judge sees beside question and answer: the rubric's `needs`.

    Raises:
        SuiteError: the sample has no such field.
    """
    for name in rubric.needs:
        if name not in sample.row and name != "reference":
            raise SuiteError(f"rubric {rubric.name!r} needs the field {name!r}; sample {sample.id} has none")
    return {
        name: "\n".join(sample.targets) if name == "reference" else as_text(sample.row[name]) for name in rubric.needs
    }


def probed(
    cases: Sequence[Case], samples: Sequence[Sample], count: int, *, targets: bool
) -> tuple[list[Case], list[Sequence[str]]]:
    """The cases whose questions are put with probes, spread over all, and the right answers to each where there are."""
    some = list(cases[:: max(1, len(cases) // max(1, count))][:count])
    known = {sample.id: sample.targets for sample in samples} if targets else {}
    return some, [known.get(case.id, ()) for case in some]
