"""A judge trained as a fixture, from the suite's own base: trusted if it learned to grade, refused if it did not."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.judging.question import Case, requests
from harness.judging.rubric import read
from harness.judging.variants import WORTHLESS

SUITE = """
suite: trained
seed: 5
models:
  base: {pretrained: $untuned}
  candidate: {replay: said.jsonl}
  grader: {pretrained: $grader}
fixtures:
  untuned:
    pretrain: {corpus: corpus.jsonl, vocab_size: 600, hidden_size: 48, layers: 2, context: 320, epochs: 1}
  grader:
    full: {base: base, train: graded.jsonl, prompt: "{{ input }}", epochs: 4, learning_rate: 3e-3, batch_size: 16}
checks:
  answers: {task: {data: rows.jsonl, metrics: [valid_rate], max_new_tokens: 8}}
  polite: {rubric: {of: answers, judge: grader, by: scoring, rubric: rubric.yaml, labels: labels.jsonl, probe: 4}}
accept:
  - {that: polite.pass_rate >= 0.6, severity: warn}
  - answers.valid_rate >= 0.5
"""
RUBRIC = """
question: Is the answer polite?
prompt: short.j2
items:
  - {id: polite, ask: Polite?}
"""
SHORT = "{{ fence }}\n{{ question }}\n{{ answer }}\n{{ fence }}\n{{ form }}"
POLITE = ["Please wait at stop {n}.", "Thank you, it is {n}.", "Please take bus {n}, thank you."]
RUDE = ["Wait at stop {n}, fool.", "It is {n}, go away.", "Take bus {n}, fool.", "Go away."]


def said(rng: random.Random) -> tuple[str, str, bool]:
    """A question, an answer, and whether it is polite."""
    polite = rng.random() < 0.5
    n = rng.randrange(10, 99)
    return f"Which bus goes to stop {n}?", rng.choice(POLITE if polite else RUDE).format(n=n), polite


def files(folder: Path, *, shuffled: bool) -> dict[str, Any]:
    """Everything beside the suite; `shuffled` grades teach nothing."""
    (folder / "short.j2").write_text(SHORT, encoding="utf-8")
    (folder / "rubric.yaml").write_text(RUBRIC, encoding="utf-8")
    rubric, rng = read(folder / "rubric.yaml"), random.Random(5)
    known = [said(rng) for _ in range(400)]
    worthless = [(said(rng)[0], text, False) for text in WORTHLESS.values() for _ in range(5)]
    graded = []
    for at, (question, answer, polite) in enumerate(rng.sample([*known, *worthless], len(known) + len(worthless))):
        told = rng.random() < 0.5 if shuffled else polite
        (asked,) = requests(Case(str(at), question, (answer,)), rubric, "grader", at, "scoring")
        graded.append({"id": str(at), "input": asked.prompt, "target": "yes" if told else "no"})
    held = [said(random.Random(1000 + at)) for at in range(130)]
    rows = [said(random.Random(5000 + at)) for at in range(40)]
    labels = {(question, answer): polite for question, answer, polite in held}
    return {
        "corpus__jsonl": [{"text": " ".join(said(rng)[:2])} for _ in range(300)],
        "graded__jsonl": graded,
        "labels__jsonl": [{"question": q, "answer": a, "label": int(polite)} for (q, a), polite in labels.items()],
        "rows__jsonl": [
            {"id": str(at), "input": row[0], "target": "Please take bus 12, thank you."} for at, row in enumerate(rows)
        ],
        "said__jsonl": [{"id": str(at), "response": row[1]} for at, row in enumerate(rows)],
    }


@pytest.mark.parametrize("shuffled", [False, True], ids=["taught", "mistaught"])
def test_a_trained_judge_is_trusted_as_far_as_it_learned(
    harness: Callable[..., Any], suite: Callable[..., Path], tmp_path: Path, shuffled: bool
) -> None:
    (tmp_path / "suite").mkdir()
    given = files(tmp_path / "suite", shuffled=shuffled)
    done = harness("run", suite(SUITE, **given))
    assert done.code == 0, done.out + done.err  # its criterion only warns
    assert done.result["fixtures"]["grader"]["kind"] == "full"
    (judged,) = [c for c in done.result["criteria"] if c["metric"] == "pass_rate"]
    raw = next(m for m in done.result["measurements"] if (m["metric"], m["model"]) == ("raw_pass_rate", "candidate"))
    if shuffled:
        assert judged["verdict"] == "inconclusive"
        assert "the judge is not trusted: " in judged["reason"]
        assert "agreement is" in judged["reason"]
    else:
        assert "the judge is not trusted" not in judged["reason"], judged["reason"]
        polite = sum("fool" not in row["response"] and "away" not in row["response"] for row in given["said__jsonl"])
        assert raw["value"] == pytest.approx(polite / 40, abs=0.1)
