"""A name in YAML → the one decorated function in the file of that name.

Listing a room's folder is the listing; a file is imported only when somebody names it. In a decorated function,
what stands before the `*` is supplied by the harness, by name; what stands after it may be set in the suite, and the
signature is the schema. A user's own leaves are found the same way: in a plugin folder with rooms of the same names
(`plugins: ./acme` → acme/metrics/shouting.py), or in a package that declares the entry point group
`finetune_harness.plugins` (entry point value: a package with such rooms).
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from harness.entry import REQUIRED, Entry, File, Judge, MetricSpec, Option, PerturbationSpec, entry_of
from harness.errors import SuiteError, nearest
from harness.score import Combine, Quantity

__all__ = [
    "REQUIRED", "ROOMS", "Catalog", "Entry", "File", "Judge", "MetricSpec", "Option", "PerturbationSpec", "check",
    "control", "entry_of", "fixture", "metric", "model", "perturbation", "quantity_of", "spec",
]  # fmt: skip

ROOMS = {
    "metric": "metrics",
    "perturbation": "perturbations",
    "fixture": "fixtures",
    "check": "checks",
    "model": "models",
    "control": "controls",
}
"""Kind → folder."""

F = TypeVar("F", bound=Callable[..., Any])


def metric(
    *,
    better: str,
    bounds: tuple[float, float] = (0.0, 1.0),
    family: str = "mean",
    unit: str = "",
    combine: Combine | None = None,
    suits: tuple[str, ...] = ("generate", "choices", "label"),
) -> Callable[[F], F]:
    """Mark the metric of a file. `family`, `bounds` and `combine` are those of `score.Quantity`; `suits` names the
    task outputs it can score."""
    return _mark("metric", better=better, bounds=bounds, family=family, unit=unit, combine=combine, suits=suits)


def perturbation(*, keeps: str = "meaning") -> Callable[[F], F]:
    """Mark the perturbation of a file; `keeps` is `meaning`, `nothing` (answers must change), `everything`."""
    return _mark("perturbation", keeps=keeps)


def fixture(*, parts: tuple[str, ...] = (), makes: str = "data") -> Callable[[F], F]:
    """Mark the fixture of a file: `makes` is `data`, `model` (full weights), `adapter`, or `either` of these two;
    `parts` are what `$name.part` may ask for."""
    return _mark("fixture", parts=parts, makes=makes)


def check(
    *,
    measures: Mapping[str, Quantity] | Callable[..., Mapping[str, Quantity]],
    asks: str = "each",
    slices: tuple[str, ...] = (),
) -> Callable[[F], F]:
    """Mark the check of a file.

    `measures` names what criteria may speak of, or computes it from the options (by parameter name; `of` is a mapping
    of the other check's quantities). `asks` is `each` (run once for each model), `together` (once, addressing all
    models itself: timings) or `nobody` (once, no model needed). `slices` are fields that it always cuts its scores by.
    """
    return _mark("check", measures=measures, asks=asks, slices=slices)


def model(*, key: str) -> Callable[[F], F]:
    """Mark the model backend of a file; `key` is the suite key that selects it: pretrained, endpoint, replay."""
    return _mark("model", key=key)


def control() -> Callable[[F], F]:
    """Mark the control of the check of the same name: `(seed) -> control.Control`, a flaw and its sound twin."""
    return _mark("control")


def _mark(kind: str, **facts: Any) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        function.__harness__ = (kind, facts)  # type: ignore[attr-defined]
        return function

    return decorate


class Catalog:
    """Every known name of every kind: the harness's own rooms, then plugins."""

    def __init__(self, plugins: tuple[Path, ...] = ()) -> None:
        self._folders: list[tuple[Path, str]] = [(Path(__file__).parent, "harness")]
        self._folders += [(folder, "") for folder in plugins]
        self._folders += _installed_plugins()
        self._entries: dict[tuple[str, str], Entry] = {}

    def names(self, kind: str) -> list[str]:
        """Sorted names of a kind, without importing any."""
        found = {
            path.stem
            for folder, _ in self._folders
            for path in (folder / ROOMS[kind]).glob("*.py")
            if not path.stem.startswith("_")
        }
        return sorted(found)

    def get(self, kind: str, name: str) -> Entry:
        """The entry called `name`.

        Raises:
            SuiteError: no such name, or the file does not hold one decorated function of that name.
        """
        if (kind, name) not in self._entries:
            self._entries[kind, name] = self._load(kind, name)
        return self._entries[kind, name]

    def summary(self, kind: str, name: str) -> str:
        """First line of a leaf's docstring, read from the source without importing it."""
        path = self._path(kind, name)[0]
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.rstrip("_") == name:
                return (ast.get_docstring(node) or "").split("\n")[0]
        return ""

    def _path(self, kind: str, name: str) -> tuple[Path, str]:
        for folder, package in self._folders:
            path = folder / ROOMS[kind] / f"{name}.py"
            if name.isidentifier() and not name.startswith("_") and path.is_file():
                return path, package
        raise SuiteError(f"no {kind} named {name!r}{nearest(name, self.names(kind))}")

    def _load(self, kind: str, name: str) -> Entry:
        path, package = self._path(kind, name)
        module = importlib.import_module(f"{package}.{ROOMS[kind]}.{name}") if package else _load_file(path, kind)
        function = getattr(module, name, None) or getattr(module, f"{name}_", None)
        marked_kind, facts = getattr(function, "__harness__", ("", {}))
        if marked_kind != kind or function is None:
            raise SuiteError(
                f"{path} must define one function `{name}` decorated with @{kind}; "
                f"found {'no such function' if function is None else f'a function marked as {marked_kind or None}'}"
            )
        return entry_of(kind, name, function, facts, path.read_text(encoding="utf-8"))


