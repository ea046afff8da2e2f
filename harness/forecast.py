"""What a run would cost and could show: requests counted by playing every check through with no answers."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.catalog import REQUIRED
from harness.checkpoint import Checkpoint
from harness.errors import Broken
from harness.exchange import Request, Response, Scored
from harness.plan import Plan, backends, judges_of, opened, root_task, task_of
from harness.spec import CheckSpec
from harness.workshop import Workshop, reference

PLAYED = 20_000
"""Rows of a data set that are played through at most; beyond, the counts are scaled up from these."""
CHARACTERS = 4
"""Of English, that make about one token."""
UNANSWERED = Response(fault="not asked: this is a plan", blame="infrastructure")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one model would be asked."""

    model: str
    requests: int
    distinct: int
    characters: int
    """Of prompts and continuations; about four make a token of English."""
    new_tokens: int
    """At most, for generated answers."""
    scaled: bool = False
    """Whether the numbers were scaled up from a part of the data."""
    unknown: tuple[str, ...] = ()
    """Checks whose data is not made yet, so that nobody can count."""
    about: float | None = None
    """What it would cost where every answer takes its most tokens and four characters make one that is read; None where
    the suite names no price."""
    most: float | None = None
    """The same where every byte is a token, and every verdict of a judge must be asked for twice."""
    max_cost: float | None = None
    """Where asking stops."""


def costs(plan: Plan, workshop: Workshop) -> list[Cost]:
    """What each model of the plan would be asked, without loading any."""
    everyone = (*plan.models, *plan.judges)
    per_model: dict[str, list[Request]] = {name: [] for name in everyone}
    unknown: dict[str, list[str]] = {name: [] for name in everyone}
    share = _share(plan, workshop)
    part = plan if share == 1.0 else replace(plan, limit=PLAYED)
    for check in plan.checks:
        for name in plan.models if check.entry.facts["asks"] == "each" else plan.models[:1]:
            if not countable(check, plan, workshop):
                unknown[name].append(check.name)
                continue
            for request in _played(check, name, part, workshop):
                per_model[request.to or name].append(request)
    found = [_cost(name, requests, unknown[name], share) for name, requests in per_model.items()]
    judges = judges_of(plan.checks)
    return [_priced(cost, per_model[cost.model], plan, share, cost.model in judges) for cost in found]


def _share(plan: Plan, workshop: Workshop) -> float:
    """Which part of the largest data set is played through: 1 unless it is very large."""
    most = 0
    for check in plan.checks:
        root = root_task(plan.suite, check)
        if root is not None and countable(root, plan, workshop):
            rows = workshop.dataset(root.options["data"]).count()
            most = max(most, min(rows, plan.limit) if plan.limit is not None else rows)
    return min(1.0, PLAYED / most) if most else 1.0


def countable(check: CheckSpec, plan: Plan, workshop: Workshop) -> bool:
    """Whether all data it needs is there: files, or fixtures that are in the store."""
    specs = [check]
    while "of" in specs[-1].options:
        specs.append(plan.suite.checks[str(specs[-1].options["of"])])
    values = [value for spec in specs for value in spec.options.values()]
    needed = [name for value in values if reference(value) for name in workshop.needs_of(value)]
    return all(workshop.store.has(workshop.key(name)[0]) for name in needed)


def begun(
    check: CheckSpec, name: str, plan: Plan, workshop: Workshop
) -> Generator[list[Request], list[Response], Any] | None:
    """A check at work on the model of that name, without the model; None where it asks nothing.

    Raises:
        SuiteError: its options do not fit its data.
    """
    options = {n: o.default for n, o in check.entry.options.items() if o.default is not REQUIRED}
    options.update(opened(check, workshop))
    task = task_of(plan.suite, check, workshop, plan.limit)
    if "of" in check.options:
        options["of"] = task
    stand_in = Checkpoint(name, "transformers")
    given = {
        "own": task, "model": stand_in, "models": tuple(replace(stand_in, name=m) for m in plan.models),
        "root": plan.suite.root, "seed": plan.suite.seed, "limit": plan.limit, "catalog": plan.suite.catalog,
        "backends": backends(plan.suite),
    }  # fmt: skip
    talk = check.entry.function(**check.entry.bind(given, options))
    return talk if isinstance(talk, Generator) else None


def _played(check: CheckSpec, name: str, plan: Plan, workshop: Workshop) -> Iterator[Request]:
    talk = begun(check, name, plan, workshop)
    if talk is None:
        return
    judges = judges_of([check])
    try:
        asked = next(talk)
        while True:
            yield from asked
            asked = talk.send([_stand_in(request, name, judges) for request in asked])
    except (StopIteration, Broken):
        return
    finally:
        talk.close()


def _stand_in(request: Request, name: str, judges: Sequence[str]) -> Response:
    """No answer; where answers will be judged, one as long as it can be, so that what judges are asked is known."""
    if not judges or request.to in judges:
        return UNANSWERED
    if request.kind != "generate":
        return Response(scores=tuple(Scored(-float(at), 1) for at in range(len(request.continuations))))
    text = f"{request.to or name} {request.sample} "
    return Response(text=text.ljust(CHARACTERS * request.max_new_tokens, "x"), finish="stop")


def _priced(cost: Cost, requests: Sequence[Request], plan: Plan, share: float, judge: bool) -> Cost:
    options = plan.suite.models[cost.model].options
    if not (price := options.get("price")):
        return cost
    read, written = float(price["input"]) / 1e6, float(price["output"]) / 1e6
    sizes = sum(len(r.prompt.encode()) + sum(len(c.encode()) for c in r.continuations) for r in set(requests)) / share
    about = cost.characters / CHARACTERS * read + cost.new_tokens * written
    most = (sizes * read + cost.new_tokens * written) * (2 if judge else 1)
    return replace(cost, about=about, most=most, max_cost=options.get("max_cost"))


def _cost(name: str, requests: list[Request], unknown: list[str], share: float) -> Cost:
    distinct = {request if not request.fresh else id(request): request for request in requests}
    characters = sum(len(r.prompt) + sum(map(len, r.continuations)) for r in distinct.values())
    tokens = sum(r.max_new_tokens for r in distinct.values() if r.kind == "generate")
    return Cost(
        name,
        requests=round(len(requests) / share),
        distinct=round(len(distinct) / share),
        characters=round(characters / share),
        new_tokens=round(tokens / share),
        scaled=share < 1.0,
        unknown=tuple(unknown),
    )
