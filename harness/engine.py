"""The engine: a suite in, a run out. Every step is somebody else's work; here stands only their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from harness import caution, digest, opening, pledge, preflight
from harness.catalog import REQUIRED
from harness.checkpoint import Checkpoint
from harness.errors import Broken, CheckpointBroken, FixtureBroken, HarnessError, SuiteError
from harness.glimpse import glimpses
from harness.interview import Interview, conduct, crashed
from harness.journal import Journal, append, write
from harness.local import Residents, must_be_unchanged
from harness.plan import backends, draw, opened, task_of
from harness.pool import Place, Pool
from harness.record import Evidence, record
from harness.rehearsal import rehearse
from harness.rows import Sheets
from harness.run import Run
from harness.spec import CheckSpec, Suite
from harness.store import Store
from harness.watch import Watch
from harness.work import Wish, Work
from harness.workshop import Workshop


def run(suite: Suite, wish: Wish, store: Store, folder: Path, watch: Watch) -> tuple[Run, Sheets]:
    """Make, ask and decide; the record of it, and one row for each sample, check and model.

    Raises:
        SuiteError, NothingSelected: the suite or its data is wrong; nothing was evaluated.
        OutputBroken: the run folder or the store cannot be written.
    """
    workshop = Workshop(suite, store, watch)
    started = datetime.now(UTC)
    plan = draw(suite, workshop, select=wish.select, also=wish.also, only=wish.only, limit=wish.limit)
    with ExitStack() as stack:
        journal = Journal(folder / "journal.jsonl")
        stack.callback(journal.close)
        work = Work(plan, workshop, watch, journal, wish.voices, wish.offline)
        stack.push(_note_the_end(journal))
        _look(work, made=False)
        preflight.go_offline(suite, plan.checks)
        held = pledge.held(suite, workshop, folder.parent)
        _make(work)
        _look(work, made=True)
        _identify(work)
        work.plan = plan = pledge.at_look(plan, held, work.checkpoints.get("candidate"))
        residents = Residents()
        pool = opening.everyone(work, residents, stack)
        interviews = _ask(work, pool, wish.exit_first)
        _keep_prompts(interviews, folder)
        cautions = _again(work, interviews, residents, stack) if suite.terms.noise_floor else []
        for checkpoint in work.checkpoints.values():
            must_be_unchanged(checkpoint, memo=store.root / "digests.json")
        watch.phase("decide", len(plan.criteria))
        evidence = Evidence(
            plan, workshop, work.checkpoints, pool, interviews, work.broken, work.timings, held, cautions, work.offline
        )
        done = record(evidence, wish_command=wish.command, started=started, candidate=wish.candidate, watch=watch)
        journal.write("decided", verdict=done.verdict)
    return done, Sheets((i.check, i.model, i.findings.rows) for i in interviews if i.findings is not None)


def _note_the_end(journal: Journal) -> Callable[[type[BaseException] | None, BaseException | None, Any], None]:
    """On the way out of a run that did not reach its verdict, the journal says why."""

    def note(kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        if kind is not None:
            journal.write("stopped", why=kind.__name__, text=str(error))

    return note


def _look(work: Work, *, made: bool) -> None:
    began = perf_counter()
    if not made:
        work.watch.phase("data")
    for found in preflight.inspect(work.plan.suite, work.workshop, work.plan.checks, made=made):
        work.journal.write("data", file=found.dataset.source.shown, rows=found.count)
    if not made:
        rehearse(work.plan.suite, work.workshop, work.plan.checks)
    work.timed("data", began)


def _make(work: Work) -> None:
    """Every fixture of the plan; one that fails breaks the models made of it, or the run where data is missing."""
    began = perf_counter()
    work.watch.phase("fixtures", len(work.plan.fixtures))
    for name in work.plan.fixtures:
        try:
            made = work.workshop.fixture(name)
        except FixtureBroken as error:
            users = [model for model in (*work.plan.models, *work.plan.judges) if name in work.workshop.needs_of(model)]
            if not users:
                raise
            work.broken.update({model: error for model in users if model not in work.broken})
            work.journal.write("fixture", name=name, broken=str(error))
        else:
            work.journal.write("fixture", name=name, cached=made.cached, seconds=made.seconds)
            work.timed(f"fixture {name}", perf_counter() - (0.0 if made.cached else made.seconds))
        work.watch.advance(1)
    work.timed("fixtures", began)


def _identify(work: Work) -> None:
    """Which bytes stand behind each model; a wrong folder is the suite's fault, a damaged one the checkpoint's."""
    began = perf_counter()
    for name in (*work.plan.models, *work.plan.judges):
        if name in work.broken:
            continue
        try:
            work.checkpoints[name] = work.workshop.checkpoint(name)
        except CheckpointBroken as error:
            work.broken[name] = error
            work.journal.write("checkpoint", name=name, broken=str(error))
        else:
            work.journal.write("checkpoint", name=name, digest=work.checkpoints[name].digest)
    work.timed("identify", began)


def _ask(work: Work, pool: Pool, exit_first: bool) -> list[Interview]:
    """Every check with every model: those that share rounds first, then the timed ones one after another."""
    began = perf_counter()
    work.watch.phase("ask")
    _prove(work, pool)
    everyone = _compared(work)
    pool.glance = glimpses(
        work.plan, work.checkpoints, pool, work.watch, lambda check, model: _arguments(work, check, model, everyone)
    )
    shared = [
        i for check in work.plan.checks if check.entry.facts["asks"] != "together" for i in _interviews(work, check)
    ]
    conduct(shared, pool)
    alone: list[Interview] = []
    for check in work.plan.checks:
        if check.entry.facts["asks"] == "together" and not (exit_first and any(i.broken for i in shared)):
            timed = _interviews(work, check)
            conduct(timed, pool)
            alone += timed
    order = {check.name: at for at, check in enumerate(work.plan.checks)}
    found = sorted([*shared, *alone], key=lambda i: order[i.check])
    for interview in found:
        broken = str(interview.broken) if interview.broken else ""
        work.journal.write("check", check=interview.check, model=interview.model, broken=broken)
    work.timed("ask", began)
    return found


def _keep_prompts(interviews: list[Interview], folder: Path) -> None:
    """The templates that were tried, at the end of the ledger that all runs of the suite share."""
    tried = [
        {"run": folder.name, "check": i.check, "model": i.model, **line}
        for i in interviews
        for line in (i.findings.prompts if i.findings is not None else ())
    ]
    if tried:
        append(folder.parent / "prompts.jsonl", tried)


def _again(work: Work, interviews: list[Interview], residents: Residents, stack: ExitStack) -> list[str]:
    """Measure the models that the candidate is compared with once more, for the noise floor."""
    began = perf_counter()
    wanted = caution.twice(work.plan.criteria, [name for name in work.checkpoints if name not in work.broken])
    work.watch.phase("ask again")
    places = []
    for name in wanted:
        found = work.checkpoints[name]
        other = replace(found, options={**found.options, "batch_size": caution.OTHER_BATCH})
        places.append(
            Place(name, caution.backwards(opening.opener(work, other, residents)), None, found.kind == "replay")
        )
    pool = Pool(places, work.watch)
    stack.callback(pool.close)
    checks = {check.name: check for check in work.plan.checks if check.entry.facts["asks"] == "each"}
    everyone = tuple(work.checkpoints[name] for name in work.checkpoints if name not in work.broken)
    second = [_interview(work, checks[c], name, everyone) for name in wanted for c in wanted[name] if c in checks]
    conduct(second, pool)
    work.timed("ask again", began)
    return caution.floors(work.plan.criteria, interviews, second, f"{work.plan.suite.name}/{work.plan.suite.seed}")


def _prove(work: Work, pool: Pool) -> None:
    """Open the models whose gate has not been passed with these very bytes before."""
    for name, place in pool.places.items():
        passed = work.workshop.store.root / "gates" / f"{work.checkpoints[name].digest}.json"
        if place.answers is not None and passed.is_file():
            continue
        try:
            place.opened()
        except Broken as error:
            if place.broken is not error:
                raise
            work.broken[name] = error
        else:
            if place.answers is not None and place.opened().facts.gate:
                write(passed, digest.canonical_bytes({"passed": True}))


def _compared(work: Work) -> tuple[Checkpoint, ...]:
    """The models that are measured, those that broke left out; judges are not among them."""
    return tuple(work.checkpoints[name] for name in work.plan.models if name in work.checkpoints.keys() - work.broken)


def _interviews(work: Work, check: CheckSpec) -> list[Interview]:
    asks = check.entry.facts["asks"]
    everyone = _compared(work)
    if asks == "each":
        targets: Sequence[str] = work.plan.models
    else:
        targets = ("",)
    return [_interview(work, check, name, everyone) for name in targets]


def _interview(work: Work, check: CheckSpec, name: str, everyone: tuple[Checkpoint, ...]) -> Interview:
    if name in work.broken:
        return Interview(check.name, name, (), broken=work.broken[name])  # type: ignore[arg-type]
    began = perf_counter()
    try:
        talk = check.entry.function(**_arguments(work, check, work.checkpoints.get(name), everyone))
    except SuiteError:
        raise
    except Broken as error:
        return Interview(check.name, name, (), broken=error)  # type: ignore[arg-type]
    except HarnessError:
        raise
    except Exception as error:
        return Interview(check.name, name, (), broken=crashed(check.name, error))  # type: ignore[arg-type]
    return Interview(check.name, name, talk, seconds=perf_counter() - began)


def _arguments(
    work: Work, check: CheckSpec, checkpoint: Checkpoint | None, everyone: tuple[Checkpoint, ...]
) -> Mapping[str, Any]:
    suite, limit = work.plan.suite, work.plan.limit
    options = {n: o.default for n, o in check.entry.options.items() if o.default is not REQUIRED}
    options.update(opened(check, work.workshop))
    task = task_of(suite, check, work.workshop, limit, work.plan.share)
    given = {
        "own": task,
        "model": checkpoint,
        "models": everyone,
        "root": suite.root,
        "seed": suite.seed,
        "limit": limit,
        "catalog": suite.catalog,
        "backends": backends(suite),
    }
    if "of" in check.options:
        options["of"] = task
    return check.entry.bind(given, options)
