"""The engine beside lm-eval's HFLM: the same requests, the same weights, in one process, one thread."""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.engine.cases import CASES
from benchmarks.engine.page import write
from benchmarks.engine.row import Row, printed


def main(words: Sequence[str]) -> int:
    """Measure the cases that are named, or all; 1 if an answer was not the same or a floor was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks engine", description=__doc__)
    parser.add_argument("case", nargs="*", choices=[[], *CASES], help="which; all unless said")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full number of documents")
    parser.add_argument("--write", action="store_true", help="write the table into docs/engine.md")
    given = parser.parse_args(words)
    rows: list[Row] = []
    for name in given.case or CASES:
        found: list[Row] = []
        for row in measure(name, given.scale):
            found.append(row)
            print(f"  {name}: {row.what}: {'' if row.ratio is None else f'{row.ratio:.3g}'} {row.reached}", flush=True)
        rows += found
        if given.write:
            write(name, found, given.scale, datetime.now(UTC), list(CASES))
    print("\n".join(printed(rows)))
    return int(any(row.reached in ("WRONG", "below") or not row.same for row in rows))


def measure(name: str, scale: float) -> Iterator[Row]:
    """The rows of one case, measured in a process of its own with one thread."""
    root = Path(__file__).parents[2]
    before = os.environ.get("PYTHONPATH", "")
    settings = {
        **os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false",
        "PYTHONPATH": f"{root}{os.pathsep}{before}" if before else str(root),
    }  # fmt: skip
    words = [sys.executable, "-m", "benchmarks.engine.single", name, str(scale)]
    with subprocess.Popen(words, env=settings, stdout=subprocess.PIPE, text=True) as child:
        for line in child.stdout or ():
            if line.startswith('{"case"'):
                yield Row(**json.loads(line))
    if child.returncode:
        yield Row(
            name, f"{name} FAILED", gap=math.inf, note=f"exit code {child.returncode}; what went wrong stands above"
        )
