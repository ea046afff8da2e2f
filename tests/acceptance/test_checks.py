"""Bad input to the checks, through the command: groups, labels, perturbations, texts and lm-eval tasks that are wrong.

In every run the same checks also stand without the fault, and are not touched by it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tiny

Row = dict[str, Any]

ASKED = ("Where does the night bus end", "Is there a lift at the harbour", "When does the last tram leave")
ROWS: list[Row] = [
    {"id": str(at), "input": f"{ASKED[at % 3]}, please, Emily ({at})?", "target": ["yes", "no"][at % 2],
     "english": ["native", "learner"][at // 2 % 2]}
    for at in range(80)
]  # fmt: skip
STRANGE = (
    "",
    "\u05de\u05ea\u05d9 \u05d9\u05d5\u05e6\u05d0 \u05d4\u05d0\u05d5\u05d8\u05d5\u05d1\u05d5\u05e1?",
    "\U0001f68c\U0001f468\u200d\U0001f469\u200d\U0001f467?",
    "\u0413\u0434\u0435 \u0627\u0644\u062d\u0627\u0641\u0644\u0629 bus \u30d0\u30b9?",
)
"""Nothing, Hebrew, emoji, and four scripts in one question."""
LONG = "far too long " * 7693

QUIZ = "{task: {data: rows.jsonl, choices: [yes, no], metrics: [accuracy]}}"
SAID = "{task: {data: rows.jsonl, metrics: [valid_rate], parse: '(?s)^(.*)$', max_new_tokens: 3}}"
GROUPS = "{fairness: {of: quiz, group: english, privileged: native}}"
SHAKEN = "{robustness: {of: quiz, perturbations: [lowercase]}}"
PERSONS = "{counterfactual: {of: quiz, swap: [], pairs: mine.jsonl}}"
SKILLS = "{forgetting: {tasks: [sums], metrics: [acc], include_path: tasks}}"
DATA = "{data_quality: {data: rows.jsonl, issues: [empty, duplicates, near_duplicates, encoding]}}"

TASK = """
task: sums
dataset_path: json
dataset_kwargs: {data_files: {test: sums.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{question}}"
doc_to_choice: "{{choices}}"
doc_to_target: answer
metric_list: [{metric: acc, aggregation: mean, higher_is_better: true}]
"""
SUMS = "".join(
    f'{{"question": "{at} and {at} is", "choices": ["{2 * at}", "{at}"], "answer": {at % 2}}}\n' for at in range(1, 25)
)


@pytest.fixture
def written(suite: Callable, tmp_path: Path) -> Callable[..., Path]:
    """A suite of a tiny model: checks, criteria, and files of rows beside it."""
    tiny.causal(tmp_path / "tiny")

    def write(checks: dict[str, str], accept: list[str], **files: list[Row]) -> Path:
        document = "suite: checked\nseed: 2\nmodels: {candidate: ../tiny}\nchecks:\n"
        document += "".join(f"  {name}: {check}\n" for name, check in checks.items())
        document += f"accept: {json.dumps(accept)}\n"
        path: Path = suite(document, **{"rows__jsonl": ROWS, **files})
        return path

    return write


def said(done: Any) -> dict[str, tuple[str, str]]:
    """Check → verdict and reason of its criterion."""
    return {c["check"]: (c["verdict"], c["reason"]) for c in done.result["criteria"]}


def of(check: str, data: str) -> str:
    """A check of another task, or of other rows."""
    return check.replace("of: quiz", f"of: {data}").replace("rows.jsonl", f"{data}.jsonl")


def test_strange_texts(harness: Callable, written: Callable) -> None:
    """They are asked like others, and no check stumbles over them."""
    rows = [{**row, "input": STRANGE[at]} if at < len(STRANGE) else row for at, row in enumerate(ROWS)]
    mine = [{"id": str(at), "input": f"{ASKED[at % 3]}, please, Ebony ({at})?"} for at in range(10, 40)]
    endless = [{**row, "input": LONG} if at == 5 else row for at, row in enumerate(rows)]
    done = harness("run", written(
        {"quiz": QUIZ, "said": SAID, "groups": GROUPS, "shaken": SHAKEN, "persons": PERSONS,
         "rows": of(DATA, "endless"),
         "log": "{drift: {reference: rows.jsonl, current: endless.jsonl, permutations: 99}}",
         "copies": "{leakage: {train: endless.jsonl, test: rows.jsonl}}"},
        ["said.valid_rate >= 0.5", "groups.statistical_parity_difference >= -0.9", "shaken.drop <= 90%",
         "persons.flip_rate <= 99%", "rows.duplicates <= 0", "log.p >= 0.01", "copies.exact >= 0.5"],
        rows__jsonl=rows, mine__jsonl=mine, endless__jsonl=endless,
    ))  # fmt: skip
    assert done.code == 0, done.out + done.err
    measured = {(m["check"], m["metric"]): m for m in done.result["measurements"] if not m["slice"]}
    assert measured["rows", "empty"]["value"] == 1 / 80
    assert measured["shaken", "drop"]["n"] == 77, "three of them are the same in small letters"


def test_a_group_of_one_member_decides_nothing(harness: Callable, written: Callable) -> None:
    alone = [{**row, "english": "learner" if row["id"] == "7" else "native"} for row in ROWS]
    done = harness("run", written(
        {"quiz": QUIZ, "groups": GROUPS, "alone": of(QUIZ, "alone"), "single": of(GROUPS, "alone")},
        ["groups.statistical_parity_difference >= -0.9", "single.statistical_parity_difference >= -0.9"],
        alone__jsonl=alone,
    ))  # fmt: skip
    assert done.code == 3, done.out + done.err
    found = said(done)
    assert {name: verdict for name, (verdict, _) in found.items()} == {"groups": "pass", "single": "inconclusive"}
    assert "at least 30 are needed before anything is claimed" in found["single"][1]


def test_labels_that_cannot_be_read_count_as_wrong(harness: Callable, written: Callable) -> None:
    done = harness("run", written(
        {"said": SAID, "labels": SAID.replace("(?s)^(.*)$", "Answer: (yes|no)")},
        ["said.valid_rate >= 0.5", "labels.valid_rate >= 0.5"],
    ))  # fmt: skip
    assert done.code == 1
    assert {name: verdict for name, (verdict, _) in said(done).items()} == {"said": "pass", "labels": "fail"}
    (found,) = [c["candidate"] for c in done.result["criteria"] if c["check"] == "labels"]
    assert (found["value"], found["n"]) == (0, 80), "none is left out"


def test_what_cannot_be_measured_is_broken(harness: Callable, written: Callable) -> None:
    """Four lm-eval tasks, a prompt, and a perturbation that changes nothing; the sound task beside them passes."""
    rolling = """
task: hollow
dataset_path: json
dataset_kwargs: {data_files: {test: hollow.jsonl}}
test_split: test
output_type: loglikelihood_rolling
doc_to_text: ""
doc_to_target: "{{text}}"
metric_list: [{metric: word_perplexity, aggregation: weighted_perplexity, higher_is_better: false}]
"""
    tasks = {
        "sums": TASK,
        "bare": TASK.replace("sums", "bare"),
        "stray": TASK.replace("task: sums", "task: stray").replace("{{question}}", "{{quesion}}"),
        "hollow": rolling,
    }
    wanted = {"skills": "sums", "unknown": "suns", "bare": "lm-eval cannot load bare", "stray": "stray"}
    endless = [{**row, "input": LONG} if at == 5 else row for at, row in enumerate(ROWS)]
    small = [{**row, "input": row["input"].lower()} for row in ROWS]
    path = written(
        {name: SKILLS.replace("[sums]", f"[{task}]") for name, task in wanted.items()}
        | {"hollow": SKILLS.replace("[sums]", "[hollow]").replace("[acc]", "[word_perplexity]")}
        | {"long": of(QUIZ, "endless"), "small": of(QUIZ, "small"), "still": of(SHAKEN, "small")},
        [*(f"{name}.acc >= 0.01" for name in wanted), "hollow.word_perplexity <= 1000", "long.accuracy >= 0.01",
         "still.drop <= 90%"],
        endless__jsonl=endless, small__jsonl=small,
    )  # fmt: skip
    (path.parent / "tasks").mkdir()
    for name, text in tasks.items():
        (path.parent / "tasks" / f"{name}.yaml").write_text(text, encoding="utf-8")
    (path.parent / "tasks" / "sums.jsonl").write_text(SUMS, encoding="utf-8")
    (path.parent / "tasks" / "hollow.jsonl").write_text('{"text": ""}\n' * 20, encoding="utf-8")
    (path.parent / "tasks" / "bare.jsonl").write_text("", encoding="utf-8")
    done = harness("run", path)
    assert done.code == 4, done.out + done.err
    found = said(done)
    assert found.pop("skills")[0] == "pass"
    assert {name: verdict for name, (verdict, _) in found.items()} == dict.fromkeys(found, "broken")
    for name, sentence in {
        "unknown": "lm-eval knows no task 'suns'",
        "bare": "lm-eval cannot load bare",
        "stray": "'quesion' is undefined",
        "hollow": "20 of 20 documents of lm-eval's task hollow had no answer",
        "long": "1 of 80 prompts do not fit",
        "still": "none of its perturbations (lowercase) changes any of 80 prompts",
    }.items():
        assert sentence in found[name][1], found[name]
    assert "did you mean 'sums'?" in found["unknown"][1]
    assert "(sample 5)" in found["long"][1]


def test_a_row_without_its_group(harness: Callable, written: Callable) -> None:
    rows = [{k: v for k, v in row.items() if (k, row["id"]) != ("english", "7")} for row in ROWS]
    done = harness("run", written(
        {"quiz": QUIZ, "groups": GROUPS}, ["groups.statistical_parity_difference >= -0.9"], rows__jsonl=rows
    ))  # fmt: skip
    assert done.code == 2
    assert "the group field 'english' is missing in sample '7'" in done.err


def test_pairs_without_a_partner(harness: Callable, written: Callable) -> None:
    mine = [{"id": str(at), "input": f"{ASKED[at % 3]}, please, Ebony ({at})?"} for at in range(40)]
    done = harness("run", written(
        {"quiz": QUIZ, "persons": PERSONS}, ["persons.flip_rate <= 99%"],
        mine__jsonl=[*mine, {"id": "777", "input": "Where is Ebony?"}],
    ))  # fmt: skip
    assert done.code == 2
    assert "mine.jsonl:41" in done.err
    assert "'777'" in done.err
