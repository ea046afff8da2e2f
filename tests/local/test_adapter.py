"""Adapters: shared bases, and every way in which an adapter is not what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import tiny
from harness.errors import CheckpointBroken, SuiteError
from harness.exchange import Model, Request
from harness.local import Residents

Load = Callable[..., Model]
Copy = Callable[[str], Path]
FILE = "adapter_model.safetensors"

WANTED = [Request("score", p, (" yes", " no way")) for p in ("the train", "a", "it was a good film")]
WANTED += [Request("generate", p, max_new_tokens=8) for p in ("the train", "a", "it was a good film")]


def test_base_and_adapters_share_one_load(made: Path, load: Load, residents: Residents) -> None:
    base = load("base")
    before = tiny.ask(base, WANTED)
    first, second = load("base", peft="adapter"), load("base", peft="second")
    assert len(residents) == 1
    answers = [tiny.ask(model, WANTED) for model in (first, second, base, first)]
    assert answers[2] == before, "with adapters off, the base answers as before they were there, bit for bit"
    assert answers[3] == answers[0]
    assert answers[0] != before
    assert answers[1] != answers[0]
    assert base.facts.parameters == 43168
    assert first.facts.parameters == 43168 + sum(4 * (32 + out) for out in (32, 16) for _layer in range(2)), (
        "q_proj and v_proj of two layers, rank 4"
    )


def test_an_adapter_answers_as_in_peft(made: Path, load: Load) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(made / "base"), str(made / "adapter")).eval()
    tokenizer = AutoTokenizer.from_pretrained(made / "base")
    load("base", peft="second")
    ours = tiny.ask(load("base", peft="adapter"), WANTED)
    for request, response in zip(WANTED, ours, strict=True):
        ids = torch.tensor([tokenizer.encode(request.prompt)])
        if request.kind == "generate":
            out = model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=8, do_sample=False)
            assert response.text == tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)
            continue
        for text, scored in zip(request.continuations, response.scores, strict=True):
            end = tokenizer.encode(request.prompt + text)[ids.shape[1] :]
            with torch.no_grad():
                logits = model(torch.tensor([ids[0].tolist() + end[:-1]])).logits[0, -len(end) :].log_softmax(-1)
            assert scored.logprob == pytest.approx(sum(float(logits[i, t]) for i, t in enumerate(end)), abs=1e-4)


def test_two_models_can_be_read_in_turns(load: Load) -> None:
    """Answers drawn alternately from two models on the same weights do not mix."""
    base, tuned = load("base", batch_size=1), load("base", peft="adapter", batch_size=1)
    alone = [sorted(model.answer(WANTED), key=lambda p: p[0]) for model in (base, tuned)]
    mixed: list[list[tuple[int, object]]] = [[], []]
    for one, two in zip(base.answer(WANTED), tuned.answer(WANTED), strict=True):
        mixed[0].append(one)
        mixed[1].append(two)
    assert [sorted(m, key=lambda p: p[0]) for m in mixed] == alone


def test_weights_leave_with_their_last_user(load: Load, residents: Residents) -> None:
    base, tuned = load("base"), load("base", peft="adapter")
    base.close()
    base.close()
    assert len(residents) == 1
    tiny.ask(tuned, WANTED[:1])
    tuned.close()
    assert len(residents) == 0
    with pytest.raises(RuntimeError, match="this model was closed"):
        list(tuned.answer(WANTED))


def test_what_is_proved_is_said(load: Load) -> None:
    gate = load("base", peft="adapter").facts.gate
    assert "the adapter's weights are safetensors, whole, and all finite: 8 tensors" in gate
    assert "the adapter was trained on this very base (1 weight files, by SHA-256)" in gate
    assert "with the adapter off, the base answers bit for bit as before" in gate
    assert any(said.startswith("the adapter has an effect: it moves the logits of a probe by up to ") for said in gate)


def test_an_adapter_without_effect(made: Path, tmp_path: Path, load: Load, residents: Residents) -> None:
    tiny.lora(tmp_path / "none", made / "base", effect=0.0)
    with pytest.raises(
        CheckpointBroken,
        match=r"none changes nothing: on a probe of 40 tokens the logits with it and without it are identical",
    ):
        load("base", peft=tmp_path / "none")
    assert len(residents) == 0, "what failed gives its weights back"


def test_an_adapter_of_another_base(made: Path, tmp_path: Path, load: Load) -> None:
    tiny.causal(tmp_path / "other", seed=9)
    with pytest.raises(
        CheckpointBroken,
        match=r"belongs to another base: it was trained on model.safetensors = [0-9a-f]{12}…, the base given has",
    ):
        load(tmp_path / "other", peft="adapter")


def test_an_adapter_that_does_not_say_its_base_is_a_warning(copy: Copy, load: Load) -> None:
    folder = copy("adapter")
    (folder / "base.json").unlink()
    facts = load("base", peft=folder).facts
    assert "does not record its base's digests (its own configuration names" in facts.warnings[0]
    assert not any("this very base" in said for said in facts.gate)
    (folder / "base.json").write_text(json.dumps({"base": {"config.json": "0"}}))
    assert "names no weight file of the base" in load("base", peft=folder).facts.warnings[0]
    (folder / "base.json").write_text("{}")
    with pytest.raises(CheckpointBroken, match=r"base.json is not a record of the base's digests"):
        load("base", peft=folder)


def test_an_adapter_for_a_base_of_another_shape(tmp_path: Path, load: Load) -> None:
    wide = tiny.causal(tmp_path / "wide", hidden=64)
    tiny.lora(tmp_path / "a", wide, with_base=False)
    with pytest.raises(CheckpointBroken, match="does not fit its base"):
        load("base", peft=tmp_path / "a")


def test_an_adapter_with_half_its_pairs(copy: Copy, load: Load) -> None:
    folder = copy("adapter")
    gone = tiny.drop_tensor(folder, "layers.1.self_attn.v_proj.lora_B", file=FILE)
    with pytest.raises(
        CheckpointBroken,
        match=rf"holds '.*layers.1.self_attn.v_proj.lora_A.weight' but not '{gone[0]}'; it is incomplete",
    ):
        load("base", peft=folder)


def test_an_adapter_without_a_layer_that_it_calls_for(copy: Copy, load: Load) -> None:
    folder = copy("adapter")
    tiny.drop_tensor(folder, "layers.1.self_attn.v_proj", file=FILE)
    with pytest.raises(
        CheckpointBroken,
        match=r"the adapter lacks '.*layers.1.self_attn.v_proj.lora_A.weight' and 1 more, which its configuration",
    ):
        load("base", peft=folder)


def test_an_adapter_with_a_layer_that_is_not_there(copy: Copy, load: Load) -> None:
    folder = copy("adapter")
    tiny.edit_tensors(folder / FILE, lambda t: t | {k.replace("layers.1", "layers.5"): v.clone() for k, v in t.items()})
    with pytest.raises(
        CheckpointBroken, match=r"the adapter holds '.*layers.5.*' and 3 more, which has no place in this base"
    ):
        load("base", peft=folder)


def test_an_adapter_of_another_rank(copy: Copy, load: Load) -> None:
    folder = copy("adapter")
    tiny.edit_json(folder / "adapter_config.json", r=8)
    with pytest.raises(CheckpointBroken, match=r"has rank 4 \(shape \(4, 32\)\), but adapter_config.json says r: 8"):
        load("base", peft=folder)


def test_an_adapter_that_is_not_finite(copy: Copy, load: Load) -> None:
    folder = copy("adapter")
    name = tiny.poison(folder, file=FILE)
    with pytest.raises(CheckpointBroken, match=rf"{FILE}: tensor '{name}' is not finite"):
        load("base", peft=folder)


def test_adapters_that_import_or_are_of_another_kind(copy: Copy, load: Load) -> None:
    folder = copy("adapter")
    tiny.edit_json(
        folder / "adapter_config.json", auto_mapping={"parent_library": "evil.module", "base_model_class": "X"}
    )
    with pytest.raises(SuiteError, match=r"asks for a module to be imported \(auto_mapping, megatron\); refused"):
        load("base", peft=folder)
    tiny.edit_json(folder / "adapter_config.json", auto_mapping=None, task_type="SEQ_CLS")
    with pytest.raises(SuiteError, match=r"was made for SEQ_CLS, but its base is a causal model \(CAUSAL_LM\)"):
        load("base", peft=folder)
    tiny.edit_json(folder / "adapter_config.json", peft_type="PREFIX_TUNING")
    with pytest.raises(SuiteError, match="is an adapter of type PREFIX_TUNING"):
        load("base", peft=folder)


def test_an_adapter_that_changes_its_base_has_a_base_of_its_own(
    made: Path, tmp_path: Path, load: Load, residents: Residents
) -> None:
    """Trained biases stay on when the adapter is off, so such a base is never shared."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    base = tiny.gpt2(tmp_path / "gpt2")
    config = LoraConfig(r=2, target_modules=["c_attn"], bias="all", task_type="CAUSAL_LM", fan_in_fan_out=True)
    tuned = get_peft_model(AutoModelForCausalLM.from_pretrained(base), config)
    with torch.no_grad():
        for name, weight in tuned.named_parameters():
            if name.endswith("bias") or "lora_B" in name:
                weight.add_(0.5)
    tuned.save_pretrained(str(tmp_path / "biased"))
    plain = load(base)
    before = tiny.ask(plain, WANTED)
    model = load(base, peft=tmp_path / "biased")
    assert len(residents) == 2
    assert "it changes the base too, so it has a copy of its own" in model.facts.gate
    assert tiny.ask(model, WANTED) != before
    assert tiny.ask(plain, WANTED) == before


