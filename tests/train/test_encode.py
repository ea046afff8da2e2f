"""Rows into ids and labels: the loss falls on the answer only, and no answer is cut."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tiny
from harness.data import Dataset, open_data
from harness.errors import FixtureBroken, SuiteError
from harness.train import Encoder, Wording
from harness.train.encode import IGNORED, Padding, labels_of

QUESTION = Wording(prompt="Q: {{ input }}\nA:")
END = 2


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return tiny.tokenizer(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def opening(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return tiny.tokenizer(tmp_path_factory.mktemp("bos"), bos=True)


@pytest.fixture(scope="module")
def chatting(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return tiny.tokenizer(tmp_path_factory.mktemp("chat"), chat=tiny.CHAT)


def data(tmp_path: Path, *rows: dict[str, Any]) -> Dataset:
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return open_data("rows.jsonl", root=tmp_path)


def learned(tokenizer: Any, example: dict[str, Any]) -> str:
    """The text that the loss falls on."""
    pairs = zip(example["input_ids"], example["labels"], strict=True)
    assert all(label in (IGNORED, token) for token, label in pairs)
    return str(tokenizer.decode([label for label in example["labels"] if label != IGNORED]))


def test_the_loss_falls_on_the_answer_and_its_end(tokenizer: Any) -> None:
    example = Encoder(tokenizer, "CAUSAL_LM", QUESTION, 256).row({"input": "where?", "target": "here"})
    assert learned(tokenizer, example) == " here</s>"
    assert tokenizer.decode(example["input_ids"]) == "Q: where?\nA: here</s>"


def test_what_the_tokenizer_puts_before_a_text_is_kept(opening: Any) -> None:
    example = Encoder(opening, "CAUSAL_LM", QUESTION, 256).row({"input": "where?", "target": "here"})
    asked = opening("Q: where?\nA:")["input_ids"]
    assert example["input_ids"][: len(asked)] == asked
    assert asked[0] == 1
    assert learned(opening, example) == " here</s>"


@settings(deadline=None)
@given(question=st.text(min_size=1, max_size=40), answer=st.text(min_size=1, max_size=40).filter(str.strip))
def test_the_prompt_is_encoded_as_it_will_be_asked(tokenizer: Any, question: str, answer: str) -> None:
    example = Encoder(tokenizer, "CAUSAL_LM", QUESTION, 10_000).row({"input": question, "target": answer})
    asked = tokenizer(f"Q: {question}\nA:")["input_ids"]
    assert example["input_ids"][: len(asked)] == asked
    assert example["labels"][: len(asked)] == [IGNORED] * len(asked)
    assert example["labels"][len(asked) :] == example["input_ids"][len(asked) :]
    assert example["input_ids"][-1] == END
    assert tokenizer.decode(example["input_ids"][len(asked) : -1]) == " " + answer


def test_no_blank_is_added_after_a_prompt_that_ends_in_one(tokenizer: Any) -> None:
    wording = Wording(prompt="{{ input }}\n")
    example = Encoder(tokenizer, "CAUSAL_LM", wording, 256).row({"input": "q", "target": "a"})
    assert tokenizer.decode(example["input_ids"]) == "q\na</s>"


def test_a_chat_template_wraps_question_and_answer(chatting: Any) -> None:
    wording = Wording(chat=True, system_instruction="be short")
    example = Encoder(chatting, "CAUSAL_LM", wording, 256).row({"input": "where?", "target": "here"})
    whole = chatting.decode(example["input_ids"])
    assert whole == "<|system|>be short\n<|user|>where?\n<|assistant|>here\n</s>"
    assert learned(chatting, example) == "here\n</s>"


def test_a_chat_template_that_rewrites_the_question_is_refused(chatting: Any, tmp_path: Path) -> None:
    strange = tiny.tokenizer(tmp_path, chat="{{ messages | length }}{{ messages[0]['content'] }}")
    with pytest.raises(ValueError, match="question and answer cannot be told apart"):
        Encoder(strange, "CAUSAL_LM", Wording(chat=True), 256).row({"input": "q", "target": "a"})


def test_a_classifier_learns_classes(tokenizer: Any) -> None:
    encoder = Encoder(tokenizer, "SEQ_CLS", Wording(), 256, ["bad", "good"])
    assert encoder.row({"input": "fine", "target": "good"})["labels"] == 1
    with pytest.raises(ValueError, match=r"the label 'goood' is not one of the training labels; did you mean 'good'\?"):
        encoder.row({"input": "fine", "target": "goood"})


def test_an_encoder_decoder_learns_the_answer_alone(tokenizer: Any) -> None:
    example = Encoder(tokenizer, "SEQ_2_SEQ_LM", Wording(), 256).row({"input": "one two", "target": "three"})
    assert tokenizer.decode(example["input_ids"]) == "one two"
    assert tokenizer.decode(example["labels"]) == "three</s>"


def test_whole_texts_are_learned_from_end_to_end(opening: Any, tmp_path: Path) -> None:
    (example,) = Encoder(opening, "CAUSAL_LM", Wording(), 256).texts(
        data(tmp_path, {"text": "one two"}), "text", "corpus"
    )
    assert example["labels"] == example["input_ids"]
    assert opening.decode(example["input_ids"]) == "<s>one two</s>"


def test_a_row_that_is_too_long_is_never_cut(tokenizer: Any, tmp_path: Path) -> None:
    rows = data(tmp_path, {"input": "a", "target": "b"}, {"input": "a", "target": "no " * 50})
    with pytest.raises(
        FixtureBroken, match=r"rows.jsonl:2: train: \d+ tokens, but max_length is 20; answers are never"
    ):
        Encoder(tokenizer, "CAUSAL_LM", Wording(), 20).rows(rows, "train")


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"input": "a", "traget": "b"}, r"no field 'target' for the target; did you mean 'traget'\?"),
        ({"input": "a", "target": ""}, "the target field 'target' holds '', expected text"),
        ({"input": "a", "target": None}, "holds None"),
        ({"target": "b"}, "asks for something the row does not have"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_by_its_line(
    tokenizer: Any, tmp_path: Path, row: dict[str, Any], text: str
) -> None:
    rows = data(tmp_path, {"input": "a", "target": "b"}, row)
    with pytest.raises(SuiteError, match=rf"rows.jsonl:2: train: .*{text}"):
        Encoder(tokenizer, "CAUSAL_LM", Wording(), 99).rows(rows, "train")


def test_no_row_is_no_training(tokenizer: Any, tmp_path: Path) -> None:
    with pytest.raises(FixtureBroken, match="there is no row to train with"):
        Encoder(tokenizer, "CAUSAL_LM", Wording(), 99).rows(data(tmp_path), "train")
    with pytest.raises(FixtureBroken, match="a classifier needs two labels or more, found \\['x'\\]"):
        labels_of(data(tmp_path, {"input": "a", "target": "x"}), Wording())


def test_the_first_of_several_references_is_learned(tokenizer: Any) -> None:
    example = Encoder(tokenizer, "CAUSAL_LM", Wording(), 99).row({"input": "q", "target": ["yes", "no"]})
    assert learned(tokenizer, example) == " yes</s>"


def test_padding_is_masked_and_not_learned() -> None:
    batch = Padding(0)([{"input_ids": [5, 6, 7], "labels": [-100, 6, 7]}, {"input_ids": [8], "labels": [8]}])
    assert batch["input_ids"].tolist() == [[5, 6, 7], [8, 0, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]
    assert batch["labels"].tolist() == [[-100, 6, 7], [8, -100, -100]]
    assert Padding(0)([{"input_ids": [1], "labels": 2}])["labels"].tolist() == [2]
