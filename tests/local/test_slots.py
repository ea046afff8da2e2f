"""Generation in slots against transformers' `generate`, and against itself with other neighbours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.local import slots as module
from harness.local.batch import Budget, Exhausted
from harness.local.decoding import Draft, NotANumber, Row, Sampling, Writer, Written
from harness.local.keys import Shelf
from harness.local.sharing import Thrift
from harness.local.slotproof import prove_slots
from harness.local.slots import Slots
from harness.local.step import Step

SHAPE = {
    "vocab_size": 96, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "max_position_embeddings": 160, "initializer_range": 0.3, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0,
}  # fmt: skip
SHARED = {"num_key_value_heads": 2}
MODELS: dict[str, dict[str, Any]] = {
    "llama": SHARED, "mistral": {**SHARED, "sliding_window": 6}, "qwen2": SHARED, "qwen3": {**SHARED, "head_dim": 8},
    "gemma": {"num_key_value_heads": 1, "head_dim": 8},
    "gemma2": {**SHARED, "head_dim": 8, "sliding_window": 6, "attn_logit_softcapping": 5.0},
    "gemma3_text": {**SHARED, "head_dim": 8, "sliding_window": 6,
                    "layer_types": ["sliding_attention", "full_attention"]},
    "gpt2": {"n_positions": 160}, "phi": {}, "phi3": {"sliding_window": 6}, "gpt_neox": {},
    "opt": {"ffn_dim": 64, "word_embed_proj_dim": 32}, "stablelm": SHARED, "starcoder2": SHARED, "olmo2": {},
    "cohere2": {**SHARED, "sliding_window": 6}, "granite": {}, "smollm3": SHARED,
    "mixtral": {**SHARED, "num_local_experts": 2},
    "gpt_oss": {**SHARED, "head_dim": 8, "num_local_experts": 4, "num_experts_per_tok": 2, "sliding_window": 6,
                "layer_types": ["sliding_attention", "full_attention"], "rope_parameters": {"rope_type": "default",
                "rope_theta": 10000.0}},
    "deepseek_v3": {"q_lora_rank": 8, "kv_lora_rank": 8, "qk_rope_head_dim": 4, "qk_nope_head_dim": 8, "v_head_dim": 8,
                    "n_routed_experts": 4, "num_experts_per_tok": 2, "n_group": 1, "topk_group": 1,
                    "moe_intermediate_size": 16, "first_k_dense_replace": 1},
}  # fmt: skip
UNFIT: dict[str, dict[str, Any]] = {
    "bloom": {"n_layer": 2, "n_head": 4}, "falcon": {"num_kv_heads": 4, "alibi": False},
    "gptj": {"n_embd": 32, "n_layer": 2, "n_head": 4, "rotary_dim": 4, "n_positions": 160, "n_inner": 64},
    "mamba": {"state_size": 4, "time_step_rank": 2, "expand": 2}, "llama4_text": {**SHARED, "head_dim": 8},
    "jamba": {"attn_layer_period": 2, "attn_layer_offset": 1, "mamba_dt_rank": 2},
}  # fmt: skip
ADOPTED = ("gptj",)
"""Those whose own attention code gave way to the shared one in a later version of transformers (5.24)."""
ENDS = (2, 40, 41)
SHOTS = tuple(3 + (7 * i + i * i) % 80 for i in range(50))


@lru_cache(maxsize=32)
def built(kind: str) -> Any:
    """A tiny random model."""
    from transformers import AutoConfig, AutoModelForCausalLM

    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = AutoConfig.for_model(kind, **{**SHAPE, **(MODELS | UNFIT)[kind]})
        return AutoModelForCausalLM.from_config(config).eval()


class Letters:
    """A tokenizer of one character for each token."""

    def __len__(self) -> int:
        return 96

    def decode(self, tokens: Sequence[int], **_: Any) -> str:
        return "".join(chr(0x20 + token) for token in tokens)


def writer() -> Writer:
    return Writer(Letters(), ENDS, Sampling())


def budget(rows: int, tokens: int = 1 << 20, **given: int) -> Budget:
    return replace(Budget.of("cpu", 96), rows=rows, tokens=tokens, **given)


def written(model: Any, drafts: Sequence[Draft], rows: int = 4, **given: Any) -> dict[Draft, Any]:
    """What came of every draft, each of which must end exactly once."""
    slots = Slots(drafts, writer(), given.pop("budget", None) or budget(rows), torch.device("cpu"), **given)
    found: list[tuple[Draft, Any]] = []
    with torch.inference_mode():
        while slots.busy:
            found += slots.advance(model)
    assert len(found) == len(drafts)
    return dict(found)


@lru_cache(maxsize=4096)
def by_generate(kind: str, prompt: tuple[int, ...], most: int) -> tuple[int, ...]:
    ids = torch.tensor([prompt])
    out = built(kind).generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=most, do_sample=False, eos_token_id=list(ENDS)
    )
    return tuple(out[0, len(prompt) :].tolist())


def drafts_of_all_kinds() -> list[Draft]:
    """Shared shots, shots with more in common behind them, others; very short ones and long ones; unlike limits."""
    prompts = [(*SHOTS, 5 + i, *range(10, 10 + i % 4)) for i in range(9)]
    prompts += [(*SHOTS[:30], *range(20, 35), 60 + i) for i in range(5)]
    prompts += [(3 + i,) for i in range(4)] + [SHOTS, SHOTS[:30], tuple(range(3, 90))]
    return [Draft(prompt, 1 + 7 * i % 16) for i, prompt in enumerate(prompts)]


@pytest.mark.parametrize("kind", MODELS)
def test_the_tokens_of_generate(kind: str) -> None:
    """With roots and copies, refills and moves, beyond the sliding window."""
    model = built(kind)
    with torch.inference_mode():
        proof = prove_slots(model, "causal")
    assert proof.right, proof.sentence
    assert "within" in proof.sentence
    assert proof.curtailed == (kind != "gpt2")
    found = written(model, drafts_of_all_kinds(), thrift=Thrift(many=3, long=8, copied=2), curtail=proof.curtailed)
    for draft, said in found.items():
        assert said.tokens == by_generate(kind, draft.prompt, draft.most)
        assert said.finish == ("stop" if said.tokens[-1] in ENDS else "length")
    assert model.config._attn_implementation in ("sdpa", "eager"), "given back as it was"


@pytest.mark.parametrize("kind", UNFIT)
def test_models_that_slots_would_get_wrong_are_not_asked_in_slots(kind: str) -> None:
    model = built(kind)
    with torch.inference_mode():
        proof = prove_slots(model, "causal")
    if kind in ADOPTED and proof.right:  # as far as this version of transformers lets its attention be replaced
        for draft, said in written(model, drafts_of_all_kinds()).items():
            assert said.tokens == by_generate(kind, draft.prompt, draft.most)
        return
    assert not proof.right
    assert proof.sentence.startswith("generation goes in batches")
    assert not proof.covers(Draft((1, 2), 3))


def test_a_model_that_is_wrong_in_packs_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model whose positions count from the beginning of the pack would read well and write nonsense."""
    model = built("llama")
    real = type(model).forward

    def counting(self: Any, input_ids: Any = None, position_ids: Any = None, **given: Any) -> Any:
        return real(self, input_ids=input_ids, position_ids=torch.arange(input_ids.shape[1])[None], **given)

    monkeypatch.setattr(type(model), "forward", counting)
    with torch.inference_mode():
        proof = prove_slots(model, "causal")
    assert not proof.right
    assert "away from plain forwards" in proof.sentence


