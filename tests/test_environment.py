"""The environment of a run: what is installed, on which machine, at which commit; nothing secret."""

from __future__ import annotations

import json
import os
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from harness import environment


def test_it_is_plain_data_and_names_what_matters(tmp_path: Path) -> None:
    found = environment.capture(tmp_path)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["libraries"]["torch"] == version("torch")
    assert found["cores"] >= 1
    assert found["memory_bytes"] > 2**20
    assert found["python"].count(".") == 2


def test_nothing_secret_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    monkeypatch.setenv("SOME_TOKEN", "hf_very_secret")
    text = json.dumps(environment.capture(tmp_path))
    assert "secret" not in text
    assert str(Path.home()) not in text or str(Path.home()) == "/"


def git(folder: Path, *words: str) -> None:
    given = ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@example.org", *words]
    subprocess.run(given, check=True, capture_output=True)


def test_the_commit_of_the_suite(tmp_path: Path) -> None:
    assert environment.capture(tmp_path)["git"] is None
    git(tmp_path, "init", "-q")
    (tmp_path / "suite.yaml").write_text("suite: x\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    clean = environment.capture(tmp_path)["git"]
    assert len(clean["commit"]) == 40
    assert clean["dirty"] is False
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "x").write_text("a run's own files are no change")
    assert environment.capture(tmp_path)["git"] == clean
    (tmp_path / "suite.yaml").write_text("suite: y\n")
    assert environment.capture(tmp_path)["git"] == {**clean, "dirty": True}


def test_without_git_nothing_breaks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert environment.capture(tmp_path)["git"] is None


def test_libraries_that_are_not_there_are_left_out() -> None:
    found = environment.versions(("numpy", "no-such-library-at-all"))
    assert found == {"numpy": version("numpy")}


def test_cores_are_those_it_may_use() -> None:
    if hasattr(os, "sched_getaffinity"):
        assert environment.cores() == len(os.sched_getaffinity(0))


def test_the_harness_knows_its_version() -> None:
    assert environment.harness_version()
