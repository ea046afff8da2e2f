"""The list `accept:` held against what the checks measure: every name in a sentence must be there."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Literal

from harness import criterion
from harness.catalog import REQUIRED, Catalog, PerturbationSpec
from harness.criterion import Criterion, Slice, Waiver
from harness.degenerate import of_metrics
from harness.errors import SuiteError, nearest
from harness.fair.groups import JOINED
from harness.perturbing.labels import labels
from harness.place import Key
from harness.score import Quantity
from harness.sense import check_pairs, check_sense, check_whole
from harness.spec import Reading, Spec
from harness.value import Fitting, settable

LONG_FORM: dict[str, Any] = {
    "that": str,
    "severity": Literal["require", "warn"],
    "confidence": float,
    "on": Literal["bound", "point"],
    "waive": dict[str, Any],
}
"""Key of a criterion's long form → type."""
WAIVE = ("until", "by", "why")
FIELD_OPTIONS = ("slices", "slice", "group")
"""Options that name fields of the rows which criteria may select by."""


def measured_by(
    checks: Mapping[str, Spec], name: str, catalog: Catalog, above: tuple[str, ...] = ()
) -> Mapping[str, Quantity]:
    """What criteria may say of a check: metric → quantity.

    Raises:
        SuiteError: the check's options do not say.
    """
    spec = checks[name]
    measures = spec.entry.facts["measures"]
    if isinstance(measures, Mapping):
        return measures
    known = settable(spec.entry)
    given: dict[str, Any] = {
        option: spec.options.get(option, None if known[option].default is REQUIRED else known[option].default)
        for option in known
    }
    if "of" in known:
        other = spec.options.get("of")
        known_task = isinstance(other, str) and other in checks and other not in (name, *above)
        given["of"] = of_metrics(measured_by(checks, str(other), catalog, (*above, name))) if known_task else {}
    given["catalog"] = catalog
    wanted = inspect.signature(measures).parameters
    found: Mapping[str, Quantity] = measures(**{p: given.get(p, given.get(p.rstrip("_"))) for p in wanted})
    return found


def read_accept(
    reading: Reading,
    checks: Mapping[str, Spec | None],
    drafts: Mapping[str, Spec],
    models: set[str],
    confidence: float,
) -> tuple[Criterion, ...]:
    """The criteria that are right; `checks` maps wrong ones to None, `drafts` has what could be read of these."""
    given = reading.document.data.get("accept")
    if not isinstance(given, list) or not given:
        if "accept" in reading.document.data:
            reading.wrong(("accept",), _no_list(given))
        return ()
    quantities = _quantities(reading, checks, drafts)
    criteria: dict[int, Criterion] = {}
    for at, item in enumerate(given):
        made = _read(reading, at, item, confidence)
        if made is None:
            continue
        criteria[at] = made
        known = quantities.get(made.check, {})
        if _names_exist(reading, at, made, checks, models, quantities) and made.metric in known:
            check_sense(reading, at, made, known[made.metric])
    check_pairs(reading, criteria)
    if len(criteria) == len(given):
        check_whole(reading, list(criteria.values()), quantities)
    return tuple(criteria.values())


def _no_list(given: Any) -> str:
    how = "write a list of sentences, such as `- intents.accuracy >= 0.85`"
    if given is None or given == []:
        return f"`accept` says nothing that must hold; {how}"
    return f"`accept` is a list; {how}"


def _quantities(
    reading: Reading, checks: Mapping[str, Spec | None], drafts: Mapping[str, Spec]
) -> dict[str, Mapping[str, Quantity]]:
    """What every check measures, as far as it could be read."""
    readable = {name: spec for name, spec in checks.items() if spec is not None} | dict(drafts)
    found: dict[str, Mapping[str, Quantity]] = {}
    for name, spec in readable.items():
        try:
            found[name] = measured_by(readable, name, reading.catalog)
        except (SuiteError, TypeError, ValueError, LookupError, AttributeError) as error:
            # A draft lacks what was complained of already; a check that is right must say what it measures.
            if name in drafts or spec.options.get("of") in drafts:
                continue
            if not isinstance(error, SuiteError):
                raise
            if "of" not in spec.options or spec.options["of"] in readable:
                reading.wrong(("checks", name), f"check {name!r}: {error}")
    return found


def _read(reading: Reading, at: int, item: Any, confidence: float) -> Criterion | None:
    path: tuple[Key, ...] = ("accept", at)
    if isinstance(item, str):
        item = {"that": item}
    if not isinstance(item, dict) or not isinstance(item.get("that"), str):
        reading.wrong(path, "a criterion is a sentence, or {that: a sentence, severity: …}")
        return None
    fitting = Fitting(reading.catalog)
    fields = {}
    for key, value in item.items():
        if key in LONG_FORM:
            fields[key] = fitting.value(LONG_FORM[key], value, (*path, key), f"{key!r} of a criterion")
        else:
            fitting.faults.append(((*path, key), f"unknown key {key!r} of a criterion{nearest(key, LONG_FORM)}"))
    for where, text in fitting.faults:
        reading.wrong(where, text)
    try:
        made = criterion.parse(item["that"])
    except ValueError as error:
        reading.wrong(path, str(error))
        return None
    if fitting.faults:
        return replace(made, line=reading.document.line(*path))
    level = fields.get("confidence", confidence)
    if not 0.5 < level < 1:
        reading.wrong((*path, "confidence"), confidence_text(level))
    return replace(
        made,
        severity=fields.get("severity", "require"),
        confidence=level,
        on=fields.get("on", "bound"),
        waive=_waiver(reading, (*path, "waive"), fields["waive"]) if "waive" in fields else None,
        line=reading.document.line(*path),
    )


