"""Looking at the data before anything is trained or asked: rows, targets, ids, and whether the templates fit them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from harness.data import Dataset, Scan, scan
from harness.errors import Complaint, NothingSelected, SuiteError, nearest
from harness.plan import root_task
from harness.spec import CheckSpec, Suite
from harness.task import as_text, build, output_of
from harness.template import Template, is_template
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
    choices = check.options.get("choices") if own else None
    key = f"{data.source.shown}{data.hub}{own}{target}"
    if key in seen:
        return []
    seen.add(key)
    found = scan(
        data,
        target="" if is_template(target) else target,
        choices=[as_text(choice) for choice in choices] if isinstance(choices, list) else None,
    )
    if own and not found.errors:
        _try(suite, check, data)
    return [found]


def _try(suite: Suite, check: CheckSpec, data: Dataset) -> None:
    """Build the task, render prompt and target of the first rows, and look for the slice fields."""
    build(check.name, {**check.options, "data": data, "num_fewshot": 0}, suite.catalog, seed=suite.seed)
    prompt = check.options.get("prompt", "" if output_of(check.options) == "perplexity" else "{{ input }}")
    templates = [("prompt", Template(str(prompt)))]
    if is_template(str(check.options.get("target", ""))):
        templates.append(("target", Template(str(check.options["target"]))))
    fields = [*(check.options.get("slices") or ()), *([check.options["cluster"]] if check.options.get("cluster") else ())]
    for record in islice(data.records(), TRIED):
        place = (data.source.shown, record.line)
        for name, template in templates:
            missing = sorted(template.names - record.fields.keys())
            try:
                template.render(record.fields)
            except ValueError as error:
                hint = nearest(missing[0], record.fields) if missing else ""
                raise SuiteError([Complaint(*place, f"{name} of check {check.name!r}: {error}{hint}")]) from error
        for field in fields:
            if field not in record.fields:
                text = f"check {check.name!r} slices by {field!r}, which the row does not have{nearest(field, record.fields)}"
                raise SuiteError([Complaint(*place, text)])


