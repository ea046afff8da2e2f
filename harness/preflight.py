"""Looking at the data before anything is trained or asked: rows, targets, ids, and whether the templates fit them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from harness import digest
from harness.assembly import build
from harness.data import Dataset, Scan, scan
from harness.errors import Complaint, SuiteError
from harness.plan import root_task
from harness.spec import CheckSpec, Suite
from harness.task import as_text
from harness.template import is_template
from harness.workshop import Workshop, reference

TRIED = 50
"""Rows whose prompt and target are really rendered; the rest are only scanned."""


def inspect(suite: Suite, workshop: Workshop, checks: Iterable[CheckSpec], *, made: bool) -> list[Scan]:
    """Scan the data of every check: of files beside the suite, or (`made`) of fixtures too.

    Raises:
        SuiteError: with every complaint of every file.
        NothingSelected: a data set is empty.
    """
    complaints: list[Complaint] = []
    scans: list[Scan] = []
    seen: set[str] = set()
    for check in checks:
        for name, value in check.options.items():
            if check.entry.options[name].reference != "data" or value is None:
                continue
            if (reference(value) is None) == made:
                continue
            try:
                found = _scan(suite, check, name, workshop.dataset(value), seen)
                scans += found
                complaints += [c for each in found for c in each.complaints]
            except SuiteError as error:
                complaints += error.complaints
    if any(c.severity == "error" for c in complaints):
        raise SuiteError([c for c in complaints if c.severity == "error"])
    return scans


def _scan(suite: Suite, check: CheckSpec, option: str, data: Dataset, seen: set[str]) -> list[Scan]:
    task = root_task(suite, check)
    own = option == "data" and task is check
    target = str(task.options.get("target", "target")) if own and task is not None else ""
    target = "" if is_template(target) else target
    choices = check.options.get("choices") if own else None
    wanted = [as_text(choice) for choice in choices] if isinstance(choices, list) else None
    key = digest.of([data.source.shown, target, wanted])
    scans: list[Scan] = []
    if key not in seen:
        seen.add(key)
        scans.append(scan(data, target=target, choices=wanted))
    if own and not any(found.errors for found in scans):
        _try(suite, check, data)
    return scans


def _try(suite: Suite, check: CheckSpec, data: Dataset) -> None:
    """Build the task and make samples of the first rows."""
    task = build(check.name, {**check.options, "data": data, "num_fewshot": 0}, suite.catalog, seed=suite.seed)
    for record in islice(data.records(), TRIED):
        task.sample(record)


def go_offline(suite: Suite, checks: Sequence[CheckSpec]) -> None:
    """Keep every library off the network where nothing in the suite is on it."""
    named = [value for m in suite.models.values() for k, value in m.options.items() if k in ("pretrained", "peft")]
    local = all(str(v).startswith("$") or (suite.root / Path(str(v)).expanduser()).is_dir() for v in named)
    hub = any("hub:" in str(value) for check in checks for value in check.options.values())
    remote = any(check.kind == "forgetting" and not check.options.get("include_path") for check in checks)
    if local and not hub and not remote:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
