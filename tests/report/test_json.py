"""result.json is strict, published as a schema, and read back as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import runs
from harness import content
from harness.errors import OutputBroken, SuiteError
from harness.report import json as results


@pytest.mark.parametrize("name", runs.ALL)
def test_a_run_comes_back_as_it_was(name: str, tmp_path: Path) -> None:
    run = runs.ALL[name]()
    data = results.render(run)
    (tmp_path / "result.json").write_bytes(data)
    assert results.load(tmp_path) == run
    assert results.render(results.load(tmp_path / "result.json")) == data == results.render(runs.ALL[name]())


@pytest.mark.parametrize("name", runs.ALL)
def test_it_fits_the_published_schema(name: str) -> None:
    schema = json.loads(content.report_file("result.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    document = json.loads(results.render(runs.ALL[name]()))
    jsonschema.Draft202012Validator(schema).validate(document)
    document["criteria"][0]["verdict"] = "perhaps"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate(document)


def test_the_published_schema_is_that_of_the_code() -> None:
    published = content.report_file("result.schema.json").read_bytes()
    assert published == results.schema(), "write it again: python tools/report_schema.py"


def test_the_keys_of_the_contract_stand_there() -> None:
    document = json.loads(results.render(runs.rejected()))
    assert next(iter(document)) == "schema"
    assert {"suite", "verdict", "exit_code", "criteria", "measurements", "models", "fixtures", "environment"} <= set(
        document
    )
    assert {"lock", "timings", "warnings"} <= set(document)
    assert set(document["criteria"][0]["candidate"]) >= {
        "value",
        "low",
        "high",
        "level",
        "n",
        "missing",
        "method",
        "unit",
    }


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_no_number_that_json_does_not_have(number: float) -> None:
    run = runs.rejected().model_copy(update={"environment": {"gpu": {"load": [0.5, number]}}})
    with pytest.raises(OutputBroken, match=r"environment\.gpu\.load\[1\] is -?(nan|inf), which JSON cannot hold"):
        results.render(run)
    with pytest.raises(ValueError, match="finite"):
        runs.est(number)


def test_large_and_signed_numbers_are_kept() -> None:
    run = runs.rejected().model_copy(update={"environment": {"a": 1e308, "b": -1e308, "c": -0.0, "d": 2**70}})
    assert json.loads(results.render(run))["environment"] == {"a": 1e308, "b": -1e308, "c": 0.0, "d": 2**70}


def test_what_is_no_plain_data_is_refused_by_place() -> None:
    run = runs.rejected().model_copy(update={"environment": {"when": Path("/x")}})
    with pytest.raises(OutputBroken, match=r"environment\.when is a \w*Path"):
        results.render(run)


def broken_file(tmp_path: Path, change: Any) -> Path:
    """A result.json with something wrong."""
    text = change(results.render(runs.accepted()).decode())
    (tmp_path / "result.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    return tmp_path


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda t: t[:100], "is not strict JSON"),
        (lambda t: t.replace('"exit_code": 0', '"exit_code": NaN'), "NaN"),
        (lambda t: t.replace('"exit_code": 0', '"exit_code": 0, "exit_code": 1'), "'exit_code' stands there twice"),
        (lambda t: t.replace("urn:finetune-harness:result:1", "urn:other"), "its schema is 'urn:other', wanted"),
        (lambda t: t.replace('"severity": "require"', '"severity": "maybe"', 1), "criteria.0.severity"),
        (lambda t: t.replace('"run_id"', '"run_identity"'), "run_id: Field required"),
        (lambda t: "[1]", "its schema is None"),
        (lambda t: "[" * 100_000, "is not strict JSON"),
        (lambda t: b"\xff\xfe\x00", "is not strict JSON"),
    ],
)
def test_a_damaged_file_is_a_sentence(tmp_path: Path, change: Any, sentence: str) -> None:
    with pytest.raises(OutputBroken) as caught:
        results.load(broken_file(tmp_path, change))
    assert sentence in str(caught.value)
    assert "result.json" in str(caught.value)


def test_a_run_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="the run did not finish"):
        results.load(tmp_path)
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "result.json").write_text("{}")
    with pytest.raises(SuiteError, match="it holds the runs one: name one of them"):
        results.load(tmp_path)
    with pytest.raises(SuiteError, match="did you mean 'one'"):
        results.load(tmp_path / "ones")
