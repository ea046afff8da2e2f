"""Slightly wrong, in every way that happens: a sentence, the right exit code, never a traceback, never a pass.

Each fault is planted into a suite that is fine without it; `test_the_twin_is_fine` proves that.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import tiny

ROWS: list[dict[str, Any]] = [
    {"id": str(at), "input": f"question {at}", "target": ["yes", "no"][at % 2], "channel": "ab"[at % 2]}
    for at in range(30)
]
SUITE = """
suite: twin
models:
  base: ./base
  candidate: {candidate}
checks:
  right: {{task: {{data: data.jsonl, prompt: "{prompt}", choices: [yes, no], metrics: [accuracy]}}}}
accept:
  - right.accuracy >= {least}
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A sound base and a sound adapter, copied by the tests before they are damaged."""
    place = tmp_path_factory.mktemp("models")
    base = tiny.causal(place / "base")
    return {"base": base, "adapter": tiny.lora(place / "adapter", base), "other": tiny.causal(place / "other", seed=7)}


@pytest.fixture
def twin(suite: Callable, models: dict[str, Path]) -> Callable[..., Path]:
    """The sound suite, with what a test wants to be different."""

    def write(candidate: str = "./base", prompt: str = "{{ input }}", least: float = 0.01, data: Any = ROWS) -> Path:
        path: Path = suite(SUITE.format(candidate=candidate, prompt=prompt, least=least), data__jsonl=data)
        for name, folder in models.items():
            shutil.copytree(folder, path.parent / name, dirs_exist_ok=True)
        return path

    return write


def test_the_twin_is_fine(harness: Callable, twin: Callable) -> None:
    done = harness("run", twin())
    assert done.code == 0, done.out + done.err


# --- data


def _raw(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)


GOOD = [f'{{"id": "{at}", "input": "q{at}", "target": "yes"}}' for at in range(3)]
DATA: dict[str, tuple[Any, int, str]] = {
    "empty": ("", 5, "data.jsonl has no rows"),
    "one row": (_raw(GOOD[0]), 2, "has 1 row; at least 2 rows are needed"),
    "duplicate ids": (_raw(*GOOD, GOOD[1]), 2, "data.jsonl:4:"),
    "no target": (_raw(*GOOD, '{"id": "9", "input": "q"}'), 2, "data.jsonl:4:"),
    "label outside the choices": (_raw(*GOOD, '{"id": "9", "input": "q", "target": "yess"}'), 2, "did you mean 'yes'?"),
    "malformed": (_raw(*GOOD, '{"id": "9", "input": '), 2, "data.jsonl:4:"),
    "latin-1": (_raw(*GOOD, '{"id": "9", "input": "caf\xe9", "target": "yes"}').encode("latin-1"), 2, "latin-1"),
    "not an object": (_raw(*GOOD, "[1, 2]"), 2, "data.jsonl:4:"),
}


@pytest.mark.parametrize("fault", DATA)
def test_data(harness: Callable, twin: Callable, fault: str) -> None:
    content, code, sentence = DATA[fault]
    done = harness("run", twin(data=content))
    assert (done.code, sentence in done.err) == (code, True), done.err


def test_missing_file(harness: Callable, twin: Callable) -> None:
    path = twin()
    (path.parent / "data.jsonl").rename(path.parent / "dada.jsonl")
    done = harness("run", path)
    assert done.code == 2
    assert "suite.yaml:7" in done.err
    assert "dada.jsonl" in done.err


def test_template_with_an_undefined_field(harness: Callable, twin: Callable) -> None:
    done = harness("run", twin(prompt="{{ inptu }}"))
    assert done.code == 2
    assert "inptu" in done.err
    assert "did you mean 'input'?" in done.err


def test_prompt_longer_than_the_context_is_never_cut(harness: Callable, twin: Callable) -> None:
    rows = [dict(row) for row in ROWS]
    rows[3]["input"] = "far too long " * 400
    done = harness("run", twin(data=rows))
    assert done.code == 4, done.out + done.err
    (criterion,) = done.result["criteria"]
    assert criterion["verdict"] == "broken"
    assert "prompts do not fit" in criterion["reason"]
    assert "the model's context" in criterion["reason"]
    assert "(sample 3)" in criterion["reason"]


# --- checkpoints


def _candidate(path: Path, change: Callable[[Path], object]) -> None:
    folder = path.parent / "bad"
    shutil.copytree(path.parent / "base", folder)
    change(folder)


def _pickled(folder: Path) -> None:
    import torch

    (folder / "model.safetensors").unlink()
    torch.save({"x": torch.zeros(1)}, folder / "pytorch_model.bin")


CHECKPOINTS: dict[str, tuple[Callable[[Path], object], int, str]] = {
    "pickle": (_pickled, 2, "safetensors"),
    "NaN weights": (lambda folder: tiny.poison(folder), 4, "not finite"),
    "missing tensor": (lambda folder: tiny.drop_tensor(folder, "layers.1.mlp"), 4, "missing"),
    "tokenizer larger than the embedding": (lambda folder: tiny.tokenizer(folder, extra=500), 4, "tokenizer"),
    "truncated weights": (lambda folder: os.truncate(folder / "model.safetensors", 3000), 4, "model.safetensors"),
}


@pytest.mark.parametrize("fault", CHECKPOINTS)
def test_checkpoint(harness: Callable, twin: Callable, fault: str) -> None:
    change, code, sentence = CHECKPOINTS[fault]
    path = twin(candidate="./bad")
    _candidate(path, change)
    done = harness("run", path)
    assert done.code == code, done.out + done.err
    assert sentence in done.out + done.err
    if code == 4:
        assert set(done.verdicts().values()) == {"broken"}
        assert sentence in done.result["criteria"][0]["reason"]


def test_missing_checkpoint(harness: Callable, twin: Callable) -> None:
    done = harness("run", twin(candidate="./bsae"))
    assert done.code == 2
    assert "suite.yaml:5" in done.err
    assert "did you mean 'base'?" in done.err


def test_adapter_of_another_base(harness: Callable, twin: Callable) -> None:
    path = twin(candidate="{peft: ./adapter}")
    shutil.rmtree(path.parent / "base")
    shutil.copytree(path.parent / "other", path.parent / "base")
    done = harness("run", path)
    assert done.code == 4
    assert "base" in done.result["criteria"][0]["reason"]


def test_adapter_without_effect(harness: Callable, twin: Callable, tmp_path: Path) -> None:
    path = twin(candidate="{peft: ./noop}")
    tiny.lora(path.parent / "noop", path.parent / "base", effect=0.0)
    done = harness("run", path)
    assert done.code == 4
    assert "changes nothing" in done.result["criteria"][0]["reason"]


# --- the disk and the user


def test_unwritable_run_folder_is_found_first(harness: Callable, twin: Callable, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    done = harness("run", twin(), "--runs", tmp_path / "taken")
    assert done.code == 4
    assert "a file" in done.err
    assert "taken" in done.err


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 kB; needs the right to mount one."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("may not mount a small file system here")
    yield place
    subprocess.run(["umount", "-l", place], check=False)


def test_full_disk(harness: Callable, twin: Callable, small_disk: Path) -> None:
    done = harness("run", twin(), "--runs", small_disk)
    assert done.code == 4
    assert "disk full" in done.err
    assert not list(small_disk.rglob("result.json"))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_and_continued(
    twin: Callable, harness: Callable, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    path = twin(data=[{"id": str(at), "input": f"q {at}", "target": "yes"} for at in range(4000)])
    here = tmp_path / "cwd"
    settings = {**os.environ, "HARNESS_CACHE": str(tmp_path / "cache"), "NO_COLOR": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", "run", path], cwd=here, env=settings, stderr=subprocess.PIPE, text=True
    )
    answers = tmp_path / "cache" / "answers"
    deadline = time.monotonic() + 120
    while not (answers.is_dir() and list(answers.glob("*.sqlite"))) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert process.returncode == code, told
    assert "Traceback" not in told
    assert "goes on from there" in told
    assert not list(here.rglob("result.json"))

    done = harness("run", path)
    assert done.code == 0, done.err
    assert done.result["traffic"]["candidate"]["cached"] > 0
