"""docs/engine.md: what was last measured of every case, as it came out; the numbers are kept beside, in rows.jsonl."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.engine.row import Row, markdown

KEPT = Path(__file__).parent / "rows.jsonl"
"""One line for each row: the row, and the stamp of the run that it came out of."""

PAGE = Path(__file__).parents[2] / "docs" / "engine.md"

HEAD = """# The engine: what sharing saves

Every case is one process of `python -m benchmarks engine [CASE…] --write`: the same requests with the same weights,
first asked of us and then of the peer, with one thread. Times are processor seconds; *wall* is the ratio of wall times
beside them. HFLM (lm-eval's backend for transformers) is given the fastest of several batch sizes, tried on a sample
of the very requests. *Same numbers* is the largest difference of a log-probability in nats (at most 1e-4 is allowed;
greedy flags and texts must be equal). *Limit* is the time that the unique tokens need at the matrix-product rate
measured in the same process, over our time: 100 % would be a perfect engine. Models are random Llamas in float32
(s: 3.0 M parameters beside the head, m: 23.6 M) and stories260K; the weights of those that write are drawn wide, so
that answers differ in length as real ones do. Floors and aims are those of all documents; with fewer of them, what
they share weighs less.

{stamps}

"""

MACHINE = Path("/proc/cpuinfo")


def write(case: str, rows: Sequence[Row], scale: float, when: datetime, order: Sequence[str]) -> None:
    """Put the rows of one case in the place of its old ones, and write the page; cases stand in `order`."""
    lines = KEPT.read_text(encoding="utf-8").splitlines() if KEPT.is_file() else []
    kept = [line for line in map(json.loads, lines) if line["row"]["case"] != case]
    kept += [{"stamp": stamp(scale, when), "row": row.plain()} for row in rows]
    kept.sort(key=lambda line: order.index(line["row"]["case"]))
    KEPT.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in kept), encoding="utf-8")
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(kept), encoding="utf-8")


def page(kept: Sequence[dict[str, Any]]) -> str:
    """The page that tells these lines of rows.jsonl."""
    cases: dict[str, dict[str, None]] = {}
    for line in kept:
        cases.setdefault(line["stamp"], {})[line["row"]["case"]] = None
    told = [f"- {', '.join(names)}: {told}." for told, names in cases.items()]
    table = markdown([Row(**line["row"]) for line in kept])
    return HEAD.format(stamps="\n".join(told)) + "\n".join(table) + "\n"


def stamp(scale: float, when: datetime) -> str:
    """When and on what a case was measured."""
    told = "all documents" if scale == 1 else f"{100 * scale:.0f} % of the documents"
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "transformers", "peft", "lm-eval"))
    return f"{when.date().isoformat()}, {machine()}; {versions}; {told}"


def machine() -> str:
    """The processor, and the accelerator if there is one."""
    import torch

    if torch.cuda.is_available():
        return str(torch.cuda.get_device_name())
    lines = MACHINE.read_text(encoding="utf-8").splitlines() if MACHINE.is_file() else []
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    return f"{model}, {os.cpu_count()} cores"
