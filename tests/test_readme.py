"""The README is true: its tree is the tree, its suite is a suite, its commands exist."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest
from typer.main import get_command

from harness import suite
from harness.cli import app
from harness.errors import SuiteError

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_tree_is_current() -> None:
    written = runpy.run_path(str(ROOT / "tools/readme_tree.py"))["written"]
    assert written(README) == README, "run: python tools/readme_tree.py"


def test_example_suite_reads_but_for_its_files(tmp_path: Path) -> None:
    """Everything in the example is right; what is complained of is only that its files are not here."""
    (tmp_path / "suite.yaml").write_text(re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)[0], encoding="utf-8")
    with pytest.raises(SuiteError) as told:
        suite.load(tmp_path / "suite.yaml")
    texts = [complaint.text for complaint in told.value.complaints if complaint.severity == "error"]
    assert sorted("tickets.jsonl" in text or "out/adapter" in text for text in texts) == [True, True], texts


def test_every_command_of_the_readme_exists() -> None:
    known = set(get_command(app).commands)  # type: ignore[attr-defined]
    named = set(re.findall(r"harness (\w+)", README.split("## The house")[0])) - {"run"}
    assert named <= known
    assert {"run", "validate", "plan", "list", "show", "compare", "report", "init"} <= known


def test_the_picture_is_there() -> None:
    assert (ROOT / "docs/report.png").read_bytes().startswith(b"\x89PNG")
