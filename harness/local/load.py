"""Loading full weights and their tokenizer, and proving that what was loaded is what the files hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import CheckpointBroken
from harness.local.folder import CAUSAL, CLASSIFIER, SEQ2SEQ, Survey
from harness.local.quiet import quiet

if TYPE_CHECKING:
    import torch

PIECE = 1 << 24
"""Elements looked at together while weights are streamed: bounds the memory of the check."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model on its device, and what was proved while it was loaded."""

    model: Any
    head: str
    proved: tuple[str, ...]
    warnings: tuple[str, ...]


def load_model(survey: Survey, device: torch.device, dtype: torch.dtype, *, trusted: bool = False) -> Loaded:
    """The model of a surveyed folder, in evaluation mode.

    Raises:
        CheckpointBroken: a weight is not finite, missing, superfluous, or of another shape than config.json says.
    """
    proved: list[str] = []
    warnings: list[str] = []
    if survey.pickled:
        warnings.append(f"{survey.folder} was loaded from pickles, as the suite allows; safetensors would be safer")
    else:
        must_be_finite(survey.folder, survey.weights)
        proved.append(f"weights are safetensors, whole, and all finite: {len(survey.tensors)} tensors")
    model, info = _load(survey, device, dtype, trusted)
    if survey.pickled:
        _finite_parameters(model, survey.folder)
        proved.append("all weights are finite")
    _must_match(survey, info)
    proved.append("the files hold every tensor of the model, in its shape, and no other")
    model.requires_grad_(False).eval()
    _special_ids(model, survey.folder)
    return Loaded(model, survey.head, tuple(proved), tuple(warnings))


def load_tokenizer(folder: Path, *, trusted: bool = False) -> Any:
    """The tokenizer of a folder; raises `CheckpointBroken` where there is none."""
    from transformers import AutoTokenizer

    try:
        with quiet():
            return AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=trusted)
    except Exception as error:
        raise CheckpointBroken(
            f"{folder} has no tokenizer that can be loaded ({first_line(error)}); save it beside the weights with "
            "tokenizer.save_pretrained"
        ) from error


def must_fit(tokenizer: Any, model: Any, folder: Path) -> str:
    """A sentence saying that every id of the tokenizer has a row in the embedding; raises `CheckpointBroken` if not."""
    rows = int(model.get_input_embeddings().weight.shape[0])
    vocabulary = tokenizer.get_vocab()
    if not vocabulary:
        raise CheckpointBroken(f"{folder}: the tokenizer is empty")
    token, largest = max(vocabulary.items(), key=lambda pair: pair[1])
    if largest >= rows:
        raise CheckpointBroken(
            f"{folder}: the tokenizer is larger than the embedding: token {token!r} has id {largest}, the embedding "
            f"has "
            f"{rows} rows; is this the tokenizer that the model was trained with?"
        )
    return f"the tokenizer's {len(vocabulary)} tokens (largest id {largest}) fit the embedding's {rows} rows"


def must_be_finite(folder: Path, weights: Iterable[str]) -> None:
    """Stream every tensor of safetensors files once; raises `CheckpointBroken` naming the first that is not finite."""
    from safetensors import safe_open

    for file in weights:
        with safe_open(str(folder / file), framework="pt") as tensors:
            for name in tensors.keys():  # noqa: SIM118 - not a mapping
                _finite(tensors.get_tensor(name), name, f"{folder / file}")


def first_line(error: BaseException) -> str:
    """What an exception says, short enough for one sentence."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}{'…' if len(text) > 300 else ''}"


def _finite(tensor: torch.Tensor, name: str, where: str) -> None:
    import torch

    if not (tensor.is_floating_point() or tensor.is_complex()):
        return
    flat = tensor.reshape(-1)
    for start in range(0, flat.numel(), PIECE):
        piece = flat[start : start + PIECE]
        if piece.is_complex() or piece.element_size() == 1:
            piece = piece.abs() if piece.is_complex() else piece.float()
        low, high = torch.aminmax(piece)
        if not (torch.isfinite(low) and torch.isfinite(high)):
            bad = int((~torch.isfinite(flat.float())).sum()) if flat.numel() <= PIECE else None
            count = f"{bad} of its {flat.numel()} numbers are" if bad else "some of its numbers are"
            raise CheckpointBroken(
                f"{where}: tensor {name!r} is not finite ({count} NaN or infinite); the training diverged or the "
                f"file is "
                "damaged"
            )


def _finite_parameters(model: Any, folder: Path) -> None:
    for name, tensor in model.state_dict().items():
        _finite(tensor, name, str(folder))


def _load(survey: Survey, device: torch.device, dtype: torch.dtype, trusted: bool) -> tuple[Any, Mapping[str, Any]]:
    import transformers

    classes = {
        CAUSAL: transformers.AutoModelForCausalLM,
        SEQ2SEQ: transformers.AutoModelForSeq2SeqLM,
        CLASSIFIER: transformers.AutoModelForSequenceClassification,
    }
    try:
        with quiet():
            model, info = classes[survey.head].from_pretrained(
                str(survey.folder), dtype=dtype, output_loading_info=True, local_files_only=True,
                trust_remote_code=trusted, use_safetensors=not survey.pickled, ignore_mismatched_sizes=True,
            )  # fmt: skip
            return model.to(device), info
    except CheckpointBroken:
        raise
    except Exception as error:
        raise CheckpointBroken(f"{survey.folder} cannot be loaded: {first_line(error)}") from error


def _must_match(survey: Survey, info: Mapping[str, Any]) -> None:
    if mismatched := sorted(info.get("mismatched_keys") or ()):
        name, held, wanted = mismatched[0]
        raise CheckpointBroken(
            f"{survey.folder}: tensor {name!r} has shape {tuple(held)} in the file, but config.json makes it "
            f"{tuple(wanted)}{_more(mismatched)}"
        )
    if missing := sorted(info.get("missing_keys") or ()):
        raise CheckpointBroken(
            f"{survey.folder}: the files lack {missing[0]!r}{_more(missing)}; loaded without it, the model would get "
            f"random "
            "numbers there"
        )
    if unexpected := sorted(info.get("unexpected_keys") or ()):
        raise CheckpointBroken(
            f"{survey.folder}: the files hold {unexpected[0]!r}{_more(unexpected)}, which the model has no place "
            f"for; is "
            "config.json of another model, or is this an adapter that was merged wrongly?"
        )
    if errors := info.get("error_msgs"):
        raise CheckpointBroken(f"{survey.folder} was loaded with errors: {errors[0]}")


def _more(names: list[Any]) -> str:
    return f" (and {len(names) - 1} more like it)" if len(names) > 1 else ""


def _special_ids(model: Any, folder: Path) -> None:
    """Begin, end, padding and decoder-start ids must be rows of the embedding."""
    rows = int(model.get_input_embeddings().weight.shape[0])
    places = (("config.json", model.config), ("generation_config.json", getattr(model, "generation_config", None)))
    for file, config in places:
        for key in ("bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id"):
            value = getattr(config, key, None)
            for number in value if isinstance(value, list) else [value]:
                if number is None or (key == "pad_token_id" and number == -1):
                    continue
                if not isinstance(number, int) or not 0 <= number < rows:
                    raise CheckpointBroken(
                        f"{folder}/{file}: {key} is {number!r}, but the embedding has the ids 0 to {rows - 1}"
                    )
