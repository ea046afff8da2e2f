"""The record: what was found, decided by the gate and written down as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from harness import digest, stats
from harness.caution import generous
from harness.checkpoint import Checkpoint
from harness.degenerate import QUANTITIES as HABITS
from harness.drawing import by_slice, training_curves
from harness.environment import capture, harness_version
from harness.errors import Broken, HarnessError
from harness.figure import Figure
from harness.findings import Findings
from harness.gate import claim_failures, decide, settle
from harness.interview import Interview, by_model
from harness.judging import kinship
from harness.plan import Plan, filled, judges_of
from harness.pledge import Pledge, marked, restrained
from harness.pool import Place, Pool
from harness.remote import offline
from harness.run import (
    CheckRecord,
    CriterionRecord,
    FixtureRecord,
    Measurement,
    ModelRecord,
    Run,
    SuiteRecord,
    Traffic,
)
from harness.score import EVERY, NOWHERE, Scores
from harness.union import combined, united
from harness.verdict import EXIT_OF
from harness.watch import Watch
from harness.workshop import Workshop

CONFIDENCE = 0.95
"""One-sided, of the measurements; criteria have their own."""
MOST_SLICES = 60
"""Slices of one field that are measured; more is a field of identities, not of slices."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything a record is made of."""

    plan: Plan
    workshop: Workshop
    checkpoints: Mapping[str, Checkpoint]
    pool: Pool
    interviews: Sequence[Interview]
    broken: Mapping[str, Broken]
    timings: dict[str, float] = field(default_factory=dict)
    pledge: Pledge | None = None
    cautions: Sequence[str] = ()
    offline: bool = False


def record(evidence: Evidence, *, wish_command: str, started: datetime, candidate: str, watch: Watch) -> Run:
    """The run, decided."""
    began = perf_counter()
    plan = evidence.plan
    found = by_model(evidence.interviews)
    criteria = []
    for criterion in plan.criteria:
        criteria.append(_decide(evidence, criterion, found))
        watch.advance(1)
    weights = evidence.checkpoints["candidate"].digest if "candidate" in evidence.checkpoints else ""
    criteria = claim_failures(marked(evidence.pledge, [*criteria, *united(plan, criteria)]))
    outcome, sentence, multiplicity = settle(criteria)
    outcome, sentence = restrained(evidence.pledge, plan, weights, outcome, sentence)
    measurements = _measurements(evidence, found)
    evidence.timings["decide"] = perf_counter() - began
    return Run(
        suite=SuiteRecord(
            name=plan.suite.name, digest=plan.suite.digest, path=_shown_path(plan.suite.path), seed=plan.suite.seed
        ),
        run_id="",
        started=started.isoformat(timespec="seconds"),
        command=wish_command,
        verdict=outcome.value,
        exit_code=int(EXIT_OF[outcome]),
        sentence=sentence,
        multiplicity=f"{multiplicity}{combined(plan)}",
        candidate=candidate,
        criteria=criteria,
        measurements=measurements,
        checks={check.name: _check(evidence, check.name, found, measurements) for check in plan.checks},
        models={name: _model(evidence, name) for name in (*plan.models, *plan.judges)},
        fixtures={name: _fixture(evidence, name) for name in evidence.workshop.made},
        traffic={name: _traffic(place) for name, place in evidence.pool.places.items()},
        environment=capture(plan.suite.root),
        lock=evidence.pledge.told(started.isoformat(timespec="seconds"), weights) if evidence.pledge else None,
        limit=plan.limit,
        timings={**evidence.timings, "total": (datetime.now(UTC) - started).total_seconds()},
        warnings=[*_warnings(evidence), *evidence.cautions, *generous(plan.criteria, criteria, found)],
        harness=harness_version(),
    )


def _decide(evidence: Evidence, criterion: Any, found: Mapping[str, Mapping[str, Findings]]) -> CriterionRecord:
    mine = found.get(criterion.check, {})
    lost: dict[str, HarnessError | str] = dict(evidence.broken)
    whole = ""
    for interview in evidence.interviews:
        if interview.check == criterion.check and interview.broken is not None:
            if interview.model:
                lost.setdefault(interview.model, interview.broken)
            else:
                whole = str(interview.broken)
    return decide(
        criterion,
        {name: findings.scores for name, findings in mine.items()},
        seed=f"{evidence.plan.suite.name}/{evidence.plan.suite.seed}",
        broken=whole,
        lost=lost,
    )


def _measurements(evidence: Evidence, found: Mapping[str, Mapping[str, Findings]]) -> list[Measurement]:
    seed = f"{evidence.plan.suite.name}/{evidence.plan.suite.seed}"
    decided = {(criterion.check, criterion.metric) for criterion in evidence.plan.criteria}
    measured: list[Measurement] = []
    for check, model, metric, scores in _tables(found):
        # How answers degenerate is of interest as a whole, unless a criterion says more of it.
        beside = metric in HABITS and (check, metric) not in decided
        if beside and not scores.n:
            continue
        for label, part in (("", scores), *([] if beside else _slices(scores))):
            estimate = stats.level(part, confidence=CONFIDENCE, seed=f"{seed}/{check}.{metric}")
            measured.append(Measurement(check=check, metric=metric, model=model, slice=label, **asdict(estimate)))
    return measured


def _tables(found: Mapping[str, Mapping[str, Findings]]) -> Iterator[tuple[str, str, str, Scores]]:
    """Check, model, metric and scores of everything that was measured."""
    for check, models in found.items():
        for model, findings in models.items():
            for metric, scores in findings.scores.items():
                yield check, model, metric, scores


