"""lm-eval as a library: two passes that agree, questions in our form, answers in its own."""

from __future__ import annotations

import json
import logging
import random
from pathlib import Path
from typing import Any

import pytest

from harness.errors import CheckBroken
from harness.exchange import Request, Response, Scored
from harness.lm.files import localise
from harness.lm.tasks import Recorder, Results, collect, document_scores, load_tasks, run_tasks
from harness.score import BROKEN, Missing

ROWS = [{"q": f"Q{at}", "a": f"A{at}", "options": ["x", "y"], "gold": at % 2} for at in range(8)]
BASE = """\
dataset_path: json
dataset_kwargs: {data_files: {test: rows.jsonl}}
test_split: test
fewshot_split: test
doc_to_text: "{{ q }}"
"""
CHOICE = (
    "task: pick\noutput_type: multiple_choice\ndoc_to_choice: '{{ options }}'\ndoc_to_target: '{{ gold }}'\n"
    "metric_list: [{metric: acc}, {metric: acc_norm}]\n" + BASE
)
SHORT, LONG = (
    f"task: {name}\noutput_type: generate_until\ndoc_to_target: '{{{{ a }}}}'\n"
    f"generation_kwargs: {{until: {until}, max_gen_toks: {size}}}\nmetric_list: [{{metric: exact_match}}]\n" + BASE
    for name, until, size in (("short", "'.'", 4), ("long", '["\\n", "Q"]', 40))
)


@pytest.fixture
def folder(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path_factory.mktemp("cache")))
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    for name, text in (("pick", CHOICE), ("short", SHORT), ("long", LONG)):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def answered(request: Request) -> Response:
    if request.kind == "generate":
        return Response(text=request.prompt.split("Q")[-1].join(["A", ""]))
    return Response(scores=tuple(Scored(-1.0 - at, 1, at == 0) for at in range(len(request.continuations))))


def asked(folder: Path, *names: str, **options: Any) -> Any:
    loaded = load_tasks(names, folder, options.pop("num_fewshot", None))
    given = {"limit": None, "seed": 0, **options}
    return loaded, collect(loaded, **given), given


def test_a_second_pass_agrees_with_the_first(folder: Path) -> None:
    loaded, questions, given = asked(folder, "pick", "short", "long", num_fewshot=2)
    assert [r.kind for _, r in questions] == ["score"] * 8 + ["generate"] * 16
    recorder = Recorder(questions, [answered(request) for _, request in questions])
    first = run_tasks(loaded, recorder, **given)
    second = run_tasks(loaded, recorder, **given)
    assert first.rows == second.rows
    assert {task: len(entries) for task, entries in first.samples.items()} == {"pick": 8, "short": 8, "long": 8}
    ids, values, tasks = document_scores(Results({"pick": first.samples["pick"]}), "acc")
    assert ids == [f"pick/{at}" for at in range(8)]
    assert values == [1.0, 0.0] * 4
    assert set(tasks) == {"pick"}


def test_chance_outside_does_not_change_what_is_asked(folder: Path) -> None:
    random.seed(1)
    _, one, _ = asked(folder, "pick", num_fewshot=3)
    random.seed(2)
    state = random.getstate()
    _, two, _ = asked(folder, "pick", num_fewshot=3)
    assert random.getstate() == state
    assert one == two
    assert one[0][1].prompt.count("Q") == 4


def test_the_number_of_examples_is_the_tasks_own_unless_said(folder: Path) -> None:
    (folder / "own.yaml").write_text(CHOICE.replace("task: pick", "task: own") + "num_fewshot: 1\n")
    assert asked(folder, "own")[1][0][1].prompt.count("Q") == 2
    assert asked(folder, "own", num_fewshot=0)[1][0][1].prompt == "Q0"


def test_equal_prompts_with_other_options_are_other_questions(folder: Path) -> None:
    loaded, questions, given = asked(folder, "short", "long")
    assert len(questions) == 16
    requests = {request for _, request in questions if request.prompt == "Q3"}
    assert requests == {
        Request("generate", "Q3", max_new_tokens=4, stop=(".",)),
        Request("generate", "Q3", max_new_tokens=40, stop=("\n", "Q")),
    }
    said = [Response(text="A3" if request.max_new_tokens == 4 else "?") for _, request in questions]
    results = run_tasks(loaded, Recorder(questions, said), **given)
    assert document_scores(Results({"short": results.samples["short"]}), "exact_match")[1][3] == 1.0
    assert document_scores(Results({"long": results.samples["long"]}), "exact_match")[1][3] == 0.0


