"""Writing that is either done or said to have failed: whole files by rename, and a log that grows line by line."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from harness.errors import OutputBroken

_REASONS = {
    errno.ENOSPC: "disk full",
    errno.EDQUOT: "disk quota used up",
    errno.EROFS: "read-only file system",
    errno.EACCES: "no permission",
    errno.EPERM: "not permitted",
    errno.ENOTDIR: "a part of the path is a file",
    errno.EEXIST: "a file of that name is in the way",
    errno.ENAMETOOLONG: "the name is too long",
}


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns a failure of the disk into `OutputBroken` that names the file."""
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
        raise OutputBroken(
            f"{reason} writing {path}; nothing of it is kept: make room or choose another folder with --runs"
        ) from error


def write(path: Path, data: bytes | str) -> None:
    """`path` with these bytes, durably: written beside, flushed to the disk, then renamed over.

    Raises:
        OutputBroken: it could not be written; no partial file is left under the name.
    """
    raw = data.encode("utf-8", "backslashreplace") if isinstance(data, str) else data
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with writing(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with beside.open("wb") as handle:
                handle.write(raw)
                handle.flush()
                os.fsync(handle.fileno())
            beside.replace(path)
            sync_folder(path.parent)
        finally:
            beside.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` durable, where the system can."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def append(path: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    """More JSON lines at the end of `path`, each with the time (UTC), durably; what stands there is never changed.

    Raises:
        OutputBroken: it could not be written.
    """
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    text = "".join(json.dumps({"at": at, **line}, ensure_ascii=True) + "\n" for line in lines)
    with writing(path), path.open("ab") as handle:
        handle.write(text.encode("ascii"))
        handle.flush()
        os.fsync(handle.fileno())


class Journal:
    """What happened in a run, one JSON line an event, as it happens."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._handle: IO[str] = path.open("x", encoding="utf-8")

    def write(self, event: str, **facts: Any) -> None:
        """One event with its facts (plain data) and the time (UTC)."""
        line = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, **facts}
        with writing(self.path):
            self._handle.write(json.dumps(line, ensure_ascii=True) + "\n")
            self._handle.flush()

    def close(self) -> None:
        """Flush it to the disk."""
        with writing(self.path):
            self._handle.flush()
            os.fsync(self._handle.fileno())
            self._handle.close()
