"""How long a training row is in tokens: by the tokenizer of a checkpoint that is here, or else in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from harness.checkpoint import Checkpoint
from harness.errors import CheckpointBroken
from harness.inspecting.entry import Entry
from harness.words import tokens

ROLES = ("candidate", "base", "baseline")


def counter(models: Sequence[Checkpoint], prompt: Callable[[Entry], str]) -> tuple[Callable[[Entry], int], str]:
    """How many tokens a row's prompt and target have together, and whose tokens they are."""
    tokenizer, owner = tokenizer_of(models)
    if tokenizer is None:
        return lambda entry: len(tokens(prompt(entry))) + len(tokens(entry.target)), "words"

    def length(entry: Entry) -> int:
        whole = prompt(entry)
        glue = "" if not whole or whole[-1].isspace() else " "
        return len(tokenizer.encode(f"{whole}{glue}{entry.target}").ids)

    return length, f"tokens of {owner}"


def tokenizer_of(models: Sequence[Checkpoint]) -> tuple[Any, str]:
    """The tokenizer of the candidate, else of base or baseline, and whose it is; None where none has its file here."""
    by_name = {model.name: model for model in models}
    for name in ROLES:
        model = by_name.get(name)
        path = place(model) if model is not None else None
        if path is not None:
            return load(path), name
    return None, ""


def place(model: Checkpoint) -> Path | None:
    """Where a checkpoint keeps its fast tokenizer; an adapter may bring its own."""
    folders = [Path(folder) for folder in (model.peft, model.pretrained) if folder]
    return next((folder / "tokenizer.json" for folder in folders if (folder / "tokenizer.json").is_file()), None)


def load(path: Path) -> Any:
    """The tokenizer in a file; it computes, and runs no code.

    Raises:
        CheckpointBroken: it cannot be read.
    """
    from tokenizers import Tokenizer

    try:
        made = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises plain Exception
        raise CheckpointBroken(f"{path} is no tokenizer that can be read: {error}") from error
    made.no_truncation()
    made.no_padding()
    return made
