"""Looking at the data before anything is trained or asked: every complaint at once, each with its line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.data import Scan
from harness.errors import NothingSelected, SuiteError
from harness.preflight import TRIED, inspect
from harness.store import Store
from harness.suite import load
from harness.watch import Silent
from harness.workshop import Workshop

ROWS = [{"id": f"r{at}", "input": f"q{at}", "target": "yes" if at % 2 else "no", "lang": "de"} for at in range(12)]
MANY = [{"input": f"q{at}", "target": "yes"} for at in range(60)]


@pytest.fixture
def look(tmp_path: Path) -> Callable[..., list[Scan]]:
    """Inspects the data of a suite with these checks."""
    (tmp_path / "said.jsonl").write_text('{"prompt": "q0", "response": "no"}\n')

    def run(checks: dict[str, Any], *, fixtures: dict[str, Any] | None = None, made: bool = False) -> list[Scan]:
        metric = {"leakage": "rate", "task": "", "abstention": "recall", "overfit": "gap"}
        kinds = {name: next(iter(check)) for name, check in checks.items()}
        known = {name: metric[kind] or _metric(checks[name]["task"]) for name, kind in kinds.items()}
        suite = {
            "suite": "looked", "models": {"candidate": {"replay": "said.jsonl"}}, "checks": checks,
            "fixtures": fixtures or {}, "accept": [f"{name}.{value} >= 0" for name, value in known.items()],
        }  # fmt: skip
        (tmp_path / "suite.yaml").write_text(json.dumps(suite), encoding="utf-8")
        workshop = Workshop(load(tmp_path / "suite.yaml"), Store(tmp_path / "store"), Silent())
        return inspect(workshop.suite, workshop, workshop.suite.checks.values(), made=made)

    return run


def _metric(options: dict[str, Any]) -> str:
    return "accuracy" if options.get("choices") else "exact_match"


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    def make(rows: Any, name: str = "rows.jsonl", encoding: str = "utf-8") -> str:
        text = rows if isinstance(rows, str) else "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)
        (tmp_path / name).write_bytes(text.encode(encoding))
        return name

    return make


def said(look: Callable[..., list[Scan]], checks: dict[str, Any], **options: Any) -> str:
    with pytest.raises(SuiteError) as caught:
        look(checks, **options)
    return str(caught.value)


def test_good_data(look: Callable[..., list[Scan]], write: Callable[..., str]) -> None:
    (scan,) = look({"quiz": {"task": {"data": write(ROWS), "choices": ["yes", "no"], "slices": ["lang"]}}})
    assert scan.count == 12
    assert scan.labels == {"no": 6, "yes": 6}
    assert scan.errors == ()


@pytest.mark.parametrize(
    ("rows", "options", "told"),
    [
        ([*ROWS, {"input": "x"}], {}, "rows.jsonl:13: the target 'target' is not there"),
        ([*ROWS, {"input": "x", "target": " "}], {}, "rows.jsonl:13: the target 'target' is empty"),
        ([*ROWS, {"id": "r3", "input": "x", "target": "no"}], {}, "rows.jsonl:13: the id 'r3' stands on line 4"),
        ([*ROWS, {"input": "x", "target": "maybe"}], {"choices": ["yes", "no"]},
         "rows.jsonl:13: the target 'maybe' is none of the choices (known: no, yes)"),
        (ROWS[:1], {}, "rows.jsonl: has 1 row; at least 2 rows are needed"),
        ('{"input": "x", "target": "y"}\n{"input": \n', {}, "rows.jsonl:2:"),
        (ROWS, {"prompt": "{{ imput }}"}, "rows.jsonl:1: check 'quiz': the template asks for something the row does "
         "not have: 'imput' is undefined; did you mean 'input'?"),
        (ROWS, {"prompt": "{{ input.x.y }}"}, "rows.jsonl:1: check 'quiz': the template asks"),
        (ROWS, {"target": "{{ tarket }}"}, "rows.jsonl:1: check 'quiz': the template asks for something the row does "
         "not have: 'tarket' is undefined; did you mean 'target'?"),
        (ROWS, {"target": "answer"}, "rows.jsonl:1: the target 'answer' is not there"),
        (ROWS, {"slices": ["langs"]}, "rows.jsonl:1: check 'quiz': the slice field 'langs' is missing; did you mean "
         "'lang'?"),
        (ROWS, {"cluster": "who"}, "rows.jsonl:1: check 'quiz': the cluster field 'who' is missing"),
        (ROWS, {"choices": "options"}, "rows.jsonl:1: check 'quiz': the field 'options' must list two choices or more"),
        (ROWS, {"samples": 3}, "check 'quiz': `samples: 3` needs a `temperature` above 0"),
        (ROWS, {"parse": {"Yes": "y", "No": "n"}}, "rows.jsonl:1: check 'quiz': the target 'no' is none of the labels "
         "of `parse` (known: No, Yes)"),
        ([*ROWS[:3], {"input": "x", "target": "no", "n": 1}], {"prompt": "{{ lang }}"}, "rows.jsonl:4: check 'quiz'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(
    rows: Any, options: dict[str, Any], told: str, look: Callable[..., list[Scan]], write: Callable[..., str]
) -> None:
    assert told in said(look, {"quiz": {"task": {"data": write(rows), **options}}})


def test_latin_1(look: Callable[..., list[Scan]], write: Callable[..., str]) -> None:
    text = '{"input": "a", "target": "b"}\n{"input": "Genève", "target": "b"}\n'
    message = said(look, {"quiz": {"task": {"data": write(text, encoding="latin-1")}}})
    assert "rows.jsonl:2:" in message
    assert "UTF-8" in message


def test_empty(look: Callable[..., list[Scan]], write: Callable[..., str]) -> None:
    with pytest.raises(NothingSelected, match=r"rows\.jsonl has no rows"):
        look({"quiz": {"task": {"data": write("")}}})


def test_all_complaints_of_all_files_at_once(look: Callable[..., list[Scan]], write: Callable[..., str]) -> None:
    bad = [*ROWS, {"id": "r1", "input": "x"}, {"id": "r2", "input": "y"}]
    message = said(
        look,
        {
            "one": {"task": {"data": write(bad, "one.jsonl")}},
            "two": {"task": {"data": write('{"a": \n{"b"', "two.jsonl")}},
            "three": {"task": {"data": write(ROWS, "three.jsonl"), "prompt": "{{ gone }}"}},
            "four": {"leakage": {"train": write(ROWS[:1], "four.jsonl"), "test": write(ROWS, "five.jsonl")}},
        },
    )
    places = [line.split(": ")[0] for line in message.splitlines()]
    assert {"one.jsonl:13", "one.jsonl:14", "two.jsonl:1", "two.jsonl:2", "three.jsonl:1", "four.jsonl"} <= set(places)
    assert places.count("one.jsonl:13") == 2, "the id and the target"


def test_two_checks_on_one_file_are_both_tried(look: Callable[..., list[Scan]], write: Callable[..., str]) -> None:
    data = write(ROWS)
    checks = {
        "one": {"task": {"data": data, "prompt": "{{ gone_one }}"}},
        "two": {"task": {"data": data, "prompt": "{{ gone_two }}"}},
        "three": {"task": {"data": data, "choices": ["yes", "maybe"]}},
    }
    message = said(look, checks)
    assert "gone_one" in message
    assert "gone_two" in message
    assert "the target 'no' is none of the choices" in message


def test_a_file_is_scanned_once(look: Callable[..., list[Scan]], write: Callable[..., str]) -> None:
    data = write(ROWS)
    scans = look({"one": {"task": {"data": data}}, "two": {"task": {"data": data, "prompt": "Q: {{ input }}"}}})
    assert len(scans) == 1


def test_only_the_first_rows_are_tried(look: Callable[..., list[Scan]], write: Callable[..., str]) -> None:
    rows = [{"input": "x", "target": "y", "n": 1} for _ in range(TRIED)]
    assert look({"quiz": {"task": {"data": write([*rows, {"input": "x", "target": "y"}]), "prompt": "{{ n }}"}}})


def test_fixtures_are_looked_at_when_they_are_made(look: Callable[..., list[Scan]], write: Callable[..., str]) -> None:
    write(MANY)
    fixtures = {"data": {"split": {"from": "rows.jsonl", "ratios": [0.4, 0.2, 0.4]}}}
    checks = {"quiz": {"task": {"data": "$data.test", "prompt": "{{ imput }}"}}}
    assert look(checks, fixtures=fixtures) == []
    message = said(look, checks, fixtures=fixtures, made=True)
    assert message.startswith("$data.test:1: check 'quiz': the template asks")
    files = {"quiz": {"task": {"data": "rows.jsonl", "prompt": "{{ imput }}"}}}
    assert look(files, made=True) == [], "files were looked at before"


def test_parts_of_two_fixtures_are_told_apart(look: Callable[..., list[Scan]], write: Callable[..., str]) -> None:
    write(MANY)
    write([{**row, "target": ""} for row in MANY], "bad.jsonl")
    cut = {"ratios": [0.4, 0.2, 0.4]}
    fixtures = {"one": {"split": {"from": "rows.jsonl", **cut}}, "two": {"split": {"from": "bad.jsonl", **cut}}}
    checks = {"a": {"task": {"data": "$one.test"}}, "b": {"task": {"data": "$two.test"}}}
    assert "$two.test:1: the target 'target' is empty" in said(look, checks, fixtures=fixtures, made=True)


def test_examples_are_not_made_for_a_look(
    look: Callable[..., list[Scan]], write: Callable[..., str], tmp_path: Path
) -> None:
    fixtures = {"data": {"split": {"from": "rows.jsonl", "ratios": [0.4, 0.2, 0.4]}}}
    options = {"data": write(ROWS), "fewshot": "$data.train", "num_fewshot": 2}
    assert len(look({"quiz": {"task": options}}, fixtures=fixtures)) == 1
    assert not (tmp_path / "store").exists()


def test_values_that_are_no_text_are_spelled_as_in_the_file(
    look: Callable[..., list[Scan]], write: Callable[..., str]
) -> None:
    rows = [{"input": "x", "target": True}, {"input": "y", "target": False}]
    (scan,) = look({"quiz": {"task": {"data": write(rows), "choices": ["true", "false"]}}})
    assert scan.labels == {"true": 1, "false": 1}


def test_warnings_do_not_stop(look: Callable[..., list[Scan]], write: Callable[..., str]) -> None:
    rows = [{"input": "x", "target": "yes"}, {"input": "y", "target": "Yes"}, {"input": "x", "target": "yes"}]
    (scan,) = look({"quiz": {"task": {"data": write(rows)}}})
    assert {c.severity for c in scan.complaints} == {"warning"}
    assert len(scan.complaints) == 2
