"""Batches: within their budget, halved when memory runs out, with the same answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tiny
from harness.exchange import Model, Request
from harness.local.batch import Budget, Exhausted, in_batches, out_of_memory

Load = Callable[..., Model]


@dataclass(frozen=True)
class Item:
    name: int
    length: int
    rows: int = 1
    kept: int = 1


items = st.lists(st.builds(Item, st.integers(), st.integers(1, 50), st.integers(1, 4), st.integers(1, 9)), max_size=40)


@given(items, st.integers(1, 8), st.integers(1, 200), st.integers(1, 60))
def test_every_item_is_in_one_batch_within_the_budget(some: list[Item], rows: int, tokens: int, logits: int) -> None:
    budget = Budget(rows, tokens, logits)
    seen: list[Item] = []
    for batch, result in in_batches(some, budget, lambda b: len(b)):
        assert result == len(batch)
        total = sum(item.rows for item in batch)
        longest, kept = max(item.length for item in batch), max(item.kept for item in batch)
        assert len(batch) == 1 or (total <= rows and total * longest <= tokens and total * kept <= logits)
        seen += batch
    assert sorted(map(id, seen)) == sorted(map(id, some))
    assert [item.length for item in seen] == sorted((item.length for item in some), reverse=True)


@given(items, st.integers(1, 6))
def test_memory_that_runs_out_halves_batches_and_loses_nothing(some: list[Item], room: int) -> None:
    def run(batch: Sequence[Item]) -> list[int]:
        if len(batch) > room or any(item.length > 45 for item in batch):
            raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")
        return [item.name for item in batch]

    budget = Budget(64, 10_000, 10_000)
    done: list[Item] = []
    for batch, result in in_batches(some, budget, run):
        assert isinstance(result, Exhausted) == (len(batch) == 1 and batch[0].length > 45)
        done += batch
    assert sorted(map(id, done)) == sorted(map(id, some))


def test_unlike_items_are_kept_apart() -> None:
    some = [Item(i, 10 + i % 2) for i in range(10)]
    batches = [batch for batch, _ in in_batches(some, Budget(64, 9999, 9999), len, alike=lambda item: item.length)]
    assert [{item.length for item in batch} for batch in batches] == [{11}, {10}]


def test_other_errors_are_not_memory() -> None:
    import torch

    assert out_of_memory(MemoryError())
    assert out_of_memory(torch.OutOfMemoryError("x"))
    assert out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes"))
    assert not out_of_memory(RuntimeError("shape mismatch"))
    with pytest.raises(RuntimeError, match="shape mismatch"):
        list(
            in_batches(
                [Item(1, 1)], Budget(1, 1, 1), lambda batch: (_ for _ in ()).throw(RuntimeError("shape mismatch"))
            )
        )


def test_a_number_of_rows_is_taken_at_its_word() -> None:
    budget = Budget.of("cpu", 50_000, 3)
    sizes = [len(batch) for batch, _ in in_batches([Item(i, 500) for i in range(10)], budget, len)]
    assert sizes == [3, 3, 3, 1]
    assert Budget.of("cuda", 1000).rows > Budget.of("cpu", 1000).rows


def test_small_models_take_larger_packs() -> None:
    """What a layer makes of one token: 24 numbers for each of its width, about (20 MiB of them on a CPU)."""
    packs = {width: Budget.of("cpu", 1000, width=width).pack for width in (64, 256, 512, 4096)}
    assert packs == {64: 1536, 256: 832, 512: 384, 4096: 384}
    assert Budget.of("cpu", 1000, width=512, item=2).pack == 832
    assert Budget.of("cuda", 1000, width=4096, item=2).pack == 16384


@given(st.sampled_from(["cpu", "cuda"]), st.integers(1, 300_000), st.integers(1, 20_000), st.integers(0, 1 << 36))
def test_less_free_memory_never_makes_a_budget_larger(device: str, vocabulary: int, width: int, free: int) -> None:
    some, known = (Budget.of(device, vocabulary, width=width, free=room) for room in (free, None))
    for name in ("rows", "tokens", "logits", "pack", "places", "shelf"):
        assert 0 <= getattr(some, name) <= getattr(known, name), name
    assert some.shelf <= free // 2
    assert 4 * vocabulary * some.logits <= max(free // 4, 4 * vocabulary)
    assert 24 * width * 4 * some.pack <= max(free // 4, 24 * width * 4 * 64)


WANTED = [
    Request("score", f"{p} {i}", (" yes", " no way")) for i in range(9) for p in ("the train", "it was a good film")
]
WANTED += [Request("generate", f"the train {i}", max_new_tokens=6) for i in range(20)]


def crowded(model: Any, monkeypatch: pytest.MonkeyPatch, room: int, error: Callable[[], BaseException]) -> list[int]:
    """Let the model run out of memory for more than `room` tokens; returns the tokens of each forward."""
    kind = type(model._seat.lease.resident.loaded.model)
    real, rows = kind.forward, list[int]()

    def forward(self: Any, input_ids: Any = None, *args: Any, **kwargs: Any) -> Any:
        rows.append(input_ids.numel())
        if input_ids.numel() > room:
            raise error()
        return real(self, input_ids, *args, **kwargs)

    monkeypatch.setattr(kind, "forward", forward)
    return rows


@pytest.mark.parametrize("kind", ["torch", "runtime", "memory"])
def test_answers_are_the_same_in_a_narrow_memory(load: Load, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    import torch

    errors: dict[str, Callable[[], BaseException]] = {
        "torch": lambda: torch.OutOfMemoryError("CUDA out of memory"),
        "runtime": lambda: RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: not enough memory"),
        "memory": MemoryError,
    }
    usual = tiny.ask(load("base"), WANTED)
    model = load("base")
    rows = crowded(model, monkeypatch, 24, errors[kind])
    narrow = tiny.ask(model, WANTED)
    assert max(rows) > 24
    assert [r.text for r in narrow] == [r.text for r in usual]
    for one, two in zip(narrow, usual, strict=True):
        assert [s.logprob for s in one.scores] == pytest.approx([s.logprob for s in two.scores], abs=1e-4)
    assert "times for want of memory" in model.facts.path


def test_what_does_not_fit_alone_is_a_fault_of_the_candidate(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    model = load("base")
    crowded(model, monkeypatch, 0, lambda: torch.OutOfMemoryError("no"))
    answers = tiny.ask(model, WANTED)
    assert {(r.fault, r.blame) for r in answers} == {("out of memory on cpu, even alone", "candidate")}
