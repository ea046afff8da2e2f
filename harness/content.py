"""Where the ready suites, judges and report templates are: inside the installed package, or beside it in a checkout."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def root() -> Path:
    """The folder that holds suites/, judges/ and reports/."""
    package = Path(str(files("harness")))
    installed = package / "_content"
    return installed if installed.is_dir() else package.parent


def packed() -> bool:
    """Whether these are part of an installed package, which nobody edits, and not of a checkout."""
    return root().name == "_content"


def suites() -> dict[str, Path]:
    """Bundled suite name → its suite.yaml."""
    return {path.parent.name: path for path in sorted((root() / "suites").glob("*/suite.yaml"))}


def report_file(name: str) -> Path:
    """A template, style sheet or schema of the report."""
    return root() / "reports" / name
