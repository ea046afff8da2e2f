"""CONTRIBUTING.md is true: its example works as a plugin, and what it names is there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from harness.catalog import Catalog, MetricSpec
from harness.suite import load, measured
from harness.task import Answer, evaluate, measure_of

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def text() -> str:
    return (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def block(text: str, language: str) -> str:
    """The only code block of a language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    return str(found)


@pytest.fixture
def plugin(text: str, tmp_path: Path) -> Path:
    named = re.search(r"`acme/(metrics/(\w+)\.py)`", text)
    assert named is not None
    file = tmp_path / "acme" / named[1]
    file.parent.mkdir(parents=True)
    file.write_text(block(text, "python"), encoding="utf-8")
    return tmp_path / "acme"


def test_a_metric_is_twelve_lines(text: str) -> None:
    assert len(block(text, "python").splitlines()) <= 12


def test_the_example_works_as_a_plugin(plugin: Path) -> None:
    from harness.exchange import Response
    from harness.sample import Sample

    measure = measure_of(MetricSpec("close_number", {"tolerance": 0.05}), Catalog((plugin,)))
    assert measure.entry.summary == "1 if the answer is a number close to a reference, else 0."
    assert measure.entry.options["tolerance"].text == "largest relative error"
    assert measure.entry.options["tolerance"].default == 0.01
    sample = Sample("1", "6 * 7 = ?", ("42",))
    for answer, right in [("42", 1), ("43", 1), ("-42", 0), ("50", 0), ("", 0), ("forty-two", 0), ("4²", 0)]:
        assert evaluate(measure, sample, Answer(answer, True, Response(text=answer))) == right, answer


def test_the_example_suite_is_valid(text: str, plugin: Path) -> None:
    folder = plugin.parent
    (folder / "suite.yaml").write_text(block(text, "yaml"), encoding="utf-8")
    rows = [{"id": str(i), "input": f"{i} + {i} =", "target": str(2 * i)} for i in range(1, 20)]
    said = [{"id": row["id"], "response": row["target"]} for row in rows]
    for name, lines in (("sums.jsonl", rows), ("answers.jsonl", said)):
        (folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    suite = load(folder)
    assert measured(suite, "sums")["close_number"].family == "proportion"
    assert [str(path) for path in suite.plugins] == [str(plugin)]


def test_the_files_it_names_are_there(text: str) -> None:
    for name in re.findall(r"`((?:harness|tests)/[\w/.]+)`", text):
        assert (ROOT / name).exists(), name


def test_the_commands_it_names_are_there(text: str) -> None:
    tox = (ROOT / "tox.ini").read_text(encoding="utf-8")
    named = {name for found in re.findall(r"tox -e ([\w,]+)", text) for name in found.split(",")}
    known = {"test", *re.findall(r"\[testenv:(\w+)\]", tox)}
    assert named <= known


def test_the_licence_is_the_one_declared() -> None:
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in licence
    assert "END OF TERMS AND CONDITIONS" in licence
    assert 'license = "Apache-2.0"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
