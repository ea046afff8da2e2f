"""A glimpse of criteria while answers are still coming in: shown as provisional, never decided on.

A check is played once more with the answers that are there; those that are not count as missing and are left out. Of a
very long task only the first samples are played, so that a look stays short and small.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from time import perf_counter
from typing import Any

from harness.checkpoint import Checkpoint
from harness.criterion import Criterion
from harness.errors import HarnessError
from harness.exchange import Response
from harness.findings import Findings, Rounds
from harness.gate import decide
from harness.plan import Plan
from harness.pool import Pool
from harness.score import Scores
from harness.spec import CheckSpec
from harness.task import Task
from harness.watch import Provisional, Silent, Watch

PATIENCE = 3.0
"""Seconds between glimpses, at least; and they may take one part in twenty of the time."""
HEARTBEAT = 1.0
"""Seconds between two looks at how much is shared."""
LOOKED_AT = 20_000
"""Samples of a task that are played at most."""
PENDING = Response(fault="not answered yet", blame="infrastructure")


Arguments = Callable[[CheckSpec, Checkpoint], Mapping[str, Any]]


def glimpses(
    plan: Plan, checkpoints: Mapping[str, Checkpoint], pool: Pool, watch: Watch, arguments: Arguments
) -> Callable[[], None]:
    """What looks at the criteria now and then while answers come in; nothing, where nobody would see it."""
    if isinstance(watch, Silent):
        return lambda: None

    def start(check: CheckSpec, model: Checkpoint) -> Callable[[], Rounds | Findings]:
        return lambda: check.entry.function(**{n: _short(value) for n, value in arguments(check, model).items()})

    again = {
        (check.name, name): start(check, model)
        for check in plan.checks
        if check.entry.facts["asks"] == "each"
        for name, model in checkpoints.items()
    }
    return Glimpser(plan.criteria, again, pool, watch, f"{plan.suite.name}/{plan.suite.seed}")


@dataclass(slots=True)
class Glimpser:
    """Looks at what can be said so far, now and then, and tells the watch."""

    criteria: Sequence[Criterion]
    again: Mapping[tuple[str, str], Callable[[], Rounds | Findings]]
    """(check, model) → a fresh start of that interview."""
    pool: Pool
    watch: Watch
    seed: str
    _next: float = field(default_factory=lambda: perf_counter() + PATIENCE)
    _beat: float = field(default_factory=lambda: perf_counter() + HEARTBEAT)

    def __call__(self) -> None:
        """Look, if it is time to; what goes wrong is left to the check's own end."""
        if perf_counter() >= self._beat:
            self._beat = perf_counter() + HEARTBEAT
            self._share()
        if perf_counter() < self._next:
            return
        began = perf_counter()
        try:
            rows = [self._row(criterion) for criterion in self.criteria]
        except Exception:
            self._next = inf  # a check that crashes says so at its own end; a glimpse must not end the answering
            return
        self.watch.provisional(rows)
        took = perf_counter() - began
        self._next = perf_counter() + max(PATIENCE, 20 * took)

    def _share(self) -> None:
        """Tell how many tokens were asked and computed so far, by all models that know."""
        known = [p.facts.effort for p in self.pool.places.values() if p.facts is not None and p.facts.effort]
        if known:
            self.watch.effort(sum(e.tokens_asked for e in known), sum(e.tokens_computed for e in known))

    def _row(self, criterion: Criterion) -> Provisional:
        names = {"candidate", criterion.model} - {""}
        found = {name: scores for name in names if (scores := self._so_far(criterion, name))}
        if set(found) != names:
            return Provisional(criterion.that, None)
        record = decide(criterion, found, seed=self.seed)
        shown = record.difference or record.candidate
        if shown is None:
            return Provisional(criterion.that, None)
        return Provisional(criterion.that, shown.value, shown.low, shown.high, shown.n, record.verdict, shown.unit)

    def _so_far(self, criterion: Criterion, model: str) -> dict[str, Scores]:
        start = self.again.get((criterion.check, model))
        if start is None:
            return {}
        try:
            findings = self._played(start(), model)
        except HarnessError:
            return {}
        if findings is None or criterion.metric not in findings.scores:
            return {}
        present = findings.scores[criterion.metric].present()
        return {criterion.metric: present} if len(present.ids) > 1 else {}

    def _played(self, talk: Rounds | Findings, model: str) -> Findings | None:
        if not isinstance(talk, Generator):
            return None
        try:
            asked = next(talk)
            while True:
                asked = talk.send([self.pool.known(request.to or model, request) or PENDING for request in asked])
        except StopIteration as stop:
            return stop.value if isinstance(stop.value, Findings) else None
        finally:
            talk.close()


def _short(value: Any) -> Any:
    """A task with few enough samples to be played again and again; anything else as it is."""
    if not isinstance(value, Task):
        return value
    return replace(value, limit=LOOKED_AT if value.limit is None else min(value.limit, LOOKED_AT))
