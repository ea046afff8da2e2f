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


def main() -> None:
    """Print a table."""
    if sys.argv[1:2] == ["--write"]:
        write(Path(sys.argv[2]), int(sys.argv[3]))
        return
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, __file__, "--write", folder, str(rows)], check=True)
        paths = [Path(folder, name) for name in FILES]
        baseline = min(measure("-", 0)[0] for _ in range(2))
        print(f"validating {rows:,} rows; import baseline {baseline:.0f} MB; aim: under {AIM} MB above it")
        print(f"{'file':14}{'size':>10}{'above baseline':>17}{'seconds':>10}")
        for path in paths:
            peak, seconds = measure(str(path), rows)
            size = path.stat().st_size / 1e6
            print(f"{path.name:14}{size:>7.0f} MB{peak - baseline:>14.1f} MB{seconds:>10.1f}", flush=True)


if __name__ == "__main__":
    main()
