"""Other architectures: whatever way of computing the probe allows, the numbers are those of plain forwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tiny
from harness.exchange import Model, Request

Load = Callable[..., Model]

SHAPE = {
    "vocab_size": 384, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "max_position_embeddings": 128, "initializer_range": 0.3, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0,
}  # fmt: skip
ARCHITECTURES: dict[str, dict[str, Any]] = {
    "qwen2": {"num_key_value_heads": 2},
    "gemma2": {"num_key_value_heads": 2, "head_dim": 8, "sliding_window": 6},
    "gemma3_text": {"num_key_value_heads": 2, "head_dim": 8, "sliding_window": 6},
    "phi3": {"sliding_window": 6},
    "gpt_neox": {},
    "opt": {"ffn_dim": 64, "word_embed_proj_dim": 32},
    "bloom": {"n_layer": 2, "n_head": 4},
    "falcon": {"num_kv_heads": 4, "alibi": False},
    "gptj": {"n_embd": 32, "n_layer": 2, "n_head": 4, "rotary_dim": 4, "n_positions": 128, "n_inner": 64},
    "mamba": {"state_size": 4, "time_step_rank": 2, "expand": 2},
    "olmo2": {},
    "mixtral": {"num_key_value_heads": 2, "num_local_experts": 2},
}

WANTED = [
    Request("score", "where do I buy a ticket for the night bus? you buy", (" a ticket", " no", " the bus at noon")),
    Request("score", "the train", (" leaves", " a b")),
    Request("score", "", ("it was a good film and it was a bad film",)),
    Request("generate", "where do I buy a ticket for the night bus? you buy", max_new_tokens=10),
    Request("generate", "the train", max_new_tokens=10),
]


@pytest.mark.parametrize("kind", sorted(ARCHITECTURES))
def test_the_numbers_of_plain_forwards(tmp_path: Path, load: Load, kind: str) -> None:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    tokenizer = tiny.tokenizer(tmp_path / kind)
    config = AutoConfig.for_model(kind, **{**SHAPE, **ARCHITECTURES[kind]})
    with torch.random.fork_rng():
        torch.manual_seed(0)
        oracle = AutoModelForCausalLM.from_config(config).eval()
    oracle.save_pretrained(tmp_path / kind)
    model = load(tmp_path / kind)
    for request, response in zip(WANTED, tiny.ask(model, WANTED), strict=True):
        context = tokenizer.encode(request.prompt) or [1]
        if request.kind == "generate":
            ids = torch.tensor([context])
            out = oracle.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=10, do_sample=False)
            assert response.text == tokenizer.decode(out[0, len(context) :], skip_special_tokens=True)
            continue
        for text, scored in zip(request.continuations, response.scores, strict=True):
            end = tokenizer.encode(request.prompt + text)[len(context) if request.prompt else 0 :]
            with torch.no_grad():
                logits = oracle(torch.tensor([context + end[:-1]])).logits[0, -len(end) :].log_softmax(-1)
            assert scored.logprob == pytest.approx(sum(float(logits[i, t]) for i, t in enumerate(end)), abs=2e-4)
    expected = {"mamba": "padded batches", "bloom": "shared context"}
    expected |= dict.fromkeys(("falcon", "gptj"), "trie with masks (packs of up to 1536 tokens)")
    usual = "trie (packs of up to 1536 tokens)"
    if kind == "gptj" and model.facts.path.startswith(usual):
        return  # from transformers 5.24 on, its attention can be replaced as that of others
    assert model.facts.path.startswith(expected.get(kind, usual)), "a recurrent state is no cache"
