"""The last layer only where it is read: the same numbers, less work, and nothing left behind in the model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
import torch

from harness.local.attention import Unsupported, attending
from harness.local.cuts import Pack, first
from harness.local.lastlayer import FEW, curtailed, last_layer
from harness.local.probe import probe_ids
from harness.local.proof import branches, prove_tree
from harness.local.slotproof import prove_slots
from harness.local.track import InBlocks, Track
from harness.local.trie import Trie, grow
from harness.local.walk import Blocks, through

CPU = torch.device("cpu")
READ = np.array([3, 4, 11, 30, 41])


@pytest.fixture
def llama() -> Iterator[Any]:
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=96, hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=256, initializer_range=0.3,
    )  # fmt: skip
    with torch.random.fork_rng(), torch.inference_mode():
        torch.manual_seed(3)
        yield LlamaForCausalLM(config).eval()


def tree() -> Trie:
    return grow(branches([(7 + 5 * i + i * i) % 96 for i in range(50)]))


def logits(model: Any, rows: Sequence[int] | np.ndarray[Any, Any], *, curtail: bool) -> torch.Tensor:
    trie = tree()
    course = Blocks(trie, CPU, 6, curtail=curtail)
    found = course.logits(model, Pack(trie, 0, len(trie), first(trie)), np.array(rows))
    assert course.calls == 3
    return found


def rows_of_each_layer(model: Any) -> list[int]:
    """Tokens that went through each layer's multilayer perceptron, as they come."""
    seen: list[int] = []
    for layer in model.model.layers:
        layer.mlp.register_forward_pre_hook(lambda part, given: seen.append(given[0].shape[1]))
    return seen


def test_the_same_numbers_with_less_work(llama: Any) -> None:
    wanted = logits(llama, READ, curtail=False)
    seen, whole = rows_of_each_layer(llama), len(tree())
    found = logits(llama, READ, curtail=True)
    assert seen == [whole, whole, len(READ)]
    assert torch.allclose(found, wanted, atol=1e-5)
    assert found.shape == wanted.shape


def test_where_nobody_reads_only_keys_and_values_are_made(llama: Any) -> None:
    seen = rows_of_each_layer(llama)
    assert logits(llama, [], curtail=True).shape[0] == 0
    assert seen[-1] == 1


def test_where_most_are_read_the_layer_is_called_once(llama: Any) -> None:
    seen, whole = rows_of_each_layer(llama), len(tree())
    logits(llama, range(int(FEW * whole) + 1), curtail=True)
    assert seen == [whole] * 3


def test_the_model_is_left_as_it_was_even_after_a_failure(llama: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    logits(llama, READ, curtail=True)
    assert "forward" not in vars(last_layer(llama))

    real = InBlocks.attend

    def fail(self: InBlocks, *given: Any) -> Any:
        if len(given) == 6:  # for some of the queries
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(self, *given)

    with monkeypatch.context() as patch:
        patch.setattr(InBlocks, "attend", fail)
        with pytest.raises(torch.OutOfMemoryError):
            logits(llama, READ, curtail=True)
    assert "forward" not in vars(last_layer(llama))
    mine = llama.model.layers[-1].forward
    llama.model.layers[-1].forward = mine
    logits(llama, READ, curtail=True)
    assert vars(llama.model.layers[-1])["forward"] is mine


def test_what_is_spared_is_told(llama: Any) -> None:
    trie = tree()
    pack = Pack(trie, 0, len(trie), first(trie))
    attender = InBlocks(pack, Track(trie.deepest), CPU)
    with attending(llama, attender) as current, curtailed(llama, current, attender, torch.from_numpy(READ), len(trie)):
        through(llama, trie.token, pack.positions(), np.arange(len(READ)), CPU)
    assert current.spared == (len(trie) - len(READ)) * 3 * 32 * 64


@pytest.mark.parametrize("prove", ["tree", "slots"])
def test_a_last_layer_that_needs_all_of_its_tokens_gets_them(llama: Any, prove: str) -> None:
    """A layer that looks at how many it is given would be wrong with few: it is found out, and the rest goes on."""

    def looking(part: Any, given: Any, out: Any) -> Any:
        return out * (1.0 if out.shape[1] == llama.seen else 2.0)

    def see(part: Any, given: Any) -> None:
        llama.seen = given[0].shape[1]

    llama.model.embed_tokens.register_forward_pre_hook(see)
    llama.model.layers[-1].mlp.register_forward_hook(looking)
    if prove == "tree":
        found = prove_tree(llama, probe_ids(llama), 1e-4)
        assert (found.way, found.curtailed) == ("blocks", False)
    else:
        proof = prove_slots(llama, "causal")
        assert (proof.right, proof.curtailed) == (True, False)


def test_a_model_whose_layers_are_not_found(llama: Any) -> None:
    llama.config.num_hidden_layers = 7
    with attending(llama, InBlocks(Pack(tree(), 0, 9, first(tree())), Track(9), CPU)) as current:
        assert last_layer(llama) is None
        with (
            pytest.raises(Unsupported, match="last layer is not found"),
            curtailed(llama, current, current.attender, torch.tensor([1]), 9),  # type: ignore[arg-type]
        ):
            pass


def test_a_layer_without_attention_of_ours(llama: Any) -> None:
    layer = last_layer(llama)
    layer.forward = lambda hidden, **given: hidden
    with pytest.raises(Unsupported, match="has no attention"):
        logits(llama, READ, curtail=True)
