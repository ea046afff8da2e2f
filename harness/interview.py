"""Interviews: every check with every model it asks, advanced together, round by round, through the pool."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from harness.errors import Broken, CheckBroken, HarnessError, NothingSelected, SuiteError, nearest
from harness.exchange import Request, Response
from harness.findings import Findings, Rounds
from harness.pool import Pool
from harness.prefix import warning


@dataclass(slots=True)
class Interview:
    """One check asking one model (or all of them, where `model` is empty)."""

    check: str
    model: str
    talk: Rounds | Findings
    """The check's generator; or its findings at once, where it asks nobody."""
    pending: list[Request] = field(default_factory=list)
    findings: Findings | None = None
    broken: Broken | None = None
    seconds: float = 0.0
    """Time spent in the check itself, not in the models."""
    notes: list[str] = field(default_factory=list)
    """What is noticed about the way it asks, one sentence each."""

    @property
    def done(self) -> bool:
        """Whether it has findings, or never will."""
        return self.findings is not None or self.broken is not None


def conduct(interviews: Iterable[Interview], pool: Pool) -> None:
    """Bring every interview to its end; equal questions of one round are asked once.

    An interview that breaks keeps the reason, and the others go on.

    Raises:
        SuiteError, NothingSelected: the suite or its data is wrong; nothing can be decided.
    """
    going = [interview for interview in interviews if not interview.done]
    for interview in going:
        _begin(interview)
    while going := [interview for interview in going if not interview.done and _can_ask(interview, pool)]:
        asked = [(request.to or i.model, request) for i in going for request in i.pending]
        responses = pool.answer(asked)
        at = 0
        for interview in going:
            mine = slice(at, at + len(interview.pending))
            at += len(interview.pending)
            names = {name for name, _ in asked[mine]}
            fault = next((pool.places[name].broken for name in sorted(names) if pool.places[name].broken), None)
            if fault is not None:
                interview.broken = fault
                _close(interview)
            else:
                _advance(interview, responses[mine])


def _can_ask(interview: Interview, pool: Pool) -> bool:
    """Whether every pending request goes to a model that there is; an interview is broken where not."""
    for request in interview.pending:
        if (name := request.to or interview.model) not in pool.places:
            text = f"check {interview.check!r} asks the model {name!r}, which this run cannot ask"
            interview.broken = CheckBroken(text + nearest(name, pool.places))
            _close(interview)
            return False
    return True


def _begin(interview: Interview) -> None:
    if isinstance(interview.talk, Findings):
        interview.findings = interview.talk
    else:
        _advance(interview, None)


def _advance(interview: Interview, heard: list[Response] | None) -> None:
    assert not isinstance(interview.talk, Findings)
    began = perf_counter()
    try:
        asked: list[Any] = list(next(interview.talk) if heard is None else interview.talk.send(heard))
        if wrong := [item for item in asked if not isinstance(item, Request)]:
            text = f"asked with a {type(wrong[0]).__name__}; checks yield lists of Request"
            raise CheckBroken(f"check {interview.check!r} {text}")
        interview.pending = asked
        if heard is None and (told := warning(interview.check, [r.prompt for r in asked if not r.fresh])):
            interview.notes.append(told)
    except StopIteration as stop:
        if isinstance(stop.value, Findings):
            interview.findings = stop.value
        else:
            interview.broken = CheckBroken(f"check {interview.check!r} ended without findings")
    except (SuiteError, NothingSelected):
        raise
    except Broken as error:
        interview.broken = error
    except HarnessError as error:
        interview.broken = CheckBroken(f"check {interview.check!r}: {error}")
    except Exception as error:
        interview.broken = crashed(interview.check, error)
    finally:
        interview.seconds += perf_counter() - began


def crashed(check: str, error: Exception) -> CheckBroken:
    """A check's own crash as a sentence; the traceback stays attached as its cause."""
    broken = CheckBroken(f"check {check!r} crashed: {type(error).__name__}: {error}")
    broken.__cause__ = error
    return broken


def _close(interview: Interview) -> None:
    if inspect.isgenerator(interview.talk):
        with suppress(Exception):  # it is broken already; what it raises at its end says nothing more
            interview.talk.close()


def by_model(interviews: Iterable[Interview]) -> dict[str, Mapping[str, Findings]]:
    """Check → model → findings, of those that have any; a check that asked nobody stands under `candidate`."""
    found: dict[str, dict[str, Findings]] = {}
    for interview in interviews:
        if interview.findings is None:
            continue
        mine = found.setdefault(interview.check, {})
        if interview.findings.by_model:
            for name, scores in interview.findings.by_model.items():
                mine[name] = Findings(scores=scores)
        else:
            mine[interview.model or "candidate"] = interview.findings
    return {check: dict(models) for check, models in found.items()}
