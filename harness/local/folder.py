"""Which files of a checkpoint's folder matter, and whether they are safe and whole; torch is not needed for it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from harness.errors import CheckpointBroken, SuiteError, nearest
from harness.local.tensorfile import TensorEntry, read_header, read_index

CODE_VARIABLE = "HARNESS_TRUST_REMOTE_CODE"

TOKENIZER = (
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json",
    "vocab.txt", "merges.txt", "*.model", "chat_template.jinja", "chat_template.json",
    "additional_chat_templates/*.jinja",
)  # fmt: skip
MODEL = ("config.json", "generation_config.json", *TOKENIZER)
ADAPTER = ("adapter_config.json", "base.json", *TOKENIZER)
PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.h5", "*.msgpack")

CLASSIFIER, SEQ2SEQ, CAUSAL = "classifier", "seq2seq", "causal"


@dataclass(frozen=True, slots=True)
class Survey:
    """What one folder holds, after the checks that need no tensors."""

    folder: Path
    config: Mapping[str, Any]
    weights: tuple[str, ...]
    """Weight files, relative to the folder."""
    files: tuple[str, ...]
    """Every file that can change an answer, weights included, relative to the folder, sorted."""
    tensors: Mapping[str, TensorEntry] = field(default_factory=dict)
    """Empty for pickled weights."""
    pickled: bool = False

    @property
    def head(self) -> str:
        """`causal`, `seq2seq` or `classifier`."""
        return head_of(self.config, self.folder)


def survey_model(folder: Path, *, allow_pickle: bool = False, trust_remote_code: bool = False) -> Survey:
    """The files of full weights.

    Raises:
        SuiteError: the folder is missing or holds something else than full weights, or only what is unsafe to load.
        CheckpointBroken: a file is damaged, missing, or lies outside the folder.
    """
    must_be_folder(folder)
    if not (folder / "config.json").is_file():
        if (folder / "adapter_config.json").is_file():
            raise SuiteError(f"{folder} is an adapter, not full weights; name it with `peft:` instead of `pretrained:`")
        raise SuiteError(f"{folder} holds no config.json, so it is not a checkpoint; it holds {_listing(folder)}")
    if (folder / "adapter_config.json").is_file():
        raise CheckpointBroken(
            f"{folder} holds both config.json and adapter_config.json, so which weights are meant is open; keep full "
            "weights and the adapter in two folders"
        )
    config = read_json(folder / "config.json")
    _refuse_code(folder, config, trust_remote_code)
    weights, pickled = _model_weights(folder, allow_pickle)
    patterns = MODEL + (("*.py",) if trust_remote_code else ())
    patterns += ("pytorch_model.bin.index.json",) if pickled else ("model.safetensors.index.json",)
    return _survey(folder, config, weights, patterns, pickled)


def survey_adapter(folder: Path) -> Survey:
    """The files of an adapter; raises as `survey_model` does."""
    must_be_folder(folder)
    if not (folder / "adapter_config.json").is_file():
        hint = "; it holds full weights: name it with `pretrained:`" if (folder / "config.json").is_file() else ""
        raise SuiteError(f"{folder} holds no adapter_config.json, so it is not an adapter{hint}")
    if not (folder / "adapter_model.safetensors").is_file():
        if any(folder.glob("*.bin")):
            raise SuiteError(
                f"{folder} holds its adapter only as a pickle (adapter_model.bin), which can run code when it is "
                f"opened; "
                "save it again with save_pretrained, which writes adapter_model.safetensors"
            )
        raise CheckpointBroken(f"{folder} holds no adapter_model.safetensors; it holds {_listing(folder)}")
    config = read_json(folder / "adapter_config.json")
    return _survey(folder, config, ("adapter_model.safetensors",), ADAPTER, False)


def must_be_folder(folder: Path) -> None:
    """Raise `SuiteError` with the nearest folder's name where `folder` is not there."""
    if folder.is_dir():
        return
    if folder.exists():
        raise SuiteError(f"{folder} is a file; a checkpoint is a folder")
    parent = folder.parent
    while not parent.is_dir():
        parent = parent.parent
    beside = [p.name for p in parent.iterdir() if p.is_dir() and not p.name.startswith(".")]
    missing = folder.relative_to(parent).parts[0]
    raise SuiteError(f"no checkpoint at {folder}: {parent} has no folder {missing!r}{nearest(missing, beside)}")


