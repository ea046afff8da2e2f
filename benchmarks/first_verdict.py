"""From nothing to a verdict on the bundled suite, and the same again with everything in the cache."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def _run(folder: Path, *words: str) -> tuple[float, int, dict[str, Any]]:
    """Seconds, exit code and result of one `harness run transit`, with the cache in `folder`."""
    settings = {**os.environ, "HARNESS_CACHE": str(folder / "cache")}
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "harness", "run", "transit", "-qq", "--runs", str(folder / "runs"), *words],
        env=settings,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - began
    if done.returncode not in (0, 1, 3):
        raise RuntimeError(f"exit {done.returncode}: {done.stderr}")
    result = json.loads((folder / "runs/transit/latest/result.json").read_text(encoding="utf-8"))
    return seconds, done.returncode, result


def rows() -> Iterator[tuple[str, str, str]]:
    """Empty cache, warm cache, and the other candidate on the same base."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        seconds, code, result = _run(folder)
        yield "harness run transit, empty cache", f"{seconds:.0f} s, exit {code}", "three minutes on two idle cores"
        for name, fixture in result["fixtures"].items():
            yield f"    making {name} ({fixture['kind']})", f"{fixture['seconds']:.0f} s", ""
        seconds, code, result = _run(folder)
        asked = sum(t["computed"] for t in result["traffic"].values())
        yield "harness run transit, warm cache", f"{seconds:.1f} s, exit {code}", "ten seconds, no training"
        yield "    answers computed again (timed ones only)", f"{asked:,}", "those of the latency check"
        seconds, code, _ = _run(folder, "--candidate", "debacle")
        yield "harness run transit --candidate debacle, base cached", f"{seconds:.0f} s, exit {code}", ""
