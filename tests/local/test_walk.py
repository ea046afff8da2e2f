"""Walking a trie: the same numbers in packs of any size, in little memory, in slices, on FlexAttention's masks."""

from __future__ import annotations

import contextlib
import itertools
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import tiny
from harness.exchange import Model, Request
from harness.local.attention import How, Unsupported, attending, kernel
from harness.local.batch import Budget, Exhausted
from harness.local.cuts import Pack, first, visible
from harness.local.flex import Flex, mask_mod
from harness.local.logits import read
from harness.local.proof import narrowed
from harness.local.slicing import Head, beheaded, read_sliced
from harness.local.trie import Trie, Unit, grow
from harness.local.walk import Blocks, Course, walk

Load = Callable[..., Model]


def units(seed: int = 0, vocabulary: int = 384) -> list[Unit]:
    draw = random.Random(seed)

    def some(count: int) -> list[int]:
        return [draw.randrange(3, vocabulary) for _ in range(count)]

    begin = some(30)
    questions = [begin + some(draw.randint(1, 8)) for _ in range(5)]
    return [Unit.of(question, some(draw.randint(1, 4))) for question in questions for _ in range(3)]


def weights(model: Any, trie: Trie, course: Course, pack: int, head: str = "as they are") -> list[float]:
    import torch

    @contextlib.contextmanager
    def opened() -> Iterator[Any]:
        with torch.inference_mode():
            yield model

    total = np.zeros(trie.units)
    for told in walk(trie, course, Budget(8, 99, 99, pack=pack, places=7), opened, torch.device("cpu"), head=head):
        assert not isinstance(told.reading, Exhausted)
        np.add.at(total, trie.unit[told.targets], told.reading.logprob)
    return [float(value) for value in total]


@pytest.fixture(scope="module")
def llama() -> Any:
    return random_model("llama")


