"""What the values of a suite refer to: fixtures and their parts, models, files; and that nothing goes in circles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import SuiteError, nearest
from harness.place import Key
from harness.spec import NAME, Reading, Spec
from harness.value import Reference

DOLLAR = re.compile(rf"\$({NAME})(?:\.([\w.-]+))?")
"""`$fixture` or `$fixture.part`."""
CANDIDATE_OPTION = re.compile(r"\$candidate\.([\w-]+)")
"""`$candidate.train`: that option of the fixture which made the candidate."""
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(slots=True)
class Graph:
    """Who needs whom: a node is `("fixture", name)` or `("model", name)`."""

    needs: dict[tuple[str, str], list[tuple[str, str]]] = field(default_factory=dict)
    paths: dict[tuple[str, str], tuple[Key, ...]] = field(default_factory=dict)
    """Where each node stands in the suite."""

    def add(self, node: tuple[str, str], path: tuple[Key, ...], needed: Iterable[tuple[str, str]]) -> None:
        """Note what a node needs."""
        self.paths[node] = path
        self.needs.setdefault(node, []).extend(needed)

    def circles(self) -> list[list[tuple[str, str]]]:
        """Each circle once, from its first member in the suite back to it."""
        found: list[list[tuple[str, str]]] = []
        done: set[tuple[str, str]] = set()
        for start in self.needs:
            trail: list[tuple[str, str]] = []
            self._walk(start, trail, done, found)
        return found

    def _walk(
        self,
        node: tuple[str, str],
        trail: list[tuple[str, str]],
        done: set[tuple[str, str]],
        found: list[list[tuple[str, str]]],
    ) -> None:
        if node in trail:
            found.append([*trail[trail.index(node) :], node])
            return
        if node in done or node not in self.needs:
            return
        trail.append(node)
        for needed in self.needs[node]:
            self._walk(needed, trail, done, found)
        trail.pop()
        done.add(node)


def check_circles(reading: Reading, graph: Graph) -> None:
    """Complain about every circle, naming its members in order."""
    for circle in graph.circles():
        names = " → ".join(name for _, name in circle)
        kinds = {kind for kind, _ in circle}
        what = f"{'fixtures' if kinds == {'fixture'} else 'checks' if kinds == {'check'} else 'fixtures and models'}"
        reading.wrong(graph.paths[circle[0]], f"these {what} need each other in a circle: {names}")


def check_reference(
    reading: Reading, reference: Reference, fixtures: Mapping[str, Any], models: Mapping[str, Any]
) -> None:
    """Complain if a reference to data or to a model leads nowhere; `fixtures` are those that could be read."""
    value = reference.value
    if reference.kind == "judge":
        if value not in models:
            reading.wrong(reference.path, f"{reference.owner}: no model named {value!r}{nearest(value, models)}")
    elif isinstance(value, str) and value.startswith("$"):
        check_fixture(reading, reference, fixtures, reference.kind)
    elif reference.kind == "data":
        check_data(reading, reference)
    elif reference.kind == "file":
        check_file(reading, reference.path, value, reference.owner)
    elif value not in models:
        check_model_place(reading, reference.path, value, reference.owner, models)


def check_fixture(reading: Reading, reference: Reference, fixtures: Mapping[str, Any], kind: str) -> None:
    """Complain if `$name.part` is not a fixture's part, or not of the wanted kind (`data` or `model`)."""
    found = DOLLAR.fullmatch(reference.value)
    where = f"{reference.owner}: "
    if not found:
        reading.wrong(reference.path, f"{where}{reference.value!r} is not a reference; write $fixture or $fixture.part")
        return
    name, part = found.groups()
    if name not in fixtures:
        text = f"{where}no fixture named {name!r}{nearest(name, fixtures)}"
        if name == "candidate":
            text = f"{where}$candidate stands only in checks, with an option: $candidate.train"
        reading.wrong(reference.path, text)
        return
    spec = fixtures[name]
    if isinstance(spec, Spec):
        _check_part(reading, reference, spec, part, kind)


