"""Canonical bytes of plain data, files and folders, and their SHA-256; refuses what has no canonical form."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def canonical(value: Any) -> Any:
    """`value` as plain JSON data with one spelling; raises `TypeError` for anything without one (NaN included)."""
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise TypeError(f"cannot digest {value!r}: not a finite number")
        return value
    if isinstance(value, Mapping):
        if any(not isinstance(key, str) for key in value):
            raise TypeError("cannot digest a mapping whose keys are not all text")
        return {key: canonical(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [canonical(item) for item in value]
    if isinstance(value, Path):
        raise TypeError(f"cannot digest the path {value}: digest its content with of_path()")
    raise TypeError(f"cannot digest a {type(value).__name__}")


def canonical_bytes(value: Any) -> bytes:
    """UTF-8 JSON of `canonical(value)`: sorted keys, no blanks, lone surrogates escaped."""
    text = json.dumps(canonical(value), sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=True)
    return text.encode("ascii")


def of(value: Any) -> str:
    """SHA-256 (64 hexadecimal digits) of plain data.

    >>> of({"b": 1, "a": [1.5]}) == of({"a": (1.5,), "b": 1})
    True
    """
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


def of_each(items: Iterable[Any]) -> str:
    """SHA-256 of plain data that comes one by one; the same as of a list of it, which need not be in memory.

    >>> of_each(iter([{"a": 1}, "b"])) == of([{"a": 1}, "b"]), of_each([]) == of([])
    (True, True)
    """
    found, glue = hashlib.sha256(b"["), b""
    for item in items:
        found.update(glue + canonical_bytes(item))
        glue = b","
    found.update(b"]")
    return found.hexdigest()


def of_text(text: str) -> str:
    """SHA-256 of a text as UTF-8 (lone surrogates kept apart by escaping)."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def of_file(path: Path) -> str:
    """SHA-256 of a file's bytes, read in pieces."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def of_folder(folder: Path) -> dict[str, str]:
    """Relative POSIX path → SHA-256 of every file below `folder`, sorted; links are followed and named as files."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): of_file(p) for p in files}


def of_path(path: Path) -> str:
    """One SHA-256 for a file or for a whole folder (over its sorted names and digests)."""
    return of(of_folder(path)) if path.is_dir() else of_file(path)
