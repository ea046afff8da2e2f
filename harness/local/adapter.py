"""Putting an adapter on a loaded base, and proving that it is whole, that it fits, and that it has an effect."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import CheckpointBroken, SuiteError
from harness.local.folder import CAUSAL, CLASSIFIER, SEQ2SEQ, Survey
from harness.local.load import first_line, must_be_finite
from harness.local.quiet import quiet

if TYPE_CHECKING:
    import torch

PROMPT_LEARNING = (
    "PREFIX_TUNING",
    "PROMPT_TUNING",
    "P_TUNING",
    "MULTITASK_PROMPT_TUNING",
    "CPT",
    "ADAPTION_PROMPT",
    "CARTRIDGE",
)
TASKS = {CAUSAL: "CAUSAL_LM", SEQ2SEQ: "SEQ_2_SEQ_LM", CLASSIFIER: "SEQ_CLS"}
HARMLESS_INIT = (None, True, False, "gaussian", "eva", "orthogonal")
"""Values of init_lora_weights that leave the base's own weights alone."""

EMBEDDINGS = ("embed_tokens.weight", "wte.weight", "lm_head.weight", "shared.weight", "word_embeddings.weight")
"""Whole layers that peft may save beside an adapter, and then loads over the base's own."""


def check_adapter(survey: Survey, base_files: Mapping[str, str], head: str) -> tuple[list[str], list[str]]:
    """What the adapter's files prove of it, and what they leave open; no model is needed.

    Raises:
        SuiteError: a kind of adapter that cannot be asked, or one made for another kind of model.
        CheckpointBroken: incomplete or not finite, or trained on another base.
    """
    config, folder = survey.config, survey.folder
    kind = str(config.get("peft_type") or "")
    if kind in PROMPT_LEARNING or not kind:
        raise SuiteError(
            f"{folder} is an adapter of type {kind or 'unknown'}; adapters that change weights (LORA, …) are known"
        )
    if config.get("megatron_config") or (config.get("auto_mapping") or {}).get("parent_library", "transformers").split(
        "."
    )[0] not in ("transformers", "peft", "torch"):
        raise SuiteError(
            f"{folder}/adapter_config.json asks for a module to be imported (auto_mapping, megatron); refused"
        )
    task = config.get("task_type")
    if task is not None and task != TASKS[head]:
        raise SuiteError(f"{folder} was made for {task}, but its base is a {head} model ({TASKS[head]})")
    must_be_finite(folder, survey.weights)
    _complete_pairs(survey)
    proved = [f"the adapter's weights are safetensors, whole, and all finite: {len(survey.tensors)} tensors"]
    same, open_question = _same_base(folder, config, base_files)
    return proved + same, open_question


def alters_base(survey: Survey) -> bool:
    """Whether putting this adapter on changes the base's own weights, so that they cannot be shared."""
    config = survey.config
    if config.get("bias", "none") != "none" or config.get("init_lora_weights", True) not in HARMLESS_INIT:
        return True
    own = tuple(config.get("modules_to_save") or ())
    return any(name.split(".")[-2] not in own for name in map(_plain, survey.tensors) if name.endswith(EMBEDDINGS))


def put_on(model: Any, tuned: Any, survey: Survey, name: str) -> Any:
    """The peft model with the adapter `name` on it: `tuned` if there is one on this base already, else a new one.

    Raises:
        CheckpointBroken: the adapter does not fit this base.
    """
    import peft

    folder = survey.folder
    try:
        with quiet():
            if tuned is None:
                tuned = peft.PeftModel.from_pretrained(model, str(folder), adapter_name=name, is_trainable=False)
            else:
                tuned.load_adapter(str(folder), adapter_name=name, is_trainable=False)
            _same_tensors(tuned, survey, name)
            tuned.requires_grad_(False).eval()
            return tuned
    except (CheckpointBroken, SuiteError):
        raise
    except Exception as error:
        raise CheckpointBroken(
            f"the adapter {folder} does not fit its base ({first_line(error)}); was it trained on another base, or "
            f"with "
            "another rank than adapter_config.json says?"
        ) from error


