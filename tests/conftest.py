"""What every test may use: `import tiny` for checkpoints made in the process, `shared` for real data where it is."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data sets and checkpoints; a test that asks for it is skipped where there is none."""
    place = Path(os.environ.get("HARNESS_SHARED") or Path(__file__).resolve().parents[2] / "shared")
    if not (place / "data").is_dir():
        pytest.skip(f"no real data at {place} (set HARNESS_SHARED)")
    return place
