"""The pledge: what a suite promises before its candidate is measured, written by `harness lock`, held by every run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness import content, digest
from harness import lock as locks
from harness.checkpoint import Checkpoint
from harness.errors import SuiteError
from harness.ledger import Use, runs_in, summary
from harness.lock import Lock
from harness.plan import Plan, filled, root_task, task_of
from harness.run import CriterionRecord
from harness.spec import CheckSpec, Suite
from harness.terms import held_to
from harness.verdict import Outcome
from harness.workshop import Workshop, reference

OF_THE_CANDIDATE = "$candidate."


@dataclass(frozen=True, slots=True)
class Pledge:
    """A lock that holds, and what has happened under it."""

    lock: Lock
    suite: Suite
    runs: tuple[Use, ...]
    """Finished runs of the suite, under whatever lock, oldest first."""

    def look(self, weights: str) -> int:
        """Which look at this candidate comes now, from 1; what was broken was not seen."""
        return 1 + len(self._looks(weights))

    def _looks(self, weights: str) -> list[Use]:
        mine = [use for use in self.runs if use.lock == self.lock.digest and use.weights == weights]
        return [use for use in mine if use.verdict != Outcome.BROKEN]

    def obstacle(self, plan: Plan, weights: str) -> str:
        """Why a run under this lock cannot accept, whatever is found; empty where it can."""
        looks, earlier = self.suite.terms.looks, self._looks(weights)
        if plan.limit is not None:
            return f"only the first {plan.limit} rows were asked (--limit), and more was locked"
        if plan.left_out:
            return f"{len(plan.left_out)} of {len(self.suite.accept)} locked criteria were not selected"
        if looks > 1 and any(use.verdict == Outcome.REJECTED for use in earlier):
            return "an earlier look has rejected this candidate, and looking again does not undo that"
        if len(earlier) >= looks > 1:
            return f"look {len(earlier) + 1} was not planned: the lock allows {looks}"
        return ""

    def exploratory(self) -> list[str]:
        """Criteria that were added after the lock."""
        return locks.added(self.lock, [*(c.id for c in self.suite.accept), *(u.id for u in self.suite.terms.unions)])

    def told(self, started: str, weights: str) -> dict[str, Any]:
        """What the run says of its lock."""
        levels = [c.confidence for c in self.suite.accept if c.severity == "require"] or [0.95]
        alpha = 1 - min(levels)
        facts = summary(
            self.lock, started=started, runs=self.runs, weights=weights, alpha=alpha, exploratory=self.exploratory()
        )
        return {**facts, "file": path_of(self.suite).name, "look": self.look(weights), "looks": self.suite.terms.looks}


def path_of(suite: Suite) -> Path:
    """The lock's file: beside the suite, under its name, so that suite.yaml has suite.lock."""
    return suite.path.with_suffix(".lock")


def promise(suite: Suite, workshop: Workshop) -> dict[str, Any]:
    """What the suite says now, with the digests of the data it asks; makes fixtures of data, never of models.

    Raises:
        SuiteError: the data cannot be known before a model is trained.
    """
    checks: dict[str, dict[str, Any]] = {}
    samples: dict[str, Sequence[str]] = {}
    for name, check in suite.checks.items():
        given = _as_written(suite, check)
        checks[name] = {"kind": check.kind, **filled(check), **given}
        samples |= {f"{name}.{option}": found for option, found in _data(check, workshop, given).items()}
        if root_task(suite, check) is check and "data" not in given:
            task = task_of(suite, check, workshop, None)
            assert task is not None
            samples[name] = [digest.of([s.id, s.prompt, list(s.targets), list(s.choices)]) for s in task.samples()]
    unions = {
        u.id: {"at_least": u.least, "of": list(u.members), "confidence": u.confidence} for u in suite.terms.unions
    }
    return locks.content_of(
        suite.accept,
        checks,
        samples,
        seed=suite.seed,
        looks=suite.terms.looks,
        candidates=suite.terms.candidates,
        unions=unions,
    )