def must_have_effect(with_it: torch.Tensor, without: torch.Tensor, folder: Path) -> str:
    """A sentence saying how far the adapter moves the logits of the probe; raises `CheckpointBroken` if not at all."""
    import torch

    if not torch.isfinite(with_it).all():
        raise CheckpointBroken(f"the adapter {folder} makes the logits NaN or infinite, though its weights are finite")
    moved = float((with_it - without).abs().max())
    if moved == 0.0:
        raise CheckpointBroken(
            f"the adapter {folder} changes nothing: on a probe of {without.shape[-2]} tokens the logits with it and "
            f"without "
            "it are identical, so comparing it with its base would pass whatever the training did; was it saved before "
            "training, or are its target modules wrong?"
        )
    return f"the adapter has an effect: it moves the logits of a probe by up to {moved:.3g}"


def _complete_pairs(survey: Survey) -> None:
    """Every lora_A needs its lora_B, and both must have the rank that the configuration says."""
    halves = [name for name in survey.tensors if re.search(r"\.lora_[AB]\.", name)]
    present = set(halves)
    for name in sorted(halves):
        other = name.replace(".lora_A.", ".lora_\0.").replace(".lora_B.", ".lora_A.").replace(".lora_\0.", ".lora_B.")
        if other not in present:
            raise CheckpointBroken(f"{survey.folder}: the adapter holds {name!r} but not {other!r}; it is incomplete")
    rank = survey.config.get("r")
    for name in sorted(halves):
        shape = survey.tensors[name].shape
        found = shape[0] if ".lora_A." in name else shape[-1]
        patterned = bool(survey.config.get("rank_pattern"))
        if survey.config.get("peft_type") == "LORA" and len(shape) == 2 and not patterned and found != rank:
            raise CheckpointBroken(
                f"{survey.folder}: {name!r} has rank {found} (shape {shape}), but adapter_config.json says r: {rank}"
            )


def _same_base(folder: Path, config: Mapping[str, Any], base_files: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Compare the digests in base.json, which a fixture of ours writes, with those of the base given."""
    record = folder / "base.json"
    named = str(config.get("base_model_name_or_path") or "")
    if not record.is_file():
        shown = f" (its own configuration names {named!r})" if named else ""
        return [], [
            f"the adapter {folder} does not record its base's digests{shown}: that this is its base is not proved"
        ]
    try:
        recorded = dict(json.loads(record.read_text(encoding="utf-8"))["base"])
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointBroken(f"{record} is not a record of the base's digests ({first_line(error)})") from error
    then = {k: v for k, v in recorded.items() if k.endswith(".safetensors")}
    now = {k: v for k, v in base_files.items() if k.endswith(".safetensors")}
    if not then:
        return [], [f"{record} names no weight file of the base: that this is its base is not proved"]
    if sorted(then.values()) == sorted(now.values()):
        return [f"the adapter was trained on this very base ({len(now)} weight files, by SHA-256)"], []
    name = next((k for k in sorted(then) if then[k] != now.get(k)), sorted(then)[0])
    raise CheckpointBroken(
        f"the adapter {folder} belongs to another base: it was trained on {name} = {str(then[name])[:12]}…, the base "
        f"given "
        f"has {str(now.get(name, 'no such file'))[:12]}…" + (f"; it names {named!r} as its base" if named else "")
    )


def _same_tensors(tuned: Any, survey: Survey, name: str) -> None:
    """What is on the model must be what is in the file, key by key."""
    from peft import get_peft_model_state_dict

    state = get_peft_model_state_dict(tuned, adapter_name=name, save_embedding_layers=False)
    if missing := sorted(state.keys() - survey.tensors.keys()):
        raise CheckpointBroken(
            f"{survey.folder}: the adapter lacks "
            f"{missing[0]!r}{f' and {len(missing) - 1} more' if missing[1:] else ''}, "
            "which its configuration calls for; it is incomplete"
        )
    embeddings = {key for key in survey.tensors if _plain(key).endswith(EMBEDDINGS)}
    if unexpected := sorted(survey.tensors.keys() - state.keys() - embeddings):
        raise CheckpointBroken(
            f"{survey.folder}: the adapter holds "
            f"{unexpected[0]!r}{f' and {len(unexpected) - 1} more' if unexpected[1:] else ''}, "
            "which has no place in this base; it was trained on another one"
        )


def _plain(name: str) -> str:
    """A tensor's name as it is in the base."""
    return name.replace(".base_layer.", ".")