def test_an_adapter_on_an_encoder_decoder_and_on_a_classifier(
    made: Path, tmp_path: Path, load: Load, residents: Residents
) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForSeq2SeqLM, AutoModelForSequenceClassification

    for name, auto, task, targets in (
        ("seq2seq", AutoModelForSeq2SeqLM, "SEQ_2_SEQ_LM", ["q", "v"]),
        ("classifier", AutoModelForSequenceClassification, "SEQ_CLS", ["query", "value"]),
    ):
        tuned = get_peft_model(
            auto.from_pretrained(made / name), LoraConfig(r=2, target_modules=targets, task_type=task)
        )
        for key, weight in tuned.named_parameters():
            if "lora_B" in key:
                weight.data.normal_(0.0, 0.5)
        tuned.save_pretrained(str(tmp_path / name))
        wanted = [Request("classify", "it was", ("positive", "negative"))]
        plain, model = load(made / name), load(made / name, peft=tmp_path / name)
        first = tiny.ask(plain, wanted)
        assert tiny.ask(model, wanted) != first
        assert tiny.ask(plain, wanted) == first
    assert len(residents) == 2


@pytest.mark.parametrize(
    "settings",
    [
        {"use_dora": True},
        {"use_rslora": True, "rank_pattern": {"q_proj": 2}},
        {"modules_to_save": ["lm_head"]},
        {"target_modules": ["embed_tokens", "q_proj"]},
        {"init_lora_weights": "pissa"},
    ],
)
def test_kinds_of_lora(made: Path, tmp_path: Path, load: Load, settings: dict[str, object]) -> None:
    """Each passes the gate, answers as in peft, and leaves the base alone."""
    import torch
    from peft import LoraConfig, PeftModel, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    arguments = {"r": 4, "target_modules": ["q_proj"], "task_type": "CAUSAL_LM"} | settings
    tuned = get_peft_model(AutoModelForCausalLM.from_pretrained(made / "base"), LoraConfig(**arguments))
    with torch.no_grad():
        for name, weight in tuned.named_parameters():
            if weight.requires_grad and "magnitude" not in name:
                weight.add_(torch.randn(weight.shape, generator=torch.Generator().manual_seed(1)) * 0.3)
    tuned.save_pretrained(str(tmp_path / "a"))
    base = load("base")
    before = tiny.ask(base, WANTED)
    found = tiny.ask(load("base", peft=tmp_path / "a"), WANTED[3:])
    assert tiny.ask(base, WANTED) == before
    oracle = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(made / "base"), str(tmp_path / "a")).eval()
    tokenizer = AutoTokenizer.from_pretrained(made / "base")
    for request, response in zip(WANTED[3:], found, strict=True):
        ids = torch.tensor([tokenizer.encode(request.prompt)])
        out = oracle.generate(input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=8, do_sample=False)
        assert response.text == tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)
    assert [r.text for r in found] != [r.text for r in before[3:]]
