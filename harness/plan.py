"""The plan: what will be made, asked and decided, before any of it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.assembly import build
from harness.catalog import REQUIRED
from harness.criterion import Criterion
from harness.errors import NothingSelected, SuiteError, nearest
from harness.spec import CheckSpec, Suite
from harness.task import Task, partial
from harness.workshop import Workshop


@dataclass(frozen=True, slots=True)
class Plan:
    """What one run does."""

    suite: Suite
    models: tuple[str, ...]
    """The candidate first, then all it is compared with."""
    judges: tuple[str, ...]
    """Models that only judge the others: asked, but measured by nothing."""
    checks: tuple[CheckSpec, ...]
    criteria: tuple[Criterion, ...]
    left_out: tuple[Criterion, ...]
    """Criteria of the suite that this selection does not decide."""
    fixtures: tuple[str, ...]
    """In the order they are made."""
    limit: int | None = None
    share: float = 1.0
    """Of each task's samples, which this look asks."""
    look: int = 1


def draw(
    suite: Suite,
    workshop: Workshop,
    *,
    select: str = "",
    also: Sequence[str] = (),
    only: Sequence[str] | None = None,
    limit: int | None = None,
) -> Plan:
    """The plan for a suite.

    `select` is an expression over the names of checks and the text of criteria, as pytest's `-k`; `also` names fixtures
    or models to measure as further columns; `only` keeps just these criteria (by id).

    Raises:
        NothingSelected: nothing is left to decide.
        SuiteError: `select` cannot be read, or `also` names nothing.
    """
    criteria = [c for c in suite.accept if matches(select, f"{c.check} {c.id}") and (only is None or c.id in only)]
    if not criteria:
        what = f"-k {select!r}" if select else "the criteria that did not pass last time"
        raise NothingSelected(f"nothing is selected: no criterion of {suite.name!r} matches {what}")
    whole = not select and only is None
    wanted = {c.check for c in criteria}
    checks = [check for name, check in suite.checks.items() if whole or name in wanted]
    models = ["candidate", *(name for name in suite.models if name != "candidate"), *also]
    models = list(dict.fromkeys(models))
    unknown = [name for name in models if name not in suite.models]
    if unknown:
        raise SuiteError(f"--with {unknown[0]}: no model or fixture of that name{nearest(unknown[0], suite.models)}")
    measured = {*compared(criteria), *also}
    judges = [name for name in judges_of(checks) if name in models and name not in measured]
    idle = judges_of(
        list(suite.checks.values())
    )  # where the check that they judge in is not selected, nobody needs them
    models = [name for name in models if name in measured or name not in idle]
    needed: list[str] = []
    for name in [*models, *judges]:
        needed += workshop.needs_of(name)
    for check in checks:
        for value in check.options.values():
            for leaf in value if isinstance(value, list) else [value]:
                needed += workshop.needs_of(leaf) if isinstance(leaf, str) and leaf.startswith("$") else []
    for check in checks:
        root = root_task(suite, check)
        for value in root.options.values() if root is not None else ():
            needed += workshop.needs_of(value) if isinstance(value, str) and value.startswith("$") else []
    left = tuple(c for c in suite.accept if c not in criteria)
    fixtures = tuple(dict.fromkeys(needed))
    return Plan(suite, tuple(models), tuple(judges), tuple(checks), tuple(criteria), left, fixtures, limit)


def judges_of(checks: Sequence[CheckSpec]) -> list[str]:
    """The models that these checks name as judges, each once."""
    named: list[str] = []
    for check in checks:
        for name, value in check.options.items():
            if check.entry.options[name].reference == "judge":
                named += value if isinstance(value, list | tuple) else [value]
    return list(dict.fromkeys(named))


def backends(suite: Suite) -> dict[str, str]:
    """Model → how it is reached: transformers, endpoint, replay, …"""
    return {name: model.kind for name, model in suite.models.items()}