def test_positions_that_depend_on_the_longest_are_not_proved_beyond_it() -> None:
    from transformers import AutoModelForCausalLM, LlamaConfig

    rope = {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 2.0}
    model = AutoModelForCausalLM.from_config(LlamaConfig(**SHAPE, rope_parameters=rope)).eval()
    with torch.inference_mode():
        proof = prove_slots(model, "causal")
    assert proof.longest == 160
    assert proof.covers(Draft((1,) * 100, 60))
    assert not proof.covers(Draft((1,) * 100, 61))


PROMPT = st.builds(
    lambda shots, own: SHOTS[:shots] + tuple(own),
    st.sampled_from([0, 0, 3, 20, 40, 40, 50]),
    st.lists(st.integers(3, 6), min_size=1, max_size=6),
)
"""Few letters, so that beginnings are shared by chance as well."""


@settings(max_examples=40)
@given(
    st.lists(st.tuples(PROMPT, st.integers(1, 12)), min_size=1, max_size=14, unique=True),
    st.integers(1, 5),
    st.sampled_from([2, 9, 512]),
    st.integers(60, 400),
    st.builds(Thrift, st.integers(2, 4), st.integers(1, 30), st.integers(1, 5)),
    st.booleans(),
)
def test_whatever_the_slots_the_text_is_the_same(
    some: list[tuple[tuple[int, ...], int]], rows: int, read: int, tokens: int, thrift: Thrift, curtail: bool
) -> None:
    """Few slots and many, prompts read in pieces, room for keys so small that rows must wait again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(module.READ, "cpu", read)
        patch.setattr(module, "STEP", 4)
        patch.setattr("harness.local.gathering.AHEAD", 2)
        drafts = [Draft(prompt, most) for prompt, most in some]
        found = written(built("mistral"), drafts, budget=budget(rows, tokens, shelf=0), thrift=thrift, curtail=curtail)
    for draft, said in found.items():
        assert said.tokens == by_generate("mistral", draft.prompt, draft.most)


def drawn(prompt: tuple[int, ...], seed: int) -> Draft:
    return Draft(prompt, 8, temperature=0.9, seed=seed)


@lru_cache(maxsize=1024)
def alone(draft: Draft) -> Written:
    found: Written = written(built("llama"), [draft], rows=1)[draft]
    return found


@settings(max_examples=20)
@given(st.lists(st.tuples(PROMPT, st.integers(0, 5), st.booleans()), min_size=1, max_size=12), st.integers(1, 6))
def test_sampling_depends_on_the_seed_and_on_nothing_else(
    some: list[tuple[tuple[int, ...], int, bool]], rows: int
) -> None:
    drafts = list(dict.fromkeys(drawn(p, seed) if hot else Draft(p, 5) for p, seed, hot in some))
    assert written(built("llama"), drafts, rows) == {draft: alone(draft) for draft in drafts}


def test_samples_of_one_prompt_differ_and_read_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    model, read = built("llama"), counted(built("llama"), monkeypatch)
    found = written(model, [drawn(SHOTS, seed) for seed in range(20)], rows=32)
    assert len({said.text for said in found.values()}) > 15
    new = sum(len(said.tokens) - 1 for said in found.values())
    assert sum(read) == len(SHOTS) - 1 + 20 + new


def counted(model: Any, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The tokens of every forward to come."""
    kind, read = type(model), list[int]()
    real = kind.forward

    def forward(self: Any, input_ids: Any = None, **given: Any) -> Any:
        read.append(input_ids.numel())
        return real(self, input_ids=input_ids, **given)

    monkeypatch.setattr(kind, "forward", forward)
    return read


