"""Room: the memory that is free for answering, on a device or in this process's control groups."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.local.device import control_groups

if TYPE_CHECKING:
    import torch

FILES = (("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes"))
"""Limit and use of a control group, of the second and of the first version."""


def free_bytes(device: torch.device) -> int | None:
    """Bytes that nobody uses; None where nothing tells."""
    import torch

    if device.type == "cuda":
        held = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0] + held)
    return free_here() if device.type == "cpu" else None


def free_here(system: Path = Path("/")) -> int:
    """Bytes of this machine's memory that are free, or fewer where a control group allows no more; `system` is where
    /proc and /sys are. A process that takes more is not told so, but ended."""
    import psutil

    left = [room for folder in control_groups("memory", system) if (room := _left(folder)) is not None]
    return max(0, min([int(psutil.virtual_memory().available), *left]))


def _left(folder: Path) -> int | None:
    """Bytes that a control group still allows; None where it says nothing or does not limit them. What it holds of
    files is given back when it is needed, so that it counts as free."""
    for limit, used in FILES:
        try:
            most, now = (int((folder / name).read_text(encoding="ascii")) for name in (limit, used))
        except (OSError, ValueError):
            continue  # no such file, or `max`: no limit
        return most - now + _of_files(folder)
    return None


def _of_files(folder: Path) -> int:
    """Bytes of file contents that a control group holds and has not used for a while."""
    try:
        lines = (folder / "memory.stat").read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return 0
    told = dict(line.split(maxsplit=1) for line in lines if " " in line)
    return int(told.get("total_inactive_file", told.get("inactive_file", "0")))
