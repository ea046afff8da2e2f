"""What the harness itself takes: its share of the time for 10,000 requests, and how time and memory grow."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.engine import models, workload
from benchmarks.engine.meter import measured
from benchmarks.engine.models import Bench
from benchmarks.engine.row import Row
from benchmarks.engine.scoring import Setting
from harness.assembly import build
from harness.catalog import Catalog
from harness.data import open_data
from harness.exchange import Facts, Model, Request, Response
from harness.interview import Interview, conduct
from harness.local import Residents
from harness.pool import Place, Pool
from harness.store import Store
from harness.task import Task
from harness.watch import Silent


@dataclass(slots=True)
class Timed:
    """A model that adds up the wall time spent inside it."""

    model: Model
    seconds: float = 0.0

    @property
    def facts(self) -> Facts:
        """The model's own."""
        return self.model.facts

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """The model's answers."""
        answers = self.model.answer(requests)
        while True:
            began = time.perf_counter()
            pair = next(answers, None)
            self.seconds += time.perf_counter() - began
            if pair is None:
                return
            yield pair

    def close(self) -> None:
        """Close the model."""
        self.model.close()


def questions(folder: Path, count: int) -> Task:
    """A task of so many short questions with four choices each."""
    with (folder / "rows.jsonl").open("w", encoding="utf-8") as out:
        for at, item in enumerate(workload.items(count, 3, length=16, answer=3)):
            row = {
                "id": f"row-{at}",
                "input": item.question,
                "choices": item.choices,
                "target": item.choices[item.right],
            }
            out.write(json.dumps(row) + "\n")
    given: dict[str, Any] = {
        "data": open_data("rows.jsonl", root=folder),
        "prompt": "Once {{ input }}",
        "choices": "choices",
        "target": "target",
    }
    return build("quiz", given, Catalog(), seed=0)


def through(task: Task, model: Model, folder: Path) -> None:
    """Everything that a run does with a check, except to decide: rows, prompts, pool, cache, answers, scores."""
    leaf = Catalog().get("check", "task").function
    pool = Pool([Place("candidate", lambda: model, Store(folder / "store").answers("m" * 64))], Silent())
    interview = Interview("quiz", "candidate", leaf(own=task, model=models.CANDIDATE, data=task.data))
    conduct([interview], pool)
    if interview.findings is None:
        raise RuntimeError(f"the check broke: {interview.broken}")


def share(setting: Setting) -> Iterator[Row]:
    """The harness's share of wall time for 10,000 requests to the smallest real model."""
    source = models.stories() or models.causal(setting.folder / "xs", "xs")
    task = questions(setting.folder, count := setting.many(10_000, 100))
    model = Timed(Bench(Residents(), setting.device).open(source))
    with measured() as spent:
        through(task, model, setting.folder)
    effort = model.facts.effort
    model.close()
    outside, what = spent.wall - model.seconds, f"{count:,} requests to {source.name}"
    yield Row(
        "overhead", f"{what}: outside the model", ours=outside, theirs=model.seconds, ratio=100 * outside / spent.wall,
        floor=10, aim=3, lower=True, note="wall seconds: reading, prompts, pool, cache and scores, of all",
    )  # fmt: skip
    if effort is not None and effort.seconds:
        outside = spent.wall - effort.seconds
        yield Row(
            "overhead", f"{what}: outside the weights", ours=outside, theirs=effort.seconds,
            ratio=100 * outside / spent.wall, floor=None, lower=True, note="the same, with tokenising and planning",
        )  # fmt: skip


def growth(setting: Setting) -> Iterator[Row]:
    """Time and memory from 100 to 100,000 requests, each number in a fresh process."""
    with tempfile.TemporaryDirectory() as place:
        folder = models.causal(Path(place) / "xs", "xs")
        for count in (100, 1_000, 10_000, 100_000):
            if count > max(1_000, 100_000 * setting.scale):
                continue
            words = [sys.executable, "-m", "benchmarks.engine.overhead", str(folder), str(count)]
            done = subprocess.run(words, capture_output=True, text=True, check=True)
            cpu, wall, peak = json.loads(done.stdout.splitlines()[-1])
            memory = "not told here" if peak is None else f"+{peak >> 20} MB"
            yield Row(
                "growth", f"{count:,} continuations after fixed shots", ours=cpu,
                note=f"{1e3 * cpu / count:.2f} ms each, {wall:.1f} s wall; memory {memory}",
            )  # fmt: skip


def _grown(folder: Path, count: int) -> tuple[float, float, int | None]:
    requests = workload.fixed(workload.items(count // 4, 3))
    model = Bench(Residents()).open(folder)
    with measured() as spent:
        for _ in model.answer(requests):
            pass
    return spent.cpu, spent.wall, spent.peak


if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)
    print(json.dumps(_grown(Path(sys.argv[1]), int(sys.argv[2]))))
