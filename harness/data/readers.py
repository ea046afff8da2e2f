"""Files of rows, read one row at a time: jsonl, json, csv, tsv, parquet and plain lines, packed with gzip or not.

Every reader yields `(line, row)` or `(line, Complaint)`; it goes on after a bad row wherever the next one can be found,
so that one pass can name everything that is wrong. Nothing is held but the row at hand (parquet: one batch).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

from harness.data.jsonrows import json_list, jsonl
from harness.data.source import Item, Source
from harness.data.tablerows import parquet, plain_lines, table

READERS: dict[str, Callable[[Source], Iterator[Item]]] = {
    "jsonl": jsonl,
    "json": json_list,
    "csv": table,
    "tsv": table,
    "parquet": parquet,
    "lines": plain_lines,
}
"""Format → its reader."""


def read(source: Source) -> Iterator[Item]:
    """Every row of a file, or a complaint in its place."""
    reader = READERS[source.format]
    at = 0
    try:
        for at, row in reader(source):
            yield at, row
    except OSError as error:
        # gzip.BadGzipFile is an OSError too
        yield source.wrong(at + 1, f"cannot be read: {error.strerror or error}")
    except (EOFError, zlib.error) as error:
        yield source.wrong(at + 1, f"the gzip file is cut off or damaged ({error}); fetch it again")
