"""A real pretrained model, fine-tuned for real: it learns its task, forgets what it knew, and may not ship."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

SUITE = """
suite: stories-on-reviews
seed: 3
models:
  base: {shared}/checkpoints/stories260K
  candidate: {candidate}
fixtures:
  reviews: {{split: {{from: reviews.jsonl, ratios: [0.8, 0.1, 0.1]}}}}
  tuned:
    {kind}:
      base: base
      train: $reviews.train
      validation: $reviews.validation
      prompt: ""
      target: text
      epochs: {epochs}
      batch_size: 32
      learning_rate: {rate}
checks:
  reviews: {{task: {{data: $reviews.test, output: perplexity, prompt: "", target: text, metrics: [perplexity]}}}}
  stories: {{task: {{data: stories.jsonl, output: perplexity, prompt: "", target: text, metrics: [perplexity]}}}}
accept:
  - reviews.perplexity <= 0.6 * base
  - stories.perplexity <= 1.2 * base
"""


def _files(shared: Path) -> dict[str, list[dict[str, str]]]:
    lines = (shared / "data/sentconv/stsa.binary.train").read_text("latin-1").splitlines()[:2500]
    reviews = [{"text": line[2:]} for line in dict.fromkeys(lines)]
    stories = (shared / "data/tinystories_train_sample/tinystories.txt").read_text("utf-8")
    pieces = [" ".join(piece.split()) for piece in stories.split("\n\n")]
    return {
        "reviews__jsonl": reviews,
        "stories__jsonl": [{"text": piece} for piece in dict.fromkeys(pieces) if 200 < len(piece) < 600][:60],
    }


@pytest.mark.parametrize(
    ("kind", "candidate", "epochs", "rate"),
    [("lora", "{peft: $tuned}", 3, 0.005), ("full", "{pretrained: $tuned}", 3, 0.002)],
)
def test_it_learns_and_forgets(
    harness: Callable, suite: Callable, shared: Path, kind: str, candidate: str, epochs: int, rate: float
) -> None:
    text = SUITE.format(shared=shared, candidate=candidate, kind=kind, epochs=epochs, rate=rate)
    path = suite(text, **_files(shared))

    done = harness("run", path)

    assert done.code == 1, done.out + done.err
    assert done.verdicts() == {"reviews.perplexity <= 0.6 * base": "pass", "stories.perplexity <= 1.2 * base": "fail"}
    assert "stories.perplexity" in done.result["sentence"]
    assert done.result["models"]["base"]["parameters"] == 260_032
    facts = done.result["fixtures"]["tuned"]["facts"]
    assert 0 < facts["trainable_parameters"] <= (260_032 if kind == "full" else 130_000)
    before = {c["id"]: c for c in done.result["criteria"]}["stories.perplexity <= 1.2 * base"]
    assert 3.5 < before["reference"]["estimate"]["value"] < 6.5  # what is known of this model on its own training text
