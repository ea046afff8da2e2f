"""Scoring end to end: tokens one by one, system messages, what is shared, and what it took."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tiny
from harness.exchange import UNASKED, Effort, Model, Request, Scored
from harness.local.effort import Cost, gemm_rate

Load = Callable[..., Model]


def wanted_tokens(made: Path, name: str, prompt: str, text: str) -> list[tuple[float, float, float]]:
    """Log-probability, mean and deviation of each token, from transformers' own forward."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model, tokenizer = AutoModelForCausalLM.from_pretrained(made / name), AutoTokenizer.from_pretrained(made / name)
    context = tokenizer.encode(prompt)
    end = tokenizer.encode(prompt + text)[len(context) :]
    with torch.no_grad():
        logprobs = model(torch.tensor([context + end[:-1]])).logits[0, -len(end) :].double().log_softmax(-1)
    mean = (logprobs.exp() * logprobs).sum(-1)
    deviation = ((logprobs.exp() * logprobs.square()).sum(-1) - mean.square()).sqrt()
    return [(float(logprobs[i, t]), float(mean[i]), float(deviation[i])) for i, t in enumerate(end)]


def check_tokens(scored: Scored, wanted: list[tuple[float, float, float]]) -> None:
    assert len(scored.each) == scored.tokens == len(wanted)
    assert sum(token.logprob for token in scored.each) == pytest.approx(scored.logprob, abs=1e-6)
    for token, (logprob, mean, deviation) in zip(scored.each, wanted, strict=True):
        assert (token.logprob, token.mean, token.deviation) == pytest.approx((logprob, mean, deviation), abs=1e-4)


