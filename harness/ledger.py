"""The ledger: which runs there have been, under which lock, of which candidate; and what a run says of its lock."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.lock import Lock
from harness.stats.multiplicity import reuse


@dataclass(frozen=True, slots=True)
class Use:
    """One finished run."""

    run_id: str
    started: str
    verdict: str
    candidate: str
    """As it was named."""
    weights: str = ""
    """The candidate's digest."""
    lock: str = ""
    """Digest of the lock it was made under; empty where there was none."""


def runs_in(folder: Path) -> list[Use]:
    """Every finished run in a folder of runs, oldest first."""
    found = []
    for file in sorted(folder.glob("*/result.json")):
        if file.parent.name == "latest":
            continue  # points to one of the others
        try:
            data = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError):
            continue  # not a finished run of ours; counting it would blame a lock for it
        if isinstance(data, dict) and _is_moment(data.get("started")):
            run_id, started, verdict, candidate = (
                str(data.get(key, "")) for key in ("run_id", "started", "verdict", "candidate")
            )
            weights = str(((data.get("models") or {}).get("candidate") or {}).get("digest", ""))
            lock = str((data.get("lock") or {}).get("digest", ""))
            found.append(Use(run_id, started, verdict, candidate, weights, lock))
    return sorted(found, key=lambda use: use.started)


def uses(folder: Path, locked_digest: str) -> list[Use]:
    """Finished runs in a folder of runs that were made under this lock, oldest first."""
    return [use for use in runs_in(folder) if use.lock == locked_digest]


def summary(
    lock: Lock,
    *,
    started: str,
    runs: Sequence[Use] = (),
    weights: str = "",
    alpha: float = 0.05,
    exploratory: Sequence[str] = (),
) -> dict[str, Any]:
    """What a run says of its lock: `Run.lock`.

    Args:
        lock: the lock.
        started: when this run started.
        runs: finished runs of the suite, under whatever lock.
        weights: digest of the candidate; when it was first measured is the start of its first run.
        alpha: probability that a model at the limit passes one criterion by chance.
        exploratory: criteria added after the lock.
    """
    first = min([use.started for use in runs if use.weights == weights] + [started], key=_moment)
    before = _moment(lock.at) <= _moment(first)
    count = sum(use.lock == lock.digest for use in runs) + 1
    times = "the first run" if count == 1 else f"run {count}"
    text = f"Locked on {lock.at}, {'before' if before else 'after'} the candidate was first measured"
    text += f"; {times} under this lock"
    if len(lock.history) > 1:
        text += f"; locked anew {len(lock.history) - 1} times, last because: {lock.history[-1].reason}"
    if count > 1:
        text += f"; with {count} tries a model at the limit passes by chance with up to {reuse(alpha, count):.1%}"
    if exploratory:
        text += f"; added after the lock, hence exploratory: {', '.join(exploratory)}"
    return {
        "locked": True,
        "digest": lock.digest,
        "at": lock.at,
        "before_first_run": before,
        "first_measured": first,
        "runs": count,
        "chance": reuse(alpha, count),
        "exploratory": list(exploratory),
        "history": [{"digest": r.digest, "at": r.at, "reason": r.reason} for r in lock.history],
        "sentence": f"{text}.",
    }


def _moment(iso: str) -> datetime:
    """A time stamp to compare, exact to the second that run records have.

    Raises:
        ValueError: it is none.
    """
    found = datetime.fromisoformat(iso).replace(microsecond=0)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _is_moment(found: object) -> bool:
    try:
        return isinstance(found, str) and bool(_moment(found))
    except ValueError:
        return False
