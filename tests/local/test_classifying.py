"""Sequence classifiers against transformers' own forward."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import tiny
from harness.errors import CheckpointBroken
from harness.exchange import Model, Request

Load = Callable[..., Model]

TEXTS = ["it was a good film", "bad", "the train leaves at ten and the bus leaves at noon", "x", "é", "bad"]


def test_log_probabilities_of_labels(made: Path, load: Load) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model = AutoModelForSequenceClassification.from_pretrained(made / "classifier").eval()
    tokenizer = AutoTokenizer.from_pretrained(made / "classifier")
    wanted = [Request("classify", text, ("positive", "negative", "neutral")) for text in TEXTS]
    for text, response in zip(TEXTS, tiny.ask(load("classifier"), wanted), strict=True):
        with torch.no_grad():
            row = model(torch.tensor([tokenizer.encode(text)])).logits[0].log_softmax(-1).tolist()
        assert [s.logprob for s in response.scores] == pytest.approx([row[1], row[0], row[2]], abs=1e-5)
        assert [s.greedy for s in response.scores] == [row[i] == max(row) for i in (1, 0, 2)]
        assert response.prompt_tokens == len(tokenizer.encode(text))


def test_some_of_the_labels_and_labels_as_continuations(load: Load) -> None:
    whole, part, scored = tiny.ask(
        load("classifier"),
        [
            Request("classify", "bad", ("positive", "negative", "neutral")),
            Request("classify", "bad", ("neutral", "positive")),
            Request("score", "bad", (" positive", " negative", " neutral")),
        ],
    )
    assert part.scores == (whole.scores[2], whole.scores[0])
    assert scored.scores == whole.scores


def test_what_a_classifier_cannot_answer(load: Load) -> None:
    unknown, written, nothing, long, empty = tiny.ask(
        load("classifier"),
        [
            Request("classify", "bad", ("positive", "negativ")),
            Request("generate", "bad", max_new_tokens=4),
            Request("classify", "bad", ()),
            Request("classify", "é" * 40, ("positive",)),
            Request("classify", "", ("positive",)),
        ],
    )
    assert unknown.fault == (
        "the classifier has no label 'negativ' in its id2label; did you mean 'negative'? "
        "(known: negative, neutral, positive)"
    )
    assert unknown.blame == "infrastructure"
    assert written.fault == "a sequence classifier writes no text; ask it for labels (output: label)"
    assert nothing.fault == empty.fault == "nothing was given to classify"
    assert long.fault == "the text has 80 tokens, but the model's context holds 64"
    assert long.blame == "candidate"


def test_heads_that_choose_nothing(tmp_path: Path, load: Load) -> None:
    with pytest.raises(CheckpointBroken, match=r"does not choose between labels \(a head with 1 output\)"):
        load(tiny.classifier(tmp_path / "one", labels=("score",)))
    folder = tiny.classifier(tmp_path / "many")
    tiny.edit_json(folder / "config.json", problem_type="multi_label_classification")
    with pytest.raises(CheckpointBroken, match=r"does not choose between labels \(multi_label_classification\)"):
        load(folder)


def test_a_decoder_with_a_classification_head(tmp_path: Path, load: Load) -> None:
    """Its padding matters: without a padding id, each text is computed alone."""
    import torch
    from transformers import LlamaConfig, LlamaForSequenceClassification

    for pad in (0, None):
        folder = tmp_path / f"pad{pad}"
        tokenizer = tiny.tokenizer(folder)
        torch.manual_seed(0)
        config = LlamaConfig(
            vocab_size=384, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
            initializer_range=0.3, pad_token_id=pad, bos_token_id=1, eos_token_id=2, num_labels=3,
            max_position_embeddings=128,
        )  # fmt: skip
        model = LlamaForSequenceClassification(config).eval()
        model.save_pretrained(folder)
        labels = tuple(config.id2label.values())
        opened = load(folder)
        assert opened.facts.path == ("plain" if pad is None else "padded batches")
        answers = tiny.ask(opened, [Request("classify", text, labels) for text in TEXTS])
        for text, response in zip(TEXTS, answers, strict=True):
            with torch.no_grad():
                row = model(torch.tensor([tokenizer.encode(text)])).logits[0].log_softmax(-1).tolist()
            assert [s.logprob for s in response.scores] == pytest.approx(row, abs=1e-5)