def random_model(kind: str, **more: Any) -> Any:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(
        kind, vocab_size=384, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=256, initializer_range=0.3, pad_token_id=0, **more,
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return AutoModelForCausalLM.from_config(config).eval().requires_grad_(False)


def plain(model: Any, some: list[Unit]) -> list[float]:
    import torch

    made = []
    for unit in some:
        with torch.inference_mode():
            rows = model(torch.tensor([unit.fed_ids])).logits[0].log_softmax(-1)[-unit.count :]
        made.append(sum(float(rows[i, token]) for i, token in enumerate(unit.continuation)))
    return made


@pytest.mark.parametrize("pack", [1, 5, 16, 768])
@pytest.mark.parametrize("head", ["", "as they are"])
def test_any_pack_and_any_block_give_the_same(llama: Any, pack: int, head: str) -> None:
    import torch

    trie = grow(some := units())
    wanted = plain(llama, some)
    for size, curtail in itertools.product((1, 4, 192), (False, True)):
        course = Blocks(trie, torch.device("cpu"), size, curtail=curtail)
        assert weights(llama, trie, course, pack, head) == pytest.approx(wanted, abs=1e-4)


def test_each_token_goes_through_once(llama: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    trie, seen = grow(units()), list[int]()
    real = type(llama).forward

    def forward(self: Any, input_ids: Any = None, **given: Any) -> Any:
        seen.extend(zip(given["position_ids"][0].tolist(), input_ids[0].tolist(), strict=True))
        return real(self, input_ids, **given)

    monkeypatch.setattr(type(llama), "forward", forward)
    weights(llama, trie, Blocks(trie, torch.device("cpu")), 20)
    assert seen == list(zip(trie.depth.tolist(), trie.token.tolist(), strict=True))


@pytest.mark.parametrize("when", [0, 1, 3])
def test_memory_that_runs_out_in_the_middle_of_a_pack_changes_nothing(
    llama: Any, monkeypatch: pytest.MonkeyPatch, when: int
) -> None:
    """The second layer fails when the first one has computed already: nothing half done may stay."""
    import torch

    import harness.local.track as track

    trie = grow(units())
    usual = weights(llama, trie, Blocks(trie, torch.device("cpu")), 16)
    calls, real = [0], track.InBlocks.attend

    def attend(self: Any, layer: int, *rest: Any) -> Any:
        calls[0] += layer
        if layer == 1 and calls[0] == when + 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(self, layer, *rest)

    monkeypatch.setattr(track.InBlocks, "attend", attend)
    found = weights(llama, trie, Blocks(trie, torch.device("cpu")), 16)
    assert found == pytest.approx(usual, abs=1e-5)
    assert calls[0] > when + 1


def test_what_does_not_fit_alone_takes_along_what_follows_it_and_nothing_else(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = [Request("score", p, (" yes", " no way")) for p in ("the train", "the bus", "é the bus", "a good film")]
    usual = tiny.ask(load("base"), wanted)
    model: Any = load("base")
    real = type(model._seat.lease.resident.loaded.model).forward
    heavy = model._seat.encoder.tokenizer.encode("é")[0]

    def forward(self: Any, input_ids: Any = None, **given: Any) -> Any:
        if heavy in input_ids:
            raise MemoryError
        return real(self, input_ids, **given)

    monkeypatch.setattr(type(model._seat.lease.resident.loaded.model), "forward", forward)
    found = tiny.ask(model, wanted)
    assert [bool(response.fault) for response in found] == [False, False, True, False]
    assert found[2].fault == "out of memory on cpu, even alone"
    for one, two in zip(found, usual, strict=True):
        for left, right in zip(one.scores, two.scores, strict=False):
            assert left.logprob == pytest.approx(right.logprob, abs=1e-5)
    assert "for want of memory" in model.facts.path


def test_the_flex_mask_is_the_dense_one(llama: Any) -> None:
    import torch

    trie = grow(units())
    pack = Pack(trie, 0, 20, first(trie))
    pack = Pack(trie, 20, len(trie), pack.after)
    nodes = np.concatenate([pack.before, np.arange(pack.start, pack.stop)])
    for window in (0, 3):
        seen = mask_mod(pack, torch.device("cpu"), window)
        at = torch.arange(len(pack)), torch.arange(len(nodes))
        found = seen(0, 0, at[0][:, None], at[1][None, :])
        assert (found.numpy() == visible(trie, nodes[len(pack.before) :], nodes, window)).all()


@pytest.mark.parametrize(("kind", "more"), [
    ("llama", {}), ("mistral", {"sliding_window": 5}),
    ("gemma2", {"head_dim": 8, "sliding_window": 5, "query_pre_attn_scalar": 8, "attn_logit_softcapping": 2.0}),
    ("gpt_oss", {"head_dim": 8, "sliding_window": 5, "num_local_experts": 2, "num_experts_per_tok": 1}),
])  # fmt: skip
def test_flex_attention_gives_what_plain_forwards_give(kind: str, more: dict[str, Any]) -> None:
    """Uncompiled, as far as a CPU can go; sinks, softcaps and windows included."""
    import torch

    model = random_model(kind, **more)
    trie = grow(some := units(3)[:6])
    wanted = plain(model, some)
    for curtail in (False, True):
        course = Flex(trie, torch.device("cpu"), curtail=curtail)
        assert weights(model, trie, course, 24, "") == pytest.approx(wanted, abs=1e-4)


def test_the_models_own_attention_comes_back(llama: Any) -> None:
    before = llama.config._attn_implementation

    class Fails:
        def attend(self, *args: Any) -> Any:
            raise RuntimeError("in the middle")

    import torch

    with pytest.raises(RuntimeError, match="in the middle"), attending(llama, Fails()):
        llama(torch.tensor([[1, 2]]))
    assert llama.config._attn_implementation == before
    llama(torch.tensor([[1, 2]]))


def test_what_attention_cannot_do_is_refused(llama: Any) -> None:
    import torch

    with pytest.raises(Unsupported, match="looks ahead"), attending(llama, Blocks.__new__(Blocks)):  # type: ignore[arg-type]
        llama(torch.tensor([[1, 2]]), is_causal=False)


@pytest.mark.parametrize("how", [How(), How(softcap=1.5), How(scaling=0.2)], ids=str)
@pytest.mark.parametrize("heads", [2, 6])
def test_the_kernel_is_attention(how: How, heads: int) -> None:
    import torch

    generator = torch.Generator().manual_seed(0)
    query, key, value = (torch.randn(1, n, 5, 8, generator=generator) for n in (heads, 2, 2))
    groups = heads // 2
    scores = query @ key.repeat_interleave(groups, 1).transpose(-1, -2) * (how.scaling or 8**-0.5)
    scores = torch.tanh(scores / how.softcap) * how.softcap if how.softcap else scores
    scores = scores.masked_fill(torch.ones(5, 5).triu(1).bool(), float("-inf"))
    wanted = scores.softmax(-1) @ value.repeat_interleave(groups, 1)
    assert torch.allclose(kernel(query, key, value, None, how), wanted, atol=1e-6)


def test_windows_are_short_only_for_the_time_of_a_proof() -> None:
    model = random_model("mistral", sliding_window=4096)
    with narrowed(model):
        assert model.config.sliding_window == 8
    assert model.config.sliding_window == 4096


@pytest.mark.parametrize("each", [False, True])
def test_slices_of_the_vocabulary_read_what_whole_logits_read(each: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Equals among the most probable tokens, too: the first of them is the greedy one."""
    import torch

    import harness.local.slicing as slicing

    monkeypatch.setitem(slicing.WIDTH, "cpu", 50)
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(384, 16, generator=generator)
    weight[200] = weight[7] = weight[8] = 4.0
    rows = torch.randn(9, 16, generator=generator).abs()
    at = torch.tensor([0, 0, 0, 1, 2, 3, 3, 8, 8])
    tokens = torch.tensor([7, 8, 200, 383, 0, 49, 50, 7, 101])
    whole, sliced = (
        read(rows @ weight.T, at, tokens, each=each),
        read_sliced(Head(weight, None), rows, at, tokens, each=each),
    )
    assert sliced.logprob == pytest.approx(whole.logprob, abs=1e-5)
    assert sliced.greedy.tolist() == whole.greedy.tolist()
    assert whole.greedy.tolist()[:3] == [True, False, False]
    if each:
        assert sliced.mean == pytest.approx(whole.mean, abs=1e-4)
        assert sliced.deviation == pytest.approx(whole.deviation, abs=1e-4)
        share = (rows @ weight.T).double().log_softmax(-1)
        mean = (share.exp() * share).sum(-1)
        deviation = ((share.exp() * share.square()).sum(-1) - mean.square()).sqrt()
        assert whole.mean == pytest.approx(mean[at].numpy(), abs=1e-4)
        assert whole.deviation == pytest.approx(deviation[at].numpy(), abs=1e-4)


def test_a_head_is_whole_again_after_its_place_was_taken(llama: Any) -> None:
    import torch

    ids = torch.tensor([[5, 6, 7]])
    before = llama(ids).logits
    with beheaded(llama) as taken:
        assert llama(ids).logits.shape == (1, 3, 1)
    assert taken[0].shape == (3, 32)
    assert torch.equal(llama(ids).logits, before)
