"""The architecture matrix: on every kind of model, the way that was chosen gives what plain forwards give.

Tiny random models; windows and chunks are shorter than the texts. Recurrent, hybrid and chunked models, and those with
attention code of their own, must be seen through, not trusted.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from harness.local.batch import Budget
from harness.local.probe import Ways, prove_ways
from harness.local.scoring import bundles, compute
from harness.local.trie import Unit, grow
from harness.local.walk import walk

SHAPE = {
    "vocab_size": 96, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
    "max_position_embeddings": 128, "initializer_range": 0.3, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0,
}  # fmt: skip
GROUPS = {"num_key_value_heads": 2}
HEADS = {**GROUPS, "head_dim": 8}
WINDOW = {**GROUPS, "sliding_window": 4}
MIXED = {**WINDOW, "layer_types": ["sliding_attention", "full_attention"]}
OLD = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 128, "n_ctx": 128}
EXPERTS = {"num_experts_per_tok": 2, "moe_intermediate_size": 16}

TRIE = {
    "llama": ("llama", GROUPS), "qwen2": ("qwen2", GROUPS),
    "qwen2 window": ("qwen2", {**WINDOW, "use_sliding_window": True, "max_window_layers": 0}),
    "qwen3": ("qwen3", HEADS), "mistral": ("mistral", {**GROUPS, "sliding_window": None}),
    "mistral window": ("mistral", WINDOW), "gemma": ("gemma", HEADS),
    "gemma2": ("gemma2", {**HEADS, **WINDOW, "query_pre_attn_scalar": 8, "attn_logit_softcapping": 2.0}),
    "gemma3": ("gemma3_text", {**HEADS, **MIXED, "query_pre_attn_scalar": 8}), "phi": ("phi", {}),
    "phi3": ("phi3", GROUPS), "phi3 window": ("phi3", WINDOW), "gpt2": ("gpt2", {"n_inner": 48}),
    "gpt_neox": ("gpt_neox", {}), "opt": ("opt", {"ffn_dim": 48, "word_embed_proj_dim": 32}),
    "stablelm": ("stablelm", GROUPS), "starcoder2 window": ("starcoder2", WINDOW), "olmo2": ("olmo2", {}),
    "olmo3": ("olmo3", MIXED), "cohere": ("cohere", GROUPS), "cohere2": ("cohere2", MIXED),
    "granite": ("granite", GROUPS), "smollm3": ("smollm3", GROUPS),
    "mixtral": ("mixtral", {**GROUPS, "num_local_experts": 2}),
    "qwen3_moe": ("qwen3_moe", {**HEADS, **EXPERTS, "num_experts": 4}),
    "deepseek_v3": ("deepseek_v3", {
        **EXPERTS, "n_routed_experts": 4, "n_group": 1, "topk_group": 1, "q_lora_rank": 16, "kv_lora_rank": 16,
        "qk_rope_head_dim": 8, "qk_nope_head_dim": 8, "v_head_dim": 8, "num_key_value_heads": 4,
        "first_k_dense_replace": 1,
    }),
    "gpt_oss": ("gpt_oss", {**HEADS, **MIXED, "num_local_experts": 4, "num_experts_per_tok": 2}),
    "bitnet": ("bitnet", GROUPS), "glm4": ("glm4", HEADS), "exaone4": ("exaone4", MIXED),
    "ernie4_5": ("ernie4_5", GROUPS), "helium": ("helium", HEADS), "nemotron": ("nemotron", GROUPS),
    "persimmon": ("persimmon", {}), "biogpt": ("biogpt", {}),
    "lfm2": ("lfm2", {**GROUPS, "layer_types": ["full_attention", "full_attention"]}),
}  # fmt: skip
MASKS = {
    "gptj": ("gptj", {**OLD, "rotary_dim": 4}), "codegen": ("codegen", {**OLD, "rotary_dim": 4}),
    "falcon": ("falcon", {"alibi": False}),
    "xglm": ("xglm", {"ffn_dim": 48, "d_model": 32, "num_layers": 2, "attention_heads": 4}),
}  # fmt: skip
ADOPTED = ("gptj", "codegen")
"""Those of them whose own attention code gave way to the shared one in a later version of transformers (5.24)."""
WHOLE = ("gpt2",)
"""Those of them in which what comes after the last layer must have all tokens."""
OTHER = {
    "lfm2 convolution": ("lfm2", {**GROUPS, "layer_types": ["conv", "full_attention"]}),
    "gpt_neo": ("gpt_neo", {
        "num_layers": 2, "attention_types": [[["global", "local"], 1]], "num_heads": 4, "window_size": 4,
    }),
    "bloom": ("bloom", {"n_layer": 2, "n_head": 4}),
    "mpt": ("mpt", {"d_model": 32, "n_layers": 2, "n_heads": 4, "max_seq_len": 128, "expansion_ratio": 2}),
    "falcon alibi": ("falcon", {"alibi": True}), "mamba": ("mamba", {"state_size": 4, "time_step_rank": 2}),
    "jamba": ("jamba", {
        **GROUPS, "num_experts": 2, "mamba_d_state": 4, "mamba_dt_rank": 2, "attn_layer_period": 2,
        "attn_layer_offset": 1, "use_mamba_kernels": False, "expert_layer_period": 2, "expert_layer_offset": 1,
    }),
    "qwen3_next": ("qwen3_next", {
        **HEADS, **EXPERTS, "num_experts": 2, "shared_expert_intermediate_size": 16, "linear_num_value_heads": 2,
        "linear_num_key_heads": 2, "linear_key_head_dim": 8, "linear_value_head_dim": 8,
        "layer_types": ["linear_attention", "full_attention"],
    }),
    "recurrent_gemma": ("recurrent_gemma", {
        "lru_width": 32, "attention_window_size": 8, "num_key_value_heads": 1,
        "block_types": ["recurrent", "attention"],
    }),
    "llama4 chunks": ("llama4_text", {
        **HEADS, "attention_chunk_size": 64, "num_local_experts": 2, "intermediate_size_mlp": 48,
        "interleave_moe_layer_step": 1, "num_experts_per_tok": 1, "no_rope_layers": [1, 0],
        "layer_types": ["chunked_attention", "full_attention"],
    }),
}  # fmt: skip
ALL: dict[str, tuple[str, dict[str, Any]]] = {**TRIE, **MASKS, **OTHER}


def build(kind: str, more: dict[str, Any]) -> Any:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(kind, **{**SHAPE, **more})
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return AutoModelForCausalLM.from_config(config).eval().requires_grad_(False)


def texts() -> list[Unit]:
    """Two prompts behind one long beginning, each with continuations of which some share a token."""
    draw = random.Random(5)
    begin = [draw.randrange(3, 96) for _ in range(60)]
    questions = [[draw.randrange(3, 96) for _ in range(n)] for n in (9, 4)]
    ends = [[7, 8, 9], [7, 8], [7, 11, 12, 13], [50]]
    return [Unit.of(begin + question, end) for question in questions for end in ends] + [Unit.of([5], begin[:20])]


def told(model: Any, ways: Ways, units: Sequence[Unit]) -> list[float]:
    """Sums of log-probabilities the way that was chosen."""
    import torch

    device, found = torch.device("cpu"), dict.fromkeys(units, 0.0)
    if not ways.tree.way:
        for bundle in bundles(units, share=ways.shared, most=8):
            found |= {unit: weight.logprob for unit, weight in compute(model, [bundle], device)}
        return [found[unit] for unit in units]

    @contextlib.contextmanager
    def opened() -> Iterator[Any]:
        yield model

    trie, budget = grow(units), Budget(8, 999, 999, pack=40, places=20)
    for part in walk(trie, ways.tree.course(trie, device), budget, opened, device):
        assert not isinstance(part.reading, type(None))
        for unit, logprob in zip(trie.unit[part.targets], part.reading.logprob, strict=True):  # type: ignore[union-attr]
            found[units[unit]] += float(logprob)
    return [found[unit] for unit in units]


@pytest.mark.parametrize("name", ALL)
def test_the_chosen_way_gives_what_plain_forwards_give(name: str) -> None:
    import torch

    with torch.inference_mode():
        model = build(*ALL[name])
        before = model.config._attn_implementation
        ways = prove_ways(model, "causal")
        assert model.config._attn_implementation == before, "others share these weights"
        wanted = []
        for unit in (units := texts()):
            rows = model(torch.tensor([unit.fed_ids])).logits[0].log_softmax(-1)[-unit.count :]
            wanted.append(sum(float(rows[i, token]) for i, token in enumerate(unit.continuation)))
        assert told(model, ways, units) == pytest.approx(wanted, abs=1e-4)
    whole = name in TRIE or (name in ADOPTED and ways.path == "trie")
    assert ways.path == ("trie" if whole else "trie with masks" if name in MASKS else ways.path)
    assert bool(ways.tree.way) == (name not in OTHER), ways.sentence
    if whole:
        assert ways.tree.calls == 2
        assert ways.tree.curtailed == (name not in WHOLE)
