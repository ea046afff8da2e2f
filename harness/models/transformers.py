"""Ask a local checkpoint through transformers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from harness.catalog import model
from harness.checkpoint import Checkpoint
from harness.errors import SuiteError
from harness.exchange import Model
from harness.local import Residents
from harness.local.answerer import Answerer, Settings


@model(key="pretrained")
def transformers(
    checkpoint: Checkpoint,
    residents: Residents,
    note: Callable[[str], None],
    *,
    pretrained: str = "",
    peft: str = "",
    revision: str = "",
    peft_revision: str = "",
    dtype: str = "auto",
    device: str = "auto",
    batch_size: int | str = "auto",
    apply_chat_template: bool = False,
    system_instruction: str = "",
    gen_kwargs: Mapping[str, Any] | None = None,
    trust_remote_code: bool = False,
    allow_pickle: bool = False,
    reproducible: bool = False,
) -> Model:
    """A causal language model, encoder–decoder or sequence classifier, or an adapter on one.

    Which weights, in which number format and on which device is already settled in `checkpoint`.

    Options:
        pretrained: folder or hub id of full weights.
        peft: folder or hub id of an adapter; alone, it is an adapter on `base`.
        revision: commit, tag or branch of `pretrained` on the hub.
        peft_revision: commit, tag or branch of `peft` on the hub.
        dtype: number format: auto (the checkpoint's own on a GPU, float32 on a CPU), float32, bfloat16 or float16.
        device: auto (cuda, mps or cpu, the first that is there), or one of them.
        batch_size: rows in a batch, or auto (as many as memory allows).
        apply_chat_template: whether each prompt is written into the checkpoint's chat template.
        system_instruction: text before every prompt; the system turn of a chat.
        gen_kwargs: settings of transformers' generation (top_p, repetition_penalty, …), over the checkpoint's own.
        trust_remote_code: whether the checkpoint's own Python code may run; the environment must agree.
        allow_pickle: whether weights may be read from pickles, which can hold code.
        reproducible: whether scores are the same to the last bit whatever else is asked; takes up to twice as long.
    """
    if isinstance(batch_size, str) and batch_size != "auto":
        raise SuiteError(f"batch_size: {batch_size!r} is neither a number nor auto")
    if isinstance(batch_size, int) and batch_size < 1:
        raise SuiteError(f"batch_size: {batch_size} is less than 1")
    lease = residents.open(checkpoint, allow_pickle=allow_pickle, trust_remote_code=trust_remote_code)
    try:
        settings = Settings(batch_size, apply_chat_template, system_instruction, gen_kwargs, reproducible)
        made = Answerer(lease, settings)
    except BaseException:
        lease.release()
        raise
    for sentence in lease.warnings:
        note(f"{checkpoint.name}: {sentence}")
    return made
