"""The lock: what was promised before the candidate was measured, and what has changed since.

`suite.lock` is plain JSON beside the suite: every criterion with its confidence and margin, every check with its
options and sample ids, the rule for what is missing, and the planned looks, under one digest. A run may add criteria,
which are then exploratory and cannot accept; anything else that differs must be locked anew, with a reason that stays.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from harness import digest
from harness.criterion import Criterion
from harness.errors import Tampered
from harness.run import CriterionRecord

SCHEMA = "urn:finetune-harness:lock:1"
MISSING_RULE = "failures of the model score worst; everything else that is missing is taken both ways"
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Relock:
    """One time that the suite was locked."""

    digest: str
    at: str
    """UTC, ISO 8601."""
    reason: str


@dataclass(frozen=True, slots=True)
class Lock:
    """What was promised, when, and every earlier promise."""

    suite: str
    content: Mapping[str, Any]
    history: tuple[Relock, ...]
    """Oldest first; the last one is the lock that counts."""

    @property
    def digest(self) -> str:
        """Of what is promised."""
        return digest.of(self.content)

    @property
    def at(self) -> str:
        """When it was last locked."""
        return self.history[-1].at


def content_of(
    criteria: Iterable[Criterion],
    checks: Mapping[str, Mapping[str, Any]],
    samples: Mapping[str, Sequence[str]],
    *,
    seed: int,
    looks: int = 1,
    candidates: int = 1,
    unions: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """What is promised, as plain data.

    Args:
        criteria: every criterion of the suite.
        checks: check → its kind, options, decoding, repeats, judge and prompt, as plain data.
        samples: check → sample ids; only their number and one digest over the sorted ids are kept.
        seed: the suite's.
        looks: how many times the evidence may be looked at; more than one tightens every criterion.
        candidates: of how many candidates the best will be shipped; more than one tightens every criterion.
        unions: criteria of the form "at least u of m", by id, as plain data.
    """
    return {
        "criteria": {**{c.id: _promise(c) for c in criteria}, **digest.canonical(dict(unions or {}))},
        "checks": {name: digest.canonical(dict(options)) for name, options in checks.items()},
        "samples": {name: {"n": len(ids), "digest": digest.of(sorted(ids))} for name, ids in samples.items()},
        "rules": {"missing": MISSING_RULE, "looks": looks, "candidates": candidates, "seed": seed},
    }


def _promise(criterion: Criterion) -> dict[str, Any]:
    waive = criterion.waive
    return {
        "that": criterion.id,
        "severity": criterion.severity,
        "confidence": criterion.confidence,
        "on": criterion.on,
        "waive": None if waive is None else {"until": waive.until.isoformat(), "by": waive.by, "why": waive.why},
    }


def locked(suite: str, content: Mapping[str, Any], *, at: str, reason: str = "", previous: Lock | None = None) -> Lock:
    """A lock of this content; unchanged where the previous one holds it already.

    Raises:
        Tampered: it differs from the previous lock and no reason is given.
    """
    found = digest.of(content)
    if previous is None:
        return Lock(suite, content, (Relock(found, at, reason or "first lock"),))
    if previous.digest == found:
        return previous
    if not reason.strip():
        listed = "; ".join(changes(previous, content)[:_SHOWN])
        raise Tampered(f"{suite} differs from its lock ({listed}); give a reason to lock it anew")
    return Lock(suite, content, (*previous.history, Relock(found, at, reason.strip())))


def write(lock: Lock, path: Path) -> None:
    """Put the lock into a file, whole or not at all."""
    history = [{"digest": r.digest, "at": r.at, "reason": r.reason} for r in lock.history]
    data = {
        "schema": SCHEMA,
        "suite": lock.suite,
        "digest": lock.digest,
        "history": history,
        "seal": digest.of([lock.digest, history]),
        "content": digest.canonical(lock.content),
    }
    text = json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read(path: Path) -> Lock | None:
    """The lock in a file; None where there is no file.

    Raises:
        Tampered: the file is not a lock, or its content is not what its digest says.
    """
    try:
        data = json.loads(path.read_text("utf-8"))
        if data["schema"] != SCHEMA:
            raise Tampered(f"{path.name} is a lock of another kind: {data['schema']!r}, not {SCHEMA!r}")
        history = tuple(Relock(str(r["digest"]), str(r["at"]), str(r["reason"])) for r in data["history"])
        lock = Lock(str(data["suite"]), dict(data["content"]), history)
        said = (str(data["digest"]), history[-1].digest)
        sealed = data["seal"] == digest.of([said[0], data["history"]])
        for made in history:
            datetime.fromisoformat(made.at)
        for part in ("criteria", "checks", "samples", "rules"):
            lock.content[part].items()
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise Tampered(f"{path.name} is not a lock that can be read ({error}); run `harness lock` again") from error
    if set(said) != {lock.digest}:
        raise Tampered(f"{path.name} was edited by hand: its content no longer has the digest {said[0][:12]}")
    if not sealed:
        raise Tampered(f"{path.name} was edited by hand: when and why it was locked is no longer what was written")
    return lock


def changes(lock: Lock, content: Mapping[str, Any]) -> list[str]:
    """Every promise that is no longer kept, a sentence each; criteria that were only added are none."""
    told: list[str] = []
    for part, noun in (("criteria", "criterion"), ("checks", "check"), ("samples", "the samples of")):
        before, now = lock.content[part], content[part]
        for name, value in before.items():
            if name not in now:
                told.append(f"{noun} {name} was removed")
            elif now[name] != value:
                told.append(f"{noun} {name} changed: {_differs(value, now[name])}")
        if part != "criteria":
            told += [f"{noun} {name} was added" for name in now if name not in before]
    rules = lock.content["rules"]
    told += [
        f"the rule {name!r} changed: {rules.get(name)!r} is now {content['rules'].get(name)!r}"
        for name in sorted({*rules, *content["rules"]})
        if rules.get(name) != content["rules"].get(name)
    ]
    return told


def _differs(before: Any, now: Any) -> str:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        keys = [key for key in sorted({*before, *now}) if before.get(key) != now.get(key)]
        return ", ".join(f"{key} {_short(before.get(key))} is now {_short(now.get(key))}" for key in keys[:_SHOWN])
    return f"{_short(before)} is now {_short(now)}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= 60 else f"{text[:57]}…"


def added(lock: Lock, criteria: Iterable[str]) -> list[str]:
    """Ids of criteria that were not promised."""
    return [name for name in criteria if name not in lock.content["criteria"]]


def verify(lock: Lock, content: Mapping[str, Any]) -> None:
    """Nothing, where every promise is kept.

    Raises:
        Tampered: with everything that changed.
    """
    told = changes(lock, content)
    if told:
        more = f"; and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
        raise Tampered(
            f"{lock.suite} no longer matches suite.lock of {lock.at}: {'; '.join(told[:_SHOWN])}{more}. "
            "Put it back, or lock it anew with a reason: harness lock --reason '…'"
        )


def mark_exploratory(records: Sequence[CriterionRecord], lock: Lock) -> list[CriterionRecord]:
    """The records, with criteria that were added after the lock turned into remarks: they can no longer accept."""
    out = []
    for record in records:
        if record.id not in lock.content["criteria"] and record.severity == "require":
            text = f"{record.reason}; exploratory: it was added after the suite was locked on {lock.at}"
            record = record.model_copy(update={"severity": "warn", "reason": text})
        out.append(record)
    return out
