"""Does a judge prefer the candidate's answers to another model's?"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from harness.catalog import File, Judge, check
from harness.checkpoint import Checkpoint
from harness.errors import CheckBroken, SuiteError, nearest
from harness.exchange import Request, Response
from harness.findings import Findings, Rounds
from harness.judging import labels as human
from harness.judging import probes, telling, trust, turning
from harness.judging.correcting import corrected
from harness.judging.docket import Correction, beside, numeric, probed, seated
from harness.judging.hearing import Bench
from harness.judging.question import By, Case
from harness.judging.retest import untested
from harness.judging.rubric import Rubric, find
from harness.judging.session import Heard, Judged, Twice, sit
from harness.sample import Sample
from harness.score import INFRASTRUCTURE, Missing, Quantity, table
from harness.task import Task


def _measures(correction: Correction) -> dict[str, Quantity]:
    return {
        "win_rate": numeric("win_rate", correction),
        "raw_win_rate": Quantity("raw_win_rate", "mean", "higher", compared=True),
        "swap_consistency": Quantity("swap_consistency", "proportion", "higher"),
        "first_wins": Quantity("first_wins", "proportion", "neither"),
        "verdict_rate": Quantity("verdict_rate", "proportion", "higher"),
    }


@check(measures=_measures)
def pairwise(
    model: Checkpoint,
    models: tuple[Checkpoint, ...],
    root: Path,
    seed: int,
    backends: Mapping[str, str],
    *,
    of: Task,
    judge: Judge | list[Judge],
    against: str = "base",
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
    """Have a judge compare each answer with another model's, in both orders, and count its word as far as people agree.

    `win_rate` is how often people would prefer the answers (ties are one half): the mean of both orders, corrected by
    human labels of pairs. It decides nothing where the judge is not trusted, prefers a place, or changes its mind with
    the order. `raw_win_rate` is the judge's own word. `swap_consistency` is the share of pairs on which both orders
    agree, `first_wins` how often the answer shown first wins.

    Options:
        of: the task whose answers are compared
        judge: a model under `models`, or several for a jury
        against: the model whose answers stand on the other side
        rubric: what counts: a bundled rubric, or a folder or file of your own
        labels: human labels of pairs, JSONL {question, answers: [first, second], label: 1, 0.5 or 0}
        least_labels: how many human labels the judge must be held against
        agreement: what the lower bound of its agreement with people must reach
        probe: questions that are also put with worthless and with equal answers; 0 only where a judge is recorded
        by: generation (the judge writes a verdict) or scoring (the words of the verdict are weighed)
        rows: samples compared at most
        retest: share of the answers about which a judge behind a server is asked twice (10 at least); 0 for none
        correction: of `win_rate`: strata (the mean label of each verdict), or prediction_powered (the mean error:
            narrower, with 200 labels or more that were drawn at random from these answers)
    """
    judges = seated("pairwise", judge, least_labels=least_labels, probe=probe, retest=retest)
    other = next((one for one in models if one.name == against), None)
    if other is None:
        names = [one.name for one in models]
        raise SuiteError(f"pairwise: no model named {against!r} takes part{nearest(against, names)}")
    samples = list(islice(of.samples(), rows))
    if model.name == against:  # against itself, by definition; nobody needs to be asked
        ids = [sample.id for sample in samples]
        return Findings(scores={"raw_win_rate": table(_measures(correction)["raw_win_rate"], ids, [0.5] * len(ids))})
    found = find(rubric, root)
    people = human.read(root / labels, found, pair=True) if labels else []
    mine, theirs = yield from _both(of, samples, model, other)
    cases, lost = _cases(of, samples, mine, theirs, found)
    some, right = probed(cases, samples, probe, targets=of.needs_target)
    put, sitting = probes.pairwise(some, right, found.not_probed), Bench(found, judges, seed, by)
    demands, twice = trust.Demands(least_labels, agreement), Twice(retest, backends)
    heard = yield from sit(sitting, cases, people, put, demands, twice)
    return _findings(samples, lost, heard, sitting, _measures(correction), untested(retest, judges, backends))


def _both(
    of: Task, samples: Sequence[Sample], one: Checkpoint, two: Checkpoint
) -> Generator[list[Request], list[Response], tuple[list[Response], list[Response]]]:
    """The answers of both models, asked in one round."""
    asked: list[Request] = []
    for model in (one, two):
        for sample in samples:
            (request,) = of.requests(sample, model.head)[:1]
            asked.append(_to(request, model.name))
    heard = yield asked
    return heard[: len(samples)], heard[len(samples) :]


def _to(request: Request, name: str) -> Request:
    from dataclasses import replace

    return replace(request, to=name)


def _cases(
    of: Task, samples: Sequence[Sample], mine: Sequence[Response], theirs: Sequence[Response], rubric: Rubric
) -> tuple[list[Case], dict[str, Missing]]:
    """The pairs that can be compared, and why the others cannot."""
    cases: list[Case] = []
    lost: dict[str, Missing] = {}
    for sample, one, two in zip(samples, mine, theirs, strict=True):
        shown = beside(sample, rubric)
        if one.fault:
            lost[sample.id] = Missing(one.fault, one.blame or INFRASTRUCTURE)
        elif two.fault:
            lost[sample.id] = Missing(f"the other model failed: {two.fault}", INFRASTRUCTURE)
        else:
            texts = [response.text or of.read(sample, response).text for response in (one, two)]
            cases.append(Case(sample.id, sample.prompt, (texts[0], texts[1]), shown))
    if not cases:
        raise CheckBroken(f"pairwise: no sample was answered by both models; first: {next(iter(lost.values())).reason}")
    return cases, lost


def _findings(
    samples: Sequence[Sample], lost: Mapping[str, Missing], heard: Heard, sitting: Bench,
    measured: Mapping[str, Quantity], notes: Sequence[str],
) -> Findings:  # fmt: skip
    by_id = {one.case.id: one for one in heard.run}
    ids = [sample.id for sample in samples]
    why = [lost.get(name) or _unread(by_id[name]) for name in ids]
    known = [None if reason else by_id[name] for name, reason in zip(ids, why, strict=True)]
    raw = [reason or (one.score if one else None) or 0.0 for one, reason in zip(known, why, strict=True)]
    turned = [one for one in heard.run if one.consistent is not None]
    wins = [(f"{one.case.id}/{at}", win) for one in heard.run for at, win in enumerate(one.first_wins)]
    fair = turning.unfair(turned, [win for _, win in wins])
    if fair:
        heard = heard.also(fair)
    scores = {
        "win_rate": corrected(measured["win_rate"], ids, why, heard, sitting.rubric),
        "raw_win_rate": table(measured["raw_win_rate"], ids, raw),
        "verdict_rate": table(measured["verdict_rate"], ids, [0.0 if reason else 1.0 for reason in why]),
        "swap_consistency": table(
            measured["swap_consistency"],
            [one.case.id for one in turned],
            [float(bool(one.consistent)) for one in turned],
        ),
        "first_wins": table(measured["first_wins"], [name for name, _ in wins], [float(win) for _, win in wins]),
    }
    warnings = [*telling.unscored(heard.run), *telling.unprobed(heard), *notes]
    warnings += [heard.withheld] if heard.withheld else []
    people = [list(one.labels.values()) for one, _ in heard.labelled]
    figures = [
        *telling.figures(heard, sitting.judges, trust.ceiling(people)),
        turning.shown(heard),
        *turning.lost(heard),
    ]
    return Findings(scores=scores, figures=figures, warnings=warnings)


def _unread(judged: Judged) -> Missing | None:
    return Missing(judged.fault, INFRASTRUCTURE) if judged.score is None else None
