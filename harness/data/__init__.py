"""Data sets: jsonl, json, csv, tsv, parquet and plain-text files (gzip or not) and hub data sets, always streamed."""

from harness.data.dataset import Dataset, Row, open_data, row_digest
from harness.data.scan import Lengths, Scan, scan
from harness.data.source import Source

__all__ = ["Dataset", "Lengths", "Row", "Scan", "Source", "open_data", "row_digest", "scan"]
