"""What something took: processor seconds, wall seconds, memory; and what it could not take less of."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STATUS = Path("/proc/self/status")
RESET = Path("/proc/self/clear_refs")


@dataclass(slots=True)
class Spent:
    """What one stretch of work took."""

    cpu: float = 0.0
    """Processor seconds; on a GPU, wall seconds with the device waited for."""
    wall: float = 0.0
    peak: int | None = None
    """Bytes of resident memory above what was there at its beginning; None where this system does not tell."""

    def plus(self, other: Spent) -> Spent:
        """Both, one after the other."""
        peaks = [peak for peak in (self.peak, other.peak) if peak is not None]
        return Spent(self.cpu + other.cpu, self.wall + other.wall, max(peaks) if peaks else None)


@contextmanager
def measured() -> Iterator[Spent]:
    """Measure what happens inside."""
    import torch

    gpu = torch.cuda.is_available()
    gc.collect()
    _trim()
    spent = Spent()
    before = _begin_peak()
    if gpu:
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        held = torch.cuda.memory_allocated()
    cpu, wall = time.process_time(), time.perf_counter()
    yield spent
    if gpu:
        torch.cuda.synchronize()
    spent.cpu, spent.wall = time.process_time() - cpu, time.perf_counter() - wall
    spent.peak = None if before is None else max(0, _kilobytes("VmHWM") - before) << 10
    if gpu:
        spent.cpu, spent.peak = spent.wall, torch.cuda.max_memory_allocated() - held


def _begin_peak() -> int | None:
    """Resident kilobytes now, with the highest mark set down to it; None where that is not possible."""
    try:
        RESET.write_text("5", encoding="ascii")
        return _kilobytes("VmRSS")
    except OSError:
        return None


def _kilobytes(name: str) -> int:
    line = next(row for row in STATUS.read_text(encoding="ascii").splitlines() if row.startswith(f"{name}:"))
    return int(line.split()[1])


def _trim() -> None:
    """Give freed memory back to the system, so that what comes next cannot hide in it."""
    import ctypes

    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    except (OSError, AttributeError):
        return


def weight_bytes() -> int:
    """Bytes of all tensors of weights that are alive, each storage counted once."""
    import torch

    gc.collect()
    kept = [thing for thing in gc.get_objects() if isinstance(thing, torch.nn.Parameter)]
    storages = {p.untyped_storage().data_ptr(): p.untyped_storage().nbytes() for p in kept}
    return sum(storages.values())


def rate(device: str = "cpu", seconds: float = 2.0) -> float:
    """Floating-point operations a second of the best float32 matrix product here, of the shapes that models use."""
    import torch

    clock = time.process_time if device == "cpu" else time.perf_counter
    best = 0.0
    for rows, inner, columns in ((1024, 512, 1408), (1024, 1408, 512), (2048, 1024, 1024), (1024, 256, 704)):
        left, right = torch.randn(rows, inner, device=device), torch.randn(inner, columns, device=device)
        ended = time.perf_counter() + seconds / 4
        while time.perf_counter() < ended:
            began = clock()
            for _ in range(20):
                left @ right
            if device != "cpu":
                torch.cuda.synchronize()
            best = max(best, 20 * 2.0 * rows * inner * columns / max(clock() - began, 1e-9))
    return best


@dataclass(frozen=True, slots=True)
class Work:
    """How much there is to compute."""

    asked: int
    """Tokens of all requests, each on its own."""
    unique: int
    """Tokens that differ in themselves or in what stands before them."""
    flops: float
    """Operations that the unique tokens need: linear layers, attention, and the head where something is scored."""


def work(config: Any, body: int, late: int, pairs: Sequence[tuple[Sequence[int], Sequence[int]]]) -> Work:
    """The least work for (context, continuation) pairs under a model with `body` numbers in its layers, `late` of which
    come after the last attention.

    2·body for each unique token, less 2·late for those after which nothing is scored, 2·vocabulary·hidden for each
    scored position, and 4·hidden·layers·(position + 1) for attention: multiplications and additions of a dense decoder.
    """
    rows = sorted({(*context, *continuation[:-1]) for context, continuation in pairs})
    scored = len({hash((*c, *t[:at])) for c, t in pairs for at in range(len(t))})
    unique, attention, before = 0, 0, ()
    for row in rows:
        same = _common(before, row)
        unique += len(row) - same
        attention += (same + 1 + len(row)) * (len(row) - same) // 2
        before = row
    flops = 2.0 * body * unique - 2.0 * late * (unique - scored)
    flops += 2.0 * config.vocab_size * config.hidden_size * scored
    flops += 4.0 * config.hidden_size * config.num_hidden_layers * attention
    return Work(sum(len(c) + len(t) - 1 for c, t in pairs), unique, flops)


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """Length of the common beginning."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
