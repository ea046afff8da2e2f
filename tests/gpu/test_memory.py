"""The device's memory: weights are there once, answering stays within its budget, and less memory changes no answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import tiny
from harness.exchange import Model, Request
from harness.local import Residents, identify
from harness.local.batch import LOGIT_BYTES, PACK_BYTES
from harness.models.transformers import transformers

pytestmark = pytest.mark.gpu
Open = Callable[..., Model]

BUDGET = LOGIT_BYTES["gpu"] + 3 * PACK_BYTES["gpu"]
"""Bytes that answering may take on top of the weights: logits in their own format and in float32, and what is small."""


@pytest.fixture(autouse=True)
def only_cuda(device: str) -> None:
    """What is counted here is CUDA's own."""
    if device != "cuda":
        pytest.skip(f"memory is measured on CUDA, not on {device}")


@pytest.fixture
def fraction() -> Iterator[Callable[[int], None]]:
    """Leave this process only so many bytes more than it has; undone at the end."""
    import torch

    total = torch.cuda.get_device_properties(0).total_memory

    def leave(more: int) -> None:
        torch.cuda.empty_cache()
        torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + more) / total)

    yield leave
    torch.cuda.set_per_process_memory_fraction(1.0)
    torch.cuda.empty_cache()


def long_questions(n: int) -> list[Request]:
    words = ["the", "cat", "sits", "near", "the", "old", "red", "bus", "stop", "and", "then", "it", "waits"]
    return [
        Request("score", " ".join([*words[at % 12 :], str(at), *words * 8]), (" and then", " near the bus"))
        for at in range(n)
    ]


def test_an_adapter_shares_the_weights_of_its_base(load: Open) -> None:
    import torch

    torch.cuda.empty_cache()
    before = torch.cuda.memory_allocated()
    load("base", "cuda")
    one = torch.cuda.memory_allocated() - before
    load("adapter", "cuda")
    assert torch.cuda.memory_allocated() - before < 1.5 * one


def test_weights_go_when_nobody_needs_them(made: Path) -> None:
    import torch

    before = torch.cuda.memory_allocated()
    residents = Residents()
    given = identify("candidate", {"pretrained": str(made / "base"), "device": "cuda"}, folder=made)
    model = transformers(given, residents, lambda text: None)
    tiny.ask(model, long_questions(8))
    model.close()
    residents.close()
    assert torch.cuda.memory_allocated() - before < 1 << 20


def test_answering_stays_within_its_budget(load: Open) -> None:
    import torch

    model = load("base", "cuda", "bfloat16")
    tiny.ask(model, long_questions(4))
    held = torch.cuda.memory_allocated()
    peaks = []
    for n in (500, 4000):
        torch.cuda.reset_peak_memory_stats()
        assert not any(response.fault for response in tiny.ask(model, long_questions(n)))
        peaks.append(torch.cuda.max_memory_allocated() - held)
    assert max(peaks) < BUDGET
    assert peaks[1] < 2 * peaks[0] + (64 << 20), "memory does not grow with the number of questions"
    assert model.facts.effort is not None
    assert 0 < model.facts.effort.peak_bytes <= max(peaks) + (1 << 20)


def test_less_memory_gives_the_same_answers(load: Open, fraction: Callable[[int], None]) -> None:
    model = load("base", "cuda")
    requests = long_questions(800)
    wanted = tiny.ask(model, requests)
    fraction(96 << 20)
    found = tiny.ask(model, requests)
    assert not any(response.fault for response in found)
    for one, other in zip(wanted, found, strict=True):
        for a, b in zip(one.scores, other.scores, strict=True):
            assert a.logprob == pytest.approx(b.logprob, abs=2e-3 * a.tokens)


def test_no_memory_at_all_is_said(load: Open, fraction: Callable[[int], None]) -> None:
    model = load("base", "cuda")
    fraction(0)
    (found,) = tiny.ask(model, [Request("score", "the cat " * 100, (" sits",))])
    assert found.scores or "out of memory" in found.fault
