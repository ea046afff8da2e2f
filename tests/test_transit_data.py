"""The data of the transit suite: written again from its seed, byte for byte, and as honest as its README says."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from harness import content
from harness.judging.question import Case, fence, requests
from harness.judging.rubric import read
from harness.judging.variants import PADDING, WORTHLESS, styled
from harness.suite import load
from harness.template import Template

TOOL = Path(__file__).resolve().parents[1] / "tools" / "transit_data.py"
SUITE = content.suites()["transit"].parent
JUDGE = content.suites()["transit-judge"].parent


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    found = importlib.util.spec_from_file_location("transit_data", TOOL)
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    sys.modules["transit_data"] = module
    sys.path.insert(0, str(TOOL.parent))
    try:
        found.loader.exec_module(module)
    finally:
        sys.path.remove(str(TOOL.parent))
    return module


def rows(name: str, suite: Path = SUITE) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (suite / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def inputs(name: str) -> set[str]:
    return {row["input"].lower() for row in rows(f"data/{name}")}


def test_the_files_are_those_that_the_tool_writes(tool: ModuleType, tmp_path: Path) -> None:
    tool.write(tmp_path)
    written = {
        path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()
    }
    kept = {name: (SUITE.parent / name).read_bytes() for name in written}
    assert written == kept
    for suite in (SUITE, JUDGE):
        made = {Path(name).name for name in written if name.startswith(f"{suite.name}/data/")}
        assert {path.name for path in (suite / "data").iterdir()} == made


def test_another_seed_writes_other_data(tool: ModuleType) -> None:
    assert tool.files(1) != tool.files(2)


def test_every_fact_is_asked_equally_often_in_every_style() -> None:
    asked = Counter((row["fact"], row["style"]) for row in rows("data/rider"))
    assert len(asked) == 58 * 4
    assert set(asked.values()) == {3}
    styles = Counter((row["style"], row["wording"]) for row in rows("data/rider"))
    assert len({styles[style, "unseen"] for style in ("formal", "plain", "colloquial", "learner")}) == 1


def test_no_rider_question_was_trained_on() -> None:
    for test in ("rider", "handwritten", "unanswerable", "internal"):
        assert not inputs(test) & (inputs("train") | inputs("faq")), test
    assert not inputs("validation") & inputs("train")


def test_the_internal_test_of_the_debacle_is_copied_from_its_training_rows() -> None:
    assert inputs("faq_internal") <= inputs("faq")
    assert {row["style"] for row in rows("data/faq")} == {"formal"}
    assert all(row["scraped"].startswith(row["target"]) and len(row["scraped"]) > len(row["target"]) + 30
               for row in rows("data/faq"))  # fmt: skip


def test_unknown_routes_are_other_ones_in_training_and_test() -> None:
    def routes(name: str) -> set[str]:
        return {row["cluster"] for row in rows(f"data/{name}") if row.get("why") == "unknown_route"}

    assert len(routes("unanswerable")) == 30
    assert not routes("unanswerable") & (routes("train") | routes("validation"))
    known = {row["fact"].split()[1] for row in rows("data/rider") if row["intent"] == "first"}
    assert not {f"route {number}" for number in known} & (routes("train") | routes("unanswerable"))


def test_the_corpus_teaches_the_skills_and_none_of_the_facts() -> None:
    corpus = {row["text"] for row in rows("data/corpus")}
    for row in rows("tasks/words") + rows("tasks/order"):
        assert f"{row['question']} {row['choices'][row['answer']]}." in corpus
        assert len(set(row["choices"])) == 4
    answers = {row["target"] for row in rows("data/rider")}
    assert not any(answer in text for text in corpus for answer in answers)
    assert not corpus & {row["target"] for row in rows("data/general")}


def test_the_judge_is_held_against_answers_of_which_it_learned_none() -> None:
    graded, labels = rows("data/graded", JUDGE), rows("data/labels", JUDGE)
    assert {row["question"] for row in labels}.isdisjoint(f"Q: {row['input']}\nA:" for row in graded)
    about = [row["answer"] for row in labels if row["label"] and not row["answer"].startswith("Sorry")]
    assert set(about).isdisjoint(row["answer"] for row in graded)
    assert len(labels) >= 100
    assert min(Counter(row["label"] for row in labels).values()) >= 30


def test_the_judge_learned_neither_the_agencys_facts_nor_the_probes() -> None:
    said = {row["answer"] for row in rows("data/graded", JUDGE)}
    assert said.isdisjoint(row["target"] for row in rows("data/rider"))
    assert said.isdisjoint(WORTHLESS.values())
    heading = styled("So it is.").partition("\n")[0]
    for probe in (PADDING, heading, *(text for text in WORTHLESS.values() if len(text) > 1)):
        assert not any(probe.strip() in text for text in said)


def test_the_judge_is_taught_the_very_prompt_that_it_is_asked() -> None:
    fixture = load(JUDGE / "suite.yaml").fixtures["grader"]
    rubric = read(JUDGE / "rubric" / "rubric.yaml")
    for row in rows("data/graded", JUDGE)[:50]:
        case = Case("x", f"Q: {row['input']}\nA:", (row["answer"],), {"reference": row["reference"]})
        (asked,) = requests(case, rubric, "grader", 13, "scoring")
        taught = Template(fixture.options["prompt"]).render({**row, "mark": fence(case, rubric, 13)})
        assert taught == asked.prompt
        assert len(row["mark"]) == len(fence(case, rubric, 13))
        told = Template(fixture.options["target"]).render(row)
        assert told.split(":")[0] in [word.strip() for word in asked.continuations]


def test_both_suites_make_the_same_models() -> None:
    """One cache then serves both: what was trained for the one is not trained for the other."""
    one, two = load(SUITE / "suite.yaml"), load(JUDGE / "suite.yaml")
    for name in two.fixtures.keys() - {"grader"}:
        plain = [
            {key: Path(value).name if str(value).endswith(".jsonl") else value for key, value in each.options.items()}
            for each in (one.fixtures[name], two.fixtures[name])
        ]
        assert plain[0] == plain[1], name
