"""The few things that are done to the disk: durable writes, moves, and an error for each way they fail."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import OutputBroken

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "there is no permission to write there",
    errno.EPERM: "there is no permission to write there",
    errno.ENOTDIR: "a file stands where a folder is needed",
    errno.EEXIST: "a file stands where a folder is needed",
    errno.EIO: "the disk reports an input/output error",
    errno.EMFILE: "too many files are open",
}
DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)
"""Errors that only a disk has, whatever a fixture was doing."""


def broken(doing: str, place: Path, error: OSError) -> OutputBroken:
    """The error for a failed write, as a sentence with what to do."""
    why = _REASONS.get(error.errno or 0, error.strerror or str(error))
    return OutputBroken(f"{doing} failed: {why} ({place}); make room, or set HARNESS_CACHE to a folder on another disk")


@contextmanager
def writing(doing: str, place: Path) -> Iterator[None]:
    """Turns every `OSError` inside into an `OutputBroken` that says what was being done and where."""
    try:
        yield
    except OSError as error:
        raise broken(doing, place, error) from error


def sync(path: Path) -> None:
    """Make a file or a folder's list of names durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(folder: Path) -> None:
    """Make everything below a folder durable, the folder itself last."""
    for here, _, files in os.walk(folder, topdown=False):
        for name in files:
            sync(Path(here, name))
        sync(Path(here))


def write(path: Path, data: bytes) -> None:
    """Write a new file durably."""
    with path.open("xb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())


def move(source: Path, target: Path) -> None:
    """Rename within the store, durably; the target must not be there."""
    source.rename(target)
    sync(target.parent)


def remove(folder: Path) -> None:
    """Remove a folder or a file and all below it; it may be gone already."""
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)
    else:
        folder.unlink(missing_ok=True)
