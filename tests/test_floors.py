"""The floors of the house: imports go down only, rooms do not know each other, and nothing goes in circles."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import harness
from harness.catalog import ROOMS

PACKAGE = Path(harness.__file__).parent

NOUNS = {
    "errors", "digest", "content", "sample", "checkpoint", "exchange", "score", "estimate", "criterion", "verdict",
    "run", "rows", "findings", "figure", "control",
}  # fmt: skip
WORKS = {
    "plan", "engine", "gate", "claim", "settle", "wording", "interview", "journal", "pool", "preflight", "record",
    "workshop", "forecast", "environment", "glimpse", "pledge", "union", "caution",
    "work", "opening", "selftest", "rehearsal",
}  # fmt: skip
FACES = {"report", "review", "cli", "order", "session", "overview", "prospect", "examination", "__main__", "__init__"}
FLOORS = ["nouns", "mechanisms", "rooms", "works", "faces"]
"""From the ground up. What is named nowhere is a mechanism."""


def floor(module: str) -> int:
    """The number of the floor of `task` or `metrics.rouge`."""
    first = module.split(".")[0]
    if first in NOUNS:
        return 0
    if first in ROOMS.values():
        return 2
    return 3 if first in WORKS else 4 if first in FACES else 1


def modules() -> dict[str, Path]:
    """Name without `harness.` → file; a package's own file stands for the package."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if "_content" not in parts:
            found[".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)] = path
    return found


MODULES = modules()


def imports(path: Path) -> set[str]:
    """What a file imports of the house, functions included; not what only the type checker sees."""

    def walk(node: ast.AST) -> Iterator[str]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                continue
            if isinstance(child, ast.Import):
                yield from (alias.name for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert not child.level, f"{path}: relative imports hide where they lead"
                yield from (f"{child.module}.{alias.name}" for alias in child.names)
            yield from walk(child)

    found: set[str] = set()
    for name in walk(ast.parse(path.read_text(encoding="utf-8"))):
        if name == "harness" or not name.startswith("harness."):
            continue
        inner = name.removeprefix("harness.")
        while inner and inner not in MODULES:
            inner = inner.rpartition(".")[0]
        found.add(inner or "__init__")
    return found


GRAPH = {name: imports(path) for name, path in MODULES.items()}


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    found: list[list[str]] = []
    done: set[str] = set()

    def walk(node: str, trail: list[str]) -> None:
        if node in trail:
            found.append([*trail[trail.index(node) :], node])
        elif node not in done:
            for needed in sorted(graph.get(node, ())):
                walk(needed, [*trail, node])
            done.add(node)

    for node in sorted(graph):
        walk(node, [])
    return found


@pytest.mark.parametrize("name", sorted(MODULES))
def test_imports_go_down_only(name: str) -> None:
    own = floor(name)
    for needed in GRAPH[name]:
        below = floor(needed)
        assert below <= own, f"{name} ({FLOORS[own]}) imports {needed} ({FLOORS[below]})"


@pytest.mark.parametrize("name", [name for name in sorted(MODULES) if floor(name) == 2])
def test_leaves_meet_through_the_catalog_only(name: str) -> None:
    assert not [needed for needed in GRAPH[name] if floor(needed) == 2]


def test_nobody_imports_a_leaf() -> None:
    """A leaf is found by its name in YAML, so that adding one edits nothing."""
    assert not [(name, needed) for name in MODULES for needed in GRAPH[name] if floor(needed) == 2 and "." in needed]


def test_nothing_goes_in_circles() -> None:
    assert circles({name: needed - {name} for name, needed in GRAPH.items()}) == []


def test_every_floor_is_there() -> None:
    assert set(MODULES) >= NOUNS
    assert {floor(name) for name in MODULES} == {0, 1, 2, 3, 4}


def test_a_circle_would_be_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c", "a"]]


def test_rooms_hold_leaves_only() -> None:
    """A plural folder holds one decorated function in each file, and an empty `__init__.py`."""
    for room in ROOMS.values():
        marker = PACKAGE / room / "__init__.py"
        body = ast.parse(marker.read_text(encoding="utf-8")).body
        assert all(isinstance(node, ast.Expr) for node in body), f"{marker} holds code"
        assert not [path for path in (PACKAGE / room).iterdir() if path.is_dir() and path.name != "__pycache__"]
