"""The schema for editors allows what the loader allows, and the first suite runs as it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from test_suite import GOOD, PLUGIN, RIGHT

from harness import content, schema
from harness.catalog import Catalog
from harness.document import parse, read
from harness.errors import OutputBroken, SuiteError
from harness.suite import load

CATALOG = Catalog((PLUGIN,))


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    made = schema.schema(CATALOG)
    Draft202012Validator.check_schema(made)
    return Draft202012Validator(made)


def test_it_is_plain_json(tmp_path: Path) -> None:
    path = tmp_path / "suite.schema.json"
    schema.write(path, CATALOG)
    assert json.loads(path.read_text(encoding="utf-8")) == schema.schema(CATALOG)


@pytest.mark.parametrize(("old", "new"), [("seed: 13", "seed: 14"), *RIGHT])
def test_what_the_loader_allows_is_allowed(validator: Draft202012Validator, old: str, new: str) -> None:
    assert [e.message for e in validator.iter_errors(parse(GOOD.replace(old, new)).data)] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("seed: 13", "sede: 13"),
        ("seed: 13", "seed: x"),
        ("suite: good", "suit: good"),
        ("candidate:", "candidat:"),
        ("dtype: float32", "dtyp: float32"),
        ("dtype: float32", "dtype: fp32"),
        ("dtype: float32", "trust_remote_code: yes"),
        ("dtype: float32", "api_key: sk-123"),
        ("{cut: {", "{cutt: {"),
        ("ratios:", "ratio:"),
        ("ratios: [0.8, 0.2]", 'ratios: [0.8, "0.2"]'),
        ("from: rows.jsonl,", ""),
        ("[hits,", "[hit,"),
        ("marks: {top: 5}", "marks: {tpo: 5}"),
        ("marks: {top: 5}", "marks: {top: 0}"),
        ("marks: {top: 5}", "marks: {variant: loose}"),
        ("flip]", "flop]"),
        ("{of: quiz,", "{"),
        ("quiz.hits >= 85%", "quiz hits"),
        ("severity: warn", "severity: wan"),
        ("confidence: 0.9", "confidence: 90"),
    ],
)
def test_what_it_refuses(validator: Draft202012Validator, old: str, new: str) -> None:
    assert old in GOOD
    assert not validator.is_valid(parse(GOOD.replace(old, new)).data)


def test_every_name_and_text_is_there() -> None:
    made = schema.schema(CATALOG)
    for kind in ("check", "fixture", "metric", "perturbation"):
        leaves = made["$defs"][kind]["anyOf"][1]["properties"]
        assert list(leaves) == CATALOG.names(kind)
    top = made["$defs"]["metric"]["anyOf"][1]["properties"]["marks"]["properties"]["top"]
    assert top == {"description": "how many targets count", "default": 3, "type": "integer", "exclusiveMinimum": 0}


def test_bare_names_are_those_without_required_options() -> None:
    made = schema.schema(CATALOG)["$defs"]
    assert "flip" in made["perturbation"]["anyOf"][0]["enum"]
    assert "cut" not in made["fixture"]["anyOf"][0]["enum"]


@pytest.mark.parametrize("name", sorted(content.suites()))
def test_bundled_suites_follow_the_schema(name: str) -> None:
    path = content.suites()[name]
    own = Draft202012Validator(schema.schema(load(path).catalog))
    assert [e.message for e in own.iter_errors(read(path).data)] == []


def test_the_first_suite_is_right(tmp_path: Path) -> None:
    made = schema.starter(tmp_path / "mine")
    assert [path.relative_to(tmp_path / "mine").as_posix() for path in made] == [
        "suite.yaml",
        "data/test.jsonl",
        "data/answers.jsonl",
        "suite.schema.json",
    ]
    suite = load(made[0])
    assert suite.warnings == ()
    assert made[0].read_text().startswith("# yaml-language-server: $schema=suite.schema.json\n")
    own: Any = json.loads(made[-1].read_text())
    assert Draft202012Validator(own).is_valid(suite.lines.data)


def test_the_first_suite_is_accepted(tmp_path: Path) -> None:
    schema.starter(tmp_path / "mine")
    package = Path(schema.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-m", "harness", "run", "mine", "-q", "--cache", "cache"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(package), "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_first_suite_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "suite.yaml").write_text("mine")
    with pytest.raises(SuiteError, match=r"suite\.yaml is there already and stays as it is; choose another folder"):
        schema.starter(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["suite.yaml"]


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputBroken, match=r"suite\.yaml cannot be written: "):
        schema.starter(tmp_path / "file")
