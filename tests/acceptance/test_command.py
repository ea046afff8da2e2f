"""The small commands, and what every run leaves, on the bundled suite that needs no model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pyarrow.parquet as pq
import pytest

from harness import content


def test_smoke_leaves_every_file_and_the_latest_link(harness: Callable) -> None:
    done = harness("run", "smoke")

    assert done.code == 0
    assert done.out.strip().splitlines()[-1].startswith("ACCEPTED: 1 passed (1 criterion, 40 samples")
    names = {path.name for path in done.folder.iterdir()}
    assert names == {
        "result.json", "report.html", "junit.xml", "summary.md", "samples.parquet", "plan.json", "environment.json",
        "journal.jsonl",
    }  # fmt: skip
    assert (done.runs / "smoke/latest").resolve() == done.folder
    schema = json.loads(content.report_file("result.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(done.result, schema)
    samples = pq.read_table(done.folder / "samples.parquet").to_pylist()
    assert len(samples) == 40
    right = [row for row in samples if row["exact_match"] == 1.0]
    assert done.result["criteria"][0]["candidate"]["value"] == len(right) / 40
    assert {"doc_id", "target", "resps", "filtered_resps", "doc_hash", "prompt_hash", "target_hash"} <= samples[
        0
    ].keys()


def test_json_is_one_document_and_quiet_is_quiet(harness: Callable) -> None:
    done = harness("run", "smoke", "--json")
    assert json.loads(done.out)["verdict"] == "accepted"
    assert done.err == ""
    one_line = harness("run", "smoke", "-q")
    assert one_line.out.count("\n") == 1
    assert one_line.err == ""
    nothing = harness("run", "smoke", "-qq")
    assert (nothing.code, nothing.out, nothing.err) == (0, "", "")


def test_an_error_is_a_document_too(harness: Callable) -> None:
    done = harness("run", "no-such-suite", "--json")
    assert done.code == 2
    error = json.loads(done.out)["error"]
    assert error["kind"] == "suite"
    assert "no-such-suite" in error["message"]


def test_no_colour_and_no_bars_where_there_is_no_terminal(harness: Callable) -> None:
    done = harness("run", "smoke")
    assert "\x1b" not in done.out + done.err
    assert done.err.splitlines()[0].startswith("data")


def test_selection(harness: Callable) -> None:
    nothing = harness("run", "smoke", "-k", "nothing_like_this")
    assert nothing.code == 5
    assert "no criterion of 'smoke' matches" in nothing.err
    listed = harness("run", "smoke", "--collect-only")
    assert listed.out.splitlines() == ["capitals.exact_match >= 0.80"]
    harness("run", "smoke")
    again = harness("run", "smoke", "--lf")
    assert again.code == 5  # everything passed last time


def test_flags_are_environment_variables_too(harness: Callable) -> None:
    done = harness("run", "smoke", "-q", HARNESS_LIMIT="5")
    assert done.result["limit"] == 5
    assert done.result["criteria"][0]["candidate"]["n"] == 5
    assert any("smoke test, not an acceptance" in text for text in done.result["warnings"])


def test_reports_elsewhere_by_their_ending(harness: Callable, tmp_path: Path) -> None:
    html, xml = tmp_path / "a.html", tmp_path / "b.xml"
    done = harness("run", "smoke", "-q", "-o", html, "--junitxml", xml)
    assert html.read_bytes() == (done.folder / "report.html").read_bytes()
    assert xml.read_bytes() == (done.folder / "junit.xml").read_bytes()
    wrong = harness("run", "smoke", "-o", tmp_path / "c.pdf")
    assert wrong.code == 2
    assert ".html" in wrong.err


def test_show_compare_and_report_work_from_the_record(harness: Callable, tmp_path: Path) -> None:
    harness("run", "smoke", "-qq")
    first = harness("show", "smoke")
    assert "ACCEPTED" in first.out
    harness("run", "smoke", "-qq", "--set", "checks.capitals.task.metrics=[exact_match, token_f1]")
    both = sorted(path.parent.name for path in first.runs.glob("smoke/*/result.json") if path.parent.name != "latest")
    compared = harness("compare", first.runs / "smoke" / both[0], first.runs / "smoke" / both[1])
    assert "0 of 1 criteria flipped" in compared.out
    before = (first.folder / "report.html").read_bytes()
    harness("report", "smoke")
    assert (first.folder / "report.html").read_bytes() == before


@pytest.mark.parametrize(
    ("kind", "name"),
    [("checks", "leakage"), ("metrics", "rouge"), ("fixtures", "lora"), ("models", "replay"), ("suites", "transit")],
)
def test_list_and_show(harness: Callable, kind: str, name: str) -> None:
    listed = harness("list", kind)
    assert any(line.startswith(name) for line in listed.out.splitlines())
    if kind != "suites":
        assert name in harness("show", name).out


def test_a_page_is_yaml_and_names_what_was_meant(harness: Callable) -> None:
    page = harness("show", "robustness").out
    assert 'protect  (default ["numbers", "entities", "labels", "negations"])' in page
    assert "gazetteer  (optional)" in page
    assert "\n\ncontrol robustness\n" in page
    wrong = harness("show", "robustnes")
    assert wrong.code == 2
    assert "did you mean 'robustness'?" in wrong.err
    assert "The smallest suite there is" in harness("list", "suites").out


def test_plan_and_validate(harness: Callable) -> None:
    planned = harness("plan", "smoke")
    assert "40 requests, 40 distinct" in planned.out
    assert "capitals.exact_match >= 0.80" in planned.out
    assert "is valid" in harness("validate", "smoke").out


def test_all_complaints_at_once_with_their_lines(harness: Callable, suite: Callable) -> None:
    path = suite(
        "suite: wrong\n"
        "models: {candidate: {replay: answers.jsonl}}\n"
        "checks:\n"
        "  sums: {tusk: {data: data.jsonl}}\n"
        "  more: {task: {data: dota.jsonl, metrics: [rogue]}}\n"
        "accept:\n"
        "  - sums.accuracy >= 1.2\n"
        "  - nowhere.accuracy >= 0.5\n",
        answers__jsonl=[{"id": "1", "response": "x"}],
        data__jsonl=[{"id": "1", "input": "q", "target": "x"}],
    )
    done = harness("validate", path)
    assert done.code == 2
    for line, word in ((4, "task"), (5, "data.jsonl"), (5, "rouge"), (8, "nowhere")):
        assert any(f"suite.yaml:{line}:" in told and word in told for told in done.err.splitlines()), (line, done.err)
