"""A value from YAML held against the annotation of an option: fitted, or a sentence of what was wanted instead.

Numbers are never read out of text, and 1 is not `true`: pydantic checks in its strict JSON mode. Values that name
something else (`$data.test`, a model, a check) are returned as they stand, and listed for whoever knows those names.
"""

from __future__ import annotations

import functools
import json
import operator
import re
import types
import typing
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal

from harness.catalog import REQUIRED, Catalog, Entry, MetricSpec, Option, PerturbationSpec, spec
from harness.errors import SuiteError, nearest
from harness.place import Key

Path = tuple[Key, ...]

SPECS: dict[str, type[MetricSpec] | type[PerturbationSpec]] = {"metric": MetricSpec, "perturbation": PerturbationSpec}
"""Reference kind → what a nested `name: {option: value}` becomes."""

WANTED = {
    "data": "data: a file, hub:NAME, $fixture.part or {path: …, format: …}",
    "model": "a model: a name under models, a $fixture, a folder or a hub id",
    "check": "the name of a check",
    "judge": "a judge: a name under models",
    "file": "a file or folder beside the suite",
    "metric": "a metric: name, or {name: {option: value}}",
    "perturbation": "a perturbation: name, or {name: {option: value}}",
}
_TYPES: dict[Any, str] = {
    int: "a whole number", float: "a number", bool: "true or false", str: "text", list: "a list", tuple: "a list",
    dict: "a mapping", type(None): "null",
}  # fmt: skip
NOTHING = object()
"""Stands for a list item that could not be read at all; such items are left out."""
_HOLDERS: dict[type, type] = {list: Sequence, dict: Mapping}
_YES_NO = re.compile(r"(?i)yes|no|on|off|y|n|true|false")


@dataclass(frozen=True, slots=True)
class Reference:
    """A value that names something else in the suite, or a file."""

    kind: str
    """`data`, `model`, `check`, `file`, or `any` for a `$name` in an option without a type."""
    path: Path
    value: Any
    owner: str
    """Of whom it is an option, for messages: `option 'train' of lora`."""


@dataclass(slots=True)
class Fitting:
    """What came of fitting the options of one leaf."""

    catalog: Catalog
    faults: list[tuple[Path, str]] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)

    def options(
        self, entry: Entry, given: Mapping[str, Any], path: Path, excused: Collection[str] = ()
    ) -> dict[str, Any]:
        """The options that fit; everything else becomes a fault. `excused` ones may be missing."""
        known = settable(entry)
        fitted: dict[str, Any] = {}
        for name, value in given.items():
            if name in known:
                fitted[name] = self.value(
                    known[name].annotation, value, (*path, name), f"option {name!r} of {entry.name}"
                )
            else:
                text = f"no option of {entry.kind} {entry.name} named {name!r}{nearest(name, known)}"
                self.faults.append(((*path, name), text))
        for name, option in known.items():
            if option.default is REQUIRED and name not in given and name not in excused:
                about = f": {option.text}" if option.text else ""
                self.faults.append((path, f"{entry.kind} {entry.name} needs the option {name!r}{about}"))
        return fitted

    def value(self, annotation: Any, value: Any, path: Path, owner: str) -> Any:
        """`value` as the annotation has it; faults name `owner`."""
        members = members_of(annotation)
        kinds = {name: member for member in members if (name := getattr(member, "__reference__", ""))}
        if isinstance(value, list) and (holder := _holder(members, list)):
            item = (typing.get_args(holder) or (Any,))[0]
            fits = [self.value(item, part, (*path, at), f"item {at + 1} of {owner}") for at, part in enumerate(value)]
            parts = [part for part in fits if part is not NOTHING]
            return tuple(parts) if typing.get_origin(holder) is tuple else parts
        if isinstance(value, dict) and not kinds and (holder := _holder(members, dict)):
            item = (typing.get_args(holder) or (Any, Any))[1]
            return {key: self.value(item, part, (*path, key), f"{key!r} in {owner}") for key, part in value.items()}
        for kind in kinds:
            if kind in SPECS and isinstance(value, str | dict):
                return self._spec(kind, value, path, owner)
            if isinstance(value, str) or (kind == "data" and isinstance(value, dict)):
                self.references.append(Reference(kind, path, value, owner))
                return value
        return self._leaf(annotation, value, path, owner)

    def _spec(self, kind: str, value: Any, path: Path, owner: str) -> Any:
        """A nested metric or perturbation with its options."""
        try:
            name, given = spec(value)
            entry = self.catalog.get(kind, name)
        except (ValueError, SuiteError) as error:
            self.faults.append((path, f"{owner}: {error}"))
            return NOTHING
        below = (*path, name) if isinstance(value, dict) else path
        return SPECS[kind](name, self.options(entry, given, below))

    def _leaf(self, annotation: Any, value: Any, path: Path, owner: str) -> Any:
        from pydantic import ValidationError

        try:
            return adapter(plain(annotation)).validate_json(json.dumps(value), strict=True)
        except ValidationError as error:
            first = error.errors()[0]
            inner = tuple(step for step in first["loc"] if isinstance(step, int)) if isinstance(value, list) else ()
            more = f" ({first['msg'].lower()})" if _constraint(first["type"]) else ""
            wanted = f"{owner} wants {words(annotation)}{more}"
            self.faults.append(((*path, *inner), f"{wanted}; found {shown(value)}{advice(annotation, value)}"))
            return value


