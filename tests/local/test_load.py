"""The load gate: what is proved of good weights, and how each kind of broken ones is told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tiny
from harness.errors import Broken, CheckpointBroken, SuiteError
from harness.exchange import Model, Request

Load = Callable[..., Model]
Copy = Callable[[str], Path]


def test_what_is_proved_is_said(load: Load) -> None:
    facts = load("base").facts
    assert facts.gate[:3] == (
        "weights are safetensors, whole, and all finite: 21 tensors",
        "the files hold every tensor of the model, in its shape, and no other",
        "the same probe asked twice gives the same logits, bit for bit",
    )
    assert facts.gate[-1] == "the tokenizer's 368 tokens (largest id 367) fit the embedding's 384 rows"
    assert re.fullmatch(
        r"a trie of tokens gives the log-probabilities of plain forwards within \S+, all 2 attention layers through "
        r"one function, the last layer only where it is read; padded batches and shared contexts give the "
        r"log-probabilities of plain forwards within \S+",
        facts.gate[3],
    )
    assert (facts.dtype, facts.head, facts.warnings) == ("float32", "causal", ())
    assert facts.path.startswith("trie (packs of up to 1536 tokens)")
    assert facts.parameters == 43168


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_weight_that_is_not_finite_is_named(copy: Copy, load: Load, value: float) -> None:
    folder = copy("base")
    name = tiny.poison(folder, value=value, name="model.layers.1.mlp.up_proj.weight")
    with pytest.raises(
        CheckpointBroken, match=rf"model.safetensors: tensor '{name}' is not finite \(1 of its 2048 numbers"
    ):
        load(folder)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_also_in_half_precision(tmp_path: Path, load: Load, dtype: str) -> None:
    folder = tiny.causal(tmp_path / "half", dtype=dtype)
    assert load(folder).facts.dtype == "float32", "on a CPU, half precision is computed in float32"
    assert load(folder, dtype=dtype).facts.dtype == dtype
    tiny.poison(folder)
    with pytest.raises(CheckpointBroken, match="is not finite"):
        load(folder)


def test_large_tensors_are_looked_at_in_pieces(copy: Copy, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.local.load.PIECE", 100)
    load("base")
    folder = copy("base")
    tiny.poison(folder, name="lm_head.weight")
    with pytest.raises(CheckpointBroken, match="some of its numbers are NaN or infinite"):
        load(folder)


def test_a_missing_tensor_is_not_made_up(copy: Copy, load: Load) -> None:
    folder = copy("base")
    tiny.drop_tensor(folder, "layers.0.self_attn.k_proj")
    with pytest.raises(
        CheckpointBroken, match=r"the files lack 'model.layers.0.self_attn.k_proj.weight'; .* random numbers there"
    ):
        load(folder)
    tiny.drop_tensor(folder, "layers.1.mlp")
    with pytest.raises(CheckpointBroken, match=r"\(and 3 more like it\)"):
        load(folder)


def test_a_tied_head_may_be_left_out(made: Path, load: Load) -> None:
    from safetensors import safe_open

    with safe_open(str(made / "bos" / "model.safetensors"), framework="pt") as held:
        assert "lm_head.weight" not in held.keys()  # noqa: SIM118
    assert not load("bos").facts.warnings
    assert load("gpt2").facts.parameters


def test_weights_in_shards(tmp_path: Path, made: Path, load: Load) -> None:
    import shutil

    from transformers import AutoModelForCausalLM

    folder = Path(shutil.copytree(made / "base", tmp_path / "shards"))
    (folder / "model.safetensors").unlink()
    AutoModelForCausalLM.from_pretrained(made / "base").save_pretrained(folder, max_shard_size="60KB")
    assert len(list(folder.glob("*.safetensors"))) > 1
    wanted = [Request("score", "the train", (" yes", " no way"))]
    assert tiny.ask(load(folder), wanted) == tiny.ask(load("base"), wanted)
    (folder / sorted(p.name for p in folder.glob("*.safetensors"))[0]).unlink()
    with pytest.raises(CheckpointBroken, match=r"names the shard 'model-00001-of-.*', which is missing"):
        load(folder)


def test_a_superfluous_tensor(copy: Copy, load: Load) -> None:
    folder = copy("base")
    tiny.edit_tensors(folder / "model.safetensors", lambda t: t | {"model.layers.7.x": t["lm_head.weight"].clone()})
    with pytest.raises(CheckpointBroken, match=r"the files hold 'model.layers.7.x', which the model has no place for"):
        load(folder)


def test_a_tensor_of_another_shape(copy: Copy, load: Load) -> None:
    folder = copy("base")
    tiny.edit_tensors(
        folder / "model.safetensors", lambda t: t | {"model.norm.weight": t["model.norm.weight"][:16].clone()}
    )
    with pytest.raises(
        CheckpointBroken, match=r"'model.norm.weight' has shape \(16,\) in the file, but config.json makes it \(32,\)"
    ):
        load(folder)


def test_a_truncated_file(copy: Copy, load: Load) -> None:
    folder = copy("base")
    raw = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(raw[:-100])
    with pytest.raises(
        CheckpointBroken, match=r"model.safetensors is cut off: its tensors need 172672 bytes of data, it has 172572"
    ):
        load(folder)


def test_a_config_that_makes_no_model(copy: Copy, load: Load) -> None:
    folder = copy("base")
    tiny.edit_json(folder / "config.json", model_type="no_such_type")
    with pytest.raises(CheckpointBroken, match=r"base cannot be loaded: ValueError: .*no_such_type"):
        load(folder)


def test_no_tokenizer(copy: Copy, load: Load) -> None:
    folder = copy("base")
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer_config.json").unlink()
    with pytest.raises(CheckpointBroken, match=r"has no tokenizer that can be loaded .*tokenizer.save_pretrained"):
        load(folder)


def test_a_tokenizer_larger_than_the_embedding(copy: Copy, load: Load) -> None:
    folder = copy("base")
    tiny.tokenizer(folder, extra=40)
    with pytest.raises(
        CheckpointBroken, match=r"larger than the embedding: token '<extra39>' has id 407, the embedding has 384 rows"
    ):
        load(folder)


@pytest.mark.parametrize(
    ("file", "key", "value"),
    [
        ("generation_config.json", "eos_token_id", [2, 384]),
        ("config.json", "bos_token_id", 999),
        ("generation_config.json", "pad_token_id", -5),
    ],
)
def test_special_ids_must_exist(copy: Copy, load: Load, file: str, key: str, value: Any) -> None:
    folder = copy("base")
    tiny.edit_json(folder / file, **{key: value})
    bad = value[-1] if isinstance(value, list) else value
    with pytest.raises(Broken, match=rf"{key} is {bad}, but the embedding has the ids 0 to 383|cannot be loaded"):
        load(folder)


def test_the_gate_holds_for_the_other_heads(copy: Copy, load: Load) -> None:
    folder = copy("classifier")
    tiny.drop_tensor(folder, "classifier.weight")
    with pytest.raises(CheckpointBroken, match=r"the files lack 'classifier.weight'"):
        load(folder)
    folder = copy("seq2seq")
    tiny.poison(folder, name="shared.weight")
    with pytest.raises(CheckpointBroken, match=r"tensor 'shared.weight' is not finite"):
        load(folder)


def test_pickles_that_are_allowed_are_checked_too(copy: Copy, load: Load) -> None:
    import torch
    from safetensors.torch import load_file

    folder = copy("base")
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(tensors, folder / "pytorch_model.bin")
    facts = load(folder, allow_pickle=True).facts
    assert "all weights are finite" in facts.gate
    assert "was loaded from pickles, as the suite allows" in facts.warnings[0]
    tensors["model.norm.weight"][3] = float("nan")
    torch.save(tensors, folder / "pytorch_model.bin")
    with pytest.raises(CheckpointBroken, match=r"tensor 'model.norm.weight' is not finite"):
        load(folder, allow_pickle=True)


class Evil:
    """Unpickled, it would write a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (str(self.marker), "w")