def test_a_shared_beginning_is_read_once_however_the_rows_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty questions after the same shots, five ways of asking each: four slots see them a few at a time."""
    model, read = built("llama"), counted(built("llama"), monkeypatch)
    questions = [(*SHOTS, 3 + i % 80, 4 + i // 2, *range(5, 15)) for i in range(40)]
    drafts = [Draft((*question, 20 + way), 3) for question in questions for way in range(5)]
    found = written(model, drafts)
    unique = len(SHOTS) + len({draft.prompt[:at] for draft in drafts for at in range(len(SHOTS) + 1, 99)})
    assert sum(read) - sum(len(said.tokens) - 1 for said in found.values()) == pytest.approx(unique, abs=60)
    assert sum(len(draft.prompt) for draft in drafts) > 15 * unique


def test_memory_is_that_of_the_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many rows are waiting; rows never grow by copying."""
    sizes = set()
    for count in (10, 200):
        slots = Slots(
            [Draft((3 + i % 60, 4 + i // 60), 5) for i in range(count)], writer(), budget(4), torch.device("cpu")
        )
        with torch.inference_mode():
            while slots.busy:
                slots.advance(built("llama"))
                if slots.busy:
                    sizes.add((len(slots._shelf.layers), slots._shelf.layers[0][0].shape))
                    assert len(slots._live) <= 4
    assert sizes == {(2, (4, 2, 16, 8))}


def test_rows_of_unlike_limits_stops_and_temperatures_go_together() -> None:
    whole = by_generate("llama", SHOTS, 20)
    text = Letters().decode(whole)
    stop = text[4:6]
    drafts = [
        Draft(SHOTS, 20), Draft(SHOTS, 20, (stop,)), Draft(SHOTS, 6), Draft(SHOTS, 20, ("@@", stop, "\x1f")),
        Draft(SHOTS, 20, (), 1.0, 7), Draft(SHOTS, 20, ("",)),
    ]  # fmt: skip
    found = written(built("llama"), drafts, rows=8)
    at = text.find(stop)
    assert found[drafts[0]].tokens == whole == found[drafts[5]].tokens
    assert found[drafts[1]].text == found[drafts[3]].text == text[:at]
    assert len(found[drafts[1]].tokens) == at + 2 < len(whole)
    assert found[drafts[1]].finish == "stop"
    assert found[drafts[2]].tokens == whole[:6]


def test_room_is_taken_once_for_prompts_of_unlike_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first ones admitted are short; the shelf is not made again for each longer one that comes after them."""
    grown: list[tuple[int, int]] = []
    real = Shelf.grow

    def grow(self: Shelf, rows: int, length: int) -> None:
        grown.append((rows, length))
        real(self, rows, length)

    monkeypatch.setattr(Shelf, "grow", grow)
    monkeypatch.setitem(module.READ, "cpu", 60)
    drafts = [Draft((3 + i, *range(10, 30 + i)), 12) for i in range(12)]
    found = written(built("llama"), drafts, rows=12)
    assert len(grown) <= 2
    for draft, said in found.items():
        assert said.tokens == by_generate("llama", draft.prompt, draft.most)


def test_beginnings_are_read_together_where_they_are_alike_in_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neighbours of nearly one length in one call; one that is far longer would have the others filled up."""
    calls: list[tuple[int, ...]] = []
    real = Step._runs

    def runs(self: Step, window: int) -> Any:
        found = real(self, window)
        calls.extend(tuple(span.count for span in run) for run in found)
        return found

    monkeypatch.setattr(Step, "_runs", runs)
    alike = [Draft((3 + i, *range(10, 20 + i % 3)), 3) for i in range(6)]
    unlike = [Draft((20 + i, *range(30, 32)), 3) for i in range(4)] + [Draft((25, *range(30, 90)), 3)]
    for drafts, together in ((alike, True), (unlike, False)):
        calls.clear()
        found = written(built("llama"), drafts, rows=8)
        assert any(len(run) > 1 for run in calls) == together
        for draft, said in found.items():
            assert said.tokens == by_generate("llama", draft.prompt, draft.most)


def test_a_text_that_never_ends_is_cut_at_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as the context allows, to the last position."""
    free = Writer(Letters(), (), Sampling())
    slots = Slots([Draft((5, 6), 158)], free, budget(2), torch.device("cpu"))
    with torch.inference_mode():
        ((_, said),) = slots.advance(built("gpt2"))
    assert isinstance(said, Written)
    assert (len(said.tokens), said.finish) == (158, "length")


def crowded(model: Any, monkeypatch: pytest.MonkeyPatch, most: Callable[[int], bool]) -> None:
    """Let a forward run out of memory where `most` says so of its tokens."""
    kind = type(model)
    real = kind.forward

    def forward(self: Any, input_ids: Any = None, **given: Any) -> Any:
        if most(input_ids.numel()):
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(self, input_ids=input_ids, **given)

    monkeypatch.setattr(kind, "forward", forward)


def test_out_of_memory_halves_the_slots_and_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    drafts = [*drafts_of_all_kinds(), *(drawn((*SHOTS[:9], i), i) for i in range(20))]
    usual = written(built("llama"), drafts, rows=16)
    fails = iter([False] * 6 + [True] + [False] * 5 + [True])
    crowded(built("llama"), monkeypatch, lambda tokens: tokens > 40 or next(fails, False))
    small = budget(16)
    assert written(built("llama"), drafts, budget=small) == usual
    assert small.halved >= 2
    assert small.rows < 16


def test_what_does_not_fit_even_alone_is_told_and_the_rest_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    crowded(built("llama"), monkeypatch, lambda tokens: tokens >= 32)
    long, short = Draft(SHOTS, 4), Draft((7, 8, 9), 4)
    found = written(built("llama"), [long, short])
    assert isinstance(found[long], Exhausted)
    assert found[short].tokens == by_generate("llama", short.prompt, 4)


def test_other_errors_are_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(tokens: int) -> bool:
        raise RuntimeError("shapes do not match")

    crowded(built("llama"), monkeypatch, fail)
    with pytest.raises(RuntimeError, match="shapes do not match"):
        written(built("llama"), [Draft((3,), 2)])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_logits_that_are_no_numbers_name_their_draft(value: float) -> None:
    rows = [Row(Draft((3, i), 4)) for i in range(3)]
    logits = torch.zeros(3, 96)
    logits[1, 5] = value
    with pytest.raises(NotANumber) as found:
        writer().choose(logits, rows)
    assert found.value.draft == rows[1].draft


@pytest.fixture(autouse=True)
def _few_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
