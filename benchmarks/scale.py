"""Memory and time of judging 1,000,000 answers: `python -m benchmarks scale`, or `python benchmarks/scale.py [rows]`.

The model answers at once, from a function, so that what is measured is the harness: reading rows, writing prompts,
scoring, keeping and publishing answers. Each measurement is a process of its own; memory is its highest resident set
above the imports, and time is processor time. `check` is the task check alone, `run` the whole command with a recording
as the model (which itself is in memory, as is what the pool remembers of every question).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

AIM = {"check": 400, "publish": 500}
"""MB above the imports, for 1,000,000 rows."""
CLASSES = 77

CHECK = """
import resource, sys, time
from pathlib import Path
import numpy, pyarrow.parquet, scipy.stats
from harness.assembly import build
from harness.catalog import Catalog
from harness.checkpoint import Checkpoint
from harness.data import open_data
from harness.exchange import Response
from harness.report.publish import _samples
from harness.rows import Sheets

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)

before, wrong = peak(), 0
data = open_data("rows.jsonl", root=Path(sys.argv[1]))
options = {"choices": "from_data", "output": "generate"} if sys.argv[2] == "labels" else {}
task = build("million", {"data": data, **options}, Catalog(), seed=0)
started = time.process_time()
talk = Catalog().get("check", "task").function(task, Checkpoint("candidate", "transformers"), data=data)
try:
    asked = next(talk)
    while True:
        numbers = [int(request.sample[4:]) for request in asked]
        said = [f"intent_{at % 77 if at % 3 else 5}" for at in numbers]
        asked = talk.send([Response(text=text, finish="stop", new_tokens=3) for text in said])
except StopIteration as end:
    found = end.value
print(peak() - before, time.process_time() - started, float(found.scores[next(iter(found.scores))].stats.mean()))
started = time.process_time()
figures = found.compare({"candidate": found})
_samples(Sheets([("million", "candidate", found.rows)]), Path(sys.argv[1]) / "samples.parquet")
print(peak() - before, time.process_time() - started, len(found.rows))
"""
RUN = """
import resource, sys, time
import numpy, pyarrow.parquet, scipy.stats, rich.live
from harness import cli, engine, session, report

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)

from pathlib import Path
from harness.order import Order
before, started = peak(), time.process_time()
folder = Path(sys.argv[1])
code = session.run(Order(str(folder / "suite.yaml"), cache=folder / "cache", runs=folder / "runs", quiet=2))
assert code == 0, code
print(peak() - before, time.process_time() - started, code)
"""
SUITE = """
suite: million
models: {candidate: {replay: answers.jsonl}}
checks:
  intents: {task: {data: rows.jsonl, metrics: [exact_match]}}
accept:
  - intents.exact_match >= 0.5
"""


def write(folder: Path, count: int) -> None:
    """The rows, a recording that answers two of three rightly, and a suite."""
    with (folder / "rows.jsonl").open("w") as rows, (folder / "answers.jsonl").open("w") as answers:
        for at in range(count):
            text = f"When does the {at % 24:02}:{at % 60:02} bus on route {at % 97} leave from stop {at}, please?"
            rows.write(json.dumps({"id": f"row-{at}", "input": text, "target": f"intent_{at % CLASSES}"}) + "\n")
            said = f"intent_{at % CLASSES if at % 3 else 5}"
            answers.write(json.dumps({"id": f"row-{at}", "response": said}) + "\n")
    (folder / "suite.yaml").write_text(SUITE, encoding="utf-8")


def measured(code: str, *words: str) -> list[list[float]]:
    """(MB above the imports, processor seconds, a number to check) for each line that a child printed."""
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return [[float(number) for number in line.split()] for line in done.stdout.splitlines()[-2:]]


def rows(count: int = 1_000_000) -> Iterator[tuple[str, str, str]]:
    """Memory and time of the check alone, of publishing, and of a whole run; at a tenth of the rows, and at all."""
    for n in (count // 10, count):
        with tempfile.TemporaryDirectory() as place:
            # Written by another process: a process begins with the highest resident set of the one that started it.
            subprocess.run([sys.executable, __file__, "--write", place, str(n)], check=True)
            for kind in ("text", "labels"):
                (check, seconds, value), (whole, more, kept) = measured(CHECK, place, kind)
                assert kept == n
                assert 0.6 < value < 0.7, value
                yield f"{n:,} answers scored ({kind})", f"+{check:.0f} MB, {seconds:.0f} s", f"under {AIM['check']} MB"
                yield (
                    f"{n:,} answers shown and published ({kind})",
                    f"+{whole:.0f} MB, {more:.0f} s",
                    f"under {AIM['publish']} MB",
                )
            ((run, seconds, _),) = measured(RUN, place)[-1:]
            yield (
                f"harness run, {n:,} recorded answers",
                f"+{run:.0f} MB, {seconds:.0f} s",
                "the recording is in memory",
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:
        write(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        for line in rows(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000):
            print(f"{line[0]:<50} {line[1]:<20} {line[2]}", flush=True)
