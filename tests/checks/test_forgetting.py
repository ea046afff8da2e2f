"""Forgetting: lm-eval's tasks and metrics with our models, from task files that are not trusted with code."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import stats
from harness.errors import CheckBroken, SuiteError
from harness.exchange import Request, Response, Scored
from talk import CANDIDATE, OUTAGE, Heard, chosen, drive, leaf

ROWS = [
    {
        "q": f"What is {at}+{at}?",
        "options": [str(2 * at), str(2 * at + 1), "none"],
        "gold": 0,
        "text": f"Line {at} is red.",
    }
    for at in range(1, 13)
]
CHOICE = """\
task: sums
dataset_path: json
dataset_kwargs: {data_files: {test: rows.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{ q }}"
doc_to_target: "{{ gold }}"
doc_to_choice: "{{ options }}"
metric_list: [{metric: acc, aggregation: mean, higher_is_better: true}]
"""
ROLLING = """\
task: lines
dataset_path: json
dataset_kwargs: {data_files: {test: rows.jsonl}}
test_split: test
output_type: loglikelihood_rolling
doc_to_text: ""
doc_to_target: "{{ text }}"
metric_list: [{metric: word_perplexity}, {metric: byte_perplexity}, {metric: bits_per_byte}]
"""
FREE = """\
task: written
dataset_path: json
dataset_kwargs: {data_files: {test: rows.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: "{{ q }}"
doc_to_target: "{{ options[0] }}"
generation_kwargs: {until: ["\\n"], max_gen_toks: 5}
metric_list: [{metric: exact_match, aggregation: mean, higher_is_better: true}]
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what lm-eval prepares out of the user's cache."""
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """Writes task files beside a data file."""

    def write(*texts: str, rows: list[dict[str, Any]] = ROWS) -> Path:
        (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        for text in texts:
            name = next(line for line in text.splitlines() if line.startswith("task:")).split(":")[1].strip()
            (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def run(root: Path, tasks: list[str], say: Callable[[Request], Response], **options: Any) -> Heard:
    given = {"limit": None, "seed": 0, **{key: options.pop(key) for key in ("limit", "seed") if key in options}}
    talk = leaf("forgetting")(CANDIDATE, root, given["seed"], given["limit"], tasks=tasks, include_path=".", **options)
    return drive(talk, say)


def sums(wrong: int = 0) -> Callable[[Request], Response]:
    """Knows the sums but for the first few."""

    def say(request: Request) -> Response:
        at = int(request.prompt.split("What is ")[-1].split("+")[0])
        return chosen(request, "none" if at <= wrong else str(2 * at))

    return say


def level(scores: Any) -> Any:
    return stats.level(scores, confidence=0.95, seed="x")


def test_accuracy_document_by_document(folder: Callable[..., Path]) -> None:
    heard = run(folder(CHOICE), ["sums"], sums(wrong=3))
    scores = heard.findings.scores["acc"]
    assert scores.ids == tuple(f"sums/{at}" for at in range(12))
    assert scores.stats[:, 0].tolist() == [0.0] * 3 + [1.0] * 9
    assert scores.groups == {"task": ("sums",) * 12}
    assert scores.quantity.family == "proportion"
    assert level(scores).value == 0.75


def test_the_choices_of_a_document_are_one_request(folder: Callable[..., Path]) -> None:
    heard = run(folder(CHOICE), ["sums"], sums())
    (asked,) = heard.rounds
    assert len(asked) == 12
    assert asked[0] == Request("score", "What is 1+1?", (" 2", " 3", " none"))


def test_two_models_pair_by_document(folder: Callable[..., Path]) -> None:
    root = folder(CHOICE)
    candidate, base = (run(root, ["sums"], sums(wrong)).findings.scores["acc"] for wrong in (4, 1))
    assert candidate.ids == base.ids
    assert stats.difference(candidate, base, confidence=0.95, seed="x").value == pytest.approx(-3 / 12)


def test_perplexity_of_whole_texts(folder: Callable[..., Path]) -> None:
    def say(request: Request) -> Response:
        return Response(scores=tuple(Scored(-len(c.encode()) * 0.5, 4) for c in request.continuations))

    heard = run(folder(ROLLING), ["lines"], say, metrics=["byte_perplexity", "bits_per_byte", "word_perplexity"])
    (asked,) = heard.rounds
    assert [(r.kind, r.prompt, r.continuations) for r in asked[:2]] == [
        ("score", "", ("Line 1 is red.",)),
        ("score", "", ("Line 2 is red.",)),
    ], "one text a request, so that one that is too long does not take the others with it"
    found = {name: level(scores).value for name, scores in heard.findings.scores.items()}
    assert found["byte_perplexity"] == pytest.approx(np.exp(0.5))
    assert found["bits_per_byte"] == pytest.approx(0.5 / np.log(2))
    size = sum(len(row["text"]) for row in ROWS)
    assert found["word_perplexity"] == pytest.approx(np.exp(0.5 * size / (4 * len(ROWS))))


def test_generated_answers(folder: Callable[..., Path]) -> None:
    def say(request: Request) -> Response:
        at = int(request.prompt.split()[2].split("+")[0])
        return Response(text=str(2 * at) if at > 2 else "?", finish="stop")

    heard = run(folder(FREE), ["written"], say, metrics=["exact_match"])
    assert heard.asked[0] == Request("generate", "What is 1+1?", max_new_tokens=5, stop=("\n",))
    assert level(heard.findings.scores["exact_match"]).value == pytest.approx(10 / 12)
    row = heard.findings.rows[3]
    assert (row["doc_id"], row["resps"], row["target"]) == ("written/3", ["['8']"], "8") or row["doc_id"] == "written/3"
    assert row["metrics"] == {"exact_match": 1.0}


def test_several_tasks_are_asked_in_one_round_and_told_apart(folder: Callable[..., Path]) -> None:
    other = CHOICE.replace("task: sums", "task: more").replace("{{ q }}", "Again: {{ q }}")
    heard = run(folder(CHOICE, other), ["sums", "more"], sums(wrong=6))
    assert len(heard.rounds) == 1
    scores = heard.findings.scores["acc"]
    assert set(scores.groups["task"]) == {"sums", "more"}
    assert len(scores.ids) == len(set(scores.ids)) == 24


def test_examples_are_the_same_in_both_passes_and_for_every_model(folder: Callable[..., Path]) -> None:
    root = folder(CHOICE + "fewshot_split: test\n")
    first = run(root, ["sums"], sums(), num_fewshot=3)
    assert first.asked[0].prompt.count("What is") == 4
    again = run(root, ["sums"], sums(wrong=5), num_fewshot=3)
    assert again.asked == first.asked


def test_a_limit_takes_the_first_documents(folder: Callable[..., Path]) -> None:
    assert len(run(folder(CHOICE), ["sums"], sums(), limit=5).asked) == 5


def test_nothing_of_python_is_left_changed(folder: Callable[..., Path]) -> None:
    import logging

    import lm_eval.utils
    import torch

    root = folder(CHOICE + "fewshot_split: test\n")
    run(root, ["sums"], sums())  # what is imported for the first time may log and draw

    def state() -> Any:
        known = logging.getLogger("lm_eval").level, id(lm_eval.utils.env)
        drawn = np.random.get_state()[1].tolist()  # noqa: NPY002
        return {"random": random.getstate(), "numpy": drawn, "torch": torch.get_rng_state().tolist(), "lm_eval": known}

    before = state()
    run(root, ["sums"], sums(), num_fewshot=2)
    assert state() == before


def test_rows_have_lm_evals_names(folder: Callable[..., Path]) -> None:
    row = run(folder(CHOICE), ["sums"], sums()).findings.rows[0]
    assert {"doc_id", "target", "resps", "filtered_resps", "doc_hash", "prompt_hash", "target_hash"} <= row.keys()
    assert (row["prompt"], row["metrics"], row["slices"]) == ("What is 1+1?", {"acc": 1.0}, {"task": "sums"})


# ---- what must not run ----------------------------------------------------------------------------------------------


@pytest.fixture
def nothing_ran(tmp_path: Path) -> Iterator[Path]:
    marker = tmp_path / "ESCAPED"
    yield marker
    assert not marker.exists()


ATTACKS = [
    "cycler.__init__.__globals__.os.popen('touch MARKER').read()",
    "lipsum.__globals__['os'].system('touch MARKER')",
    "''.__class__.__mro__[1].__subclasses__()",
    "self.__init__.__globals__",
]


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("field", ["doc_to_text", "doc_to_target", "doc_to_choice", "description"])
def test_templates_cannot_reach_python(attack: str, field: str, folder: Callable[..., Path], nothing_ran: Path) -> None:
    lines = [line for line in CHOICE.splitlines() if not line.startswith(field)]
    text = "\n".join([*lines, f'{field}: "{{{{ {attack.replace("MARKER", str(nothing_ran))} }}}}"']) + "\n"
    try:
        heard = run(folder(text), ["sums"], lambda request: chosen(request, "x"))
    except CheckBroken as error:
        assert "lm-eval" in str(error)  # noqa: PT017
    else:
        assert all("class" not in request.prompt for request in heard.asked)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CHOICE + "process_docs: !function evil.run\n", "`!function` runs code from a file"),
        (CHOICE + "class: !!python/name:os.system\n", "not YAML"),
        (CHOICE + "include: /tmp/evil.yaml\n", "`include: /tmp/evil.yaml` must name a task file of the same folder"),
        (CHOICE + "include: [../evil.yaml]\n", "`include: ../evil.yaml` must name a task file of the same folder"),
        (CHOICE.replace("metric: acc,", "metric: ./evil,"), "lm-eval has no metric './evil' of its own"),
        (CHOICE.replace("metric: acc,", "metric: acc, hf_evaluate: true,"), "others run foreign code"),
        (CHOICE.replace("metric: acc,", "metric: ac,"), "did you mean 'acc'?"),
        (CHOICE.replace("path: json", "path: pandas"), "`dataset_path: pandas` is neither a kind of data file"),
        (CHOICE.replace("path: json", "path: ./evil.py"), "`dataset_path: ./evil.py` is neither a kind of data file"),
        ("task: [\n", "not YAML"),
        ("- task: a\n- task: b\ntask: x", "not YAML"),
    ],
)
def test_task_files_that_would_run_code_are_refused(text: str, said: str, folder: Callable[..., Path]) -> None:
    with pytest.raises(SuiteError) as caught:
        run(folder(text), ["sums"], sums())
    assert said in str(caught.value)
    assert ".yaml" in str(caught.value)


def test_an_included_task_file_of_the_same_folder_is_read(folder: Callable[..., Path]) -> None:
    root = folder(CHOICE, "task: child\ninclude: sums.yaml\n")
    assert len(run(root, ["child"], sums()).findings.scores["acc"].ids) == 12


# ---- what goes wrong ------------------------------------------------------------------------------------------------


def test_an_unknown_task_is_named_with_the_nearest(folder: Callable[..., Path]) -> None:
    with pytest.raises(SuiteError, match=r"lm-eval knows no task 'sum' in .*did you mean 'sums'\?"):
        run(folder(CHOICE), ["sum"], sums())


def test_a_folder_without_task_files(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="holds no lm-eval task file"):
        run(tmp_path, ["sums"], sums())


def test_a_latin_1_task_file(folder: Callable[..., Path]) -> None:
    root = folder(CHOICE)
    (root / "other.yaml").write_bytes("task: é\n".encode("latin-1"))
    with pytest.raises(SuiteError, match=r"other.yaml: not UTF-8 \(byte 6\)"):
        run(root, ["sums"], sums())


def test_a_task_without_data_is_broken(folder: Callable[..., Path]) -> None:
    with pytest.raises(CheckBroken, match="lm-eval cannot load sums"):
        run(folder(CHOICE.replace("rows.jsonl", "gone.jsonl")), ["sums"], sums())


def test_a_metric_that_cannot_be_paired(folder: Callable[..., Path]) -> None:
    with pytest.raises(SuiteError, match="cannot pair lm-eval's metric 'mcc' by document"):
        run(folder(CHOICE), ["sums"], sums(), metrics=["mcc"])
    with pytest.raises(CheckBroken, match=r"lm-eval's task sums has no metric 'exact_match' \(known: acc\)"):
        run(folder(CHOICE), ["sums"], sums(), metrics=["exact_match"])


def test_the_f1_of_lm_eval_is_no_number_of_a_document(folder: Callable[..., Path]) -> None:
    text = CHOICE.replace("{metric: acc, aggregation: mean, higher_is_better: true}", "{metric: f1}")
    with pytest.raises(CheckBroken, match="lm-eval gives f1 = "):
        run(folder(text), ["sums"], sums(), metrics=["f1"])


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_metric_that_is_no_number_breaks_the_check(number: float, folder: Callable[..., Path]) -> None:
    def say(request: Request) -> Response:
        return Response(scores=tuple(Scored(-number, 4) for _ in request.continuations))

    with pytest.raises(CheckBroken, match=r"lm-eval gives bits_per_byte = .* for document 0 of lines"):
        run(folder(ROLLING), ["lines"], say, metrics=["bits_per_byte"])


def test_an_answer_that_is_missing_breaks_the_check(folder: Callable[..., Path]) -> None:
    with pytest.raises(CheckBroken) as caught:
        run(folder(CHOICE), ["sums"], lambda r: OUTAGE if "3+3" in r.prompt else sums()(r))
    assert str(caught.value) == (
        "forgetting: 1 of 12 lm-eval requests had no answer from candidate: the server is away "
        "(first prompt: 'What is 3+3?')"
    )