@pytest.mark.parametrize("way", ["trie", "shared context", "padded batches", "plain"])
def test_what_every_single_token_weighs(made: Path, load: Load, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    import harness.local.probe as probe

    if way != "trie":
        monkeypatch.setattr(probe, "prove_tree", lambda *args: probe.Tree())
        ways = probe.Ways(way != "plain", way == "shared context", path=way)
        monkeypatch.setattr("harness.local.resident.prove_ways", lambda *args: ways)
    model = load("base")
    assert model.facts.path.startswith(way)
    texts = (" yes", " no way at all")
    told, untold = tiny.ask(
        model, [Request("score", "the train", texts, each=True), Request("score", "the train", texts)]
    )
    for text, scored in zip(texts, told.scores, strict=True):
        check_tokens(scored, wanted_tokens(made, "base", "the train", text))
    assert [scored.each for scored in untold.scores] == [(), ()], "nobody asked"
    assert [s.logprob for s in untold.scores] == pytest.approx([s.logprob for s in told.scores], abs=1e-5)


def test_tokens_of_a_text_in_windows_and_of_an_encoder_decoder(load: Load) -> None:
    text = " ".join(["train", "bus"] * 90)
    (long,) = tiny.ask(load("gpt2"), [Request("score", "", (text,), each=True)])
    assert len(long.scores[0].each) == long.scores[0].tokens > 128
    (pair,) = tiny.ask(load("seq2seq"), [Request("score", "the train", (" a b",), each=True)])
    assert sum(t.logprob for t in pair.scores[0].each) == pytest.approx(pair.scores[0].logprob, abs=1e-6)


def test_a_system_message_of_its_own_stands_in_place_of_the_suites(load: Load) -> None:
    texts = (" yes", " no")
    model = load("base", system_instruction="Be long.")
    own, theirs, without = tiny.ask(
        model,
        [
            Request("score", "the train", texts, system="Be brief."),
            Request("score", "the train", texts),
            Request("generate", "the train", max_new_tokens=4, system="Be brief."),
        ],
    )
    bare = load("base")
    wanted = tiny.ask(
        bare,
        [
            Request("score", "Be brief.\n\nthe train", texts),
            Request("score", "Be long.\n\nthe train", texts),
            Request("generate", "Be brief.\n\nthe train", max_new_tokens=4),
        ],
    )
    for one, two in zip((own, theirs), wanted, strict=False):
        assert [s.logprob for s in one.scores] == pytest.approx([s.logprob for s in two.scores], abs=1e-5)
    assert without.text == wanted[2].text
    assert own.scores != theirs.scores


@pytest.mark.parametrize("template", [
    tiny.CHAT,
    "{% for m in messages %}{% if m['role'] == 'user' %}<|user|>{{ m['content'] }}\n{% endif %}{% endfor %}",
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    "<|user|>{{ messages[0]['content'] }}\n",
], ids=["with", "silent", "refused"])  # fmt: skip
def test_a_chat_without_a_system_role_says_it_before_the_prompt(tmp_path: Path, load: Load, template: str) -> None:
    tiny.causal(tmp_path / "chat", chat=template)
    model: Any = load(tmp_path / "chat", apply_chat_template=True, system_instruction="Be long.")
    shown = model._seat.encoder.render("the train", "Be brief.")
    if template == tiny.CHAT:
        assert shown == "<|system|>Be brief.\n<|user|>the train\n<|assistant|>"
    else:
        assert shown.rstrip() == "<|user|>Be brief.\n\nthe train"
    assert "Be long." in model._seat.encoder.render("the train")


def test_a_base_and_its_adapters_encode_and_sort_once(load: Load) -> None:
    """Each asks with its own weights, in turn, whatever the others left switched on."""
    base, one, two = load("base"), load("base", peft="adapter"), load("base", peft="second")
    wanted = [Request("score", p, (" yes", " no way")) for p in ("the train", "the bus", "it was a good film")]
    usual = {name: tiny.ask(model, wanted) for name, model in {"base": base, "one": one, "two": two}.items()}
    desk: Any = base._seat.lease.resident.desk  # type: ignore[attr-defined]
    assert (len(desk.sheets), desk.reused) == (1, 2)
    for name, model in (("two", two), ("base", base), ("one", one), ("base", base)):
        assert tiny.ask(model, wanted) == usual[name]
    first, second, third = (usual[name][0].scores[0].logprob for name in ("base", "one", "two"))
    assert len({first, second, third}) == 3


def test_an_adapter_is_proved_too(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """An adapter that needs its whole text at once is not walked, and its base still is."""
    import harness.local.resident as resident
    from harness.local.probe import Ways

    base, real = load("base"), resident.prove_ways
    monkeypatch.setattr(resident, "prove_ways", lambda *args: Ways(True, False, path="padded batches"))
    adapted = load("base", peft="adapter")
    monkeypatch.setattr(resident, "prove_ways", real)
    assert adapted.facts.path.startswith("padded batches")
    assert base.facts.path.startswith("trie")
    wanted = [Request("score", "the train", (" yes", " no way"))]
    careful, usual = tiny.ask(adapted, wanted)[0], tiny.ask(load("base", peft="second"), wanted)[0]
    assert careful.scores != usual.scores
    assert not careful.fault


def effort(model: Model) -> Effort:
    found = model.facts.effort
    assert found is not None
    return found


def test_what_it_took(load: Load) -> None:
    model = load("base")
    assert (effort(model).tokens_asked, effort(model).tokens_computed, effort(model).limit_share) == (0, 0, None)
    (response,) = tiny.ask(model, [Request("score", "the train", (" yes", " no"))])
    took, prompt = effort(model), response.prompt_tokens
    ends = [scored.tokens for scored in response.scores]
    assert took.tokens_asked == sum(prompt + end - 1 for end in ends)
    assert took.tokens_computed == prompt + sum(end - 1 for end in ends)
    body = 2 * (32 * 32 + 2 * 32 * 16 + 32 * 32 + 3 * 32 * 64)
    depths = prompt * (prompt + 1) // 2 + sum(prompt + 1 + i for end in ends for i in range(end - 1))
    places = 1 + sum(end - 1 for end in ends)
    spared = 3 * 32 * 64 * (took.tokens_computed - places)  # of the last layer, where nobody reads
    assert took.flops == 2 * (body * took.tokens_computed - spared + 384 * 32 * places) + 4 * 32 * 2 * depths
    assert took.seconds > 0
    assert took.limit_share is not None
    assert 0 < took.limit_share < 1.5


def test_the_work_of_an_adapter_and_of_a_classifier_is_counted(load: Load) -> None:
    base, adapted = load("base"), load("base", peft="adapter")
    asked = [Request("score", "the train", (" yes",))]
    tiny.ask(base, asked)
    tiny.ask(adapted, asked)
    assert effort(base).tokens_computed == effort(adapted).tokens_computed
    assert effort(adapted).flops > effort(base).flops
    for name in ("classifier", "seq2seq"):
        model = load(name)
        asked = [
            Request("classify", "the train", tiny.LABELS),
            Request("classify", "the train", tiny.LABELS, each=True),
        ]
        tiny.ask(model, asked if name == "classifier" else asked[:1])
        took = effort(model)
        assert took.tokens_computed > 0
        assert took.flops > 0


def test_experts_that_are_not_used_cost_nothing() -> None:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    def cost(experts: int, used: int) -> Cost:
        config = AutoConfig.for_model(
            "mixtral", vocab_size=64, hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=4,
            num_key_value_heads=2, num_local_experts=experts, num_experts_per_tok=used,
        )  # fmt: skip
        with torch.random.fork_rng():
            return Cost.of(AutoModelForCausalLM.from_config(config))

    one, sparse = cost(1, 1), cost(4, 1)
    assert sparse.body - one.body == 3 * 32, "but for the router's rows"
    assert one.head == 64 * 32


def test_the_rate_of_matrix_multiplication_is_measured_once() -> None:
    import torch

    device = torch.device("cpu")
    assert gemm_rate(device, torch.float32) == gemm_rate(device, torch.float32) > 1e8


def test_batch_size_bounds_a_pack(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    model: Any = load("base", batch_size=2)
    kind, seen = type(model._seat.lease.resident.loaded.model), list[int]()
    real = kind.forward

    def forward(self: Any, input_ids: Any = None, **given: Any) -> Any:
        seen.append(input_ids.numel())
        return real(self, input_ids, **given)

    monkeypatch.setattr(kind, "forward", forward)
    wanted = [Request("score", f"the train {i}", (" yes", " no")) for i in range(20)]
    longest = max(r.prompt_tokens for r in tiny.ask(model, wanted))
    assert len(seen) > 1
    assert max(seen) <= 2 * longest


def test_many_requests_are_answered_block_by_block(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    import harness.local.answerer as answerer

    wanted = [Request("score", f"the train {i % 7}", (" yes", f" no{i}"), sample=str(i)) for i in range(40)]
    wanted += [Request("generate", f"the bus {i}", max_new_tokens=2) for i in range(5)]
    usual = tiny.ask(load("base"), wanted)
    monkeypatch.setattr(answerer, "BLOCK", 6)
    monkeypatch.setattr(answerer, "TEXT", 100)
    for one, two in zip(tiny.ask(load("base"), wanted), usual, strict=True):
        assert one.text == two.text
        assert [s.logprob for s in one.scores] == pytest.approx([s.logprob for s in two.scores], abs=1e-5)


def test_positions_that_depend_on_length_are_not_mixed(tmp_path: Path, load: Load) -> None:
    """longrope: a text beyond the length it was trained on has other positions from its first token on."""
    import torch
    from transformers import AutoTokenizer, Phi3Config, Phi3ForCausalLM

    tiny.tokenizer(tmp_path / "phi")
    rope = {"rope_type": "longrope", "rope_theta": 10000.0, "short_factor": [1.0] * 4, "long_factor": [4.0] * 4,
            "original_max_position_embeddings": 32}  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = Phi3Config(
            vocab_size=384, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
            max_position_embeddings=256, original_max_position_embeddings=32, rope_parameters=rope,
            initializer_range=0.3, pad_token_id=0, bos_token_id=1, eos_token_id=2,
        )  # fmt: skip
        oracle = Phi3ForCausalLM(config).eval()
    oracle.save_pretrained(tmp_path / "phi")
    model, tokenizer = load(tmp_path / "phi"), AutoTokenizer.from_pretrained(tmp_path / "phi")
    assert model.facts.path.startswith("trie")
    assert "texts of more than 32 tokens are computed alone, as their positions depend on length" in model.facts.gate[3]
    prompts = [
        "the train",
        "the train to the airport leaves at ten " * 3,
        "the train to the airport leaves at noon " * 4,
    ]
    for prompt, response in zip(
        prompts, tiny.ask(model, [Request("score", p, (" yes", " no way")) for p in prompts]), strict=True
    ):
        for text, scored in zip((" yes", " no way"), response.scores, strict=True):
            whole = tokenizer.encode(prompt.rstrip() + prompt[len(prompt.rstrip()) :] + text)
            with torch.no_grad():
                logits = oracle(torch.tensor([whole[:-1]])).logits[0, -scored.tokens :].log_softmax(-1)
            wanted = sum(float(logits[i, t]) for i, t in enumerate(whole[-scored.tokens :]))
            assert scored.logprob == pytest.approx(wanted, abs=2e-4)


def test_a_prompt_that_does_not_fit_is_unasked_and_the_others_are_answered(load: Load) -> None:
    long, short = tiny.ask(
        load("gpt2"), [Request("score", "train " * 200, (" yes",)), Request("score", "a", (" yes",))]
    )
    assert (long.finish, bool(long.scores), bool(short.scores)) == (UNASKED, False, True)