def test_a_question_that_was_not_asked_before_breaks_the_check(folder: Path) -> None:
    loaded, questions, given = asked(folder, "pick", limit=4)
    recorder = Recorder(questions, [answered(request) for _, request in questions])
    with pytest.raises(CheckBroken, match="asked something in its second pass that it did not ask in its first"):
        run_tasks(loaded, recorder, limit=None, seed=given["seed"])


def test_what_fails_inside_lm_eval_is_said(folder: Path) -> None:
    (folder / "bad.yaml").write_text(
        CHOICE.replace("task: pick", "task: bad").replace("{{ q }}", "{{ 1 // (gold - 1) }}")
    )
    with pytest.raises(CheckBroken, match="lm-eval failed: ZeroDivisionError"):
        asked(folder, "bad")


def test_answers_in_lm_evals_form() -> None:
    questions = [
        (("score", "Q"), Request("score", "Q", (" a", " b"))),
        (("rolling", "text"), Request("score", "", ("text",))),
        (("generate", "Q", "{}"), Request("generate", "Q")),
    ]
    said = [
        Response(scores=(Scored(-1.0, 1, True), Scored(-2.0, 1))),
        Response(scores=(Scored(-9.0, 3),)),
        Response(text="hello"),
    ]
    assert Recorder(questions, said).answers() == {
        ("score", "Q", " a"): (-1.0, True),
        ("score", "Q", " b"): (-2.0, False),
        ("rolling", "text"): -9.0,
        ("generate", "Q", "{}"): "hello",
    }
    with pytest.raises(ValueError, match="shorter"):
        Recorder(questions, said[:2]).answers()


@pytest.mark.parametrize(
    ("metric", "value", "score"),
    [
        ("acc", 1, 1.0),
        ("acc", 0.0, 0.0),
        ("bits_per_byte", (-12.0, 8), (12.0, 8.0)),
        ("word_perplexity", [-3.5, 2], (3.5, 2.0)),
    ],
)
def test_scores_of_documents(metric: str, value: Any, score: Any) -> None:
    entry = {"doc_id": 7, metric: value, "metrics": [metric]}
    assert document_scores(Results({"t": [entry]}), metric) == (["t/7"], [score], ["t"])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None, "1", (1, 2), [(1, 2)]])
def test_a_score_that_is_no_number(value: Any) -> None:
    entry = {"doc_id": 7, "acc": value, "metrics": ["acc"]}
    _, (found,), _ = document_scores(Results({"t": [entry]}), "acc")
    assert isinstance(found, Missing)
    assert found.blame == BROKEN
    assert found.reason == f"lm-eval gives acc = {value!r} for document 7 of t"


def test_a_document_without_an_answer_is_no_wrong_one(folder: Path) -> None:
    loaded, questions, given = asked(folder, "pick", "short")
    responses = [
        Response(fault="away", blame="infrastructure") if "Q3" in r.prompt else answered(r) for _, r in questions
    ]
    results = run_tasks(loaded, Recorder(questions, responses), **given)
    assert results.lost == {"pick/3": "away", "short/3": "away"}
    _, values, _ = document_scores(Results({"pick": results.samples["pick"]}, lost=results.lost), "acc")
    assert [at for at, value in enumerate(values) if isinstance(value, Missing)] == [3]
    assert values[3].reason == "1 of 8 documents of lm-eval's task pick had no answer: away"
    assert [row["fault"] for row in results.rows[:5]] == ["", "", "", "away", ""]


def test_a_metric_that_a_task_does_not_have() -> None:
    with pytest.raises(CheckBroken, match=r"lm-eval's task t has no metric 'ac'; did you mean 'acc'\?"):
        document_scores(Results({"t": [{"doc_id": 0, "acc": 1.0, "metrics": ["acc"]}]}), "ac")


def test_data_beside_a_task_file_is_found_from_anywhere(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    scratch = tmp_path_factory.mktemp("scratch")
    localise(folder, scratch)
    assert str((folder / "rows.jsonl").resolve()) in (scratch / "pick.yaml").read_text()


def test_lm_evals_logger_is_as_it_was(folder: Path) -> None:
    before = logging.getLogger("lm_eval").level
    with pytest.raises(CheckBroken, match="knows no task 'gone'"):
        load_tasks(["gone"], folder, None)
    assert logging.getLogger("lm_eval").level == before
