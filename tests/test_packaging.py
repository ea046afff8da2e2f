"""What is installed is what is needed: the wheel, the editable install, and how light the command is."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest

import harness

ROOT = Path(__file__).resolve().parents[1]
CONTENT = ("suites", "judges", "reports")
HEAVY = ("torch", "transformers", "peft", "lm_eval", "aif360", "sklearn", "pandas", "numpy", "scipy", "pyarrow")


def build(kind: str, out: Path) -> Path:
    """A wheel of the checkout: `standard` or `editable`."""
    wheel = pytest.importorskip("hatchling.builders.wheel")
    if kind == "editable":
        pytest.importorskip("editables")
    if not (ROOT / "pyproject.toml").is_file():
        pytest.skip("needs the checkout")
    (made,) = wheel.WheelBuilder(str(ROOT)).build(directory=str(out), versions=[kind])
    return Path(made)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    return zipfile.ZipFile(build("standard", tmp_path_factory.mktemp("wheel")))


@pytest.fixture(scope="module")
def installed(wheel: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel unpacked, as pip would leave it."""
    place = tmp_path_factory.mktemp("site")
    wheel.extractall(place)
    return place


def python(code: str, *, path: Path, cwd: Path) -> str:
    """What a fresh interpreter prints that finds `path` first."""
    environment = {**os.environ, "PYTHONPATH": str(path), "PYTHONSAFEPATH": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def is_content(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")


def test_content_folders_hold_no_python() -> None:
    """One such file would break `pip install -e`."""
    assert [path for folder in CONTENT for path in (ROOT / folder).rglob("*.py")] == []


def test_the_wheel_holds_the_package_and_its_content(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    package = {p.relative_to(ROOT).as_posix() for p in (ROOT / "harness").rglob("*.py") if "_content" not in p.parts}
    content = {
        f"harness/_content/{p.relative_to(ROOT).as_posix()}"
        for folder in CONTENT
        for p in (ROOT / folder).rglob("*")
        if is_content(p)
    }
    assert package <= names
    assert content <= names
    assert "harness/_content/reports/report.html.j2" in names


def test_the_wheel_holds_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    (info,) = tops - {"harness"}
    assert info.startswith("finetune_harness-")
    assert info.endswith(".dist-info")
    assert not [
        n for n in wheel.namelist() if n.endswith(".pyc") or "__pycache__" in n or n.startswith("harness/tests")
    ]


def test_the_wheel_says_what_it_is(wheel: zipfile.ZipFile) -> None:
    info = next(name.split("/")[0] for name in wheel.namelist() if ".dist-info/" in name)
    points = ConfigParser()
    points.read_string(wheel.read(f"{info}/entry_points.txt").decode())
    assert dict(points["console_scripts"]) == {"harness": "harness.__main__:main"}
    metadata = wheel.read(f"{info}/METADATA").decode()
    assert "Name: finetune-harness\n" in metadata
    assert "Requires-Python: >=3.11\n" in metadata
    assert f"{info}/licenses/LICENSE" in wheel.namelist()
    assert "harness/py.typed" in wheel.namelist()


def test_the_wheel_finds_its_content_wherever_it_is_called(installed: Path, tmp_path: Path) -> None:
    for folder in CONTENT:
        (tmp_path / folder).mkdir()
    code = "from harness import content; print(content.root()); print(*sorted(content.suites()))"
    root, *suites = python(code, path=installed, cwd=tmp_path).splitlines()
    assert Path(root) == installed / "harness" / "_content"
    bundled = sorted(path.parent.name for path in (ROOT / "suites").glob("*/suite.yaml"))
    assert " ".join(suites).split() == bundled


def test_the_wheel_lists_its_leaves(installed: Path, tmp_path: Path) -> None:
    code = "from harness.catalog import Catalog; print(*Catalog().names('metric'))"
    found = python(code, path=installed, cwd=tmp_path).split()
    assert found == sorted(p.stem for p in (ROOT / "harness" / "metrics").glob("[!_]*.py"))


def test_an_editable_install_reads_the_checkout(tmp_path: Path) -> None:
    made = zipfile.ZipFile(build("editable", tmp_path / "wheel"))
    site = tmp_path / "site"
    made.extractall(site)
    code = (
        f"import site; site.addsitedir({str(site)!r}); import harness; from harness import content; "
        "print(harness.__file__); print(content.root())"
    )
    # Without the environment's own packages: where the tests run against the wheel, that would be found first.
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    file, root = done.stdout.splitlines()
    assert Path(file) == ROOT / "harness" / "__init__.py"
    assert Path(root) == ROOT


HELP = f"""
import sys
from harness.__main__ import main
sys.argv = ["harness", {{command}}]
try:
    main()
except SystemExit as stop:
    print("exit", stop.code, sorted(set({HEAVY!r}) & set(sys.modules)))
"""


@pytest.mark.parametrize("command", ["'--help'", "'list', 'metrics'", "'run', '--help'"])
def test_the_command_answers_without_heavy_libraries(command: str, tmp_path: Path) -> None:
    package = Path(harness.__file__).parents[1]
    began = time.perf_counter()
    said = python(HELP.format(command=command), path=package, cwd=tmp_path).splitlines()
    assert said[-1] == "exit 0 []"
    assert time.perf_counter() - began < 5


def test_the_public_names() -> None:
    assert len(harness.__all__) <= 25
    assert sorted(harness.__all__) == harness.__all__ == dir(harness)
    assert all(getattr(harness, name) is not None for name in harness.__all__)
    with pytest.raises(AttributeError, match="module 'harness' has no attribute 'nothing'"):
        _ = harness.nothing


def test_the_command_is_a_module_too(tmp_path: Path) -> None:
    package = Path(harness.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-m", "harness", "--help"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(package), "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0
    assert "may this checkpoint ship?" in done.stdout
