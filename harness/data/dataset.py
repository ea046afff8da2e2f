"""A data set that a suite names: where its rows are and how to read them, never the rows themselves."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import harness.data.hub as hub_reader
from harness import digest
from harness.data.readers import READERS, read
from harness.data.source import ENCODINGS, Item, Source
from harness.errors import Complaint, SuiteError, nearest

EXTENSIONS = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".csv": "csv", ".tsv": "tsv", ".parquet": "parquet",
    ".pq": "parquet", ".txt": "lines",
}  # fmt: skip
_KEYS = ("path", "format", "encoding", "columns", "field", "delimiter")


class Row(NamedTuple):
    """One row with what tells it apart."""

    id: str
    """Its own `id` as text, or a digest of its fields (16 hexadecimal digits; identical rows get `…-2`, `…-3`)."""
    line: int
    """Where it begins in its file, counted from 1 (the row's number in a parquet file or hub data set)."""
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Dataset:
    """Rows on disk or on the hub. Reading streams: no method holds more than a row (parquet: a batch) at a time."""

    __reference__: ClassVar[str] = "data"

    source: Source
    """The file; for a hub data set its address stands in `shown`, and `path` is not used."""
    hub: str = ""
    """`NAME[/CONFIG][@REVISION][#SPLIT]`, or empty for a file."""
    part: str = ""
    """Which part of a fixture this is: train, validation, test; empty for a file of the user's own."""

    @property
    def path(self) -> Path | None:
        """The file, or None for a hub data set."""
        return None if self.hub else self.source.path

    @property
    def format(self) -> str:
        """jsonl, json, csv, tsv, parquet, lines or hub."""
        return self.source.format

    def items(self) -> Iterator[Item]:
        """`(line, row)`, or `(line, Complaint)` where there is no usable row."""
        return hub_reader.items(self.hub, self.source.shown) if self.hub else read(self.source)

    def numbered(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """`(line, row)` of every row.

        Raises:
            SuiteError: at the first line that is no row.
        """
        for line, item in self.items():
            if isinstance(item, dict):
                yield line, item
            elif item.severity == "error":
                raise SuiteError([item])

    def rows(self) -> Iterator[dict[str, Any]]:
        """Every row's fields, as they stand.

        Raises:
            SuiteError: at the first line that is no row.
        """
        return (row for _, row in self.numbered())

    def records(self) -> Iterator[Row]:
        """Every row with its id.

        Raises:
            SuiteError: at the first line that is no row, or whose id was there before.
        """
        seen: dict[int, int] = {}
        for line, row in self.numbered():
            own = own_id(row, self.source, line)
            name = own if own is not None else row_digest(row)
            key = hash(name)
            times = seen.get(key, 0) + 1
            seen[key] = times
            if own is not None:
                # equal hashes alone prove nothing
                if times > 1 and (first := self._line_of(own, before=line)):
                    raise SuiteError([twice(self.source, own, first, line)])
            elif times > 1:
                name = f"{name}-{times}"
            yield Row(name, line, row)

    def _line_of(self, name: str, *, before: int) -> int:
        """The first line whose row has this id, if it stands before another line; else 0."""
        for line, row in self.numbered():
            if line >= before:
                break
            if (own_id(row, self.source, line) or row_digest(row)) == name:
                return line
        return 0

    def count(self) -> int:
        """How many rows there are."""
        return sum(1 for _ in self.rows())

    def head(self, k: int) -> list[dict[str, Any]]:
        """The first `k` rows."""
        return list(islice(self.rows(), k))

    def where(self, row_index: int) -> str:
        """`file:line` of a row counted from 0; reads up to it."""
        found = next(islice(self.numbered(), row_index, None), None)
        return f"{self.source.shown}:{found[0]}" if found else f"{self.source.shown} (row {row_index})"

    def digest(self) -> str:
        """SHA-256 of the file's bytes and of how they are read; for the hub, of the exact revision and split."""
        if self.hub:
            return digest.of(hub_reader.identity(self.hub, self.source.shown))
        source = self.source
        how = [source.format, source.encoding, list(source.columns), source.field, source.delimiter]
        return digest.of([digest.of_file(source.path), how])

    def __str__(self) -> str:
        return self.source.shown


def row_digest(row: Mapping[str, Any]) -> str:
    """16 hexadecimal digits of SHA-256 over the row's canonical JSON (the same bytes as `digest.canonical_bytes`)."""
    text = json.dumps(row, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return sha256(text.encode("ascii")).hexdigest()[:16]


def own_id(row: Mapping[str, Any], source: Source, line: int) -> str | None:
    """The row's own `id` as text; None where it has none.

    Raises:
        SuiteError: an id that is neither text nor a whole number, or is empty.
    """
    if "id" not in row:
        return None
    value = row["id"]
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        text = f"the id {value!r} is no id; give a text or a whole number, or leave `id` out of every row"
        raise SuiteError([Complaint(source.shown, line, text)])
    return str(value)


def twice(source: Source, name: str, first: int, line: int) -> Complaint:
    """The complaint about an id that stands on two lines."""
    return Complaint(source.shown, line, f"the id {name!r} stands on line {first} already; ids must be unique")


def open_data(reference: str | Path | Mapping[str, Any], *, root: Path, part: str = "", shown: str = "") -> Dataset:
    """The data set that a suite names: a path (relative to `root`), `hub:NAME[/CONFIG][@REVISION][#SPLIT]`, or
    `{path:, format:, encoding:, columns:, field:, delimiter:}`. Nothing is read yet. Messages call it `shown`
    (`$data.test`), by default the path as written.

    Raises:
        SuiteError: no such file, or an option that does not exist.
    """
    options = dict(reference) if isinstance(reference, Mapping) else {"path": reference}
    unknown = [key for key in options if key not in _KEYS]
    if unknown or "path" not in options:
        what = (
            f"unknown key {unknown[0]!r} of a data set{nearest(str(unknown[0]), _KEYS)}"
            if unknown
            else "needs a `path`"
        )
        raise SuiteError(f"data {options!r}: {what}")
    name = options.pop("path")
    if not isinstance(name, str | Path) or not str(name).strip():
        raise SuiteError(f"data {name!r}: expected a file's path or hub:NAME")
    if str(name).startswith("hub:"):
        if options:
            raise SuiteError(f"data {name}: {', '.join(options)} can not be set for a hub data set")
        return Dataset(Source(Path(), "hub", str(name)), hub=str(name).removeprefix("hub:"), part=part)
    source = _file(str(name), options, root)
    return Dataset(replace(source, shown=shown) if shown else source, part=part)


def _file(name: str, options: dict[str, Any], root: Path) -> Source:
    if "://" in name:
        raise SuiteError(
            f"data {name}: addresses are not fetched; download the file, or name a hub data set as hub:NAME"
        )
    path = (root / name).expanduser()
    _exists(path, name)
    suffix = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    format_ = options.pop("format", None) or EXTENSIONS.get(suffix.lower(), "")
    if format_ not in READERS:
        if "format" in options or format_:
            raise SuiteError(f"data {name}: unknown format {format_!r}{nearest(str(format_), READERS)}")
        raise SuiteError(
            f"data {name}: the format of a {suffix or 'nameless'} file is not known; "
            f"write {{path: {name}, format: …}} (known: {', '.join(READERS)})"
        )
    return Source(
        path, format_, name,
        encoding=_encoding(name, options.get("encoding", "utf-8")),
        columns=_columns(name, options.get("columns", ())),
        field=_text(name, "field", options.get("field", ""), format_, ("json",)),
        delimiter=_delimiter(name, format_, options),
    )  # fmt: skip


def _exists(path: Path, name: str) -> None:
    if path.is_file():
        return
    folder = path if path.is_dir() else path.parent
    files = [p.name for p in folder.iterdir() if p.is_file()] if folder.is_dir() else []
    data = [file for file in files if any(f".{part}" in EXTENSIONS for part in file.split(".")[1:])] or files
    if path.is_dir():
        raise SuiteError(f"data {name}: a folder, not a file{nearest('', data)}")
    if not folder.is_dir():
        raise SuiteError(f"data {name}: no such file, and no folder {folder}")
    raise SuiteError(f"data {name}: no such file in {folder}{nearest(path.name, data)}")


def _encoding(name: str, value: Any) -> str:
    try:
        found = codecs.lookup(value).name
    except (LookupError, TypeError):
        found = ""
    known = {codecs.lookup(encoding).name: encoding for encoding in ENCODINGS}
    if found not in known:
        raise SuiteError(f"data {name}: unknown encoding {value!r}{nearest(str(value), ENCODINGS)}")
    return known[found]


def _columns(name: str, value: Any) -> tuple[str, ...]:
    good = isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(v, str) and v for v in value)
    if not good or len(set(value)) != len(value):
        raise SuiteError(f"data {name}: columns must be a list of different names, found {value!r}")
    return tuple(value)


def _text(name: str, key: str, value: Any, format_: str, formats: tuple[str, ...]) -> str:
    if not isinstance(value, str):
        raise SuiteError(f"data {name}: {key} must be a text, found {value!r}")
    if value and format_ not in formats:
        raise SuiteError(f"data {name}: {key} can only be set for {' and '.join(formats)}, not for {format_}")
    return value


def _delimiter(name: str, format_: str, options: Mapping[str, Any]) -> str:
    value = _text(name, "delimiter", options.get("delimiter", ""), format_, ("csv",))
    if len(value) > 1:
        raise SuiteError(f"data {name}: delimiter must be one character, found {value!r}")
    return value or ("\t" if format_ == "tsv" else ",")
