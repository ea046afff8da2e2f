"""Rows out: the files that data fixtures leave."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any

WHOLE = "data"
"""The part of a data fixture that has no parts: `$clean` is the file data.jsonl of the fixture `clean`."""


def part_file(folder: Path, part: str = "") -> Path:
    """Where a data fixture keeps a part: `$data.test` is test.jsonl in its folder, `$clean` is data.jsonl."""
    return folder / f"{part or WHOLE}.jsonl"


class Rows:
    """A part being written, one JSON object a line; use it in a `with`."""

    def __init__(self, folder: Path, part: str = "") -> None:
        self.count = 0
        self._path = part_file(folder, part)
        self._file: IO[str] | None = None

    def __enter__(self) -> Rows:
        self._file = self._path.open("x", encoding="utf-8", newline="\n")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, row: Mapping[str, Any]) -> None:
        """Write one row, which must be plain JSON data."""
        if self._file is None:
            raise ValueError("the part is not open")
        self._file.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")
        self.count += 1
