"""Where a run happened: versions, machine, commit; nothing secret."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

LIBRARIES = (
    "torch", "transformers", "peft", "accelerate", "safetensors", "lm-eval", "datasets", "numpy", "scipy",
    "scikit-learn", "sacrebleu", "rouge-score", "aif360", "openai",
)  # fmt: skip


def harness_version() -> str:
    """The installed version, or `0+unknown` in a bare checkout."""
    try:
        return version("finetune-harness")
    except PackageNotFoundError:
        return "0+unknown"


def versions(names: tuple[str, ...] = LIBRARIES) -> dict[str, str]:
    """Installed version of each library; absent ones are left out."""
    found: dict[str, str] = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def cores() -> int:
    """Cores this process may really use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def capture(folder: Path) -> dict[str, Any]:
    """Python, libraries, machine, and the commit of the suite's repository, as plain data."""
    import psutil

    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cores": cores(),
        "memory_bytes": int(psutil.virtual_memory().total),
        "libraries": versions(),
        "git": _commit(folder),
        "interpreter": Path(sys.executable).name,
    }


def _commit(folder: Path) -> dict[str, Any] | None:
    """Commit of the work tree around `folder` and whether it has changes; None outside of one."""

    def git(*words: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=10, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    commit = git("rev-parse", "HEAD")
    if commit is None:
        return None
    return {"commit": commit, "dirty": bool(git("status", "--porcelain", "--untracked-files=no"))}
