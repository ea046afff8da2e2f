"""What a leaf is: its function, what the harness hands it by name, and what the suite may set."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

REQUIRED: Any = inspect.Parameter.empty
"""The default of an option that must be given."""


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """A metric and its options, as a check's option (`metrics: [accuracy, {rouge: {variant: rouge1}}]`)."""

    __reference__: ClassVar[str] = "metric"
    name: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PerturbationSpec:
    """A perturbation and its options, as a check's option."""

    __reference__: ClassVar[str] = "perturbation"
    name: str
    options: Mapping[str, Any] = field(default_factory=dict)


class File(str):
    """A path beside the suite, as a leaf's option: a file or folder that must be there, and counts by its content."""

    __reference__: ClassVar[str] = "file"


class Judge(str):
    """The name of a model of the suite that judges others, as a leaf's option: it is asked, but not itself compared."""

    __reference__: ClassVar[str] = "judge"


@dataclass(frozen=True, slots=True)
class Option:
    """One thing a suite may set."""

    name: str
    """As written in YAML: a trailing underscore of the parameter (`from_`) is dropped."""
    annotation: Any
    default: Any = REQUIRED
    text: str = ""
    """One line of what it does, from the docstring's Options section."""

    @property
    def reference(self) -> str:
        """`data`, `model`, `check`, `file`, … where the value names something else; empty where it is plain."""
        for part in (self.annotation, *typing.get_args(self.annotation)):
            if name := getattr(part, "__reference__", ""):
                return str(name)
        return ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One leaf: its function and what its signature says."""

    kind: str
    name: str
    function: Callable[..., Any]
    given: tuple[str, ...]
    """Names that the harness supplies."""
    options: Mapping[str, Option]
    summary: str
    """First line of the docstring."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the decorator was told: better, bounds, family, combine, measures, …"""
    source: str = ""
    """Text of the file it stands in: part of a fixture's key."""

    def bind(self, given: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
        """Keyword arguments for `function`: of `given` only what it names, of `options` under their parameter names."""
        chosen = {name: given[name] for name in self.given if name in given}
        parameters = inspect.signature(self.function).parameters
        for name, value in options.items():
            chosen[name if name in parameters else f"{name}_"] = value
        return chosen


def entry_of(kind: str, name: str, function: Callable[..., Any], facts: Mapping[str, Any], source: str = "") -> Entry:
    """The entry that a decorated function's signature and docstring describe."""
    hints = typing.get_type_hints(function, include_extras=True)
    docs = _option_texts(inspect.getdoc(function) or "")
    given: list[str] = []
    options: dict[str, Option] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            shown = parameter.name.rstrip("_")
            options[shown] = Option(shown, hints.get(parameter.name, Any), parameter.default, docs.get(shown, ""))
        else:
            given.append(parameter.name)
    summary = (inspect.getdoc(function) or "").split("\n")[0]
    return Entry(kind, name, function, tuple(given), options, summary, facts, source)


def _option_texts(docstring: str) -> dict[str, str]:
    """Option → text, from the lines `    name: text` under `Options:`; continued lines are joined."""
    texts: dict[str, str] = {}
    inside, current = False, ""
    for line in docstring.splitlines():
        if line.strip() == "Options:":
            inside = True
        elif inside and line.startswith("        ") and current:
            texts[current] += " " + line.strip()
        elif inside and line.startswith("    ") and ":" in line:
            current, text = line.strip().split(":", 1)
            texts[current] = text.strip()
        elif inside and line.strip():
            break
    return texts
