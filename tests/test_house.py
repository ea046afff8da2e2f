"""Every file keeps the rules of the house: short, said in words, light to import, running nobody's code."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import harness
from harness.catalog import ROOMS

PACKAGE = Path(harness.__file__).parent
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "_content" not in path.parts)

MECHANISM, LEAF, BODY, NESTING = 300, 180, 50, 3
"""Lines of a file, of a leaf, of a function without its docstring; how deep branches and loops may stand."""
LONGER = {"task.py": 400, "catalog.py": 330, "run.py": 320, "stats/resample.py": 320}
"""Files that tell one story and would be harder to read in two; no more are to be added."""
DEEPER = {
    "local/classifying.py": {"classify_requests"},
    "local/load.py": {"_special_ids"},
    "local/weighing.py": {"weigh_requests"},
    "record.py": {"_measurements"},
}
"""Functions that are one level deeper than the rest."""
NAMELESS = {"utils", "util", "common", "helpers", "helper", "base", "manager", "types", "misc", "core", "tools"}
"""File names that say nothing."""
MEANT = {"train/base.py"}
"""…unless they do: this is the base model."""
HEAVY = {
    "torch", "transformers", "peft", "lm_eval", "aif360", "sklearn", "pandas", "datasets", "openai", "rouge_score",
    "nltk", "sacrebleu", "scipy", "accelerate", "evaluate", "pyarrow", "huggingface_hub", "safetensors",
}  # fmt: skip
FORBIDDEN = {"pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "yaml"}
"""Modules that run code while they read data."""
SEEDED = {"random.Random", "random.seed", "random.getstate", "random.setstate"}
"""What may be called of Python's own random numbers; their shared state is only ever saved, seeded and put back."""


MODULES = {p.relative_to(PACKAGE).as_posix(): ast.parse(p.read_text(encoding="utf-8"), str(p)) for p in FILES}


def calls(module: ast.Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(module) if isinstance(node, ast.Call))


def functions(module: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def depth(node: ast.AST, level: int = 0) -> int:
    """How deep branches and loops stand inside each other; `elif` is no deeper than `if`."""
    deepest = level
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        branches = isinstance(child, ast.If | ast.For | ast.While | ast.Match)
        chained = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
        deepest = max(deepest, depth(child, level + (branches and not chained)))
    return deepest


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from the first statement after the docstring to the end."""
    documented = ast.get_docstring(function) is not None
    statements = function.body[1:] if documented else function.body
    return (function.end_lineno or 0) - statements[0].lineno + 1 if statements else 0


def imported(module: ast.Module, *, top_only: bool) -> Iterator[str]:
    """First names of what is imported, without what only the type checker sees."""

    def walk(node: ast.AST) -> Iterator[str]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                continue
            if top_only and isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                continue
            if isinstance(child, ast.Import):
                yield from (alias.name.split(".")[0] for alias in child.names)
            elif isinstance(child, ast.ImportFrom) and child.module and not child.level:
                yield child.module.split(".")[0]
            yield from walk(child)

    return walk(module)


def test_files_are_short_and_say_what_they_are() -> None:
    faults = []
    for name, module in MODULES.items():
        path = PACKAGE / name
        count = len(path.read_text(encoding="utf-8").splitlines())
        leaf = path.parent.name in ROOMS.values() and path.parent.parent == PACKAGE
        limit = LONGER.get(name, LEAF if leaf else MECHANISM)
        if count > limit:
            faults.append(f"{name} has {count} lines of {limit}; split it by what it is about")
        if path.stem in NAMELESS and name not in MEANT:
            faults.append(f"{name} says nothing; name the noun")
        if module.body and not ast.get_docstring(module):
            faults.append(f"{name} does not say what it is")
    assert faults == []


def test_functions_are_short_and_flat() -> None:
    faults = []
    for name, module in MODULES.items():
        for function in functions(module):
            if (count := body_lines(function)) > BODY:
                faults.append(f"{name}: {function.name} has {count} lines")
            if (deep := depth(function)) > NESTING + (function.name in DEEPER.get(name, ())):
                faults.append(f"{name}: {function.name} nests {deep} deep")
    assert faults == []


def test_what_is_public_is_documented() -> None:
    faults = [
        f"{name}: {node.name}"
        for name, module in MODULES.items()
        for node in module.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        if not ast.get_docstring(node)
    ]
    assert faults == []


def test_heavy_libraries_are_imported_where_they_are_used() -> None:
    faults = {name: found for name, m in MODULES.items() if (found := HEAVY & set(imported(m, top_only=True)))}
    assert faults == {}


def test_nothing_reads_data_by_running_it() -> None:
    faults = []
    for name, module in MODULES.items():
        faults += [f"{name} imports {found}" for found in FORBIDDEN & set(imported(module, top_only=False))]
        for call in calls(module):
            called = ast.unparse(call.func)
            if called in ("eval", "exec", "compile", "__import__", "os.system", "torch.load"):
                faults.append(f"{name}:{call.lineno}: {called}")
            if any(k.arg == "shell" and ast.unparse(k.value) != "False" for k in call.keywords):
                faults.append(f"{name}:{call.lineno}: {called} with a shell")
    assert faults == []


def test_no_error_is_swallowed() -> None:
    faults = []
    for name, module in MODULES.items():
        for node in ast.walk(module):
            if not isinstance(node, ast.ExceptHandler):
                continue
            broad = node.type is None or ast.unparse(node.type) in ("Exception", "BaseException")
            silent = all(isinstance(statement, ast.Pass | ast.Continue) for statement in node.body)
            if node.type is None or (broad and silent):
                faults.append(f"{name}:{node.lineno}")
    assert faults == []


def test_randomness_comes_from_a_seed() -> None:
    faults = []
    for name, module in MODULES.items():
        shared = "random" in set(imported(module, top_only=False))
        for call in calls(module):
            called, bare = ast.unparse(call.func), not (call.args or call.keywords)
            if bare and (called.endswith(("random.Random", "default_rng")) or called == "Random"):
                faults.append(f"{name}:{call.lineno}: {called}() without a seed")
            if shared and called.startswith("random.") and called not in SEEDED:
                faults.append(f"{name}:{call.lineno}: {called} uses the state of everybody")
    assert faults == []


def test_the_project_knows_no_machine() -> None:
    """Nothing points at a place of one machine; real data is found beside the project or by HARNESS_SHARED."""
    root = PACKAGE.parent
    if not (root / "pyproject.toml").is_file():
        pytest.skip("needs the checkout")
    places = ["/" + "work/", "/" + "tmp/venv", "/" + "home/", "/" + "root/"]
    found = [
        f"{path.relative_to(root)}: {place}"
        for folder in ("harness", "tests", "suites", "judges", "reports", "benchmarks", "tools")
        for path in (root / folder).rglob("*")
        if path.is_file() and path.suffix in (".py", ".yaml", ".md", ".toml", ".json", ".j2", ".css", ".js", ".txt")
        for place in places
        if place in path.read_text(encoding="utf-8", errors="replace")
    ]
    assert found == []


@pytest.mark.parametrize("words", ["import harness.__main__; from harness.cli import app", "import harness.suite"])
def test_the_command_is_light(words: str) -> None:
    heavy = sorted(HEAVY | {"numpy"})
    code = f"import sys; {words}; print(sorted(set({heavy!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