def settable(entry: Entry) -> dict[str, Option]:
    """Every option of a leaf. `of` is one as well where the harness turns it into a task before the leaf sees it."""
    options = dict(entry.options)
    if "of" in entry.given:
        options["of"] = Option("of", _CheckName, REQUIRED, "the check whose task is used")
    return options


class _CheckName:
    """Stands for the task that a check's name becomes."""

    __reference__ = "check"


def members_of(annotation: Any) -> tuple[Any, ...]:
    """The types that a value may have: the members of a union, else the annotation alone; constraints are kept."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return tuple(member for part in typing.get_args(annotation) for member in members_of(part))
    return (annotation,)


def _holder(members: tuple[Any, ...], kind: type) -> Any:
    """The list-like (or mapping-like) member, where there is exactly one whose items all have one type."""
    found = []
    for member in members:
        origin = typing.get_origin(member) or member
        arguments = typing.get_args(member)
        even = origin is not tuple or arguments[1:] == (...,)
        if isinstance(origin, type) and origin is not str and issubclass(origin, _HOLDERS[kind]) and even:
            found.append(member)
    return found[0] if len(found) == 1 else None


def plain(annotation: Any) -> Any:
    """The annotation with every type that names something in the suite replaced by text."""
    if getattr(annotation, "__reference__", ""):
        return str
    arguments = typing.get_args(annotation)
    if not arguments or typing.get_origin(annotation) is Literal:
        return annotation
    if hasattr(annotation, "__metadata__"):
        return annotation
    swapped = tuple(plain(argument) for argument in arguments)
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return functools.reduce(operator.or_, swapped)
    return typing.get_origin(annotation)[swapped] if swapped != arguments else annotation


@functools.cache
def adapter(annotation: Any) -> Any:
    """pydantic's validator of a type; finite numbers only."""
    from pydantic import ConfigDict, TypeAdapter

    return TypeAdapter(annotation, config=ConfigDict(allow_inf_nan=False))


def words(annotation: Any) -> str:
    """A type in words: `a number or null`."""
    said = dict.fromkeys(_word(member) for member in members_of(annotation))
    return " or ".join(sorted(said, key=lambda word: word == "null"))


def _word(annotation: Any) -> str:
    if kind := getattr(annotation, "__reference__", ""):
        return WANTED[kind]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return "one of " + ", ".join(map(str, arguments)) if len(arguments) > 1 else str(arguments[0])
    if hasattr(annotation, "__metadata__"):
        return _word(arguments[0])
    if annotation in _TYPES:
        return _TYPES[annotation]
    if origin is tuple and arguments[1:] != (...,):
        return f"a list of {len(arguments)}"
    if origin in (list, tuple) and arguments:
        return f"a list (each item {words(arguments[0])})"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"a mapping (each value {words(arguments[1])})" if len(arguments) == 2 else "a mapping"
    return str(getattr(annotation, "__name__", annotation)).lower()


def shown(value: Any, most: int = 60) -> str:
    """A value as it is quoted in messages: as YAML would write it, cut short."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def advice(annotation: Any, value: Any) -> str:
    """How to write what was probably meant, where the value gives it away."""
    members = [typing.get_args(m)[0] if hasattr(m, "__metadata__") else m for m in members_of(annotation)]
    if isinstance(value, str):
        return _advice_for_text(members, value)
    if isinstance(value, bool) and str in members:
        return f'; write "{str(value).lower()}" in quotes'
    if isinstance(value, float) and value.is_integer() and int in members:
        return f"; write {int(value)}"
    if isinstance(value, float) and str in members:
        return "; put what you wrote in quotes"
    if isinstance(value, int) and str in members and not isinstance(value, bool):
        return f'; write "{value}" in quotes'
    if isinstance(value, int) and not isinstance(value, bool) and bool in members:
        return "; write true or false"
    if not isinstance(value, list | dict) and any(typing.get_origin(m) is list for m in members):
        return f"; write [{shown(value)}]"
    return ""


def _advice_for_text(members: list[Any], value: str) -> str:
    choices = [str(choice) for m in members if typing.get_origin(m) is Literal for choice in typing.get_args(m)]
    if close := get_close_matches(value, choices, n=1):
        return f"; did you mean {close[0]!r}?"
    if bool in members and _YES_NO.fullmatch(value):
        meant = "true" if value.lower() in ("yes", "on", "y", "true") else "false"
        return f"; in YAML 1.2 {value!r} is text: write {meant}"
    if (int in members or float in members) and (number := _number_in(value)):
        return f"; in YAML 1.2 that is text: write {number}"
    if any(typing.get_origin(m) is list for m in members):
        return f"; write [{value}]"
    return ""


def _number_in(text: str) -> str:
    """The number that somebody meant with a text such as `1_000`, `"0.5"`, `5%` or `1:30`; empty if there is none."""
    if found := re.fullmatch(r"(-?\d+(?:\.\d+)?)\s*%", text):
        return f"{float(found[1]) / 100:g}"
    if found := re.fullmatch(r"(\d+):([0-5]\d)", text):
        return f"{int(found[1]) * 60 + int(found[2])} (that is how YAML 1.1 reads it) or what you mean"
    if re.fullmatch(r"-?\d{1,3}([_,']\d{3})+", text):
        return re.sub(r"[_,']", "", text)
    return text if re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", text) else ""


def _constraint(kind: str) -> bool:
    """Whether pydantic's error is about a range or a pattern rather than about the type."""
    return kind.startswith(("greater", "less", "multiple", "string_pattern", "string_too", "too_", "finite"))
