"""A crew: processes that compute slow metrics side by side; the numbers are the same as without.

Each is this very file in a fresh interpreter: lots of answers go in as lines of JSON, values come back the same way.
Nothing is shared, nothing is forked, and one that dies or falls silent is told of at once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Timer
from time import perf_counter
from typing import IO, Any

from harness.catalog import Catalog, MetricSpec
from harness.errors import CheckBroken
from harness.exchange import Response
from harness.marking import SUPPLIED, Answer, Measure, Pair, evaluated, measure_of
from harness.sample import Sample
from harness.score import Stat

WORTH = 6.0
"""Seconds that a metric must take in one process before more are started: each needs about two to begin."""
TRIED = 50
"""Answers that are computed in this process first, to see how long one takes."""
MOST = 16
"""Processes at most; each needs about 100 MB."""
LOT = 250
"""Answers that are sent at a time."""
PATIENCE = 300.0
"""Seconds after which a lot that did not come back is given up."""
SENT = frozenset(SUPPLIED) - {"sample"}
"""What can be sent; a metric that wants the whole row is computed here."""


@dataclass(slots=True)
class Worker:
    """One process, started when it is first needed."""

    process: subprocess.Popen[bytes]
    said: IO[bytes]
    """What it wrote to standard error."""

    @classmethod
    def start(cls) -> Worker:
        """A process that waits for its first lot."""
        # The same modules as here, and none from the folder that the command was given in.
        paths = os.pathsep.join(path for path in sys.path if path)
        said = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as this does
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "harness.crew"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said,
            env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        return cls(process, said)

    def ask(self, lot: Mapping[str, Any]) -> list[Stat]:
        """The values of one lot.

        Raises:
            CheckBroken: the metric failed, or the process is gone or was silent for too long.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        alarm = Timer(PATIENCE, self.process.kill)
        alarm.start()
        try:
            self.process.stdin.write(json.dumps(lot).encode("ascii") + b"\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except OSError:
            line = b""  # it is gone: said below, with what it left
        finally:
            alarm.cancel()
        if not line.endswith(b"\n"):
            raise CheckBroken(f"the metric {lot['metric']} was computed in a process that {self._end()}")
        found = json.loads(line)
        if "error" in found:
            raise CheckBroken(f"the metric {lot['metric']} failed: {found['error']}")
        return [_stat(value) for value in found["values"]]

    def _end(self) -> str:
        """How it ended, in words."""
        self.process.kill()
        code = self.process.wait()
        self.said.seek(0)
        last = self.said.read()[-2000:].decode("utf-8", "replace").strip().rpartition("\n")[2]
        how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return f"{how}{f': {last}' if last else ''}; perhaps there was not enough memory"

    def close(self) -> None:
        """End it."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what was not sent is of no use any more
                    pipe.close()
        self.process.kill()
        self.process.wait()
        self.said.close()


@dataclass(slots=True)
class Crew:
    """Marks answers: here while that is quick, in several processes where it is not; `close` ends these."""

    size: int = 0
    """Processes; 0 for the cores that are there, and 1 to compute everything here."""
    worth: float = WORTH
    started: int = 0
    """How many processes were started so far."""
    _spent: dict[str, float] = field(default_factory=dict)
    """Metric → seconds spent on it in this process."""
    _threads: ThreadPoolExecutor | None = None
    _idle: SimpleQueue[Worker] = field(default_factory=SimpleQueue)
    _all: list[Worker] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, measure: Measure, pairs: Sequence[Pair]) -> list[Stat]:
        """What one metric says of each answer.

        Raises:
            CheckBroken: a process was lost.
        """
        began = perf_counter()
        here = evaluated(measure, pairs[:TRIED])
        took = perf_counter() - began
        rest = pairs[TRIED:]
        left = took / max(1, len(here)) * len(rest)
        name = measure.quantity.name
        spent = self._spent.get(name, 0.0) + took
        if spent + left < self.worth or not self._can(measure):
            found = here + evaluated(measure, rest)
            self._spent[name] = spent + perf_counter() - began - took
            return found
        self._spent[name] = spent + left
        return here + self._sent(measure, rest)

    def _can(self, measure: Measure) -> bool:
        if not self.size:
            from harness.local.device import usable_cores

            self.size = min(MOST, usable_cores())
        return self.size > 1 and set(measure.entry.given) & set(SUPPLIED) <= SENT and _room(measure) is not None

    def _sent(self, measure: Measure, pairs: Sequence[Pair]) -> list[Stat]:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self.size, thread_name_prefix="harness-crew")
        head = {"metric": measure.entry.name, "options": dict(measure.options), "room": _room(measure)}
        wanted = [name for name in measure.entry.given if name in SENT]
        lots = [
            {**head, "items": [_sendable(wanted, pair) for pair in pairs[at : at + LOT]]}
            for at in range(0, len(pairs), LOT)
        ]
        futures: list[Future[list[Stat]]] = [self._threads.submit(self._one, lot) for lot in lots]
        try:
            return [value for future in futures for value in future.result()]
        finally:
            for future in futures:
                future.cancel()

    def _one(self, lot: Mapping[str, Any]) -> list[Stat]:
        with self._lock:
            worker = None if self._idle.empty() else self._idle.get()
            if worker is None:
                worker = Worker.start()
                self._all.append(worker)
                self.started += 1
        found = worker.ask(lot)
        self._idle.put(worker)
        return found

    def close(self) -> None:
        """End every process; more are started when they are needed."""
        for worker in self._all:
            worker.close()
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)
        self._threads, self._all, self._idle = None, [], SimpleQueue()


def _room(measure: Measure) -> str | None:
    """The plugin folder that a metric stands in, empty for one of the catalog's own; None where it is nowhere."""
    file = Path(measure.entry.function.__code__.co_filename)
    if measure.entry.function.__module__.startswith("harness."):
        return ""
    found = file.stem == measure.entry.name and file.parent.name == "metrics" and file.is_file()
    return str(file.parent.parent.absolute()) if found else None


def _sendable(wanted: Sequence[str], pair: Pair) -> dict[str, Any]:
    given = {name: SUPPLIED[name](*pair) for name in wanted}
    if "response" in given:
        given["response"] = given["response"].to_plain()
    return given


def _stat(value: Any) -> Stat:
    """A value as it was before it was sent."""
    if isinstance(value, list):
        return tuple(value)
    found: Stat = value
    return found


def _answered(lot: Mapping[str, Any], catalog: Catalog) -> dict[str, Any]:
    measure = measure_of(MetricSpec(lot["metric"], lot["options"]), catalog)
    pairs = []
    for item in lot["items"]:
        response = Response.from_plain(item["response"]) if "response" in item else Response(text="")
        sample = Sample("", "", tuple(item.get("targets", ())), tuple(item.get("choices", ())))
        pairs.append((sample, Answer(item.get("answer", ""), item.get("valid", True), response)))
    return {"values": evaluated(measure, pairs)}


def work(lots: IO[bytes], values: IO[bytes]) -> None:
    """Answer lots until there are no more."""
    catalogs: dict[str, Catalog] = {}
    for line in lots:
        lot = json.loads(line)
        room = lot["room"]
        catalog = catalogs.setdefault(room, Catalog((Path(room),) if room else ()))
        try:
            told = json.dumps(_answered(lot, catalog), default=lambda number: number.item())
        except Exception as error:
            told = json.dumps({"error": f"{type(error).__name__}: {error}"})
        values.write(told.encode("ascii") + b"\n")
        values.flush()


if __name__ == "__main__":
    with os.fdopen(os.dup(1), "wb") as private:
        os.dup2(2, 1)  # what a metric prints must not stand between the values
        work(sys.stdin.buffer, private)
