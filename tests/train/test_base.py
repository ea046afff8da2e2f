"""What training starts from: dropout, adapters merged in, and proof of which weights it was."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

import tiny
from harness import digest
from harness.checkpoint import Checkpoint
from harness.errors import CheckpointBroken, SuiteError
from harness.train.base import load, set_dropout, weights_of


def checkpoint(folder: Path, **more: object) -> Checkpoint:
    return Checkpoint("base", "transformers", pretrained=str(folder), device="cpu", **more)  # type: ignore[arg-type]


def test_every_dropout_of_the_configuration_is_set_and_told() -> None:
    config = SimpleNamespace(model_type="x", hidden_dropout_prob=0.1, attention_dropout=0, classifier_dropout=None)
    assert set_dropout(config, 0.3) == {"hidden_dropout_prob": 0.1, "attention_dropout": 0}
    assert (config.hidden_dropout_prob, config.attention_dropout, config.classifier_dropout) == (0.3, 0.3, None)
    assert set_dropout(config, None) == {}


def test_a_model_without_dropout_says_so() -> None:
    with pytest.raises(SuiteError, match="a mamba model has no dropout to set; leave the option out"):
        set_dropout(SimpleNamespace(model_type="mamba"), 0.1)
    assert set_dropout(SimpleNamespace(model_type="mamba"), 0.0) == {}


def test_an_adapter_of_the_base_is_merged_in_first(tmp_path: Path) -> None:
    folder = tiny.causal(tmp_path / "base")
    adapter = tiny.lora(tmp_path / "adapter", folder)
    ids = torch.tensor([[5, 6, 7]])
    plain = load(checkpoint(folder), "CAUSAL_LM").model.eval()
    merged = load(checkpoint(folder, peft=str(adapter)), "CAUSAL_LM").model.eval()
    assert type(merged) is type(plain)
    with torch.no_grad():
        assert float((merged(ids).logits - plain(ids).logits).abs().max()) > 1e-3


def test_the_weights_are_known_by_their_bytes(tmp_path: Path) -> None:
    folder = tiny.causal(tmp_path / "base")
    expected = {"model.safetensors": digest.of_file(folder / "model.safetensors")}
    assert weights_of(checkpoint(folder)) == expected
    files = {"model.safetensors": "aa", "peft/adapter_model.safetensors": "bb", "config.json": "cc"}
    assert weights_of(checkpoint(folder, files=files)) == {"model.safetensors": "aa"}
    (folder / "model.safetensors").unlink()
    with pytest.raises(CheckpointBroken, match="no safetensors file to prove which base it is"):
        weights_of(checkpoint(folder))


def test_weights_that_are_not_safetensors_are_not_read(tmp_path: Path) -> None:
    folder = tiny.causal(tmp_path / "base")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(CheckpointBroken, match="does not load"):
        load(checkpoint(folder), "CAUSAL_LM")
