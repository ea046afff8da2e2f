"""Free memory, as the machine and the control groups of a process tell it."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest
import torch

from harness.local.room import free_bytes, free_here

GB = 1 << 30


def test_without_limits_it_is_what_the_machine_has() -> None:
    assert free_here(Path("/nowhere")) == pytest.approx(psutil.virtual_memory().available, rel=0.2)
    assert 0 < (free_bytes(torch.device("cpu")) or 0) <= psutil.virtual_memory().total
    assert free_bytes(torch.device("mps")) is None


@pytest.mark.parametrize(
    ("files", "left"),
    [
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "3221225472\n",
          "sys/fs/cgroup/memory.current": "1073741824\n"}, 2 * GB),
        ({"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/memory.max": "3221225472\n",
          "sys/fs/cgroup/a/memory.current": "3221225472\n",
          "sys/fs/cgroup/a/memory.stat": "anon 5\ninactive_file 1073741824\n"}, GB),
        ({"proc/self/cgroup": "3:cpu:/x\n5:memory:/a\n", "sys/fs/cgroup/memory/a/memory.limit_in_bytes": "1073741824\n",
          "sys/fs/cgroup/memory/a/memory.usage_in_bytes": "1073741000\n"}, 824),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "1000\n",
          "sys/fs/cgroup/memory.current": "5000\n"}, 0),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n",
          "sys/fs/cgroup/memory.current": "5000\n"}, None),
    ],
)  # fmt: skip
def test_control_groups_leave_less(
    files: dict[str, str], left: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = psutil.virtual_memory()._replace(available=100 * GB)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: known)
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="ascii")
    assert free_here(tmp_path) == (100 * GB if left is None else left)
