"""The sections `fixtures:` and `checks:`: each entry is a name, and one leaf of the catalog with its options."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from harness.catalog import Entry, spec
from harness.errors import SuiteError, nearest
from harness.place import Key
from harness.reference import DOLLAR, Graph, check_circles, check_reference, substitute
from harness.spec import NAME, ModelSpec, Reading, Spec
from harness.value import Fitting, Reference


def _leaf(reading: Reading, kind: str, room: str, name: str, value: Any) -> tuple[Entry, dict[str, Any]] | None:
    """The entry and the written options of one fixture or check; None after a complaint."""
    path = (room, name)
    if not re.fullmatch(NAME, name):
        text = f"{name!r} cannot name a {kind}; use letters, digits, _ and -, beginning with a letter"
        reading.wrong(path, text)
    try:
        kind_name, options = spec(value)
    except ValueError as error:
        reading.wrong(path, f"{kind} {name!r}: {error}")
        return None
    try:
        return reading.catalog.get(kind, kind_name), options
    except SuiteError as error:
        reading.wrong((*path, kind_name), f"{kind} {name!r}: {error}")
        return None


def read_fixtures(reading: Reading, graph: Graph) -> tuple[dict[str, Spec | None], list[Reference]]:
    """Name → fixture (None if it is wrong), and what they refer to."""
    made: dict[str, Spec | None] = {}
    wanted: list[Reference] = []
    for name, value in _section(reading, "fixtures", optional=True).items():
        made[name] = None
        found = _leaf(reading, "fixture", "fixtures", name, value)
        if found is None:
            continue
        entry, given = found
        path = ("fixtures", name, entry.name)
        fitting = Fitting(reading.catalog)
        options = fitting.options(entry, given, path)
        _note(reading, fitting, path, options)
        references = [*fitting.references, *_loose(entry, path, options, fitting.references)]
        wanted += references
        graph.add(("fixture", name), ("fixtures", name), [node for r in references for node in _needed(r)])
        if not fitting.faults:
            made[name] = Spec(name, entry.name, entry, options, reading.document.line("fixtures", name))
    return made, wanted


def _loose(entry: Entry, start: tuple[Key, ...], options: Mapping[str, Any], typed: list[Reference]) -> list[Reference]:
    """`$name` and `$name.part` in options of no particular type, such as the arguments of a command."""
    known = {reference.value for reference in typed if isinstance(reference.value, str)}
    return [
        Reference("any", path, value, f"option {path[3]!r} of {entry.name}")
        for path, value in _texts(options, start)
        if DOLLAR.fullmatch(value) and value not in known
    ]


def _texts(value: Any, path: tuple[Key, ...]) -> Iterator[tuple[tuple[Key, ...], str]]:
    """Every text in plain data, with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _texts(part, (*path, key))
    elif isinstance(value, list | tuple):
        for at, part in enumerate(value):
            yield from _texts(part, (*path, at))


def _needed(reference: Reference) -> list[tuple[str, str]]:
    value = (
        reference.value["path"] if isinstance(reference.value, dict) and "path" in reference.value else reference.value
    )
    found = DOLLAR.fullmatch(value) if isinstance(value, str) else None
    if found:
        return [("fixture", found[1])]
    return [("model", value)] if reference.kind == "model" and isinstance(value, str) else []


def _section(reading: Reading, key: str, optional: bool = False) -> dict[str, Any]:
    given = reading.document.data.get(key)
    if isinstance(given, dict) and (given or optional):
        return given
    if key in reading.document.data and not (optional and given is None):
        reading.wrong((key,), f"`{key}` is a mapping of names to what they are: my_name: {{kind: {{option: value}}}}")
    return {}


def _note(reading: Reading, fitting: Fitting, path: tuple[Key, ...], options: Mapping[str, Any]) -> None:
    """Complain of the options that do not fit, and of templates that are none."""
    from harness.template import Template, is_template

    for where, text in fitting.faults:
        reading.wrong(where, text)
    for name, value in options.items():
        if isinstance(value, str) and (name == "prompt" or is_template(value)):
            try:
                Template(value)
            except ValueError as error:
                reading.wrong((*path, name), f"option {name!r}: {error}")


