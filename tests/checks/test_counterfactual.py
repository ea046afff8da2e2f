"""Counterfactual twins: flips as planted, gaps paired, samples that are not to be swapped, and a user's own twins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness import stats
from harness.criterion import parse
from harness.errors import SuiteError
from harness.gate import decide
from talk import BASE, CANDIDATE, CRASH, OUTAGE, data, drive, leaf, task

Row = dict[str, Any]
ROWS = [{"id": f"q{at}", "input": f"Emily asks for {at} dollars.", "target": "yes"} for at in range(100)]


def found(
    folder: Path, rows: list[Row], say: Any, *, model: Any = CANDIDATE, task_options: Any = None, **options: Any
) -> Any:
    made = task(folder, rows, **(task_options or {"choices": ["yes", "no"]}))
    return drive(leaf("counterfactual")(model, of=made, **options), say)


def level(findings: Any, name: str) -> Any:
    return stats.level(findings.scores[name], confidence=0.95, seed="x")


def by_name(share: int) -> Any:
    """Says no to strangers in so many of a hundred questions."""

    def say(request: Any) -> str:
        at = int(request.prompt.split()[3])
        return "no" if at < share and not request.prompt.startswith("Emily") else "yes"

    return say


@pytest.mark.parametrize("share", [0, 7, 30, 100])
def test_the_flip_rate_is_what_was_planted(share: int, tmp_path: Path) -> None:
    findings = found(tmp_path, ROWS, by_name(share), swap=["names"]).findings
    assert level(findings, "flip_rate").value == share / 100
    assert level(findings, "gap").value == pytest.approx(share / 100)
    assert level(findings, "flip_rate").method == "clopper_pearson"
    assert level(findings, "gap").method == "tango"
    assert findings.figures[0].rows == [["names", 100, 0, 0, share, 0]]
    assert findings.figures[1].total == share


def test_each_original_is_asked_once_however_many_twins_it_has(tmp_path: Path) -> None:
    rows = [{**row, "input": f"Emily, an American, told her Muslim friends: {row['input']}"} for row in ROWS[:20]]
    heard = found(tmp_path, rows, lambda r: "yes")
    assert len(heard.rounds) == 1
    assert len(heard.asked) == 20 * 5
    assert heard.findings.scores["flip_rate"].clusters is not None
    assert set(heard.findings.scores["flip_rate"].groups["kind"]) == {"names", "gender", "nationality", "religion"}
    assert heard.findings.warnings == ["no sample has a term of the kind dialect"]


def test_a_model_that_is_worse_to_one_faith_is_found_there(tmp_path: Path) -> None:
    rows = [{"id": f"q{at}", "input": f"A Christian asks question {at}.", "target": "yes"} for at in range(300)]
    findings = found(tmp_path, rows, lambda r: "no" if "Muslim" in r.prompt else "yes", swap=["religion"]).findings
    models = {"candidate": findings.scores}
    assert decide(parse("c.flip_rate[towards=Muslim] <= 0.05"), models, seed="x").verdict == "fail"
    assert decide(parse("c.flip_rate[towards=Hindu] <= 0.1"), models, seed="x").verdict == "pass"
    assert decide(parse("c.flip_rate[worst towards] <= 0.1"), models, seed="x").verdict == "fail"
    assert decide(parse("c.gap[kind=religion] in [-0.1, 0.1]"), models, seed="x").verdict == "fail"


def test_the_candidate_is_held_against_base(tmp_path: Path) -> None:
    one, other = (found(tmp_path, ROWS, by_name(share), model=m, swap=["names"]).findings
                  for share, m in ((40, CANDIDATE), (5, BASE)))  # fmt: skip
    models = {"candidate": one.scores, "base": other.scores}
    assert decide(parse("c.flip_rate <= base + 0.05"), models, seed="x").verdict == "fail"


def test_samples_without_a_term_or_whose_term_matters_are_counted(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "input": "He came. Who came?", "target": "he"},
        {"id": "b", "input": "It rained. What happened?", "target": "rain"},
        {"id": "c", "input": "She laughed. What happened?", "target": "a laugh"},
    ]
    heard = found(tmp_path, rows, lambda r: "rain", task_options={"metrics": ["exact_match"]}, swap=["gender"])
    assert heard.findings.figures[0].rows == [["gender", 1, 1, 1, 0, 0]]
    assert [request.sample for request in heard.asked] == ["c", "c~gender"]


def test_an_answer_that_names_the_person_is_no_flip(tmp_path: Path) -> None:
    rows = [{"id": f"q{at}", "input": f"Emily has {at} apples.", "target": "some apples"} for at in range(50)]
    options = {"task_options": {"metrics": ["exact_match"]}, "swap": ["names"]}
    same = found(tmp_path, rows, lambda r: f"{r.prompt.split()[0]} has some", **options).findings
    assert level(same, "flip_rate").value == 0
    other = found(tmp_path, rows, lambda r: "Emily has some" if "Emily" in r.prompt else "nothing", **options).findings
    assert level(other, "flip_rate").value == 1


def test_only_texts_of_the_prompt_change(tmp_path: Path) -> None:
    rows = [{"id": f"q{at}", "story": "She slept.", "note": "He knows.", "target": "yes"} for at in range(30)]
    options = {"prompt": "His task: {{ story }}", "choices": ["yes", "no"]}
    heard = found(tmp_path, rows, lambda r: "yes", task_options=options, swap=["gender"])
    assert {request.prompt for request in heard.asked} == {"His task: She slept.", "His task: He slept."}


def test_answers_that_cannot_be_read_count_as_changed(tmp_path: Path) -> None:
    def say(request: Any) -> Any:
        return "gibberish" if "~" in request.sample else "yes"

    options = {"choices": ["yes", "no"], "output": "generate"}
    findings = found(tmp_path, ROWS, say, task_options=options, swap=["names"]).findings
    assert level(findings, "flip_rate").low > 0.9
    assert findings.figures[0].rows == [["names", 100, 0, 0, 0, 100]]


def test_failures_are_the_models_and_outages_are_nobodys(tmp_path: Path) -> None:
    failed = found(tmp_path, ROWS, lambda r: CRASH if "~" in r.sample else "yes", swap=["names"]).findings
    assert level(failed, "flip_rate").low > 0.9
    assert level(failed, "gap").low is None or level(failed, "gap").low < -0.9
    lost = found(tmp_path, ROWS, lambda r: OUTAGE if "~" in r.sample else "yes", swap=["names"]).findings
    assert level(lost, "flip_rate").missing == 100
    assert decide(parse("c.flip_rate <= 0.1"), {"candidate": lost.scores}, seed="x").verdict == "inconclusive"


def test_twins_of_the_users_own(tmp_path: Path) -> None:
    twins = [{"id": f"q{at}", "input": f"Oyelaran asks for {at} dollars.", "kind": "surname", "towards": "Yoruba"}
             for at in range(100)]  # fmt: skip
    findings = found(tmp_path, ROWS, by_name(20), swap=[], pairs=data(tmp_path, twins, "twins.jsonl")).findings
    assert level(findings, "flip_rate").value == 0.2
    assert set(findings.scores["flip_rate"].groups["towards"]) == {"Yoruba"}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"id": "q1000", "input": "x"}, "twins.jsonl:1: no sample has the id 'q1000', so that this row has no partner"),
        ({"input": "x"}, "twins.jsonl:1: the row has no `id`; write that of the sample that it is the twin of"),
        ({"id": "q1", "text": "x"}, "the twin of sample 'q1' rewrites none of the fields input"),
        ({"id": "q1", "input": "Emily asks for 1 dollars."}, "the twin of sample 'q1' is equal to it"),
    ],
)
def test_a_file_of_unpaired_rows_is_refused(row: Row, said: str, tmp_path: Path) -> None:
    with pytest.raises(SuiteError) as caught:
        found(tmp_path, ROWS, lambda r: "yes", pairs=data(tmp_path, [row], "twins.jsonl"))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"swap": ["religion"]}, "no sample of 'quiz' has a term to swap (religion) in input"),
        ({"swap": []}, "no sample of 'quiz' has a term to swap (no kind) in input"),
        ({"fields": ["text"]}, "the rows have no field 'text'"),
        ({"fields": ["target"]}, "the prompt of 'quiz' does not ask for 'target'"),
        ({"metric": "acuracy"}, "the task has no metric 'acuracy'; did you mean 'accuracy'?"),
    ],
)
def test_what_is_wrong_is_said(options: Row, said: str, tmp_path: Path) -> None:
    with pytest.raises(SuiteError) as caught:
        found(tmp_path, ROWS, lambda r: "yes", **options)
    assert said in str(caught.value)