def test_a_pickle_that_runs_code_is_not_run_even_if_allowed(copy: Copy, load: Load, tmp_path: Path) -> None:
    import pickle

    folder, marker = copy("base"), tmp_path / "ran"
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({"x": Evil(marker)}))
    with pytest.raises(CheckpointBroken, match="cannot be loaded"):
        load(folder, allow_pickle=True)
    assert not marker.exists()


def test_dropout_that_stays_on_is_noticed(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    import harness.local.probe as probe

    real, calls = probe.probe_logits, []

    def noisy(*args: Any) -> Any:
        calls.append(1)
        return real(*args) + 1e-3 * len(calls)

    monkeypatch.setattr(probe, "probe_logits", noisy)
    with pytest.raises(
        CheckpointBroken, match=r"asked twice gives different logits \(up to 0.001 apart\).*is dropout still on"
    ):
        load("base")


def test_healthy_weights_with_logits_that_are_not(copy: Copy, load: Load) -> None:
    """Weights so large that float16 overflows: finite in the file, NaN when computed."""
    folder = copy("base")
    tiny.edit_tensors(
        folder / "model.safetensors", lambda t: {k: v * 100 if "norm" not in k else v for k, v in t.items()}
    )
    with pytest.raises(
        CheckpointBroken, match="the logits of a probe are NaN, though every weight is finite; try dtype: float32"
    ):
        load(folder, dtype="float16")


@pytest.mark.parametrize(("kind", "path"), [("generate", "harness.local.decoding"), ("score", "harness.local.forward")])
def test_a_request_with_logits_that_are_not_finite_is_named(
    load: Load, monkeypatch: pytest.MonkeyPatch, kind: str, path: str
) -> None:
    model = load("base")
    real = type(model._seat.lease.resident.loaded.model).forward  # type: ignore[attr-defined]

    def forward(self: Any, *args: Any, **kwargs: Any) -> Any:
        out = real(self, *args, **kwargs)
        out.logits[0] = float("nan")
        return out

    monkeypatch.setattr(type(model._seat.lease.resident.loaded.model), "forward", forward)  # type: ignore[attr-defined]
    with pytest.raises(
        CheckpointBroken, match=r"the logits are NaN or infinite for sample 'row 7' \(prompt 'the train'\)"
    ):
        list(model.answer([Request(kind, "the train", (" a", " b c"), max_new_tokens=3, sample="row 7")]))


def test_what_this_version_cannot_batch_is_computed_row_by_row(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model on which padding gives other numbers still answers right, and says how."""
    import harness.local.probe as probe

    wanted = [Request("score", p, (" yes", " no way")) for p in ("the train", "a", "it was a good film")]
    wanted += [Request("generate", p, max_new_tokens=6) for p in ("the train", "a", "it was a good film")]
    usual = tiny.ask(load("base"), wanted)
    monkeypatch.setattr(probe, "_padded", lambda *args: 1.0)
    monkeypatch.setattr(probe, "prove_tree", lambda *args: probe.Tree())
    from harness.local import Residents, identify
    from harness.local.slotproof import SlotProof
    from harness.models.transformers import transformers

    monkeypatch.setattr("harness.local.resident.prove_slots", lambda *args: SlotProof())
    fresh = Residents()
    folder = Path(load("base")._seat.lease.resident.loaded.model.name_or_path)  # type: ignore[attr-defined]
    model = transformers(identify("c", {"pretrained": str(folder)}, folder=folder), fresh, lambda text: None)
    assert model.facts.path == "plain; generation by transformers.generate"
    assert f"no way of computing a trie of tokens is right for this model; {probe.ALONE}" in model.facts.gate
    careful = tiny.ask(model, wanted)
    assert [r.text for r in careful] == [r.text for r in usual]
    for one, two in zip(careful, usual, strict=True):
        assert [s.logprob for s in one.scores] == pytest.approx([s.logprob for s in two.scores], abs=1e-4)


def test_options_are_checked(load: Load) -> None:
    for options, said in (
        ({"device": "cuda:7"}, "device: 'cuda:7' was asked for, but there is none here|only"),
        ({"device": "gpu"}, "device: 'gpu' is not known"),
        ({"dtype": "float12"}, r"dtype: 'float12' is not known; did you mean 'float32'"),
        ({"batch_size": "big"}, "batch_size: 'big' is neither a number nor auto"),
        ({"batch_size": 0}, "batch_size: 0 is less than 1"),
        ({"gen_kwargs": {"top_q": 1}}, r"gen_kwargs: no setting 'top_q'; did you mean 'top_p'\?"),
        ({"gen_kwargs": {"temperature": 1}}, "gen_kwargs: temperature is said by each task, not by the model"),
        ({"gen_kwargs": {"num_return_sequences": 2}}, "num_return_sequences must be 1"),
        (
            {"apply_chat_template": True},
            "apply_chat_template: true, but the checkpoint's tokenizer has no chat template",
        ),
    ):
        with pytest.raises(SuiteError, match=said):
            load("base", **options)


def test_nothing_reaches_the_terminal(copy: Copy, load: Load, capfd: pytest.CaptureFixture[str]) -> None:
    import warnings

    folder = copy("base")
    tiny.edit_json(folder / "generation_config.json", do_sample=True, temperature=0.5, top_p=0.9)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = load(folder, peft="adapter")
        tiny.ask(model, [Request("generate", "x", max_new_tokens=3), Request("score", "x", ("y",))])
    tiny.drop_tensor(folder, "norm")
    with pytest.raises(CheckpointBroken):
        load(folder)
    assert capfd.readouterr() == ("", "")


def test_json_of_the_facts(load: Load) -> None:
    import dataclasses

    json.dumps(dataclasses.asdict(load("base").facts), allow_nan=False)


def test_nothing_asks_the_network(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """Local folders need no hub: not one look-up or connection, whatever HF_HUB_OFFLINE says."""
    import socket

    import huggingface_hub.constants as hub

    asked: list[str] = []

    def refuse(*args: Any, **kwargs: Any) -> Any:
        asked.append(repr(args))
        raise OSError("no network in this test")

    monkeypatch.setattr(hub, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    for name, adapter in (("base", "adapter"), ("gpt2", ""), ("classifier", ""), ("seq2seq", "")):
        load(name, peft=adapter)
    assert asked == []
    assert hub.HF_HUB_OFFLINE is False
