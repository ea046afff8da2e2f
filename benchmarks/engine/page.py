"""docs/engine.md: the table as it came out of one run."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.engine.row import Row, markdown

PAGE = Path(__file__).parents[2] / "docs" / "engine.md"

HEAD = """# The engine: what sharing saves

Every row is one run of `python -m benchmarks engine`: the same requests with the same weights, first asked of us and
then of the peer, in one process with one thread. Times are processor seconds; *wall* is the ratio of the wall times
beside them. HFLM (lm-eval's backend for transformers) is given the fastest of several batch sizes, tried on a sample
of the very requests. *Same numbers* is the largest difference of a log-probability in nats (at most 1e-4 is allowed;
greedy flags and texts must be equal). *Limit* is the time that the unique tokens need at the matrix-product rate
measured in the same process, over our time: 100 % would be a perfect engine. Models are random Llamas in float32
(s: 3.0 M parameters beside the head, m: 23.6 M) and stories260K; the weights of the one that writes short answers are
drawn wide, so that these differ in length as real ones do. Floors and aims are those of all documents; with fewer of
them, what they share weighs less.

{when}, {machine}; {versions}; {scale}.

"""

MACHINE = Path("/proc/cpuinfo")


def write(rows: Sequence[Row], scale: float, when: datetime) -> None:
    """Write the page."""
    names = ("torch", "transformers", "peft", "lm-eval")
    told = "all documents" if scale == 1 else f"{100 * scale:.0f} % of the documents"
    head = HEAD.format(
        when=when.date().isoformat(), machine=machine(), scale=told,
        versions=", ".join(f"{name} {version(name)}" for name in names),
    )  # fmt: skip
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(head + "\n".join(markdown(list(rows))) + "\n", encoding="utf-8")


def machine() -> str:
    """The processor, and the accelerator if there is one."""
    import torch

    if torch.cuda.is_available():
        return str(torch.cuda.get_device_name())
    lines = MACHINE.read_text(encoding="utf-8").splitlines() if MACHINE.is_file() else []
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    return f"{model}, {os.cpu_count()} cores"
