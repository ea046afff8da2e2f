"""Publishing: every file of a run, whole or not at all, result.json last: its presence means complete."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from harness.errors import OutputBroken, SuiteError, nearest
from harness.journal import sync_folder, write, writing
from harness.rows import Rows, Sheets, measured
from harness.run import Run

FIXED = (
    "check", "model", "doc_id", "prompt", "target", "resps", "filtered_resps", "valid", "fault", "finish", "new_tokens",
    "doc_hash", "prompt_hash", "target_hash", "slices",
)  # fmt: skip
"""Columns of samples.parquet before those of the metrics."""
LOT = 10_000
"""Rows that are written at a time, and stand in one row group."""


def renderers() -> Mapping[str, Callable[[Run], str | bytes]]:
    """File name of a report → what renders it."""
    from harness.report import html, json, junit, markdown

    return {
        "report.html": html.render,
        "junit.xml": junit.render,
        "summary.md": markdown.render,
        "result.json": json.render,
    }


def publish(run: Run, rows: Iterable[dict[str, Any]], folder: Path, extra: Sequence[Path] = ()) -> None:
    """Write everything below `folder`, and the reports asked for elsewhere by their ending.

    Raises:
        OutputBroken: something could not be written; result.json is then not there.
        SuiteError: the ending of an extra file names no report.
    """
    known = renderers()
    chosen = {path: known[report_for(path)] for path in extra}
    _samples(rows if isinstance(rows, Rows | Sheets) else Rows.of(rows), folder / "samples.parquet")
    write(folder / "plan.json", _plan(run))
    write(folder / "environment.json", json.dumps(run.environment, indent=2, sort_keys=True) + "\n")
    for name, render in known.items():
        if name != "result.json":
            write(folder / name, render(run))
    for path, render in chosen.items():
        write(path, render(run))
    write(folder / "result.json", known["result.json"](run))
    _point(folder)


def report_for(path: Path) -> str:
    """Which report a file asks for by its name: `x.html`, `x.junit.xml` or `x.xml`, `x.md`, `x.json`.

    Raises:
        SuiteError: no report has this ending.
    """
    ending = {".html": "report.html", ".xml": "junit.xml", ".md": "summary.md", ".json": "result.json"}
    if path.suffix not in ending:
        raise SuiteError(
            f"-o {path}: the ending says which report, and {path.suffix or 'none'!r} is none"
            f"{nearest(path.suffix, ending)}"
        )
    return ending[path.suffix]


def _plan(run: Run) -> str:
    """What was to be decided, by sentence, before it was."""
    criteria = [{"id": c.id, "severity": c.severity, "confidence": c.confidence, "on": c.on} for c in run.criteria]
    plan = {"suite": run.suite.model_dump(), "candidate": run.candidate, "criteria": criteria, "limit": run.limit}
    return json.dumps(plan, indent=2, ensure_ascii=True) + "\n"


def _samples(rows: Rows | Sheets, path: Path) -> None:
    """One row group after another, so that only one is in memory."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = list(rows.names)
    texts = pa.list_(pa.string())
    kinds = {
        "resps": texts,
        "filtered_resps": texts,
        "valid": pa.bool_(),
        "new_tokens": pa.int64(),
        "slices": pa.string(),
    }
    schema = pa.schema(
        [(name, kinds.get(name, pa.string())) for name in FIXED]
        + [(name, pa.float64()) for name in names if name not in FIXED]
    )
    beside = path.with_name(f".{path.name}.tmp")
    with writing(path):
        try:
            with pq.ParquetWriter(beside, schema, compression="zstd") as writer:
                left = iter(rows)
                while lot := [_flat(row, names) for row in islice(left, LOT)]:
                    writer.write_table(pa.Table.from_pylist(lot, schema=schema))
            beside.replace(path)
        except pa.ArrowException as error:
            raise OutputBroken(f"{path} could not be written: {error}") from error
        finally:
            beside.unlink(missing_ok=True)


def _flat(row: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    flat = {name: row.get(name) for name in FIXED if name != "slices"}
    flat["slices"] = json.dumps(row.get("slices", {}), ensure_ascii=False, sort_keys=True)
    own = measured(row)
    flat.update({name: own.get(name) for name in names if name not in FIXED})
    if isinstance(flat["target"], list | tuple):
        flat["target"] = "\n".join(map(str, flat["target"]))
    return {name: _encodable(value) for name, value in flat.items()}


def _encodable(value: Any) -> Any:
    """Text without lone surrogates, which neither UTF-8 nor parquet can hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return [_encodable(item) for item in value] if isinstance(value, list) else value


def _point(folder: Path) -> None:
    """Make `latest` beside the run's folder point to it; where links do not exist, a text file says so."""
    latest, beside = folder.parent / "latest", folder.parent / f".latest.{os.getpid()}"
    with writing(latest):
        try:
            beside.symlink_to(folder.name, target_is_directory=True)
        except (NotImplementedError, PermissionError):
            write(folder.parent / "latest.txt", folder.name + "\n")
            return
        beside.replace(latest)
        sync_folder(folder.parent)
