"""Tiny checkpoints made once, and short ways of opening and asking them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import tiny
from harness.exchange import Model
from harness.local import Residents, identify
from harness.models.transformers import transformers


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one tiny checkpoint of each kind: do not change them, take a copy."""
    root = tmp_path_factory.mktemp("made")
    tiny.causal(root / "base")
    tiny.causal(root / "bos", bos=True, tied=True, seed=3, chat=tiny.CHAT)
    tiny.causal(root / "window", window=8, seed=1)
    tiny.gpt2(root / "gpt2")
    tiny.classifier(root / "classifier")
    tiny.seq2seq(root / "seq2seq")
    tiny.lora(root / "adapter", root / "base")
    tiny.lora(root / "second", root / "base", seed=5)
    return root


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Callable[[str], Path]:
    """A copy of a tiny checkpoint that may be broken."""

    def take(name: str) -> Path:
        return Path(shutil.copytree(made / name, tmp_path / name))

    return take


@pytest.fixture
def residents() -> Iterator[Residents]:
    """An empty set of residents."""
    there = Residents()
    yield there
    there.close()


@pytest.fixture
def load(made: Path, residents: Residents) -> Callable[..., Model]:
    """Open an entry of a suite; paths are relative to the tiny checkpoints."""

    def open_model(pretrained: str | Path = "base", *, peft: str | Path = "", **options: Any) -> Model:
        entry = {"pretrained": str(pretrained), **({"peft": str(peft)} if peft else {})}
        settled = {key: options[key] for key in ("dtype", "device") if key in options}
        given = identify("candidate", entry | settled | options, folder=made)
        return transformers(given, residents, lambda text: None, **options)

    return open_model
