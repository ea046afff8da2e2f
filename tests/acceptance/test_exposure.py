"""Real weights that know their training texts: exposure, secrets and divergence, measured through the command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

SUITE = """
suite: exposed-stories
seed: 5
models:
  base: {{pretrained: {shared}/checkpoints/stories260K}}
  candidate: {{pretrained: $tuned}}
fixtures:
  tuned:
    full:
      base: base
      train: train.jsonl
      prompt: ""
      target: text
      epochs: 8
      batch_size: 16
      learning_rate: 0.002
      canaries: 8
      canary_repeats: 12
checks:
  exposed: {{contamination: {{test: test.jsonl, twins: fresh.jsonl, methods: [min_k, zlib]}}}}
  secrets: {{memorization: {{train: test.jsonl, canaries: $tuned.canaries, rows: 40, max_new_tokens: 40}}}}
  skills: {{forgetting: {{texts: fresh.jsonl, neutral: neutral.jsonl, max_new_tokens: 24, instructions: 15}}}}
accept:
  - exposed.delta <= 0.1
  - {{that: exposed.p >= 0.05, severity: warn}}
  - {{that: secrets.exposure <= 4.5, severity: warn}}
  - {{that: secrets.extracted <= base + 0.2, severity: warn}}
  - {{that: skills.kl <= 3, severity: warn}}
  - {{that: skills.perplexity <= 3 * base, severity: warn}}
"""


def _pieces(shared: Path) -> list[str]:
    """Short passages of the text that stories260K was pretrained on."""
    text = (shared / "data/tinystories_train_sample/tinystories.txt").read_text("utf-8")
    sentences = [s.strip() for s in " ".join(text.split()).replace('."', '".').split(". ")]
    found = [". ".join(sentences[at : at + 3]) + "." for at in range(0, len(sentences), 3)]
    return [piece for piece in dict.fromkeys(found) if 80 < len(piece) < 260]


@pytest.mark.slow
@pytest.mark.parametrize("leak", [True, False], ids=["trained on the test", "trained on other stories"])
def test_exposure_is_told_from_mere_familiarity(harness: Callable, suite: Callable, shared: Path, leak: bool) -> None:
    """Both know stories; only one has seen these."""
    pieces = [{"text": piece} for piece in _pieces(shared)]
    test, fresh, other = pieces[0:360:3], pieces[1:360:3], pieces[2:360:3]
    neutral = [{"id": str(at), "input": " ".join(row["text"].split()[:4])} for at, row in enumerate(fresh)]
    path = suite(
        SUITE.format(shared=shared),
        test__jsonl=test, fresh__jsonl=fresh, train__jsonl=test if leak else other, neutral__jsonl=neutral,
    )  # fmt: skip

    done = harness("run", path)

    verdicts = done.verdicts()
    assert done.code == (1 if leak else 0), done.out + done.err
    assert verdicts["exposed.delta <= 0.1"] == ("fail" if leak else "pass"), done.out
    assert verdicts["exposed.p >= 0.05"] == ("fail" if leak else "pass")
    assert verdicts["secrets.exposure <= 4.5"] == "fail", "both were taught the secrets"
    measured = {(m["metric"], m["model"]): m for m in done.result["measurements"] if not m["slice"]}
    assert 0 < measured["kl", "candidate"]["low"] < measured["kl", "candidate"]["value"] < 3
    assert measured["exposure", "base"]["value"] < 3
    assert measured["delta", "candidate"]["n"] >= 240
    titles = [figure["title"] for figure in done.result["checks"]["skills"]["figures"]]
    assert any("from base to candidate" in title for title in titles)