def read_checks(
    reading: Reading,
    fixtures: Mapping[str, Spec | None],
    models: Mapping[str, ModelSpec],
    model_names: set[str],
) -> tuple[dict[str, Spec | None], dict[str, Spec]]:
    """Name → check (None if it is wrong), and name → what could be read of a wrong one.

    What could be read is enough to look at criteria, so that one mistake does not hide the next.
    """
    made: dict[str, Spec | None] = {}
    drafts: dict[str, Spec] = {}
    tasks: list[tuple[str, Reference]] = []
    for name, value in _section(reading, "checks").items():
        made[name] = None
        found = _leaf(reading, "check", "checks", name, value)
        if found is None:
            continue
        entry, written = found
        path = ("checks", name, entry.name)
        given, unknown = _of_candidate(reading, path, written, fixtures, models)
        fitting = Fitting(reading.catalog)
        options = fitting.options(entry, given, path, unknown)
        _note(reading, fitting, path, options)
        for reference in fitting.references:
            if reference.kind == "check":
                tasks.append((name, reference))
            else:
                check_reference(reading, reference, fixtures, dict.fromkeys(model_names))
        drafts[name] = Spec(name, entry.name, entry, options, reading.document.line("checks", name))
        if not fitting.faults and not unknown:
            made[name] = drafts.pop(name)
    _check_tasks(reading, tasks, made)
    return made, drafts


def _check_tasks(reading: Reading, tasks: list[tuple[str, Reference]], checks: Mapping[str, Spec | None]) -> None:
    """Complain unless every `of:` names a check that asks questions of its own."""
    graph = Graph()
    for name, reference in tasks:
        other = checks.get(reference.value)
        graph.add(("check", name), ("checks", name), [("check", reference.value)])
        if reference.value not in checks:
            text = f"{reference.owner}: no check named {reference.value!r}{nearest(reference.value, checks)}"
            reading.wrong(reference.path, text)
        elif other is not None and "own" not in other.entry.given and "of" not in other.options:
            asking = [key for key, check in checks.items() if check is not None and "own" in check.entry.given]
            text = (
                f"{reference.owner}: {other.name!r} is a {other.kind}, and a task is wanted here{nearest('', asking)}"
            )
            reading.wrong(reference.path, text)
    check_circles(reading, graph)


def _of_candidate(
    reading: Reading,
    path: tuple[Key, ...],
    given: dict[str, Any],
    fixtures: Mapping[str, Spec | None],
    models: Mapping[str, ModelSpec],
) -> tuple[dict[str, Any], set[str]]:
    """The options with every `$candidate.OPTION` replaced by that option of the fixture which made the candidate.

    Also the names of options where that cannot be done (they are left out), after a complaint here or earlier.
    """
    candidate = models.get("candidate")
    sources = [candidate.options.get(key) for key in ("peft", "pretrained")] if candidate else []
    found = next((DOLLAR.fullmatch(s) for s in sources if isinstance(s, str) and s.startswith("$")), None)
    maker = fixtures.get(found[1]) if found else None
    missed: list[tuple[tuple[Key, ...], str]] = []
    made: dict[str, Any] = substitute(
        given, maker.options if maker else {}, lambda inner, option: missed.append((inner, option))
    )
    if candidate and (maker or not found):
        for inner, option in missed:
            reading.wrong((*path, *inner), f"$candidate.{option}: {_why_not(maker, option)}")
    unknown = {str(inner[0]) for inner, _ in missed}
    return {name: value for name, value in made.items() if name not in unknown}, unknown


def _why_not(maker: Spec | None, option: str) -> str:
    if maker is None:
        return "no fixture of this suite made the candidate; say what is meant, here or with --set"
    return f"fixture {maker.name!r} ({maker.kind}) sets no {option!r}{nearest(option, maker.options)}"
