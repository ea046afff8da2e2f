"""Data sets: jsonl, json, csv, tsv, parquet and plain-text files (gzip or not) and hub data sets, always streamed."""

from harness.data.columns import references, required, text_of
from harness.data.dataset import Dataset, Row, open_data, row_digest
from harness.data.scan import Lengths, Scan, scan
from harness.data.source import Source
from harness.data.write import Rows, part_file

__all__ = [
    "Dataset",
    "Lengths",
    "Row",
    "Rows",
    "Scan",
    "Source",
    "open_data",
    "part_file",
    "references",
    "required",
    "row_digest",
    "scan",
    "text_of",
]
