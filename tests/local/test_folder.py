"""What is refused before a tensor is read, each in its own words."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import tiny
from harness.errors import CheckpointBroken, SuiteError
from harness.local.folder import head_of, survey_adapter, survey_model


def test_the_files_that_can_change_an_answer_and_no_others(copy: Callable[[str], Path]) -> None:
    folder = copy("base")
    for name in ("README.md", "optimizer.pt", "training_args.bin", "rng_state.pth", "trainer_state.json"):
        (folder / name).write_bytes(b"\x80\x04not to be opened")
    survey = survey_model(folder)
    assert survey.files == (
        "config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json",
    )  # fmt: skip
    assert survey.weights == ("model.safetensors",)
    assert survey.head == "causal"


def test_a_missing_folder_is_told_with_the_nearest_name(made: Path) -> None:
    with pytest.raises(SuiteError, match=r"no checkpoint at .*/bsae: .* has no folder 'bsae'; did you mean 'base'\?"):
        survey_model(made / "bsae")
    with pytest.raises(SuiteError, match=r"has no folder 'adaptr'; did you mean 'adapter'\?"):
        survey_model(made / "adaptr" / "checkpoint-10")
    with pytest.raises(SuiteError, match="is a file; a checkpoint is a folder"):
        survey_model(made / "base" / "config.json")


def test_a_folder_of_something_else(copy: Callable[[str], Path], tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    with pytest.raises(SuiteError, match=r"holds no config.json, so it is not a checkpoint; it holds nothing"):
        survey_model(tmp_path / "notes")
    with pytest.raises(SuiteError, match="is an adapter, not full weights; name it with `peft:`"):
        survey_model(copy("adapter"))
    with pytest.raises(SuiteError, match="not an adapter; it holds full weights: name it with `pretrained:`"):
        survey_adapter(copy("base"))


def test_weights_and_adapter_in_one_folder_are_ambiguous(copy: Callable[[str], Path]) -> None:
    folder = copy("base")
    (folder / "adapter_config.json").write_text("{}")
    with pytest.raises(CheckpointBroken, match="which weights are meant is open"):
        survey_model(folder)


def test_pickles_are_refused_unless_allowed(copy: Callable[[str], Path]) -> None:
    import torch
    from safetensors.torch import load_file

    folder = copy("base")
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    assert survey_model(folder).weights == ("model.safetensors",)
    (folder / "model.safetensors").unlink()
    with pytest.raises(
        SuiteError, match=r"only as pytorch_model.bin, a format that can run code .* allow_pickle: true"
    ):
        survey_model(folder)
    survey = survey_model(folder, allow_pickle=True)
    assert survey.pickled
    assert "pytorch_model.bin" in survey.files


def test_an_adapter_as_a_pickle_is_refused(copy: Callable[[str], Path]) -> None:
    folder = copy("adapter")
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin")
    with pytest.raises(SuiteError, match=r"only as a pickle \(adapter_model.bin\)"):
        survey_adapter(folder)
    (folder / "adapter_model.bin").unlink()
    with pytest.raises(CheckpointBroken, match=r"holds no adapter_model.safetensors; it holds README.md"):
        survey_adapter(folder)


def test_no_weights_at_all(copy: Callable[[str], Path]) -> None:
    folder = copy("base")
    (folder / "model.safetensors").unlink()
    with pytest.raises(CheckpointBroken, match=r"holds no model.safetensors; it holds config.json"):
        survey_model(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_link_that_leaves_the_folder_is_refused(copy: Callable[[str], Path], tmp_path: Path, name: str) -> None:
    folder = copy("base")
    (folder / name).rename(tmp_path / "elsewhere")
    (folder / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CheckpointBroken, match=f"{name} is a link to .*elsewhere, outside the checkpoint"):
        survey_model(folder)


def test_links_within_the_folder_and_into_the_hubs_blobs_are_fine(copy: Callable[[str], Path], tmp_path: Path) -> None:
    folder = copy("base")
    snapshot, blobs = tmp_path / "models--x" / "snapshots" / "abc", tmp_path / "models--x" / "blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    for at, path in enumerate(sorted(folder.iterdir())):
        path.rename(blobs / f"blob{at}")
        (snapshot / path.name).symlink_to(f"../../blobs/blob{at}")
    assert "model.safetensors" in survey_model(snapshot).files
    inner = copy("gpt2")
    (inner / "model.safetensors").rename(inner / "real.safetensors")
    (inner / "model.safetensors").symlink_to("real.safetensors")
    assert survey_model(inner).tensors


def test_code_is_refused(copy: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = copy("base")
    (folder / "evil.py").write_text("raise SystemExit('code of the checkpoint ran')")
    tiny.edit_json(folder / "config.json", auto_map={"AutoModelForCausalLM": "evil.Model"})
    with pytest.raises(SuiteError, match=r"config.json brings its own code \(auto_map\), which is refused"):
        survey_model(folder)
    with pytest.raises(SuiteError, match=r"whoever runs it must agree by HARNESS_TRUST_REMOTE_CODE=1"):
        survey_model(folder, trust_remote_code=True)
    monkeypatch.setenv("HARNESS_TRUST_REMOTE_CODE", "1")
    assert "evil.py" in survey_model(folder, trust_remote_code=True).files
    tiny.edit_json(folder / "config.json", auto_map=..., _attn_implementation_internal="someone/kernel")
    with pytest.raises(SuiteError, match="asks for code from the hub"):
        survey_model(folder)


def test_code_of_a_tokenizer_is_refused(copy: Callable[[str], Path]) -> None:
    folder = copy("base")
    tiny.edit_json(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": ["evil.T", None]})
    with pytest.raises(SuiteError, match=r"tokenizer_config.json brings its own code"):
        survey_model(folder)


@pytest.mark.parametrize("text", ["{", "[]", '"x"', "[" * 100_000])
def test_a_config_that_is_none(copy: Callable[[str], Path], text: str) -> None:
    folder = copy("base")
    (folder / "config.json").write_text(text)
    with pytest.raises(CheckpointBroken, match=r"config.json (is not JSON|holds a)"):
        survey_model(folder)


def test_heads(made: Path, tmp_path: Path) -> None:
    for name, head in (("base", "causal"), ("gpt2", "causal"), ("seq2seq", "seq2seq"), ("classifier", "classifier")):
        assert survey_model(made / name).head == head
    with pytest.raises(CheckpointBroken, match="names the architecture 'BertModel'; wanted a causal language model"):
        head_of({"architectures": ["BertModel"]}, tmp_path)
    for config in ({}, {"architectures": []}, {"architectures": "x"}):
        with pytest.raises(CheckpointBroken, match="names no architecture"):
            head_of(config, tmp_path)


def test_shards_are_read_and_doubles_refused(copy: Callable[[str], Path]) -> None:
    from safetensors.torch import load_file, save_file

    folder = copy("base")
    tensors = load_file(folder / "model.safetensors")
    names = sorted(tensors)
    one, two = names[: len(names) // 2], names[len(names) // 2 :]
    (folder / "model.safetensors").unlink()
    weight_map = {n: "a.safetensors" for n in one} | {n: "b.safetensors" for n in two}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    save_file({n: tensors[n] for n in one}, folder / "a.safetensors", metadata={"format": "pt"})
    save_file({n: tensors[n] for n in two}, folder / "b.safetensors", metadata={"format": "pt"})
    survey = survey_model(folder)
    assert survey.weights == ("a.safetensors", "b.safetensors")
    assert set(survey.tensors) == set(names)
    save_file({n: tensors[n] for n in names[:-1]}, folder / "a.safetensors", metadata={"format": "pt"})
    with pytest.raises(CheckpointBroken, match="stands in two weight files"):
        survey_model(folder)


def test_nothing_heavy_is_imported_for_it() -> None:
    import subprocess

    code = (
        "import sys, harness.local, harness.models.transformers, harness.models.replay; print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    assert done.stdout.strip() == "False"