def _check_part(reading: Reading, reference: Reference, spec: Spec, part: str | None, kind: str) -> None:
    makes = str(spec.entry.facts.get("makes", "data"))
    parts = tuple(spec.entry.facts.get("parts", ()))
    where = f"{reference.owner}: "
    if kind == "data" and makes != "data" and not (part and part in parts):
        reading.wrong(reference.path, f"{where}{spec.name!r} makes a model ({spec.kind}), and data is wanted here")
    elif kind == "model" and makes == "data":
        reading.wrong(reference.path, f"{where}{spec.name!r} makes data ({spec.kind}), and a model is wanted here")
    elif part and parts and part not in parts:
        reading.wrong(reference.path, f"{where}fixture {spec.name!r} has no part {part!r}{nearest(part, parts)}")
    elif part and kind == "model":
        reading.wrong(reference.path, f"{where}fixture {spec.name!r} ({spec.kind}) is one model; write ${spec.name}")
    elif kind == "data" and not part and len(parts) > 1:
        shown = ", ".join(f"${spec.name}.{each}" for each in parts)
        reading.wrong(reference.path, f"{where}fixture {spec.name!r} has parts; say which one: {shown}")


def check_data(reading: Reading, reference: Reference) -> None:
    """Complain if a data file is not there or cannot be described so; nothing of it is read."""
    from harness.data import open_data

    try:
        open_data(reference.value, root=reading.root)
    except SuiteError as error:
        reading.wrong(reference.path, f"{reference.owner}: {error}")


def check_file(reading: Reading, path: tuple[Key, ...], value: str, owner: str) -> None:
    """Complain if a file or folder is not beside the suite."""
    place = reading.root / Path(value).expanduser()
    if not place.exists():
        siblings = [p.name for p in place.parent.iterdir()] if place.parent.is_dir() else []
        reading.wrong(path, f"{owner}: there is no {place}{nearest(place.name, siblings) if siblings else ''}")


def check_model_place(
    reading: Reading, path: tuple[Key, ...], value: str, owner: str, models: Iterable[str] = ()
) -> None:
    """Complain unless a text is a folder or could be a hub id; `models` are the names that could have been meant."""
    try:
        locate(reading.root, value)
    except SuiteError as error:
        known = list(models)
        meant = nearest(value, known) if known and "/" not in value else ""
        reading.wrong(path, f"{owner}: {error}{meant}")


def locate(root: Path, text: str) -> Path | None:
    """The folder of a checkpoint named in a suite, or None for a hub id (`owner/name`).

    Raises:
        SuiteError: neither a folder that exists nor the form of a hub id.
    """
    if not text.strip():
        raise SuiteError("is empty; write a folder, a hub id or a $fixture")
    path = root / Path(text).expanduser()
    if path.is_dir():
        return path
    if path.is_file():
        raise SuiteError(f"{text} is a file; a checkpoint is a folder with its config and weights")
    if _HUB_ID.fullmatch(text) and not text.startswith((".", "~")) and not (root / text.split("/")[0]).is_dir():
        return None
    siblings = [p.name for p in path.parent.iterdir() if p.is_dir()] if path.parent.is_dir() else []
    if "/" in text:
        raise SuiteError(f"no such folder: {path}{nearest(path.name, siblings) if siblings else ''}")
    raise SuiteError(f"no folder {text} beside the suite, and a hub id is written owner/name")


def substitute(value: Any, options: Mapping[str, Any], wrong: Any, path: tuple[Key, ...] = ()) -> Any:
    """`value` with every `$candidate.OPTION` replaced by that option; `wrong(path, option)` is told of unknown ones."""
    if isinstance(value, dict):
        return {key: substitute(part, options, wrong, (*path, key)) for key, part in value.items()}
    if isinstance(value, list):
        return [substitute(part, options, wrong, (*path, at)) for at, part in enumerate(value)]
    found = CANDIDATE_OPTION.fullmatch(value) if isinstance(value, str) else None
    if not found:
        return value
    if found[1] not in options:
        wrong(path, found[1])
        return None
    return options[found[1]]
