"""The footprint of answering: the most memory held meanwhile, above what was held before; and that of weights."""

from __future__ import annotations

import ctypes
import gc
import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

from harness.checkpoint import Checkpoint

EVERY = 0.002
"""Seconds between two looks at this process."""


@dataclass(slots=True)
class Taken:
    """What was taken."""

    peak: int | None = None
    """Bytes; None where nobody watched."""


@contextmanager
def footprint(*, watched: bool = True) -> Iterator[Taken]:
    """Watch what is done inside: of a CUDA device where one is in use, else of this process (resident memory).

    Memory that was freed before is given back to the system first, so that using it again counts.
    """
    taken = Taken()
    if not watched:
        yield taken
        return
    gc.collect()
    if (device := _device()) is not None:
        device.synchronize()
        device.reset_peak_memory_stats()
        before = int(device.memory_allocated())
        yield taken
        device.synchronize()
        taken.peak = max(0, int(device.max_memory_allocated()) - before)
        return
    _give_back()
    before = _resident()
    high, done = [before], Event()

    def look() -> None:
        while not done.wait(EVERY):
            high[0] = max(high[0], _resident())

    watch = Thread(target=look, daemon=True)
    watch.start()
    try:
        yield taken
        high[0] = max(high[0], _resident())
    finally:
        done.set()
        watch.join()
    taken.peak = high[0] - before


@dataclass(frozen=True, slots=True)
class Weights:
    """What weights take once they are loaded."""

    size: int
    """Bytes."""
    parameters: int


def weights(model: Checkpoint) -> Weights | None:
    """The weights of a checkpoint with its adapter, by what their files declare; None where there are no files here.

    Raises:
        SuiteError, CheckpointBroken: the files are not what they should be.
    """
    from harness.local.folder import survey_adapter, survey_model
    from harness.local.tensorfile import BITS

    if not model.pretrained:
        return None
    options = model.options
    found = survey_model(
        Path(model.pretrained),
        allow_pickle=bool(options.get("allow_pickle")),
        trust_remote_code=bool(options.get("trust_remote_code")),
    )
    if found.pickled:
        return None
    tensors = [*found.tensors.values(), *(survey_adapter(Path(model.peft)).tensors.values() if model.peft else ())]
    names = {"float32": "F32", "float16": "F16", "bfloat16": "BF16", "float64": "F64"}
    asked = names.get(model.dtype.removeprefix("torch."))
    numbers = [(math.prod(tensor.shape), tensor.dtype) for tensor in tensors]
    bits = sum(n * BITS[asked if asked and kind.startswith(("F", "BF")) else kind] for n, kind in numbers)
    return Weights(-(-bits // 8), sum(n for n, _ in numbers))


def _device() -> Any:
    """torch's CUDA, where this process uses it."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available() and torch.cuda.is_initialized():
        return torch.cuda
    return None


def _resident() -> int:
    import psutil

    return int(psutil.Process().memory_info().rss)


def _give_back() -> None:
    """Let glibc return what was freed to the system; elsewhere there is no such call."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