def _as_written(suite: Suite, check: CheckSpec) -> dict[str, Any]:
    """Options that stand for something of the candidate, as they are written: they follow it, and are no promise."""
    raw = suite.lines.data["checks"][check.name]
    given = raw.get(check.kind) if isinstance(raw, Mapping) else None
    return {
        option: value
        for option, value in (given or {}).items()
        if OF_THE_CANDIDATE in json.dumps(value, ensure_ascii=False, default=str)
    }


def _data(check: CheckSpec, workshop: Workshop, left_out: Mapping[str, Any]) -> dict[str, list[str]]:
    """Option → digests of the data it names."""
    found = {}
    for option, value in check.options.items():
        values = [v for v in (value if isinstance(value, list) else [value]) if v is not None]
        kind = check.entry.options[option].reference
        if not values or option in left_out:
            continue
        if kind == "data":
            _must_be_data(check, values, workshop)
            found[option] = [workshop.dataset(v).digest() for v in values]
        elif kind == "file":
            found[option] = [digest.of_path(workshop.suite.root / str(v)) for v in values]
    return found


def _must_be_data(check: CheckSpec, values: Sequence[Any], workshop: Workshop) -> None:
    for name in (name for value in values if reference(value) for name in workshop.needs_of(value)):
        if workshop.suite.fixtures[name].entry.facts.get("makes") != "data":
            raise SuiteError(
                f"check {check.name!r} asks data that are made with the model ${name}; they cannot be locked "
                "before it is trained: make them once, and name the file"
            )


def write(suite: Suite, workshop: Workshop, *, reason: str = "") -> tuple[Lock, Path, bool]:
    """Lock the suite; gives the lock, its file, and whether anything was new.

    Raises:
        Tampered: the suite differs from its lock, and no reason is given.
        SuiteError: the suite is a bundled one, which is not changed by users.
    """
    path = path_of(suite)
    if content.packed() and content.root() in path.resolve().parents:
        raise SuiteError(
            f"{suite.name} comes with the harness, and its lock would stand inside of the package; copy the folder "
            f"{suite.path.parent} and lock the copy"
        )
    previous = locks.read(path)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    made = locks.locked(suite.name, promise(suite, workshop), at=now, reason=reason, previous=previous)
    if made is not previous:
        locks.write(made, path)
    return made, path, made is not previous


def held(suite: Suite, workshop: Workshop, runs: Path) -> Pledge | None:
    """The pledge that a run is under; None where the suite is not locked.

    Raises:
        Tampered: the suite is no longer what was locked.
        SuiteError: several looks are planned, and no lock counts them.
    """
    lock = locks.read(path_of(suite))
    if lock is None:
        if suite.terms.looks > 1:
            text = f"`looks: {suite.terms.looks}` is counted by a lock, and there is none; first run: harness lock"
            raise SuiteError([suite.lines.complaint(("looks",), f"{text} {suite.path.name}")])
        return None
    locks.verify(lock, promise(suite, workshop))
    return Pledge(lock, suite, tuple(runs_in(runs)))


def at_look(plan: Plan, pledge: Pledge | None, candidate: Checkpoint | None) -> Plan:
    """The plan with its criteria at the confidence, and its samples at the share, that this look allows."""
    terms = plan.suite.terms
    coming = pledge.look(candidate.digest if candidate is not None else "") if pledge is not None else 1
    look = min(coming, terms.looks)
    return replace(plan, criteria=held_to(plan.criteria, terms, look), share=look / terms.looks, look=look)


def restrained(pledge: Pledge | None, plan: Plan, weights: str, outcome: Outcome, sentence: str) -> tuple[Outcome, str]:
    """The verdict, which is no acceptance where the lock does not allow one."""
    why = pledge.obstacle(plan, weights) if pledge is not None else ""
    if outcome is not Outcome.ACCEPTED or not why:
        return outcome, sentence
    return Outcome.INCONCLUSIVE, f"Inconclusive: every criterion holds, but {why}."


def marked(pledge: Pledge | None, records: list[CriterionRecord]) -> list[CriterionRecord]:
    """The records, with criteria that were added after the lock turned into remarks."""
    return records if pledge is None else locks.mark_exploratory(records, pledge.lock)
