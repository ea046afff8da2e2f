"""One file of rows: how it is to be read, and its decoded lines."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from harness.errors import Complaint

Item = tuple[int, dict[str, Any] | Complaint]
"""Line (or row, for parquet) counted from 1, and what stands there."""

ENCODINGS = ("utf-8", "latin-1", "cp1252", "utf-16")
LONGEST_LINE = 64 * 2**20
"""Bytes of one line, cell or JSON item; more is taken for a mistake (or a bomb) and refused."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file and how it is to be read."""

    path: Path
    format: str
    shown: str
    """The file's name in messages."""
    encoding: str = "utf-8"
    columns: tuple[str, ...] = ()
    """Names of the columns: of a csv or tsv without a header, of plain lines; the columns to keep of a parquet file."""
    field: str = ""
    """The member of a JSON object that holds the rows."""
    delimiter: str = ","

    def wrong(self, line: int, text: str, severity: str = "error") -> Item:
        """A complaint about a line of this file."""
        return line, Complaint(self.shown, line, text, severity)


def _open(source: Source) -> IO[bytes]:
    if source.path.suffix == ".gz":
        return cast(IO[bytes], gzip.open(source.path, "rb"))
    return source.path.open("rb")


def lines(source: Source) -> Iterator[tuple[int, str | Complaint]]:
    """Decoded lines with their line ends; split at line feeds only, never at U+2028 and the like."""
    with _open(source) as handle:
        if source.encoding == "utf-16":
            yield from _wide_lines(source, handle)
            return
        offset, number = 0, 0
        while raw := handle.readline(LONGEST_LINE + 1):
            number += 1
            if len(raw) > LONGEST_LINE:
                yield source.wrong(number, f"the line is longer than {LONGEST_LINE // 2**20} MiB")  # type: ignore[misc]
                return
            if number == 1:
                raw = raw.removeprefix(b"\xef\xbb\xbf") if source.encoding == "utf-8" else raw
                if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
                    yield (
                        number,
                        Complaint(source.shown, 1, "the file is not UTF-8 but UTF-16" + _how(source, "utf-16")),
                    )
                    return
            try:
                yield number, raw.decode(source.encoding)
            except UnicodeDecodeError as error:
                yield number, Complaint(source.shown, number, _undecodable(source, raw, offset, error))
            offset += len(raw)


def _wide_lines(source: Source, handle: IO[bytes]) -> Iterator[tuple[int, str | Complaint]]:
    number = 0
    try:
        for number, line in enumerate(io.TextIOWrapper(handle, "utf-16", newline="\n"), 1):
            yield number, line
    except UnicodeError as error:
        yield number + 1, Complaint(source.shown, number + 1, f"not UTF-16: {error}")


def _undecodable(source: Source, raw: bytes, offset: int, error: UnicodeDecodeError) -> str:
    place = f"byte 0x{raw[error.start]:02x} at offset {offset + error.start}"
    if source.encoding != "utf-8":
        return f"{place} is not {source.encoding}"
    return f"{place} is not UTF-8; if the file is latin-1" + _how(source, "latin-1")


def _how(source: Source, encoding: str) -> str:
    return (
        f", write {{path: {source.shown}, encoding: {encoding}}} in the suite, "
        f"or convert the file (iconv -f {encoding} -t utf-8 {source.shown})"
    )