def read_json(path: Path) -> dict[str, Any]:
    """The mapping in a JSON file of a checkpoint; raises `CheckpointBroken` for anything else."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise CheckpointBroken(f"{path} is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise CheckpointBroken(f"{path} holds a {type(data).__name__}, not a mapping")
    return data


def head_of(config: Mapping[str, Any], folder: Path) -> str:
    """What the weights can answer, by the architecture that config.json names: causal, seq2seq or classifier."""
    named = config.get("architectures")
    if not isinstance(named, list) or not named or not isinstance(named[0], str):
        raise CheckpointBroken(f"{folder}/config.json names no architecture, so it is unknown what the weights compute")
    if named[0].endswith("ForSequenceClassification"):
        return CLASSIFIER
    if named[0].endswith(("ForCausalLM", "LMHeadModel")):
        return CAUSAL
    if config.get("is_encoder_decoder") and named[0].endswith(("ForConditionalGeneration", "ForSeq2SeqLM")):
        return SEQ2SEQ
    raise CheckpointBroken(
        f"{folder}/config.json names the architecture {named[0]!r}; wanted a causal language model (…ForCausalLM), an "
        "encoder–decoder (…ForConditionalGeneration) or a sequence classifier (…ForSequenceClassification)"
    )


def _refuse_code(folder: Path, config: Mapping[str, Any], trusted: bool) -> None:
    for name, data in (("config.json", config), ("tokenizer_config.json", _optional(folder / "tokenizer_config.json"))):
        for key, value in data.items():
            if "attn_implementation" in key and isinstance(value, str) and "/" in value:
                raise SuiteError(f"{folder}/{name} asks for code from the hub ({key}: {value!r}); that is refused")
        if "auto_map" in data and not trusted:
            raise SuiteError(
                f"{folder}/{name} brings its own code (auto_map), which is refused; to run it, set trust_remote_code: "
                f"true for this model in the suite and {CODE_VARIABLE}=1 in the environment, after reading the code"
            )
    if trusted and os.environ.get(CODE_VARIABLE) != "1":
        raise SuiteError(
            f"the suite sets trust_remote_code: true for {folder}; whoever runs it must agree by {CODE_VARIABLE}=1"
        )


def _optional(path: Path) -> dict[str, Any]:
    return read_json(path) if path.is_file() else {}


def _model_weights(folder: Path, allow_pickle: bool) -> tuple[tuple[str, ...], bool]:
    """Weight files in the order in which transformers looks for them, and whether they are pickles."""
    if (folder / "model.safetensors").is_file():
        return ("model.safetensors",), False
    if (folder / "model.safetensors.index.json").is_file():
        return tuple(read_index(folder)), False
    pickles = sorted(p.name for p in folder.iterdir() if any(fnmatch(p.name, pattern) for pattern in PICKLED))
    if not pickles:
        raise CheckpointBroken(f"{folder} holds no model.safetensors; it holds {_listing(folder)}")
    if not allow_pickle:
        raise SuiteError(
            f"{folder} holds its weights only as {', '.join(pickles[:3])}, a format that can run code when it is "
            f"opened; "
            "convert them (from_pretrained, then save_pretrained writes model.safetensors), or set allow_pickle: true "
            "for this model if you trust where they come from"
        )
    if (folder / "pytorch_model.bin.index.json").is_file():
        return tuple(read_index(folder, "pytorch_model.bin.index.json")), True
    if "pytorch_model.bin" not in pickles:
        raise CheckpointBroken(f"{folder} holds neither model.safetensors nor pytorch_model.bin")
    return ("pytorch_model.bin",), True


def _survey(
    folder: Path, config: Mapping[str, Any], weights: tuple[str, ...], patterns: tuple[str, ...], pickled: bool
) -> Survey:
    beside = {p.relative_to(folder).as_posix() for pattern in patterns for p in folder.glob(pattern) if p.is_file()}
    files = sorted(beside | set(weights))
    for name in files:
        _refuse_escape(folder, name)
    tensors: dict[str, TensorEntry] = {}
    for name in () if pickled else weights:
        found = read_header(folder / name, str(folder / name))
        if double := sorted(tensors.keys() & found.keys()):
            raise CheckpointBroken(f"{folder}: tensor {double[0]!r} stands in two weight files")
        tensors |= found
    return Survey(folder, config, weights, tuple(files), tensors, pickled)


def _refuse_escape(folder: Path, name: str) -> None:
    """A link may lead to another file of the folder, or into the blobs of the same repository of the hub's cache."""
    real, home = (folder / name).resolve(), folder.resolve()
    allowed = [home]
    if home.parent.name == "snapshots":
        allowed.append(home.parent.parent / "blobs")
    if not any(real.is_relative_to(place) for place in allowed):
        raise CheckpointBroken(
            f"{folder / name} is a link to {real}, outside the checkpoint; copy the file into the folder, so that what "
            "is measured is what is kept"
        )


def _listing(folder: Path) -> str:
    names = sorted(p.name for p in folder.iterdir())
    return "nothing" if not names else ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
