"""What every test may use: `import tiny` for checkpoints made in the process, `shared` for real data where it is."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples every time, however slow the machine: a test that fails here fails everywhere. To look for new ones:
# HYPOTHESIS_PROFILE=explore pytest …
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

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
