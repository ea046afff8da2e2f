"""From a suite's entry to exact files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import tiny
from harness import digest
from harness.errors import SuiteError, Tampered
from harness.local import head, identify, is_adapter, must_be_unchanged
from harness.local.memo import Memo


def test_every_file_is_known_by_its_bytes(made: Path) -> None:
    found = identify("base", {"pretrained": "base", "batch_size": 8}, folder=made)
    assert (found.kind, found.pretrained, found.options) == ("transformers", str(made / "base"), {"batch_size": 8})
    assert found.files["model.safetensors"] == digest.of_file(made / "base" / "model.safetensors")
    assert head(found) == "causal"
    same = identify("other", {"pretrained": str(made / "base"), "batch_size": 8}, folder=Path("/"))
    assert same.digest == found.digest


def test_an_adapter_alone_is_on_base(made: Path) -> None:
    base = identify("base", {"pretrained": "base"}, folder=made)
    found = identify("candidate", {"peft": "adapter"}, folder=made, base=base)
    assert found.pretrained == base.pretrained
    assert found.files["peft/adapter_model.safetensors"] == digest.of_file(
        made / "adapter" / "adapter_model.safetensors"
    )
    assert base.files.items() < found.files.items()
    assert found.digest != base.digest
    assert is_adapter(made / "adapter")
    assert not is_adapter(made / "base")
    with pytest.raises(
        SuiteError, match=r"models.candidate: `peft` alone is an adapter on `base`, but no model `base`"
    ):
        identify("candidate", {"peft": "adapter"}, folder=made)
    with pytest.raises(SuiteError, match=r"models.candidate names no weights: give `pretrained`, `peft`, or `replay`"):
        identify("candidate", {"dtype": "float32"}, folder=made)


@pytest.mark.parametrize("name", ["nan", "1e5", "true", "=x", "a,b=c", "with space", 'quo"te', "new\nline"])
def test_a_path_is_a_path_whatever_it_looks_like(copy: Callable[[str], Path], tmp_path: Path, name: str) -> None:
    copy("base").rename(tmp_path / name)
    assert identify("c", {"pretrained": name}, folder=tmp_path).pretrained == str(tmp_path / name)


def test_a_missing_path_is_not_looked_for_on_the_hub(made: Path) -> None:
    for named in ("./bas", str(made / "bas"), "adapter/none"):
        with pytest.raises(SuiteError, match="no checkpoint at"):
            identify("c", {"pretrained": named}, folder=made)


def test_a_hub_id_without_a_network_is_a_sentence(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants as hub

    monkeypatch.setattr(hub, "HF_HUB_OFFLINE", True)
    with pytest.raises(
        SuiteError, match=r"'bsae' is not a folder .*did you mean 'base'.* as a hub id it could not be fetched"
    ):
        identify("c", {"pretrained": "bsae"}, folder=made)


def test_a_file_that_changes_while_the_run_is_going(copy: Callable[[str], Path], tmp_path: Path) -> None:
    copy("base")
    copy("adapter")
    (tmp_path / "r.jsonl").write_text('{"id": 1, "response": "x"}')
    found = identify("candidate", {"pretrained": "base", "peft": "adapter"}, folder=tmp_path, memo=tmp_path / "memo")
    replayed = identify("base", {"replay": "r.jsonl"}, folder=tmp_path)
    for checkpoint in (found, replayed):
        must_be_unchanged(checkpoint, memo=tmp_path / "memo")
    (tmp_path / "r.jsonl").write_text("")
    tiny.poison(tmp_path / "adapter", file="adapter_model.safetensors", value=0.5)
    for checkpoint, name in ((found, "adapter/adapter_model.safetensors"), (replayed, "r.jsonl")):
        with pytest.raises(Tampered, match=rf"{name} changed while the run was going \(SHA-256 \w{{12}}… before"):
            must_be_unchanged(checkpoint, memo=tmp_path / "memo")
    (tmp_path / "base" / "model.safetensors").unlink()
    with pytest.raises(Tampered, match=r"model.safetensors changed .* no such file… now"):
        must_be_unchanged(found)


def test_a_recording(tmp_path: Path) -> None:
    (tmp_path / "answers.jsonl").write_text('{"id": "1", "response": "x"}\n')
    found = identify("candidate", {"replay": "answers.jsonl"}, folder=tmp_path)
    assert (found.kind, found.source, head(found)) == ("replay", tmp_path / "answers.jsonl", "")
    with pytest.raises(
        SuiteError, match=r"models.candidate: no recording at .*answer.jsonl; did you mean 'answers.jsonl'\?"
    ):
        identify("candidate", {"replay": "answer.jsonl"}, folder=tmp_path)


def test_digests_are_remembered_and_forgotten_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, memory = tmp_path / "weights", tmp_path / "memo" / "digests.json"
    file.write_bytes(b"one")
    os.utime(file, (1, 1))
    monkeypatch.setattr("harness.local.memo.SETTLED", -1.0)
    first = Memo(memory)
    assert first.of_file(file) == digest.of_file(file)
    first.save()
    with monkeypatch.context() as patch:
        patch.setattr("harness.digest.of_file", lambda path: pytest.fail("read again"))
        assert len(Memo(memory).of_file(file)) == 64
    file.write_bytes(b"two")
    os.utime(file, (1, 1))
    assert Memo(memory).of_file(file) == digest.of_file(file), "same size and time, but not the same change time"
    memory.write_text("{broken")
    assert Memo(memory).of_file(file) == digest.of_file(file)


def test_a_file_that_just_changed_is_not_remembered(tmp_path: Path) -> None:
    file, memory = tmp_path / "weights", tmp_path / "digests.json"
    file.write_bytes(b"one")
    memo = Memo(memory)
    memo.of_file(file)
    memo.save()
    assert not memory.exists()
