"""One case in a process of its own, so that none finds the memory of another: `python -m benchmarks.engine.single`."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from benchmarks.engine.cases import CASES
from benchmarks.engine.scoring import Setting

if __name__ == "__main__":
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        for row in CASES[sys.argv[1]](Setting(Path(place), float(sys.argv[2]), device)):
            print(json.dumps(row.plain()), flush=True)
