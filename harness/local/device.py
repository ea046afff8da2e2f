"""Which device, which number format, how many threads: chosen, or what was asked for if it is there."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import SuiteError, nearest

if TYPE_CHECKING:
    import torch

DTYPES = ("auto", "float32", "float16", "bfloat16", "float64")


def choose_device(asked: str) -> torch.device:
    """The device asked for; for `auto` the first of cuda, mps and cpu that is there.

    Raises:
        SuiteError: no such device here.
    """
    import torch

    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if asked in ("", "auto"):
        return torch.device(next(kind for kind in ("cuda", "mps", "cpu") if there[kind]))
    kind, _, number = asked.partition(":")
    if kind not in there or (number and not number.isdigit()):
        raise SuiteError(f"device: {asked!r} is not known{nearest(kind, ['auto', *there])}")
    have = ", ".join(k for k, is_there in there.items() if is_there)
    if not there[kind]:
        raise SuiteError(
            f"device: {asked!r} was asked for, but there is none here (there is: {have}); write device: auto"
        )
    if kind == "cuda" and number and int(number) >= torch.cuda.device_count():
        raise SuiteError(
            f"device: {asked!r} was asked for, but there are only {torch.cuda.device_count()} CUDA devices"
        )
    return torch.device(asked)


def choose_dtype(asked: str, device: torch.device, config: Mapping[str, Any]) -> torch.dtype:
    """The number format asked for; for `auto` float32 on a CPU, elsewhere the one that config.json names.

    Raises:
        SuiteError: not a number format, or one that the device does not compute with.
    """
    import torch

    named = asked.removeprefix("torch.")
    if named not in DTYPES:
        raise SuiteError(f"dtype: {asked!r} is not known{nearest(named, DTYPES)}")
    if named == "auto":
        own = str(config.get("dtype") or config.get("torch_dtype") or "float32").removeprefix("torch.")
        named = own if device.type != "cpu" and own in DTYPES else "float32"
        if device.type == "cuda" and named == "bfloat16" and not torch.cuda.is_bf16_supported():
            named = "float32"
    if device.type == "mps" and named == "float64":
        raise SuiteError("dtype: float64 does not exist on mps; write dtype: float32")
    return getattr(torch, named)


def usable_cores(system: Path = Path("/")) -> int:
    """Processor cores that this process may really use: the smaller of its affinity and the quotas of its control
    groups, of either version; `system` is where /proc and /sys are."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quotas = [share for folder in control_groups("cpu", system) if (share := _quota(folder)) is not None]
    return max(1, min([cores, *(math.ceil(quota) for quota in quotas)]))


def control_groups(what: str, system: Path = Path("/")) -> Iterator[Path]:
    """Folders of the control groups for `what` (cpu, memory) that this process is in, and of those around them."""
    root = system / "sys/fs/cgroup"
    try:
        lines = (system / "proc/self/cgroup").read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        lines = ["0::/"]
    for line in lines:
        _, kinds, inner = [*line.split(":", 2), "", ""][:3]
        if kinds and what not in kinds.split(","):
            continue
        tops = [root] if not kinds else [root / kinds, root / what]
        parts = [part for part in inner.split("/") if part not in ("", "..")]
        yield from (top.joinpath(*parts[:end]) for top in tops for end in range(len(parts) + 1))


def _quota(folder: Path) -> float | None:
    """Cores that a control group allows; None where it says nothing or does not limit them."""
    for files in (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us")):
        try:
            numbers = [number for name in files for number in (folder / name).read_text(encoding="ascii").split()]
            share, period = (int(number) for number in numbers)
        except (OSError, ValueError):
            continue  # no such file, or `max`: no limit
        if share > 0 and period > 0:
            return share / period
    return None


def set_threads() -> int:
    """Let torch use the cores that are there (or fewer, if OMP_NUM_THREADS says so); returns how many. More threads
    than cores would wait for each other, and be slower than one."""
    import torch

    asked, cores = os.environ.get("OMP_NUM_THREADS", ""), usable_cores()
    threads = min(int(asked), cores) if asked.isdigit() and int(asked) > 0 else cores
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
    return threads
