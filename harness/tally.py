"""A tally: the scores of a task, added up lot by lot as its answers come in, so that nothing else need be kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from harness.crew import Crew
from harness.degenerate import Habits, measured
from harness.faults import Faults
from harness.marking import Answer
from harness.sample import Sample
from harness.score import Scores, joined
from harness.task import Task

Told = Callable[[Sequence[Sample], Sequence[Sequence[Answer]], Mapping[str, Scores]], None]
"""What is told of every lot once it is scored."""


@dataclass(slots=True)
class Tally:
    """Adds up; `scores` and `habits` are there at the end."""

    task: Task
    told: Told = lambda samples, answers, scores: None
    crew: Crew = field(default_factory=lambda: Crew())
    faults: Faults = field(default_factory=Faults)
    count: int = 0
    """Samples so far."""
    _parts: dict[str, list[Scores]] = field(default_factory=dict)
    _habits: Habits | None = None

    def add(self, samples: Sequence[Sample], answers: Sequence[Sequence[Answer]]) -> None:
        """One more lot.

        Raises:
            CheckBroken: a metric cannot score it.
        """
        try:
            scores = self.task.score(samples, answers, self.crew)
        finally:
            self.crew.close()
        for name, part in scores.items():
            self._parts.setdefault(name, []).append(part)
        if self._habits is None:
            self._habits = Habits(tuple(measured(self.task.output, bool(samples[0].choices))), self._limit())
        self._habits.add(samples, answers)
        for sample, group in zip(samples, answers, strict=True):
            for answer in group:
                self.faults.add(sample.id, answer.response)
        self.count += len(samples)
        self.told(samples, answers, scores)

    def scores(self) -> dict[str, Scores]:
        """Scores of every metric of the task; once, at the end."""
        found = {name: joined(self._parts.pop(name)) for name in list(self._parts)}
        # One copy of what all have in common.
        shared = [(scores.ids, scores.clusters, scores.groups) for scores in found.values()][:1]
        return {
            name: replace(scores, ids=ids, clusters=clusters, groups=groups)
            for ids, clusters, groups in shared
            for name, scores in found.items()
        }

    def habits(self, scores: Mapping[str, Scores]) -> tuple[dict[str, Scores], list[str]]:
        """Scores of what is degenerate in the answers, beside those of metrics; a sentence for what is suspicious."""
        if self._habits is None or not scores:
            return {}, []
        found = self._habits.scores(next(iter(scores.values())))
        return found, self._habits.warnings(found)

    def faulted(self) -> list[str]:
        """One sentence for each kind of failed answer, with how often it happened."""
        return self.faults.told(self.count)

    def _limit(self) -> int:
        return self.task.max_new_tokens if self.task.output == "generate" else 0
