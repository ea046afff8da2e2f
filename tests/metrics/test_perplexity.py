"""Perplexity and bits per byte against their definitions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from harness.errors import CheckBroken, CheckpointBroken
from harness.exchange import Response, Scored
from harness.metrics.bits_per_byte import bits_per_byte
from harness.metrics.perplexity import perplexity

Value = Callable[..., float]


def sample(logprob: float, tokens: int, text: str = "abcd") -> dict[str, Any]:
    return {"response": Response(scores=(Scored(logprob, tokens),)), "targets": [text]}


def test_a_uniform_model_has_the_size_of_its_vocabulary(value: Value) -> None:
    samples = [sample(-tokens * math.log(512), tokens) for tokens in (1, 7, 30)]
    assert value("perplexity", samples) == pytest.approx(512)


def test_it_is_a_ratio_of_sums_not_a_mean_of_ratios(value: Value) -> None:
    samples = [sample(-10.0, 1), sample(-10.0, 99)]
    assert value("perplexity", samples) == pytest.approx(math.exp(20 / 100))


def test_a_uniform_model_over_bytes_needs_eight_bits(value: Value) -> None:
    text = "naïve 東京"
    size = len(text.encode())
    assert value("bits_per_byte", [sample(-size * math.log(256), 3, text)] * 2) == pytest.approx(8)


def test_a_sure_model_reaches_the_bound(value: Value) -> None:
    assert value("perplexity", [sample(0.0, 5), sample(1e-7, 5)]) == 1
    assert value("bits_per_byte", [sample(0.0, 5), sample(1e-7, 5)]) == 0


def test_an_empty_text_adds_nothing_and_nothing_alone_is_not_a_number(value: Value) -> None:
    assert value("perplexity", [sample(-5.0, 5), sample(0.0, 0, "")]) == pytest.approx(math.e)
    assert math.isnan(value("perplexity", [sample(0.0, 0, "")]))
    assert math.isnan(value("bits_per_byte", [sample(0.0, 0, "")]))


def test_a_hopeless_model_is_infinite_not_a_crash(value: Value) -> None:
    assert value("perplexity", [sample(-1e6, 1)]) == math.inf


@pytest.mark.parametrize("logprob", [math.nan, -math.inf, math.inf, 0.5])
def test_impossible_log_probabilities_break_the_checkpoint(logprob: float) -> None:
    with pytest.raises(CheckpointBroken, match=r"the log-probability of a target of 3 tokens is .* must be finite"):
        perplexity(sample(logprob, 3)["response"])
    with pytest.raises(CheckpointBroken, match=r"the log-probability of a target of 4 bytes is .* must be finite"):
        bits_per_byte(sample(logprob, 3)["response"], ["abcd"])


def test_text_instead_of_scores_breaks_the_check() -> None:
    with pytest.raises(CheckBroken, match="perplexity needs the log-probability of the target; the model answered"):
        perplexity(Response(text="hello"))
    with pytest.raises(CheckBroken, match="bits_per_byte needs the log-probability of the target"):
        bits_per_byte(Response(text="hello"), ["hello"])
