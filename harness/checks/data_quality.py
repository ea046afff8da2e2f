"""Is the data worth training on?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Literal

from harness.catalog import check
from harness.checkpoint import Checkpoint
from harness.data.dataset import Dataset
from harness.errors import SuiteError
from harness.findings import Findings
from harness.inspecting.across import Conflicts, Foreign, NearRepeats, Odd, Repeats, Template, ending_of, template_of
from harness.inspecting.alone import Alone, Cut, Damaged, Personal, Stale, Unlicensed, empty, empty_input
from harness.inspecting.boilerplate import Boilerplate
from harness.inspecting.classes import MOST_CLASSES, Labels, is_label, spread
from harness.inspecting.entry import Entry, Inspector
from harness.inspecting.inspection import Inspection, inspect
from harness.inspecting.issues import chosen_of, quantity_of
from harness.inspecting.licences import canonical
from harness.inspecting.page import pages, rows_of
from harness.inspecting.tokens import counter
from harness.score import Quantity, Scores
from harness.task import Task
from harness.template import Template as Prompt


def _measures(
    issues: list[str] | None, group: str | None, max_length: int | None, date: str | None, license_field: str | None,
    target: str | None,
) -> dict[str, Quantity]:  # fmt: skip
    given = {"group": group, "max_length": max_length, "date": date, "license_field": license_field}
    return {name: quantity_of(name) for name in chosen_of(issues, given, target)}


@check(measures=_measures, asks="nobody")
def data_quality(
    models: tuple[Checkpoint, ...],
    seed: int,
    *,
    data: Dataset,
    issues: list[str] | None = None,
    input: str = "input",
    target: str | None = "target",
    near_duplicate: float = 0.8,
    label_rows: int = 5000,
    label_method: Literal["own", "cleanlab"] = "own",
    group: str | None = None,
    language: str | None = None,
    boilerplate_share: float = 0.2,
    boilerplate_words: int = 5,
    max_length: int | None = None,
    prompt: str | None = None,
    of: Task | None = None,
    date: str | None = None,
    max_age: int = 730,
    as_of: str | None = None,
    license_field: str | None = None,
    allow: list[str] = ["apache-2.0", "mit", "cc-by-4.0", "cc0-1.0"],  # noqa: B006
) -> Findings:
    """Count what is wrong with the rows of a data set; each issue is the share of rows that have it.

    `empty`: no input or no target; `duplicates`, `near_duplicates`: repeats an earlier row with the same target;
    `conflicts`: another row has its input and another target; `label_errors`: estimated by confident learning;
    `class_imbalance`, `group_imbalance`: 1 - k · share of the rarest of k, so that 0 is even; `language`: surely not in
    the main one; `pii`: mail, phone, card, account, network or social security numbers; `boilerplate`: its target holds
    a passage that many different targets hold; `encoding`: damaged or invisible characters; `truncation`: prompt and
    target are longer than `max_length`; `template`: written otherwise than most, or than the task `of` asks; `eos`: its
    target ends otherwise than most; `age`: older than `max_age`; `license`: not among `allow`.

    Options:
        data: the rows
        issues: which issues are looked for; all for which the options suffice unless said
        input: the field that is read
        target: the field that is learnt; null for rows without one
        near_duplicate: share of three-letter pieces (Jaccard) from which two inputs are near
        label_rows: how many rows are judged for label errors at most, drawn by their ids
        label_method: own (confident learning with out-of-sample TF-IDF and logistic regression), or cleanlab's filter
        group: the field whose groups are counted, and by which criteria may select
        language: two letters of the language that rows should be in; the most frequent unless said
        boilerplate_share: share of the different targets from which a passage is common
        boilerplate_words: how many words make a passage
        max_length: tokens that fit; by the candidate's tokenizer, or else base's, or else counted as words
        prompt: the template that training used, such as $candidate.prompt; the input alone unless said
        of: the task whose prompt is served, compared with `prompt` on every row
        date: the field that says of when a row is
        max_age: days
        as_of: the day that ages are counted to, such as 2026-01-31; today unless said
        license_field: the field with a row's licence
        allow: licences that rows may have, as SPDX names them
    """
    _sane(near_duplicate=near_duplicate, boilerplate_share=boilerplate_share)
    for name, number in (("label_rows", label_rows), ("boilerplate_words", boilerplate_words), ("max_age", max_age)):
        if number < 1:
            raise SuiteError(f"data_quality: `{name}: {number}` is too small; write 1 or more")
    given = {"group": group, "max_length": max_length, "date": date, "license_field": license_field}
    chosen = chosen_of(issues, given, target)
    trained = _worded(prompt) if prompt else _plainly
    length, unit = counter(models, trained) if "truncation" in chosen else (None, "")
    looked: dict[str, Inspector] = {
        "empty": Alone(empty if target else empty_input),
        "duplicates": Repeats(),
        "near_duplicates": NearRepeats(near_duplicate),
        "conflicts": Conflicts(),
        "label_errors": Labels(label_rows, seed, label_method),
        "language": Foreign(language or ""),
        "pii": Alone(Personal()),
        "encoding": Alone(Damaged()),
        "template": Template(trained, _worded(of.prompt.text)) if of else Odd(template_of, "none"),
        "eos": Odd(ending_of, "no mark"),
        "age": Alone(Stale(date or "", max_age, _day(as_of))),
        "license": Alone(Unlicensed(license_field or "", frozenset(map(canonical, allow)))),
    }
    if length is not None:
        looked["truncation"] = Alone(Cut(length, max_length or 0))
    looked = {name: looked[name] for name in chosen if name in looked}
    common = Boilerplate(boilerplate_share, boilerplate_words) if "boilerplate" in chosen else None
    found = inspect(data, looked, input=input, target=target, group=group, boilerplate=common, most_labels=MOST_CLASSES)
    scores = {name: found.scores(quantity_of(name)) for name in chosen if name in found.tallies}
    if "label_errors" in scores:
        scores["label_errors"] = found.scores(quantity_of("label_errors"), only=looked["label_errors"].drawn)  # type: ignore[attr-defined]
    scores |= _spreads(chosen, found)
    figures, warnings = pages(found, looked, chosen, scores, unit)
    return Findings(scores=scores, figures=figures, warnings=warnings, rows=rows_of(found, chosen))


def _spreads(chosen: list[str], found: Inspection) -> dict[str, Scores]:
    free = "" if is_label(found.labels, len(found.ids)) else "the targets are no labels: too many different ones"
    groups: dict[str, int] = {}
    for value in found.groups:
        groups[value] = groups.get(value, 0) + 1
    alone = "" if len(groups) > 1 else "there is only one group"
    made = {"class_imbalance": (found.labels, free), "group_imbalance": (groups, alone)}
    return {name: spread(name, counts, why) for name, (counts, why) in made.items() if name in chosen}


def _plainly(entry: Entry) -> str:
    return entry.input


def _worded(text: str) -> Callable[[Entry], str]:
    template = Prompt(text)
    return lambda entry: template.render(entry.row)


def _sane(**shares: float) -> None:
    for name, share in shares.items():
        if not 0 < share <= 1:
            raise SuiteError(f"data_quality: `{name}: {share}`: write a share above 0 and at most 1")


def _day(text: str | None) -> date:
    try:
        return date.fromisoformat(text) if text else date.today()
    except ValueError as error:
        raise SuiteError(f"data_quality: `as_of: {text}` is no day; write it as 2026-01-31") from error