def _slices(scores: Scores) -> list[tuple[str, Scores]]:
    parts = []
    for name, values in scores.groups.items():
        if len(set(values) - {EVERY, NOWHERE}) <= MOST_SLICES:
            parts += [(label, scores.part(rows)) for label, rows in scores.slices(name).items()]
    return parts


def _check(
    evidence: Evidence, name: str, found: Mapping[str, Mapping[str, Findings]], measured: Sequence[Measurement]
) -> CheckRecord:
    spec = next(check for check in evidence.plan.checks if check.name == name)
    models = found.get(name, {})
    drawn = {metric for f in models.values() for metric, scores in f.scores.items() if scores.quantity.drawn}
    figures: list[Figure] = by_slice(name, [m for m in measured if m.metric in drawn])
    compare = next((f.compare for f in models.values() if f.compare is not None), None)
    if compare is not None:
        figures += compare(models)
    interviews = [i for i in evidence.interviews if i.check == name]
    own = [i.findings for i in interviews if i.findings is not None]
    figures += [figure for findings in own for figure in findings.figures]
    broken = [i for i in interviews if i.broken is not None]
    warnings = [
        f"{i.model}: {text}" if i.model else text for i in interviews if i.findings for text in i.findings.warnings
    ]
    return CheckRecord(
        kind=spec.kind,
        summary=spec.entry.summary,
        options=filled(spec),
        samples=max((len(s.ids) for f in models.values() for s in f.scores.values()), default=0),
        figures=figures,
        warnings=warnings,
        broken="; ".join(dict.fromkeys(str(i.broken) for i in broken)),
        blame=broken[0].broken.blame if broken and broken[0].broken else "",
        **_data(evidence, spec),
    )


def _data(evidence: Evidence, spec: Any) -> dict[str, Any]:
    """Which samples the check asked, by digest, and the time it took beside the models."""
    mine = [i for i in evidence.interviews if i.check == spec.name]
    rows = next((i.findings.rows for i in mine if i.findings is not None and i.findings.rows), [])
    asked = ([str(row.get("doc_id")), str(row.get("prompt", "")), str(row.get("target", ""))] for row in rows)
    return {"seconds": sum(i.seconds for i in mine), "data": digest.of_each(asked) if rows else ""}


def _model(evidence: Evidence, name: str) -> ModelRecord:
    checkpoint = evidence.checkpoints.get(name)
    place = evidence.pool.places.get(name)
    fault = evidence.broken.get(name) or (place.broken if place else None)
    facts = place.facts if place else None
    spec = evidence.plan.suite.models[name]
    source = " + ".join(
        str(spec.options[key]) for key in ("pretrained", "peft", "endpoint", "replay") if key in spec.options
    )
    told: dict[str, Any] = {} if facts is None else {
        "dtype": facts.dtype, "device": facts.device, "parameters": facts.parameters,
        "gate": list(facts.gate), "path": facts.path,
    }  # fmt: skip
    if facts is None and fault is None:
        told = {"path": "every answer came from the cache", "gate": ["These very bytes passed the load gate before."]}
    return ModelRecord(
        name=name,
        kind=spec.kind,
        source=source,
        digest=checkpoint.digest if checkpoint else "",
        files=dict(checkpoint.files) if checkpoint else {},
        broken=str(fault) if fault else "",
        **told,
    )


def _traffic(place: Place) -> Traffic:
    """What was asked of a model, and what that took it as far as it knows."""
    counted, effort = place.traffic(), place.facts.effort if place.facts else None
    told = {} if effort is None else {f.name: getattr(effort, f.name) for f in fields(effort)}
    # The time of answering is the pool's: it holds what the model does beside its weights.
    told.pop("seconds", None)
    return counted.model_copy(update={name: value for name, value in told.items() if name in Traffic.model_fields})


def _unasked(evidence: Evidence) -> list[str]:
    """Offline: of each server beyond this machine, what came from the cache and what is missing."""
    servers = {n: str(c.options["endpoint"]) for n, c in evidence.checkpoints.items() if c.kind == "endpoint"}
    places = evidence.pool.places
    return [
        offline.told(name, url, places[name].counted)
        for name, url in servers.items()
        if name in places and offline.beyond(url)
    ]


def _fixture(evidence: Evidence, name: str) -> FixtureRecord:
    made = evidence.workshop.made[name]
    spec = evidence.plan.suite.fixtures[name]
    facts = dict(made.facts)
    return FixtureRecord(
        name=name,
        kind=spec.kind,
        key=evidence.workshop.key(name)[0],
        cached=made.cached,
        seconds=made.seconds,
        options=filled(spec),
        facts={key: value for key, value in facts.items() if key != "curves"},
        figures=training_curves(facts),
    )


def _shown_path(path: Path) -> str:
    """The suite's file as seen from where the command was given; its name alone where it lies elsewhere."""
    whole = path.resolve()
    return whole.relative_to(Path.cwd()).as_posix() if whole.is_relative_to(Path.cwd()) else path.name


def _warnings(evidence: Evidence) -> list[str]:
    plan = evidence.plan
    told = [str(complaint) for complaint in plan.suite.warnings]
    told += evidence.workshop.store.warnings
    for name, place in evidence.pool.places.items():
        told += [f"{name}: {text}" for text in (place.facts.warnings if place.facts else ())]
    told += _unasked(evidence) if evidence.offline else []
    told += dict.fromkeys(note for interview in evidence.interviews for note in interview.notes)
    for check in plan.checks:
        told += kinship.warnings(check.name, judges_of([check]), plan.models, evidence.checkpoints)
    if plan.limit is not None:
        told.append(
            f"Only the first {plan.limit} rows of each data set were asked (--limit): a smoke test, not an acceptance."
        )
    if plan.left_out:
        told.append(
            f"{len(plan.left_out)} of {len(plan.suite.accept)} criteria were not decided: only a part was selected."
        )
    return told
