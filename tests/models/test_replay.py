"""Recordings: which row answers which request, and what is told of rows that are wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gsm8k
import tiny
from harness.catalog import Catalog
from harness.checkpoint import Checkpoint
from harness.errors import SuiteError
from harness.exchange import Model, Request, Response, Scored
from harness.local import identify
from harness.local.recording import Recording, Row
from harness.models import replay


def recorded(folder: Path, *rows: Any) -> Model:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    (folder / "r.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return replay.replay(identify("candidate", {"replay": "r.jsonl"}, folder=folder))


def generate(sample: str, prompt: str = "?") -> Request:
    return Request("generate", prompt, sample=sample, max_new_tokens=4)


def said(model: Model, *requests: Request) -> list[str]:
    return [r.text if r.text is not None else r.fault for r in tiny.ask(model, requests)]


def test_by_id_else_by_prompt(tmp_path: Path) -> None:
    model = recorded(
        tmp_path,
        {"id": "a", "response": "by id"},
        {"id": 7, "response": "by number"},
        {"prompt": "p", "response": "by prompt"},
        "",
        {"id": "b", "prompt": "q", "response": "by both", "seconds": 0.25, "source": "other keys may stand there"},
    )
    asked = [generate("a", "p"), generate("7"), generate("x", "p"), generate("b", "q"), generate("y", "q")]
    assert said(model, *asked) == ["by id", "by number", "by prompt", "by both", "by both"]
    (timed,) = tiny.ask(model, [generate("b", "q")])
    assert timed == Response(text="by both", seconds=0.25)
    assert model.facts.gate == ("4 recorded answers in r.jsonl",)
    model.close()


def test_what_is_not_recorded_is_missing(tmp_path: Path) -> None:
    model = recorded(tmp_path, {"id": "a", "prompt": "p", "response": "x"}, {"id": "b", "prompt": "p", "response": "y"})
    answers = tiny.ask(model, [generate("c", "z"), generate("a", "perturbed"), generate("c", "p")])
    assert [r.blame for r in answers] == ["infrastructure"] * 3
    assert [r.fault for r in answers] == [
        "the recording has no answer for this sample, nor for its prompt",
        "the recording answers this sample for another prompt than the one asked here",
        "the recording has several different answers to this prompt, and none for this sample",
    ]


def test_no_answer_is_the_candidates(tmp_path: Path) -> None:
    (response,) = tiny.ask(recorded(tmp_path, {"id": "a", "response": None}), [generate("a")])
    assert (response.fault, response.blame) == ("the recorded model gave no answer", "candidate")


def test_choices(tmp_path: Path) -> None:
    model = recorded(
        tmp_path,
        {"id": "a", "choice_logprobs": [-1.5, -0.25], "choice_tokens": [2, 3], "seconds": 1},
        {"id": "b", "response": "yes"},
    )
    choices = (" yes", " no")
    weighed, text, single, three, written = tiny.ask(
        model,
        [
            Request("score", "?", choices, sample="a"),
            Request("score", "?", choices, sample="b"),
            Request("score", "?", ("yes",), sample="b"),
            Request("classify", "?", ("a", "b", "c"), sample="a"),
            generate("a"),
        ],
    )
    assert weighed == Response(scores=(Scored(-1.5, 2), Scored(-0.25, 3)), seconds=1)
    assert (text.text, text.scores) == ("yes", ()), "the task matches the text with its choices"
    assert single.fault == "the recording holds no choice_logprobs for this sample, so its text cannot be weighed"
    assert three.fault == "the recording holds 2 choice_logprobs for this sample, but 3 choices are asked for"
    assert written.fault == "the recording holds no text for this sample"


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("{", "2: not JSON: "),
        ("[1]", "2: a row is a mapping, this is a list"),
        ({"response": "x"}, "2: a row needs an `id` or a `prompt`"),
        ({"id": True, "response": "x"}, "2: `id` must be text or a whole number, and `prompt` text"),
        ({"id": "b"}, "2: a row needs a `response` or `choice_logprobs`"),
        ({"id": "b", "reponse": "x"}, "2: unknown key 'reponse'; did you mean 'response'?"),
        ({"id": "b", "response": 3}, "2: `response` must be text or null, this is a int"),
        ({"id": "b", "response": "x", "seconds": -1}, "2: `seconds` must be a number of at least 0, this is -1"),
        ('{"id": "b", "choice_logprobs": [NaN]}', "2: `choice_logprobs` must be a list of finite numbers of at most 0"),
        ({"id": "b", "choice_logprobs": [0.5]}, "2: `choice_logprobs` must be a list of finite numbers of at most 0"),
        ({"id": "b", "choice_logprobs": [-1], "choice_tokens": [1, 2]}, "2: `choice_tokens` must be a list"),
        ({"id": "a", "response": "other"}, "2: id 'a' is answered twice, first in line 1; one question has"),
    ],
)  # fmt: skip
def test_wrong_rows_are_told_with_their_line(tmp_path: Path, row: Any, told: str) -> None:
    with pytest.raises(SuiteError) as caught:
        recorded(tmp_path, {"id": "a", "response": "x"}, row)
    assert str(caught.value).startswith(f"{tmp_path / 'r.jsonl'}:{told}")


def test_prompts_answered_twice(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"r.jsonl:3: prompt 'p' is answered twice, first in line 1"):
        recorded(tmp_path, {"prompt": "p", "response": "x"}, "", {"prompt": "p", "response": "x"})
    with pytest.raises(SuiteError, match=r"r.jsonl:2: id 'a' is answered twice"):
        recorded(tmp_path, {"id": "a", "prompt": "p", "response": "x"}, {"id": "a", "prompt": "p", "response": "y"})


def test_all_wrong_rows_at_once(tmp_path: Path) -> None:
    with pytest.raises(SuiteError) as caught:
        recorded(tmp_path, *(["{"] * 30))
    assert len(caught.value.complaints) == 21
    assert str(caught.value).endswith("and 10 more")


def test_other_encodings_and_empty_files(tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl"
    given_ = Checkpoint("candidate", "replay", source=file)
    file.write_bytes('{"id": "a", "response": "é"}\n'.encode("latin-1"))
    with pytest.raises(SuiteError, match=r"r.jsonl:1: not UTF-8: byte 0xe9 at column 26"):
        replay.replay(given_)
    file.write_bytes(b"\xef\xbb\xbf" + b'{"id": "a", "response": "x"}\n')
    assert said(replay.replay(given_), generate("a")) == ["x"]
    file.write_bytes(b"\n\n")
    with pytest.raises(SuiteError, match="the recording is empty"):
        replay.replay(given_)
    file.unlink()
    with pytest.raises(SuiteError, match="cannot be read: No such file"):
        replay.replay(given_)
    with pytest.raises(SuiteError, match=r"models.candidate: no recording was given"):
        replay.replay(Checkpoint("candidate", "replay"))


texts = st.sampled_from(["a", "b", "c"])


@given(st.lists(st.tuples(st.none() | texts, st.none() | texts, texts), max_size=8), texts, texts)
def test_an_answer_is_always_one_that_was_recorded_for_it(
    rows: list[tuple[Any, Any, str]], sample: str, prompt: str
) -> None:
    table = Recording()
    taken: list[tuple[Any, Any, str]] = []
    for identity, asked, text in rows:
        if (identity, asked) == (None, None):
            continue
        if table.add(identity, asked, Row(1, Response(text=text))) is None:
            taken.append((identity, asked, text))
    answer = table.answer(generate(sample, prompt))
    if answer.fault:
        assert answer.blame == "infrastructure"
        assert not any(i in (sample, None) and p in (prompt, None) for i, p, _ in taken)
    else:
        fitting = [(i, text) for i, p, text in taken if p == prompt or (p is None and i == sample)]
        assert answer.text in [text for _, text in fitting]
        own = [text for i, text in fitting if i in (sample, None)]
        assert not own or answer.text in own, "a row of its own goes before another sample's"


def test_a_function_answers_in_tests() -> None:
    model = replay.of(
        lambda request: request.prompt.upper() if request.prompt else Response(fault="no", blame="candidate")
    )
    first, second = tiny.ask(model, [generate("1", "yes"), generate("2", "")])
    assert (first.text, first.finish, second.fault) == ("YES", "stop", "no")
    assert model.facts.path == "a function"
    model.close()


def test_what_the_suite_may_set() -> None:
    entry = Catalog().get("model", "replay")
    assert entry.facts["key"] == "replay"
    assert entry.given == ("checkpoint",)
    assert {name: bool(option.text) for name, option in entry.options.items()} == {"replay": True}


def test_recorded_answers_of_real_models(shared: Path, tmp_path: Path) -> None:
    """6B with verification against 175B fine-tuned: 209 right only in the first, 152 only in the second."""
    paths = gsm8k.write(shared, tmp_path)
    rows = [json.loads(line) for line in paths["data"].read_text("utf-8").splitlines()]
    right = {}
    for name in gsm8k.MODELS:
        model = replay.replay(identify(name, {"replay": paths[name].name}, folder=tmp_path))
        answers = tiny.ask(model, [generate(row["id"], row["input"]) for row in rows])
        right[name] = [gsm8k.number(a.text) == row["target"] for a, row in zip(answers, rows, strict=True)]
        assert right[name] == gsm8k.graded(shared, name)
    pairs = list(zip(right["6b_verification"], right["175b_finetuning"], strict=True))
    assert (pairs.count((True, False)), pairs.count((False, True))) == (209, 152)
