"""Tests that need CUDA; without it they are skipped, and say so. `tox -e gpu` runs them.

HARNESS_TEST_DEVICE=cpu runs them on the processor, to try the tests themselves.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import tiny
from harness.exchange import Model
from harness.local import Residents, identify
from harness.models.transformers import transformers

Open = Callable[..., Model]


@pytest.fixture(scope="session")
def device() -> str:
    """The device that is compared with the processor."""
    import torch

    wanted = os.environ.get("HARNESS_TEST_DEVICE", "cuda")
    if wanted == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device: torch.cuda.is_available() is False")
    return wanted


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one tiny checkpoint of each kind."""
    root = tmp_path_factory.mktemp("made")
    tiny.causal(root / "base")
    tiny.causal(root / "window", window=8, seed=1)
    tiny.gpt2(root / "gpt2")
    tiny.classifier(root / "classifier")
    tiny.seq2seq(root / "seq2seq")
    tiny.lora(root / "adapter", root / "base")
    return root


@pytest.fixture
def load(made: Path) -> Iterator[Open]:
    """Open a tiny checkpoint on a device, in a number format; all loaded by one test share their weights."""
    residents = Residents()

    def opened(name: str, device: str, dtype: str = "float32", **options: object) -> Model:
        entry = {"pretrained": str(made / ("base" if name == "adapter" else name)), "device": device, "dtype": dtype}
        entry |= {"peft": str(made / name)} if name == "adapter" else {}
        return transformers(identify("candidate", entry, folder=made), residents, lambda text: None, **options)

    yield opened
    residents.close()
