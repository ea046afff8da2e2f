"""Peak memory and time of validating a data set of 1,000,000 rows: `python benchmarks/memory.py [rows]`.

Each measurement runs in a process of its own; memory is its highest resident set, less that of a process that only
imports the same modules. The files are written in another process as well: a process begins its life with the highest
resident set of its parent, so this one has to stay small.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

AIM = 500
"""MB above the import baseline."""
FILES = ("ids.jsonl", "no_ids.jsonl", "rows.csv", "rows.parquet")

CHILD = """
import resource, sys, time
from pathlib import Path
from harness.data import open_data, scan
import numpy, pyarrow.parquet
started = time.perf_counter()
if sys.argv[1] != "-":
    found = scan(open_data(sys.argv[1], root=Path("/")), fields=["input"], target="target").require()
    assert found.count == int(sys.argv[2]), found.count
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(peak / (2**20 if sys.platform == "darwin" else 2**10), time.perf_counter() - started)
"""

SUITE = """
suite: million
models: {candidate: {replay: answers.jsonl}}
checks:
  answers: {task: {data: ids.jsonl, metrics: [exact_match]}}
accept:
  - answers.exact_match >= 0.5
"""
PLAN = """
import resource, sys, time
from harness import overview, session
from harness.order import Order
from pathlib import Path
started = time.perf_counter()
order = Order("suite.yaml", cache=Path(sys.argv[1]) / "cache", runs=Path(sys.argv[1]) / "runs")
overview.planned(session.load(order), order, json=True)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(peak / (2**20 if sys.platform == "darwin" else 2**10), time.perf_counter() - started)
"""


def measure(path: str, rows: int) -> tuple[float, float]:
    """Peak MiB and seconds of one scan in a fresh process."""
    done = subprocess.run([sys.executable, "-c", CHILD, path, str(rows)], capture_output=True, text=True, check=True)
    peak, seconds = map(float, done.stdout.split())
    return peak, seconds


def write(folder: Path, rows: int) -> None:
    """The same rows in several formats."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    def row(at: int, own_id: bool) -> dict[str, str]:
        text = f"When does the {at % 24:02}:{at % 60:02} bus on route {at % 97} leave from stop {at}, please?"
        return {"input": text, "target": f"intent_{at % 77}"} | ({"id": f"row-{at}"} if own_id else {})

    paths = {name: folder / name for name in FILES}
    with (
        paths["ids.jsonl"].open("w") as ids,
        paths["no_ids.jsonl"].open("w") as plain,
        paths["rows.csv"].open("w") as table,
    ):
        table.write("id,input,target\n")
        for at in range(rows):
            ids.write(json.dumps(row(at, True)) + "\n")
            plain.write(json.dumps(row(at, False)) + "\n")
            table.write(f'row-{at},"{row(at, False)["input"]}",intent_{at % 77}\n')
    schema = pa.schema([("id", pa.string()), ("input", pa.string()), ("target", pa.string())])
    with pq.ParquetWriter(paths["rows.parquet"], schema) as writer:
        for start in range(0, rows, 50_000):
            some = [row(at, True) for at in range(start, min(start + 50_000, rows))]
            writer.write_table(pa.Table.from_pylist(some, schema=schema))


def planned(folder: Path) -> tuple[float, float]:
    """Peak MiB and seconds of `harness plan` on the rows with ids, in a fresh process."""
    (folder / "suite.yaml").write_text(SUITE, encoding="utf-8")
    (folder / "answers.jsonl").write_text('{"id": "1", "response": "x"}\n', encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", PLAN, str(folder)], capture_output=True, text=True, check=True, cwd=folder
    )
    peak, seconds = map(float, done.stdout.splitlines()[-1].split())
    return peak, seconds


def rows(count: int = 1_000_000) -> Iterator[tuple[str, str, str]]:
    """Memory above the imports, for every format, and for a whole plan."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        subprocess.run([sys.executable, __file__, "--write", place, str(count)], check=True)
        baseline = min(measure("-", 0)[0] for _ in range(2))
        for name in FILES:
            peak, seconds = measure(str(folder / name), count)
            found = f"+{peak - baseline:.0f} MB, {seconds:.1f} s"
            yield f"validating {count:,} rows of {name}", found, f"under {AIM} MB above the imports ({baseline:.0f} MB)"
        peak, seconds = planned(folder)
        yield (
            f"harness plan, {count:,} rows of ids.jsonl",
            f"+{peak - baseline:.0f} MB, {seconds:.1f} s",
            f"under {AIM} MB",
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:
        write(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        for line in rows(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000):
            print(f"{line[0]:<50} {line[1]:<20} {line[2]}", flush=True)
