"""The engine's benchmarks on the GPU: the numbers must be the peers' own; how fast they came is printed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.gpu, pytest.mark.timeout(3600)]
ROOT = Path(__file__).resolve().parents[2]


def test_the_engine_computes_what_its_peers_compute(device: str) -> None:
    if device != "cuda":
        pytest.skip(f"the benchmarks are for CUDA here, not for {device}")
    if not (ROOT / "benchmarks" / "engine").is_dir():
        pytest.skip("the benchmarks lie in the checkout only")
    words = [sys.executable, "-m", "benchmarks", "engine", "--scale", "0.2"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    sys.stdout.write(done.stdout)
    assert "engine" in done.stdout or done.returncode == 0, done.stderr[-2000:]
    assert not [line for line in done.stdout.splitlines() if "WRONG" in line or "FAILED" in line]
