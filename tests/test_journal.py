"""Writing: whole or not at all, and a sentence for every way in which a disk can refuse."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from harness.errors import OutputBroken
from harness.journal import Journal, append, write, writing


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_bytes_and_texts(tmp_path: Path) -> None:
    write(tmp_path / "deep" / "a.bin", b"\x00\xff")
    write(tmp_path / "b.txt", "é \ud800")
    assert (tmp_path / "deep" / "a.bin").read_bytes() == b"\x00\xff"
    assert (tmp_path / "b.txt").read_text(encoding="utf-8") == "é \\ud800"
    assert names(tmp_path) == ["a.bin", "b.txt"]


def test_what_was_there_is_replaced_at_once(tmp_path: Path) -> None:
    write(tmp_path / "a", "old")
    write(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == "new"


def full(monkeypatch: pytest.MonkeyPatch, where: str, number: int) -> None:
    def refuse(*given: Any, **named: Any) -> Any:
        raise OSError(number, os.strerror(number))

    target: Any = {"fsync": os, "replace": Path, "mkdir": Path}[where]
    monkeypatch.setattr(target, where, refuse)


@pytest.mark.parametrize("where", ["fsync", "replace"])
@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "disk full writing"),
        (errno.EDQUOT, "disk quota used up writing"),
        (errno.EROFS, "read-only file system writing"),
        (errno.EACCES, "no permission writing"),
        (errno.EIO, "Input/output error writing"),
    ],
)
def test_a_disk_that_refuses_leaves_nothing_behind(
    where: str, number: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        full(patched, where, number)
        with pytest.raises(OutputBroken) as caught:
            write(tmp_path / "result.json", "x" * 10_000)
    assert said in str(caught.value)
    assert str(tmp_path / "result.json") in str(caught.value)
    assert "make room or choose another folder" in str(caught.value)
    assert names(tmp_path) == []


def test_what_was_there_stays_when_the_new_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "result.json", "old")
    with monkeypatch.context() as patched:
        full(patched, "fsync", errno.ENOSPC)
        with pytest.raises(OutputBroken):
            write(tmp_path / "result.json", "new")
    assert (tmp_path / "result.json").read_text() == "old"
    assert names(tmp_path) == ["result.json"]


def test_a_real_full_disk(tmp_path: Path) -> None:
    device = Path("/dev/full")
    if not device.exists():
        pytest.skip("no /dev/full here")
    with pytest.raises(OutputBroken, match="disk full"), writing(device), device.open("wb") as handle:
        handle.write(b"x" * 100_000)


def test_an_interruption_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(handle: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", interrupt)
        with pytest.raises(KeyboardInterrupt):
            write(tmp_path / "result.json", "new")
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda folder: (folder / "runs").write_text("a file"), "a file"),
        (lambda folder: (folder / "runs" / "x" / "result.json").mkdir(parents=True), "result.json"),
    ],
    ids=["a part of the path is a file", "a folder is in the way"],
)
def test_a_place_that_is_taken(prepare: Callable[[Path], object], said: str, tmp_path: Path) -> None:
    prepare(tmp_path)
    with pytest.raises(OutputBroken) as caught:
        write(tmp_path / "runs" / "x" / "result.json", "new")
    assert said in str(caught.value)
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(OutputBroken, match="the name is too long"):
        write(tmp_path / ("x" * 300), "new")


# ---- the journal ----------------------------------------------------------------------------------------------------


def test_a_journal_grows_line_by_line(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "run" / "journal.jsonl")
    journal.write("fixture", name="data", cached=False, seconds=0.5)
    seen = (tmp_path / "run" / "journal.jsonl").read_text()
    journal.write("check", check="quiz", text="é\n\ud800")
    journal.close()
    lines = [json.loads(line) for line in (tmp_path / "run" / "journal.jsonl").read_text().splitlines()]
    assert json.loads(seen) == lines[0], "a line is there as soon as it is written"
    assert [line["event"] for line in lines] == ["fixture", "check"]
    assert (lines[0]["name"], lines[0]["cached"], lines[0]["seconds"]) == ("data", False, 0.5)
    assert lines[1]["text"] == "é\n\ud800"
    times = [datetime.fromisoformat(line["at"]) for line in lines]
    assert times[0].tzinfo is not None
    assert times == sorted(times)


def test_a_journal_is_never_written_over(tmp_path: Path) -> None:
    Journal(tmp_path / "journal.jsonl").close()
    with pytest.raises(OutputBroken, match="a file of that name is in the way"):
        Journal(tmp_path / "journal.jsonl")


def test_a_journal_on_a_full_disk(tmp_path: Path) -> None:
    device = Path("/dev/full")
    if not device.exists():
        pytest.skip("no /dev/full here")
    journal = Journal(tmp_path / "journal.jsonl")
    journal._handle.close()
    journal._handle = device.open("w")
    with pytest.raises(OutputBroken, match=r"disk full writing .*journal\.jsonl"):
        journal.write("check", text="x" * 100_000)


def test_lines_are_added_and_what_stands_there_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "prompts.jsonl"
    append(path, [{"template": "a", "text": "Frage: {{ q }} ü"}])
    first = path.read_bytes()
    append(path, [{"template": "b"}, {"template": "c"}])
    assert path.read_bytes().startswith(first)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line["template"] for line in lines] == ["a", "b", "c"]
    assert lines[0]["text"] == "Frage: {{ q }} ü"
    assert all(datetime.fromisoformat(line["at"]).tzinfo for line in lines)
    with pytest.raises(OutputBroken, match=r"writing .*gone"):
        append(tmp_path / "gone" / "prompts.jsonl", [{"template": "a"}])