def compared(criteria: Sequence[Criterion]) -> set[str]:
    """The models that are measured whatever else they do: the roles, and those that criteria compare with."""
    return {"candidate", "base", "baseline", *(c.model for c in criteria if c.model)}


def root_task(suite: Suite, check: CheckSpec) -> CheckSpec | None:
    """The check whose task a check uses: itself, or at the end of its `of:`; None where it has no task."""
    seen: set[str] = set()
    while "of" in check.options and check.name not in seen:
        seen.add(check.name)
        check = suite.checks[str(check.options["of"])]
    return check if "own" in check.entry.given else None


def task_of(
    suite: Suite, check: CheckSpec, workshop: Workshop, limit: int | None, share: float = 1.0
) -> Task | None:  # fmt: skip
    """The task that a check asks, with its data opened; at a planned look, of that share of its samples only."""
    root = root_task(suite, check)
    if root is None:
        return None
    options = opened(root, workshop)
    return partial(build(root.name, options, suite.catalog, seed=suite.seed, limit=limit), share)


def opened(check: CheckSpec, workshop: Workshop) -> dict[str, Any]:
    """A check's options with data opened; `of` is left out. Defaults are not filled in."""
    ready: dict[str, Any] = {}
    for name, value in check.options.items():
        kind = check.entry.options[name].reference
        if kind == "check":
            continue
        if kind == "data" and value is not None:
            ready[name] = [workshop.dataset(v) for v in value] if isinstance(value, list) else workshop.dataset(value)
        elif kind == "model" and value is not None:
            ready[name] = workshop.checkpoint(str(value))
        else:
            ready[name] = value
    return ready


def filled(check: CheckSpec) -> dict[str, Any]:
    """A check's options with defaults, plain, for records."""
    options = {name: o.default for name, o in check.entry.options.items() if o.default is not REQUIRED}
    return {name: _shown(value) for name, value in {**options, **check.options}.items()}


def _shown(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _shown(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(item) for item in value]
    if hasattr(value, "name") and hasattr(value, "options"):
        return {value.name: _shown(value.options)} if value.options else value.name
    return value


def matches(expression: str, text: str) -> bool:
    """pytest's `-k`: names joined by `and`, `or`, `not` and brackets, each a part of `text`, case ignored.

    Raises:
        SuiteError: the expression cannot be read.

    >>> matches("intents and not macro", "intents accuracy >= 0.8")
    True
    """
    if not expression.strip():
        return True
    try:
        value, rest = _either(_tokens(expression), text.lower(), expression)
    except RecursionError as error:
        raise SuiteError(f"-k {expression[:40]!r}…: nested too deeply") from error
    if rest:
        raise SuiteError(f"-k {expression!r}: cannot read it from {rest[0]!r} on; join names with and, or, not")
    return value


def _tokens(expression: str) -> list[str]:
    return expression.replace("(", " ( ").replace(")", " ) ").split()


def _either(tokens: list[str], text: str, whole: str) -> tuple[bool, list[str]]:
    value, tokens = _both(tokens, text, whole)
    while tokens[:1] == ["or"]:
        other, tokens = _both(tokens[1:], text, whole)
        value = value or other
    return value, tokens


def _both(tokens: list[str], text: str, whole: str) -> tuple[bool, list[str]]:
    value, tokens = _one(tokens, text, whole)
    while tokens[:1] == ["and"]:
        other, tokens = _one(tokens[1:], text, whole)
        value = value and other
    return value, tokens


def _one(tokens: list[str], text: str, whole: str) -> tuple[bool, list[str]]:
    if not tokens or tokens[0] in ("and", "or", ")"):
        raise SuiteError(f"-k {whole!r}: a name is missing")
    if tokens[0] == "not":
        value, rest = _one(tokens[1:], text, whole)
        return not value, rest
    if tokens[0] == "(":
        value, rest = _either(tokens[1:], text, whole)
        if rest[:1] != [")"]:
            raise SuiteError(f"-k {whole!r}: a closing bracket is missing")
        return value, rest[1:]
    return tokens[0].lower() in text, tokens[1:]
