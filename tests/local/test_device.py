"""Which device, which number format, how many threads."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.errors import SuiteError
from harness.local.device import choose_device, choose_dtype, set_threads, usable_cores


def pretend(monkeypatch: pytest.MonkeyPatch, *, cuda: int = 0, mps: bool = False) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


def test_auto_takes_the_first_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for cuda, mps, wanted in ((0, False, "cpu"), (0, True, "mps"), (2, True, "cuda")):
        pretend(monkeypatch, cuda=cuda, mps=mps)
        assert choose_device("auto").type == wanted


def test_what_is_asked_for_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch)
    for asked in ("cuda", "cuda:0", "mps"):
        with pytest.raises(
            SuiteError, match=rf"device: '{asked}' was asked for, but there is none here \(there is: cpu\)"
        ):
            choose_device(asked)
    pretend(monkeypatch, cuda=2)
    assert str(choose_device("cuda:1")) == "cuda:1"
    with pytest.raises(SuiteError, match=r"'cuda:2' was asked for, but there are only 2 CUDA devices"):
        choose_device("cuda:2")
    with pytest.raises(SuiteError, match=r"device: 'cud' is not known; did you mean 'cuda'\?"):
        choose_device("cud")


def test_number_formats(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    cpu, gpu, mps = torch.device("cpu"), torch.device("cuda"), torch.device("mps")
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    own = {"dtype": "bfloat16"}
    assert choose_dtype("auto", cpu, own) is torch.float32
    assert choose_dtype("auto", gpu, own) is torch.bfloat16
    assert choose_dtype("auto", gpu, {"torch_dtype": "torch.float16"}) is torch.float16
    assert choose_dtype("auto", gpu, {}) is torch.float32
    assert choose_dtype("bfloat16", cpu, {}) is torch.bfloat16
    assert choose_dtype("torch.float16", gpu, own) is torch.float16
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: False)
    assert choose_dtype("auto", gpu, own) is torch.float32
    with pytest.raises(SuiteError, match="float64 does not exist on mps"):
        choose_dtype("float64", mps, {})


def test_threads_are_the_cores_that_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    before = torch.get_num_threads()
    try:
        assert 1 <= usable_cores() <= len(os.sched_getaffinity(0))
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        assert set_threads() == usable_cores() == torch.get_num_threads()
        monkeypatch.setenv("OMP_NUM_THREADS", "1")
        assert set_threads() == 1 == torch.get_num_threads()
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n"}, 2),
        ({"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/cpu.max": "100000 100000\n"}, 1),
        ({"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/cpu.max": "max 100000\n"}, 64),
        ({"proc/self/cgroup": "3:cpu,cpuacct:/a\n1:memory:/b\n",
          "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us": "300000\n",
          "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us": "100000\n"}, 3),
        ({"proc/self/cgroup": "3:cpu:/\n", "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
          "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n"}, 64),
        ({}, 64),
    ],
)  # fmt: skip
def test_cores_that_a_control_group_allows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], cores: int
) -> None:
    import os

    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="ascii")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(64)), raising=False)
    assert usable_cores(tmp_path) == cores


def test_never_more_threads_than_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    before = torch.get_num_threads()
    try:
        monkeypatch.setenv("OMP_NUM_THREADS", "4096")
        assert set_threads() == usable_cores()
    finally:
        torch.set_num_threads(before)
