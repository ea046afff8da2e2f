"""One command from beginning to end: find the suite, run it, publish, and say what came of it."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness import content
from harness.errors import NothingSelected, SuiteError, nearest
from harness.order import Order
from harness.run import Run
from harness.spec import ModelSpec, Suite
from harness.store import Store
from harness.watch import Silent, Watch

OFFLINE = ("HARNESS_OFFLINE", "HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE")
"""Environment variables that keep the libraries, and what the suite starts itself, off the network."""


def find(name: str) -> Path:
    """The YAML file of a suite: a path to it or to its folder, or the name of a bundled one.

    Raises:
        SuiteError: neither is there.
    """
    path = Path(name).expanduser()
    if path.is_dir() and (path / "suite.yaml").is_file():
        return path / "suite.yaml"
    if path.is_file():
        return path
    bundled = content.suites()
    if name in bundled:
        return bundled[name]
    if path.is_dir():
        raise SuiteError(f"the folder {name} holds no suite.yaml")
    beside = [p.name for p in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
    hint = nearest(name, [*bundled, *beside])
    raise SuiteError(f"no suite {name!r}: no file, no folder with a suite.yaml, and no bundled suite{hint}")


def load(order: Order) -> Suite:
    """The suite that was ordered, with overrides and further columns."""
    from harness import suite as suites

    if order.offline:
        os.environ.update(dict.fromkeys(OFFLINE, "1"))
    suite = suites.load(find(order.suite), sets=_sets(order.sets), candidate=order.candidate, offline=order.offline)
    models = dict(suite.models)
    for name in order.also:
        if name not in models:
            models[name] = _column(suite, name)
    return replace(suite, models=models)


def run(order: Order) -> int:
    """`harness run`: the exit code is the verdict.

    Raises:
        HarnessError: nothing could be evaluated, or written.
    """
    from harness import engine
    from harness.report import json as results
    from harness.report import publish, terminal
    from harness.work import Wish

    for path in order.outputs:
        publish.report_for(path)
    suite = load(order)
    folder = _folder(order.runs, suite.name)
    watch = _watch(order)
    wish = Wish(
        select=order.select,
        also=order.also,
        only=_not_passed(order.runs, suite.name) if order.last_failed else None,
        limit=order.limit,
        exit_first=order.exit_first,
        offline=order.offline,
        command=" ".join(["harness", *order.argv]),
        candidate=order.candidate or "candidate",
    )
    try:
        done, rows = engine.run(suite, wish, Store(order.cache, tell=watch.note), folder, watch)
        done = done.model_copy(update={"run_id": folder.name})
        publish.publish(done, rows, folder, order.outputs)
    except BaseException:
        watch.stop()
        _sweep(folder)
        raise
    watch.stop()
    _tell_github(done)
    if order.json:
        sys.stdout.write(results.render(done).decode("utf-8"))
    else:
        terminal.show(done, folder, quiet=order.quiet, durations=order.durations)
    return done.exit_code


def validate(order: Order) -> list[str]:
    """`harness validate`: everything that can be known without weights; warnings, one line each.

    Raises:
        SuiteError: with every complaint.
    """
    from harness import preflight
    from harness.rehearsal import rehearse
    from harness.workshop import Workshop

    suite = load(order)
    workshop = Workshop(suite, Store(order.cache), Silent())
    scans = preflight.inspect(suite, workshop, suite.checks.values(), made=False)
    told = [*suite.warnings, *(c for scan in scans for c in scan.complaints if c.severity == "warning")]
    return [str(complaint) for complaint in (*told, *rehearse(suite, workshop, tuple(suite.checks.values())))]


def _watch(order: Order) -> Watch:
    if order.json or order.quiet:
        return Silent()
    from harness.report.live import Live

    return Live()


def _folder(runs: Path, suite: str) -> Path:
    """A new folder for this run, made now: a place that cannot be written to is found before anything is trained."""
    from harness.journal import writing

    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    folder = (runs / suite / f"{stamp}-{secrets.token_hex(2)}").absolute()
    with writing(folder):
        folder.mkdir(parents=True)
        probe = folder / ".probe"
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
    return folder


def _sweep(folder: Path) -> None:
    """Leave no empty run behind; one with a journal stays, without result.json, to be looked at."""
    with suppress(OSError):
        journal = folder / "journal.jsonl"
        if journal.is_file() and not journal.stat().st_size:
            journal.unlink()
        folder.rmdir()


def _sets(given: Sequence[str]) -> dict[str, Any]:
    pairs: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise SuiteError(f"--set {text!r}: write name=value, for example --set models.candidate.peft=./out")
        pairs[name] = value
    return pairs


def _column(suite: Suite, name: str) -> ModelSpec:
    fixture = suite.fixtures.get(name)
    makes = fixture.entry.facts.get("makes") if fixture else None
    if makes not in ("model", "adapter"):
        known = [*suite.models, *(n for n, f in suite.fixtures.items() if f.entry.facts.get("makes") != "data")]
        raise SuiteError(f"--with {name}: no model, and no fixture that makes one{nearest(name, known)}")
    return ModelSpec(name, "transformers", {"peft" if makes == "adapter" else "pretrained": f"${name}"})


def _not_passed(runs: Path, suite: str) -> tuple[str, ...]:
    """Criteria of the latest run that did not pass, for --lf; those of an "at least u of m" go with it."""
    last = latest(runs, suite)
    open_ = {c.id for c in last.criteria if c.verdict != "pass"}
    return tuple(c.id for c in last.criteria if (c.group or c.id) in open_)


def latest(runs: Path, suite: str) -> Run:
    """The newest complete run of a suite.

    Raises:
        NothingSelected: there is none.
    """
    from harness.report import json as results

    complete = sorted(path.parent for path in (runs / suite).glob("*/result.json") if path.parent.name != "latest")
    if not complete:
        raise NothingSelected(f"no complete run of {suite!r} below {runs}")
    return results.load(complete[-1])


def record(name: str, runs: Path) -> tuple[Run, Path]:
    """The run that a path, a run folder, a result.json or a suite's name means, and its folder.

    Raises:
        SuiteError: there is none.
    """
    from harness.report import json as results

    for place in (Path(name), runs / name / "latest", runs / name):
        file = place / "result.json" if place.is_dir() else place
        if file.is_file():
            return results.load(file), file.resolve().parent
    known = [path.parent.parent.name for path in runs.glob("*/latest/result.json")] if runs.is_dir() else []
    hint = nearest(name, known)
    raise SuiteError(f"no run {name!r}: no run folder, no result.json, and no suite with runs below {runs}{hint}")


def _tell_github(done: Run) -> None:
    """The step summary and the annotations, inside of GitHub Actions."""
    if not os.environ.get("GITHUB_ACTIONS"):
        return
    from harness.report import github

    github.summarise(done, os.environ)
    for line in github.commands(done):
        sys.stderr.write(line + "\n")


def error_document(error: Exception, kind: str, code: int) -> str:
    """An error as the one JSON document of `--json`."""
    facts: Mapping[str, Any] = {"kind": kind, "message": str(error), "exit_code": code}
    return json.dumps({"error": facts}, ensure_ascii=True) + "\n"
