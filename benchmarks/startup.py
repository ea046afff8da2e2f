"""How long the command takes to answer at all, beside an interpreter that does nothing, in turns."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

TURNS = 7
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "harness --help": ["-m", "harness", "--help"],
    "harness list metrics": ["-m", "harness", "list", "metrics"],
    "harness validate transit": ["-m", "harness", "validate", "transit"],
}
AIMS = {"harness --help": "under 0.3 s", "harness validate transit": "under 2 s"}


def measure() -> dict[str, list[float]]:
    """Command → seconds of each turn; the commands take turns, so that all see the same machine."""
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(TURNS):
        for name, words in COMMANDS.items():
            began = time.perf_counter()
            subprocess.run([sys.executable, *words], check=True, capture_output=True)
            taken[name].append(time.perf_counter() - began)
    return taken


def rows() -> Iterator[tuple[str, str, str]]:
    """The median of each, and its ratio to the empty interpreter."""
    taken = measure()
    empty = statistics.median(taken["python -c pass"])
    for name, seconds in taken.items():
        middle = statistics.median(seconds)
        ratio = "" if name == "python -c pass" else f" ({middle / empty:.1f}x)"
        yield f"{name} (median of {TURNS})", f"{middle:.3f} s{ratio}", AIMS.get(name, "")
