"""Rows from tables: csv, tsv, parquet, and plain lines cut into columns."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from harness.data.source import LONGEST_LINE, Item, Source, lines
from harness.errors import Complaint

_BATCH = 1024


def table(source: Source) -> Iterator[Item]:
    """csv with quotes, or tsv as registered (no quotes: a tab can not stand in a value)."""
    failed: list[Item] = []

    def decoded() -> Iterator[str]:
        for number, line in lines(source):
            if isinstance(line, Complaint):
                failed.append((number, line))
                return
            yield line

    csv.field_size_limit(LONGEST_LINE)
    if source.format == "tsv":
        reader = csv.reader(decoded(), delimiter=source.delimiter, strict=True, quoting=csv.QUOTE_NONE)
    else:
        reader = csv.reader(decoded(), delimiter=source.delimiter, strict=True)
    columns = list(source.columns)
    start = 1
    try:
        for cells in reader:
            line, start = start, reader.line_num + 1
            if not cells:
                continue
            if not columns:
                columns, problems = _header(source, line, cells)
                yield from problems
            elif len(cells) != len(columns):
                yield source.wrong(line, f"the row has {len(cells)} cells, the header has {len(columns)}")
            else:
                yield line, dict(zip(columns, cells, strict=True))
    except csv.Error as error:
        unclosed = "unexpected end" in str(error)
        yield source.wrong(
            start, "a quote that opens here is never closed" if unclosed else f"not {source.format}: {error}"
        )
    yield from failed


def _header(source: Source, line: int, cells: Sequence[str]) -> tuple[list[str], list[Item]]:
    """Column names and warnings: an empty name becomes `column_N`, a name's second column `NAME_2`."""
    names: list[str] = []
    for at, cell in enumerate(cells):
        name = cell if cell.strip() else f"column_{at}"
        again = 2
        while name in names:
            name, again = f"{cell}_{again}", again + 1
        names.append(name)
    renamed = [name for name, cell in zip(names, cells, strict=True) if name != cell]
    if not renamed:
        return names, []
    text = f"columns without a name of their own are kept as {', '.join(renamed)}"
    return names, [source.wrong(line, text, "warning")]


def plain_lines(source: Source) -> Iterator[Item]:
    """One row a line; several columns are cut at blanks, and the last one takes the rest of the line."""
    columns = source.columns or ("text",)
    for number, line in lines(source):
        if isinstance(line, Complaint):
            yield number, line
        elif not line.isspace():
            text = line.rstrip("\r\n")
            cells = text.split(None, len(columns) - 1) if len(columns) > 1 else [text]
            if len(cells) != len(columns):
                yield source.wrong(number, f"the line has {len(cells)} of the columns {', '.join(columns)}")
            else:
                yield number, dict(zip(columns, cells, strict=True))


def parquet(source: Source) -> Iterator[Item]:
    """The rows of a parquet file, a batch at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(source.path)
    except pa.ArrowInvalid as error:
        yield source.wrong(0, f"not a parquet file: {str(error).splitlines()[0]}")
        return
    with file:
        unknown = sorted(set(source.columns) - set(file.schema_arrow.names))
        if unknown:
            known = ", ".join(file.schema_arrow.names)
            yield source.wrong(0, f"no column {', '.join(map(repr, unknown))} (known: {known})")
            return
        number = 0
        try:
            for batch in file.iter_batches(_BATCH, columns=list(source.columns) or None):
                for row in batch.to_pylist():
                    number += 1
                    yield _plain_row(source, number, row)
        except pa.ArrowException as error:
            yield source.wrong(number + 1, f"damaged parquet data: {str(error).splitlines()[0]}")


def _plain_row(source: Source, number: int, row: dict[str, Any]) -> Item:
    try:
        return number, {name: plain(value) for name, value in row.items()}
    except TypeError as error:
        return source.wrong(number, f"{error}; keep the columns you need with `columns: […]`")


def plain(value: Any) -> Any:
    """A cell as JSON data: dates and decimals as text; refuses bytes and NaN with a `TypeError`."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise TypeError(f"a cell holds {value!r}, which is no number")
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    raise TypeError(f"a cell holds {type(value).__name__} data, which is neither text nor a number")
