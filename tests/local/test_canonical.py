"""Reproducible scores: to the last bit the same, whatever else is asked, in whatever packs."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tiny
from harness.exchange import Model, Request
from harness.local import identify

Load = Callable[..., Model]

WORDS = ["train", "bus", "ticket", "the", "ten", "yes", "no", "a", "answer", "é"]


def questions() -> list[Request]:
    """Long shared beginnings, so that several tiles of a path are used; every third wants to know each token."""
    draw = random.Random(7)
    shots = " ".join(draw.choices(WORDS, k=90))
    prompts = [f"{shots} {' '.join(draw.choices(WORDS, k=draw.randint(1, 30)))}" for _ in range(7)] + ["the", "a bus"]
    return [
        Request("score", p, (" yes", " no way", " the answer is ten"), each=at % 3 == 0) for at, p in enumerate(prompts)
    ]


@pytest.mark.parametrize(("name", "dtype"), [("base", "float32"), ("base", "bfloat16"), ("window", "float32")])
def test_bit_for_bit(load: Load, name: str, dtype: str) -> None:
    model: Any = load(name, dtype=dtype, reproducible=True)
    assert model.facts.path.startswith("trie in canonical shapes, reproducible (packs of 512 tokens)")
    wanted = questions()
    whole = [response.scores for response in tiny.ask(model, wanted)]

    @given(st.sets(st.integers(0, len(wanted) - 1), min_size=1), st.sampled_from([7, 64, 100, 512]))
    @settings(max_examples=12)
    def holds(chosen: set[int], pack: int) -> None:
        model._seat.budget.pack = pack
        some = sorted(chosen, key=lambda at: -at)
        assert [r.scores for r in tiny.ask(model, [wanted[at] for at in some])] == [whole[at] for at in some]

    holds()
    for at, request in enumerate(wanted):
        assert tiny.ask(model, [request])[0].scores == whole[at]
    assert any("do not depend, to the last bit, on what else is asked" in sentence for sentence in model.facts.gate)
    assert any("of all rows computed only fill up shapes" in sentence for sentence in model.facts.gate), "its cost"


def test_they_are_the_usual_numbers(load: Load) -> None:
    for name in ("base", "gpt2"):
        wanted = [*questions()[7:], Request("score", "the train to the airport", (" leaves", " no"))]
        for one, two in zip(tiny.ask(load(name, reproducible=True), wanted), tiny.ask(load(name), wanted), strict=True):
            assert [s.logprob for s in one.scores] == pytest.approx([s.logprob for s in two.scores], abs=1e-4)


@pytest.mark.parametrize("name", ["seq2seq", "classifier"])
def test_other_heads_compute_each_text_alone(load: Load, name: str) -> None:
    labels = tiny.LABELS if name == "classifier" else (" yes", " no way")
    wanted = [Request("classify", text, labels) for text in ("the train", "a", "it was a very good film", "the bus")]
    model = load(name, reproducible=True)
    assert model.facts.path.startswith("plain, reproducible")
    together = tiny.ask(model, wanted)
    assert [tiny.ask(model, [request])[0].scores for request in wanted] == [r.scores for r in together]


def test_what_cannot_be_shown_is_computed_alone(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    import harness.local.answerer as answerer

    monkeypatch.setattr(answerer, "prove_canonical", lambda *args: ())
    model = load("base", reproducible=True)
    assert model.facts.path.startswith("plain, reproducible")
    assert "scores are reproducible bit for bit: each text is computed by itself, sharing nothing" in model.facts.gate
    wanted = questions()
    together = [response.scores for response in tiny.ask(model, wanted)]
    assert [tiny.ask(model, [request])[0].scores for request in wanted[:3]] == together[:3]


def test_it_is_part_of_what_the_answers_are_known_by(made: Path) -> None:
    usual, exact = (
        identify("c", {"pretrained": "base", **more}, folder=made).digest for more in ({}, {"reproducible": True})
    )
    assert usual != exact
