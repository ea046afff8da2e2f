"""Whole suites through the command, as a user types it: exit code, result.json, reports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Done:
    """What one command left."""

    code: int
    out: str
    err: str
    runs: Path

    @property
    def folder(self) -> Path:
        """The newest complete run."""
        complete = [path for path in self.runs.glob("*/*/result.json") if path.parent.name != "latest"]
        return max(complete, key=lambda path: path.stat().st_mtime_ns).parent

    @property
    def result(self) -> dict[str, Any]:
        """result.json of the newest run; strict: NaN would not parse."""

        def refuse(token: str) -> Any:
            raise AssertionError(f"{token} in result.json")

        return dict(json.loads((self.folder / "result.json").read_text("utf-8"), parse_constant=refuse))

    def verdicts(self) -> dict[str, str]:
        """Criterion → verdict."""
        return {c["id"]: c["verdict"] for c in self.result["criteria"]}


Command = Callable[..., Done]


@pytest.fixture
def harness(tmp_path: Path) -> Command:
    """`harness(*words)` runs the command in a process of its own, in an empty folder, with a cache of its own."""
    here = tmp_path / "cwd"
    here.mkdir()

    def command(*words: str | Path, cwd: Path = here, **environment: str) -> Done:
        settings = {
            **os.environ,
            "HARNESS_CACHE": str(tmp_path / "cache"),
            "NO_COLOR": "1",
            "COLUMNS": "100",
            "HF_HUB_OFFLINE": "1",
            **environment,
        }
        done = subprocess.run(
            [sys.executable, "-m", "harness", *map(str, words)],
            cwd=cwd, env=settings, capture_output=True, text=True, timeout=900, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr, cwd / "runs")

    return command


@pytest.fixture
def suite(tmp_path: Path) -> Callable[..., Path]:
    """`suite(text, **files)` writes a suite.yaml and files beside it; rows of dicts become JSONL."""

    def write(text: str, **files: list[dict[str, Any]] | str | bytes) -> Path:
        folder = tmp_path / "suite"
        folder.mkdir(exist_ok=True)
        (folder / "suite.yaml").write_text(text, encoding="utf-8")
        for name, content in files.items():
            path = folder / name.replace("__", ".")
            if isinstance(content, list):
                content = "".join(json.dumps(row) + "\n" for row in content)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return folder / "suite.yaml"

    return write
