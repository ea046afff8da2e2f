"""The model that training starts from: loaded from a checkpoint, with dropout set and the right head on it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import digest
from harness.checkpoint import Checkpoint
from harness.errors import CheckpointBroken, SuiteError
from harness.train.recipe import CAUSAL, CLASSIFIER, SEQ2SEQ, task_type_of

DROPOUTS = (
    "attention_dropout", "hidden_dropout", "hidden_dropout_prob", "attention_probs_dropout_prob", "dropout",
    "dropout_rate", "resid_pdrop", "embd_pdrop", "attn_pdrop", "residual_dropout", "embedding_dropout",
    "activation_dropout",
)  # fmt: skip
"""Where the configurations of transformers keep a dropout rate."""
MODEL_CLASS = {
    CAUSAL: "AutoModelForCausalLM",
    CLASSIFIER: "AutoModelForSequenceClassification",
    SEQ2SEQ: "AutoModelForSeq2SeqLM",
}


@dataclass(slots=True)
class Start:
    """A loaded base, ready to be trained in 32-bit floats."""

    model: Any
    tokenizer: Any
    task_type: str
    context: int
    """Longest input in tokens; 0 where the model has no limit of its own."""
    dtype: Any
    """The dtype that the base was stored in, and what is made of it will be."""
    dropouts: dict[str, Any]
    """The configuration's own dropout rates, put back before saving."""


def read_config(base: Checkpoint) -> Any:
    """The base's transformers configuration.

    Raises:
        CheckpointBroken: it cannot be read, or the base is not a checkpoint that can be trained.
    """
    from transformers import AutoConfig

    if base.kind != "transformers" or not base.pretrained:
        raise CheckpointBroken(
            f"{base.name!r} is a {base.kind}; training needs weights: a folder, a hub id or a $fixture"
        )
    try:
        return AutoConfig.from_pretrained(base.pretrained, **_where(base))
    except (OSError, ValueError) as error:
        raise CheckpointBroken(f"the base {base.pretrained} has no usable config.json: {error}") from error


def kind_of(base: Checkpoint, asked: str) -> str:
    """The task type to train `base` for."""
    config = read_config(base)
    return task_type_of(asked, config.architectures or [], encoder_decoder=bool(config.is_encoder_decoder))


def load(base: Checkpoint, task_type: str, *, labels: Sequence[str] = (), dropout: float | None = None) -> Start:
    """The base's weights and tokenizer; an adapter that the base has is merged into it first.

    Raises:
        CheckpointBroken: no safetensors, or they do not load.
        SuiteError: `dropout` is set and the model has none.
    """
    import transformers

    config = read_config(base)
    stored = getattr(config, "dtype", None)
    dropouts = set_dropout(config, dropout)
    if labels:
        config.num_labels = len(labels)
        config.id2label = dict(enumerate(labels))
        config.label2id = {name: at for at, name in enumerate(labels)}
        config.problem_type = "single_label_classification"
    options: dict[str, Any] = {**_where(base), "config": config, "use_safetensors": True, "dtype": "float32"}
    maker = getattr(transformers, MODEL_CLASS[task_type])
    try:
        model = maker.from_pretrained(base.pretrained, ignore_mismatched_sizes=bool(labels), **options)
        tokenizer = transformers.AutoTokenizer.from_pretrained(base.pretrained, **_where(base))
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise CheckpointBroken(f"the base {base.pretrained} does not load: {_first(error)}") from error
    if base.peft:
        model = _merged(model, base)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    model.config.pad_token_id = tokenizer.pad_token_id
    return Start(model, tokenizer, task_type, _context(config, tokenizer), stored, dropouts)


def set_dropout(config: Any, rate: float | None) -> dict[str, Any]:
    """Set every dropout rate of `config` (and of its parts) to `rate`; what they were before.

    Raises:
        SuiteError: the rate is no rate, or the model has no dropout.
    """
    if rate is None:
        return {}
    if not 0 <= rate < 1:
        raise SuiteError(f"dropout: expected a rate from 0 to below 1, found {rate}")
    before = {name: getattr(config, name) for name in DROPOUTS if isinstance(getattr(config, name, None), int | float)}
    if not before and rate:
        raise SuiteError(f"dropout: a {config.model_type} model has no dropout to set; leave the option out")
    for name in before:
        setattr(config, name, rate)
    return before


def weights_of(base: Checkpoint) -> dict[str, str]:
    """Weight file → SHA-256 of the base's own weights: what an adapter trained on it belongs to."""
    known = {name: value for name, value in base.files.items() if name.endswith(".safetensors") and "/" not in name}
    folder = Path(base.pretrained)
    if not known and folder.is_dir():
        known = {path.name: digest.of_file(path) for path in sorted(folder.glob("*.safetensors"))}
    if not known:
        raise CheckpointBroken(f"the base {base.pretrained} has no safetensors file to prove which base it is")
    return known


def write_base(out: Path, base: Checkpoint) -> dict[str, str]:
    """Leave base.json beside an adapter: which weights it was trained on; returns weight file → SHA-256."""
    files = weights_of(base)
    (out / "base.json").write_text(json.dumps({"base": files}, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    if (folder := Path(base.pretrained)).is_dir():  # its path would differ from machine to machine
        config = json.loads((out / "adapter_config.json").read_text(encoding="utf-8"))
        config["base_model_name_or_path"] = folder.name
        text = json.dumps(config, indent=2, sort_keys=True) + "\n"
        (out / "adapter_config.json").write_text(text, encoding="utf-8")
    return files


def _merged(model: Any, base: Checkpoint) -> Any:
    from peft import PeftModel

    options = {"revision": base.peft_revision} if base.peft_revision else {}
    return PeftModel.from_pretrained(model, base.peft, **options).merge_and_unload()


def _context(config: Any, tokenizer: Any) -> int:
    limits = [getattr(config, name, None) for name in ("max_position_embeddings", "n_positions")]
    limits.append(tokenizer.model_max_length)
    found = [limit for limit in limits if isinstance(limit, int) and 0 < limit < 10**9]
    return min(found, default=0)


def _where(base: Checkpoint) -> dict[str, Any]:
    trust = bool(base.options.get("trust_remote_code", False))
    return {"trust_remote_code": trust, **({"revision": base.revision} if base.revision else {})}


def _first(error: Exception) -> str:
    return str(error).strip().split("\n")[0] or type(error).__name__
