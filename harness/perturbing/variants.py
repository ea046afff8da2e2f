"""Variants: perturbations applied to samples, each with random numbers of its own, so that nothing else moves them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from harness import digest
from harness.catalog import Catalog, Entry, PerturbationSpec
from harness.errors import CheckBroken, Complaint, SuiteError, nearest
from harness.perturbing.labels import check_labels, labels
from harness.perturbing.pairs import Pairs, read_pairs
from harness.perturbing.question import Question
from harness.perturbing.spans import Guard, Span
from harness.sample import Sample
from harness.task import Task
from harness.template import is_template

MOST_ANSWERS = 1000
"""Different targets that are offered to perturbations which need a wrong answer."""
AROUND = "around"
"""The kind of spans that stand around the one word which may change."""


@dataclass(frozen=True, slots=True)
class Perturbation:
    """One perturbation of a check, with its options."""

    entry: Entry
    options: Mapping[str, Any]
    label: str
    """What criteria call it: its name, with its options where the check has it twice."""
    pairs: Pairs | None = None

    @property
    def keeps(self) -> str:
        """`meaning`: the answer must stay; `nothing`: it must change; `everything`: asked again as it was."""
        return str(self.entry.facts["keeps"])


@dataclass(frozen=True, slots=True)
class Variant:
    """One sample, perturbed."""

    label: str
    at: int
    """Which of the perturbation's variants, from 0."""
    before: Sample
    sample: Sample
    """As it is asked now; its id is still the first one's."""
    system: str = ""
    said: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """What recordings know it by: `ID/LABEL`, with its number where there are several."""
        return f"{self.before.id}/{self.label}{f'/{self.at + 1}' if self.at else ''}"

    @property
    def changed(self) -> bool:
        """Whether the model is asked anything else than before."""
        now, then = self.sample, self.before
        return bool(self.system) or now.prompt != then.prompt or set(now.choices) != set(then.choices)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A task ready to be perturbed."""

    task: Task
    perturbations: tuple[Perturbation, ...]
    fields: tuple[str, ...]
    guard: Guard
    answers: tuple[str, ...] = ()

    def variant(self, chosen: Perturbation, sample: Sample, at: int = 0) -> Variant:
        """A sample under one perturbation: the same bytes whatever else is perturbed, and in whatever order.

        Raises:
            CheckBroken: the perturbation crashed or gave back something else than it was given.
        """
        question = Question(sample, self.task, self.fields, self.guard)
        seed = [self.task.seed, chosen.entry.name, dict(chosen.options), at]
        try:
            changed = self._changed(chosen, question, seed)
        except (CheckBroken, SuiteError):
            raise
        except Exception as error:
            text = f"the perturbation {chosen.label} crashed on sample {sample.id}: {type(error).__name__}: {error}"
            raise CheckBroken(text) from error
        if changed is question:
            return Variant(chosen.label, at, sample, sample)
        now = replace(changed.sample, prompt=changed.prompt)
        return Variant(chosen.label, at, sample, now, changed.system, changed.said)

    def _changed(self, chosen: Perturbation, question: Question, seed: list[Any]) -> Question:
        given = {
            "variant": seed[-1],
            "shared": _random([*seed]),
            "pairs": chosen.pairs,
            "answers": self.answers,
            "target": self.task.target,
        }
        if chosen.entry.given[0] != "text":
            given |= {"question": question, "rng": _random([*seed, question.sample.id])}
            changed = chosen.entry.function(**chosen.entry.bind(given, chosen.options))
            if not isinstance(changed, Question):
                raise CheckBroken(f"the perturbation {chosen.label} gave back a {type(changed).__name__}, no Question")
            return changed
        new = self._edited(chosen, question, seed, given, question.texts)
        return question if new == question.texts else question.with_row(new)

    def word(self, chosen: Perturbation, question: Question, field: str, start: int, stop: int, at: int) -> str:
        """What a perturbation of texts makes of one word, all around it protected; the word where that does nothing.

        Raises:
            CheckBroken: the perturbation crashed or gave back something else than it was given.
        """
        text = question.texts[field]
        around = [Span(0, start, AROUND), Span(stop, len(text), AROUND)]
        seed = [self.task.seed, chosen.entry.name, dict(chosen.options), at]
        try:
            given = {"variant": at, "shared": _random([*seed]), "answers": self.answers, "target": self.task.target}
            new = self._edited(chosen, question, [*seed, start], given, {field: text}, around)[field]
        except (CheckBroken, SuiteError):
            raise
        except Exception as error:
            text = f"the perturbation {chosen.label} crashed on sample {question.sample.id}: {type(error).__name__}"
            raise CheckBroken(f"{text}: {error}") from error
        head, tail = text[:start], text[stop:]
        inside = len(new) >= len(head) + len(tail) and new.startswith(head) and new.endswith(tail)
        return new[start : len(new) - len(tail)] if inside else text[start:stop]

    def _edited(
        self, chosen: Perturbation, question: Question, seed: list[Any], given: Mapping[str, Any],
        texts: Mapping[str, str], around: Sequence[Span] = (),
    ) -> dict[str, str]:  # fmt: skip
        new: dict[str, str] = {}
        for name, text in texts.items():
            rng = _random([*seed, question.sample.id, name])
            more = {"text": text, "rng": rng, "protected": (*question.protected(text), *around)}
            new[name] = chosen.entry.function(**chosen.entry.bind({**given, **more}, chosen.options))
            if not isinstance(new[name], str):
                raise CheckBroken(f"the perturbation {chosen.label} gave back a {type(new[name]).__name__}, no text")
        return new


def _random(seed: list[Any]) -> Random:
    return Random(int(digest.of(seed)[:32], 16))


def prepare(
    task: Task,
    specs: Sequence[PerturbationSpec],
    *,
    catalog: Catalog,
    root: Path,
    guard: Guard | None = None,
    fields: Sequence[str] | None = None,
) -> Prepared:
    """A task with its perturbations looked up, and the files of these read.

    Args:
        task: whose samples are perturbed.
        specs: the perturbations as the suite names them.
        catalog: where they are found.
        root: the suite's folder, which paths are relative to.
        guard: what is protected; everything of `spans.KINDS` unless said.
        fields: the fields of the rows that are perturbed; those that the prompt reads unless said.

    Raises:
        SuiteError: a field is not there, or a file has rows without a partner.
    """
    check_labels(specs)
    entries = [catalog.get("perturbation", spec.name) for spec in specs]
    textual = any(entry.given[0] == "text" or {"pairs", "answers"} & set(entry.given) for entry in entries)
    chosen = _fields(task, fields, needed=textual)
    found = []
    for spec, entry, label in zip(specs, entries, labels(specs), strict=True):
        pairs = None
        if "pairs" in entry.given:
            relabel = entry.facts["keeps"] == "nothing"
            file = str(spec.options["file"])
            pairs = read_pairs(file, root, task.data, chosen, task.target, relabel=relabel)
        found.append(Perturbation(entry, spec.options, label, pairs))
    needy = any("answers" in one.entry.given for one in found)
    return Prepared(task, tuple(found), chosen, guard or Guard(), _answers(task) if needy else ())


def _answers(task: Task) -> tuple[str, ...]:
    seen: dict[str, None] = {}
    for sample in task.samples():
        seen.update(dict.fromkeys(sample.targets[:1]))
        if len(seen) >= MOST_ANSWERS:
            break
    return tuple(seen)


def _fields(task: Task, wanted: Sequence[str] | None, *, needed: bool) -> tuple[str, ...]:
    """The fields to perturb; where they are needed, the first row must have some that hold text."""
    first = next(iter(task.data.records()), None)
    if first is None:
        return tuple(wanted or ())
    row, at = first.fields, first.line
    if wanted is not None:
        for name in wanted:
            if name not in row:
                raise _wrong(task, at, f"the row has no field {name!r} to perturb{nearest(name, row)}")
            if name not in task.prompt.names:
                raise _wrong(task, at, f"the prompt does not read {name!r}, so that perturbing it would change nothing")
        names: Collection[str] = wanted
    else:
        names = sorted(task.prompt.names - _told(task))
    found = tuple(dict.fromkeys(name for name in names if wanted or isinstance(row.get(name), str)))
    if not found and needed:
        held = ", ".join(sorted(task.prompt.names)) or "no field"
        raise _wrong(task, at, f"nothing to perturb: the prompt reads {held}; name text fields of the rows in `fields`")
    return found


def _told(task: Task) -> set[str]:
    """Fields that say the answer or what may be chosen."""
    target = task._target.names if task._target is not None and is_template(task.target) else {task.target}
    return {*target, *([task.choices_field] if task.choices_field else [])}


def _wrong(task: Task, at: int, text: str) -> SuiteError:
    return SuiteError([Complaint(task.data.source.shown, at, f"check {task.name!r}: {text}")])