def confidence_text(level: float) -> str:
    """What is wrong with a confidence level."""
    how = f"; write {level / 100:g}" if 50 < level < 100 else ""
    return f"a confidence is above 0.5 and below 1, such as 0.95; found {level:g}{how}"


def _waiver(reading: Reading, path: tuple[Key, ...], given: Mapping[str, Any]) -> Waiver | None:
    unknown = [key for key in given if key not in WAIVE]
    for key in unknown:
        reading.wrong((*path, key), f"unknown key {key!r} of a waiver{nearest(key, WAIVE)}")
    empty = [key for key in WAIVE if not (isinstance(given.get(key), str) and given[key].strip())]
    if empty:
        reading.wrong(path, f"a waiver needs {', '.join(empty)}: {{until: 2030-01-31, by: a name, why: a reason}}")
    if unknown or empty:
        return None
    try:
        until = date.fromisoformat(given["until"])
    except ValueError:
        reading.wrong((*path, "until"), f"{given['until']!r} is no date; write it as 2030-01-31")
        return None
    if until < date.today():
        reading.warn((*path, "until"), f"this waiver ended on {until.isoformat()} and no longer counts")
    return Waiver(until, given["by"], given["why"])


def _names_exist(
    reading: Reading,
    at: int,
    made: Criterion,
    checks: Mapping[str, Spec | None],
    models: set[str],
    quantities: Mapping[str, Mapping[str, Quantity]],
) -> bool:
    """Whether a criterion's check, metric, slice and model are there; complains of those that are not."""
    path = ("accept", at)
    before = len(reading.complaints)
    if made.check not in checks:
        reading.wrong(path, f"{made.id!r}: no check named {made.check!r}{nearest(made.check, checks)}")
    elif checks[made.check] and (known := quantities.get(made.check)) is not None and made.metric not in known:
        reading.wrong(
            path, f"{made.id!r}: check {made.check!r} measures no {made.metric!r}{nearest(made.metric, known)}"
        )
    elif checks[made.check] and known is not None and known[made.metric].compared and not _mild(made):
        text = f"{made.metric!r} is not corrected by human labels, so that only another model's can be held against it"
        reading.wrong(path, f"{made.id!r}: {text}; write {made.check}.{made.metric} >= base - 0.02")
    if made.model == "candidate":
        reading.wrong(path, f"{made.id!r} compares the candidate with itself; name another model, such as base")
    elif made.model and made.model not in models:
        known_models = models - {"candidate"}
        reading.wrong(
            path, f"{made.id!r}: no model named {made.model!r} under models{nearest(made.model, known_models)}"
        )
    if made.slice.kind and checks.get(made.check) is not None:
        _check_slice(reading, path, made, checks)
    return len(reading.complaints) == before


def _mild(made: Criterion) -> bool:
    """Whether it only asks to be no worse than another model, by a margin."""
    return bool(made.model) and made.op in (">=", "<=")


def slice_fields(checks: Mapping[str, Spec | None], name: str) -> dict[str, set[str] | None]:
    """Fields that a check's criteria may select by → their values, where these are known without the data."""
    fields: dict[str, set[str] | None] = {}
    spec = checks.get(name)
    seen: set[str] = set()
    while spec is not None and spec.name not in seen:
        seen.add(spec.name)
        fields.update(dict.fromkeys(spec.entry.facts.get("slices", ()), None))
        for option, about in settable(spec.entry).items():
            value = spec.options.get(option, about.default)
            if option in FIELD_OPTIONS:
                fields.update(dict.fromkeys([value] if isinstance(value, str) else value if value else (), None))
            elif isinstance(value, list | tuple) and value and all(isinstance(v, PerturbationSpec) for v in value):
                fields["perturbation"] = set(labels(value))
            elif option == "intersectional" and value and isinstance(joined := spec.options.get("group"), list):
                fields[JOINED.join(joined)] = None
        spec = checks.get(str(spec.options.get("of", "")))
    return fields


def _check_slice(reading: Reading, path: tuple[Key, ...], made: Criterion, checks: Mapping[str, Spec | None]) -> None:
    fields = slice_fields(checks, made.check)
    where: Slice = made.slice
    if not fields:
        text = f"{made.id!r}: check {made.check!r} has no slices; add `slices: [{where.field or 'a_field'}]` to it"
        reading.wrong(path, text)
    elif where.field and where.field not in fields:
        reading.wrong(path, f"{made.id!r}: {where.field!r} is not among the slices{nearest(where.field, fields)}")
    elif where.kind == "is" and not where.value:
        reading.wrong(path, f"{made.id!r}: which {where.field}? write [{where.field}=value]")
    elif where.kind == "is":
        asked = [fields[where.field]] if where.field else list(fields.values())
        values = set().union(*(v for v in asked if v is not None))
        if None not in asked and where.value not in values:
            reading.wrong(path, f"{made.id!r}: no slice {where.value!r}{nearest(where.value, values)}")
