"""SHA-256 of large files, remembered by path, size, times and inode, so that a second run need not read them again."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from harness import digest

SETTLED = 2.0
"""Seconds that a file must have been left alone before its digest is remembered: clocks of file systems are coarse."""


class Memo:
    """A small JSON file of digests; a damaged or missing one is the same as an empty one, and nothing depends on it."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._known: dict[str, list[object]] = {}
        self._changed = False
        if path is not None and path.is_file():
            try:
                data = json.loads(path.read_text(encoding="utf-8"))
                self._known = {str(k): list(v) for k, v in data.items()}
            except (OSError, ValueError, TypeError, AttributeError):
                self._known = {}

    def of_file(self, path: Path) -> str:
        """SHA-256 of the file's bytes."""
        real = path.resolve()
        stamp = _stamp(real)
        if (known := self._known.get(str(real))) and known[:-1] == stamp and isinstance(known[-1], str):
            return known[-1]
        found = digest.of_file(real)
        if _stamp(real) == stamp and time.time() - max(int(stamp[1]), int(stamp[2])) / 1e9 > SETTLED:
            self._known[str(real)] = [*stamp, found]
            self._changed = True
        return found

    def save(self) -> None:
        """Write what was learned; a cache that cannot be written is no reason to stop."""
        if self._path is None or not self._changed:
            return
        beside = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(json.dumps(self._known), encoding="utf-8")
            beside.replace(self._path)
        except OSError:
            beside.unlink(missing_ok=True)
        self._changed = False


def _stamp(path: Path) -> list[int]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, stat.st_dev]
