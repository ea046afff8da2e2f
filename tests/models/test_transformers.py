"""The leaf: what a suite may set, and a real model's numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import tiny
from harness.catalog import Catalog
from harness.errors import CheckpointBroken
from harness.exchange import Request
from harness.local import Residents, identify
from harness.models.transformers import transformers


@pytest.fixture
def residents() -> Iterator[Residents]:
    there = Residents()
    yield there
    there.close()


def test_what_the_suite_may_set() -> None:
    entry = Catalog().get("model", "transformers")
    assert entry.facts["key"] == "pretrained"
    assert entry.given == ("checkpoint", "residents", "note")
    assert set(entry.options) == {
        "pretrained", "peft", "revision", "peft_revision", "dtype", "device", "batch_size", "apply_chat_template",
        "system_instruction", "gen_kwargs", "trust_remote_code", "allow_pickle", "reproducible",
    }  # fmt: skip
    assert all(option.text for option in entry.options.values())


def test_what_could_not_be_proved_is_noted(tmp_path: Path, residents: Residents) -> None:
    tiny.causal(tmp_path / "base")
    tiny.lora(tmp_path / "adapter", tmp_path / "base", with_base=False)
    notes: list[str] = []
    found = identify("candidate", {"pretrained": "base", "peft": "adapter"}, folder=tmp_path)
    model = transformers(found, residents, notes.append)
    assert len(notes) == 1
    assert notes[0].startswith("candidate: the adapter ")
    assert notes[0].endswith("that this is its base is not proved")
    model.close()


def test_a_model_that_cannot_be_asked_gives_its_weights_back(tmp_path: Path, residents: Residents) -> None:
    found = identify("c", {"pretrained": str(tiny.classifier(tmp_path / "one", labels=("x",)))}, folder=tmp_path)
    with pytest.raises(CheckpointBroken):
        transformers(found, residents, lambda text: None)
    assert len(residents) == 0


@pytest.mark.parametrize("text", ["Once upon a time, there was a little girl named Lily.", "She liked to play"])
def test_a_real_models_log_probabilities(shared: Path, residents: Residents, text: str) -> None:
    """stories260K: every way of asking gives transformers' own numbers."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = shared / "checkpoints" / "stories260K"
    oracle, tokenizer = AutoModelForCausalLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    model = transformers(identify("base", {"pretrained": str(folder)}, folder=folder), residents, lambda t: None)
    ends = (" She was happy.", " with", " a big red ball in the park", "")
    (response,) = tiny.ask(model, [Request("score", text, ends[:3])])
    for end, scored in zip(ends[:3], response.scores, strict=True):
        context, whole = tokenizer.encode(text), tokenizer.encode(text + end)
        with torch.no_grad():
            logits = oracle(torch.tensor([whole[:-1]])).logits[0, len(context) - 1 :].log_softmax(-1)
        wanted = sum(float(logits[i, t]) for i, t in enumerate(whole[len(context) :]))
        assert scored.logprob == pytest.approx(wanted, abs=1e-4)
    ids = torch.tensor([tokenizer.encode(text)])
    out = oracle.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=40, do_sample=False)[
        0, ids.shape[1] :
    ]
    (written,) = tiny.ask(model, [Request("generate", text, max_new_tokens=40)])
    assert written.text == tokenizer.decode(out, skip_special_tokens=True)