def quantity_of(entry: Entry, options: Mapping[str, Any]) -> Quantity:
    """What a metric measures, with its options bound into `combine` where that names them."""
    combine = entry.facts["combine"]
    if combine is not None:
        known = inspect.signature(combine).parameters
        chosen = {
            option.name: options.get(option.name, option.default)
            for option in entry.options.values()
            if option.name in known
        }
        if chosen:
            plain = combine

            def combine(totals: Any) -> Any:
                return plain(totals, **chosen)

    return Quantity(
        name=entry.name,
        family=entry.facts["family"],
        better=entry.facts["better"],
        bounds=entry.facts["bounds"],
        unit=entry.facts["unit"],
        combine=combine,
    )


def spec(value: Any) -> tuple[str, dict[str, Any]]:
    """Name and options of the one spec form: `name`, or `name: {option: value}`.

    Raises:
        ValueError: neither form.
    """
    if isinstance(value, str):
        return value, {}
    if isinstance(value, Mapping) and len(value) == 1:
        ((name, options),) = value.items()
        if isinstance(name, str) and (options is None or isinstance(options, Mapping)):
            return name, dict(options or {})
    raise ValueError("write a name, or one name with its options: `name: {option: value}`")


@cache
def _load_file(path: Path, kind: str) -> ModuleType:
    """A plugin's file as a module of its own; its folder is not put on the import path."""
    name = f"_harness_plugin_{kind}_{path.stem}_{abs(hash(str(path)))}"
    found = importlib.util.spec_from_file_location(name, path)
    if found is None or found.loader is None:
        raise SuiteError(f"{path} cannot be read as Python")
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module
    try:
        found.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise SuiteError(f"the plugin {path} fails when imported: {type(error).__name__}: {error}") from error
    return module


@cache
def _installed_plugins() -> tuple[tuple[Path, str], ...]:
    """Folders of installed packages that declare the entry point; read once, for it takes 30 ms."""
    from importlib.metadata import entry_points

    folders: list[tuple[Path, str]] = []
    for point in entry_points(group="finetune_harness.plugins"):
        found = importlib.util.find_spec(point.value)
        for place in found.submodule_search_locations or [] if found else []:
            folders.append((Path(place), point.value))
    return tuple(folders)
