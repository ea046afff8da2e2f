"""Does a judge find the answers good, as far as people agree with it?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

from harness.ask import Asked, ask
from harness.catalog import File, Judge, check
from harness.checkpoint import Checkpoint
from harness.findings import Findings, Rounds
from harness.judging import labels as human
from harness.judging import probes, telling, trust
from harness.judging.correcting import corrected
from harness.judging.docket import Correction, beside, numeric, probed, seated
from harness.judging.hearing import Bench
from harness.judging.labels import Labelled
from harness.judging.question import By, Case
from harness.judging.retest import untested
from harness.judging.rubric import Rubric, find
from harness.judging.session import Heard, Judged, Twice, sit
from harness.score import INFRASTRUCTURE, Missing, Quantity, table
from harness.task import Task


def _measures(correction: Correction) -> dict[str, Quantity]:
    return {
        "pass_rate": Quantity("pass_rate", "judged", "higher"),
        "score": numeric("score", correction),
        "raw_pass_rate": Quantity("raw_pass_rate", "proportion", "higher", compared=True),
        "raw_score": Quantity("raw_score", "mean", "higher", compared=True),
        "verdict_rate": Quantity("verdict_rate", "proportion", "higher"),
    }


@check(measures=_measures)
def rubric(
    model: Checkpoint,
    root: Path,
    seed: int,
    backends: Mapping[str, str],
    *,
    of: Task,
    judge: Judge | list[Judge],
    rubric: str = "helpfulness",
    labels: File | None = None,
    least_labels: int = 100,
    agreement: float = 0.7,
    probe: int = 5,
    by: By = "generation",
    rows: int | None = None,
    retest: float = 0.1,
    correction: Correction = "strata",
) -> Rounds:
    """Have a judge grade each answer by a rubric, and count its word as far as people agree with it.

    `pass_rate` and `score` are what people would say: the judge's verdicts, corrected by human labels. They decide
    nothing where the judge is not trusted (too few labels, too little agreement, or worthless answers that it lets
    pass). `raw_pass_rate` and `raw_score` are the judge's own words, which may only be compared with another model's.

    Options:
        of: the task whose answers are judged
        judge: a model under `models`, or several for a jury (the majority decides, scores are averaged)
        rubric: a bundled rubric (helpfulness, …), or a folder or file of your own
        labels: human labels, JSONL {question, answer, label}; those that came with the rubric unless said
        least_labels: how many human labels the judge must be held against
        agreement: what the lower bound of its agreement with people must reach
        probe: questions that are also put with worthless and with right answers; 0 only where a judge is recorded
        by: generation (the judge writes a verdict) or scoring (the words of the verdict are weighed)
        rows: answers judged at most
        retest: share of the answers about which a judge behind a server is asked twice (10 at least); 0 for none
        correction: of `score`: strata (the mean label of each verdict), or prediction_powered (the mean error:
            narrower, with 200 labels or more that were drawn at random from these answers)
    """
    judges = seated("rubric", judge, least_labels=least_labels, probe=probe, retest=retest)
    found = find(rubric, root)
    people = _labels(found, root / labels if labels else found.calibration)
    asked = yield from ask(of, model.head, list(islice(of.samples(), rows)) if rows else None)
    cases = _cases(asked, found)
    some, right = probed(cases, asked.samples, probe, targets=of.needs_target)
    put = probes.pointwise(some, right, found.not_probed)
    demands, twice = trust.Demands(least_labels, agreement), Twice(retest, backends)
    sitting = Bench(found, judges, seed, by)
    heard = yield from sit(sitting, cases, people, put, demands, twice)
    return _findings(asked, heard, people, sitting, _measures(correction), untested(retest, judges, backends))


def _labels(rubric: Rubric, path: Path | None) -> list[Labelled]:
    return human.read(path, rubric, pair=False) if path is not None else []


def _cases(asked: Asked, rubric: Rubric) -> list[Case]:
    """The answered samples as cases."""
    cases = []
    for sample, answers in zip(asked.samples, asked.answers, strict=True):
        shown = beside(sample, rubric)
        if not answers[0].response.fault:
            cases.append(Case(sample.id, sample.prompt, (answers[0].response.text or answers[0].text,), shown))
    return cases


def _findings(
    asked: Asked, heard: Heard, people: Sequence[Labelled], sitting: Bench, measured: Mapping[str, Quantity],
    notes: Sequence[str],
) -> Findings:  # fmt: skip
    by_id = {one.case.id: one for one in heard.run}
    ids = [sample.id for sample in asked.samples]
    lost = [_lost(by_id.get(each), asked, at) for at, each in enumerate(ids)]
    known = [None if why else by_id[each] for each, why in zip(ids, lost, strict=True)]
    values: dict[str, list[float | Missing]] = {
        "raw_pass_rate": [why or float(bool(one and one.passes)) for one, why in zip(known, lost, strict=True)],
        "raw_score": [why or (one and one.score) or 0.0 for one, why in zip(known, lost, strict=True)],
        "verdict_rate": [0.0 if why else 1.0 for why in lost],
    }
    groups = _groups(asked)
    found = {metric: table(measured[metric], ids, values[metric], groups=groups) for metric in values}
    for metric in ("pass_rate", "score"):
        found[metric] = corrected(measured[metric], ids, lost, heard, sitting.rubric)
    ceiling = trust.ceiling([list(one.labels.values()) for one in people])
    figures = telling.figures(heard, sitting.judges, ceiling)
    warnings = [*asked.faults(), *telling.unscored(heard.run), *telling.unprobed(heard), *notes]
    if heard.withheld:
        warnings.append(heard.withheld)
    return Findings(scores=found, figures=figures, warnings=warnings, rows=asked.rows())


def _groups(asked: Asked) -> dict[str, list[str]]:
    return {field: [sample.slices[field] for sample in asked.samples] for field in asked.task.slices}


def _lost(judged: Judged | None, asked: Asked, at: int) -> Missing | None:
    """Why a sample has no verdict; None where it has one."""
    response = asked.answers[at][0].response
    if response.fault:
        return Missing(response.fault, response.blame or INFRASTRUCTURE)
    if judged is None:
        return Missing("it was not judged", INFRASTRUCTURE)
    return Missing(judged.fault, INFRASTRUCTURE) if judged.score is None else None
