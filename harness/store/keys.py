"""A fixture's key: the digest of all that can change what it makes."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from harness import digest
from harness.catalog import REQUIRED, Entry

_HOUSE = Path(__file__).parents[1]
_NEUTRAL = ("harness.catalog", "harness.entry", "harness.errors", "harness.run", "harness.watch")
"""Modules that say how a fixture is found or shown, never what it makes: a change there makes nothing again."""
_DISTRIBUTIONS = {"sklearn": "scikit-learn", "yaml": "PyYAML", "PIL": "pillow", "rouge_score": "rouge-score"}


def fixture_key(entry: Entry, options: Mapping[str, Any], inputs: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """Key and preimage of a fixture.

    The preimage holds the source of its file, a digest of every module of the harness that the file imports (and of
    those that these import), the options with defaults filled in, the digests of its inputs, and the versions of the
    libraries that all this code imports.

    Args:
        options: as the suite sets them, plain data. An option that is also in `inputs` counts by its content alone.
        inputs: option (or any name) → digest of the content that it stands for.

    Raises:
        TypeError: an option is not plain data.
    """
    chosen = {name: option.default for name, option in entry.options.items() if option.default is not REQUIRED}
    chosen.update(options)
    modules, libraries = _needs(entry.source)
    more_modules, more_libraries = _needs("\n".join(f"import {name}" for name in entry.facts.get("depends", ())))
    libraries = libraries | more_libraries | set(entry.facts.get("versions", ()))
    preimage = {
        "fixture": entry.name,
        "source": digest.of_text(entry.source),
        "modules": {name: _module_digest(name) for name in sorted(modules | more_modules)},
        "options": {name: value for name, value in chosen.items() if name not in inputs},
        "inputs": dict(inputs),
        "versions": {name: version(name) for name in sorted(libraries)},
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
    }
    plain = digest.canonical(preimage)
    return digest.of(plain), plain


@cache
def version(library: str) -> str:
    """Installed version of the library that is imported by this name; `absent` where there is none."""
    try:
        return metadata.version(_DISTRIBUTIONS.get(library, library))
    except metadata.PackageNotFoundError:
        return "absent"


@cache
def _needs(source: str) -> tuple[frozenset[str], frozenset[str]]:
    """Modules of the harness and libraries that a source imports, directly or through the harness."""
    modules: set[str] = set()
    libraries: set[str] = set()
    queue = list(_imports(source))
    while queue:
        name = queue.pop()
        root = name.split(".")[0]
        if root != "harness":
            if root not in sys.stdlib_module_names:
                libraries.add(root)
        elif (path := _path(name)) and name not in modules and name not in _NEUTRAL:
            modules.add(name)
            queue += _imports(path.read_text(encoding="utf-8"))
    return frozenset(modules), frozenset(libraries)


def _imports(source: str) -> Iterable[str]:
    """Every module that may be meant by an import anywhere in a source: `from a import b` may mean a.b."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            if node.module.split(".")[0] == "harness":
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _path(module: str) -> Path | None:
    """The file of a module of the harness; None where the name is not a module."""
    place = _HOUSE.joinpath(*module.split(".")[1:])
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)


@cache
def _module_digest(module: str) -> str:
    path = _path(module)
    return digest.of_file(path) if path else ""
