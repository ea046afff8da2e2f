"""Wordings: a task's questions asked under several prompt templates, and what each of them scores."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from harness.ask import must_be_whole, probe_gold, row_of, value_of
from harness.errors import NothingSelected, SuiteError, nearest
from harness.exchange import Request, Response
from harness.faults import Faults
from harness.marking import Answer
from harness.perturbing.drops import prediction
from harness.perturbing.formats import Format, formats
from harness.rows import Rows
from harness.sample import Sample
from harness.score import CANDIDATE, INFRASTRUCTURE, Missing, Quantity, Scores, joined, table
from harness.task import Task, shots_of
from harness.template import Template, is_template

Asking = Generator[list[Request], list[Response], None]
OWN = "task"
"""What the task's own template is called."""
TEMPLATE = "template"
"""The slice field of scores by template."""
LOT = 20_000
"""Requests that are made in one round at most: what is in memory at a time."""


def ways(task: Task, templates: Sequence[str], count: int, root: Path) -> list[Format]:
    """The task's own template, those of the suite (a text, or the name of a file beside it), and `count` formats.

    Raises:
        SuiteError: a file is not there, a template stands twice, or fewer than two are left.
    """
    found = [Format(OWN, task.prompt.text, "the task's own")]
    found += [_template(at, given, root) for at, given in enumerate(templates, start=1)]
    if count:
        found += formats(task.prompt.text, count, seed=task.seed)
    seen: dict[str, str] = {}
    for one in found:
        if one.text in seen:
            raise SuiteError(f"`templates`: {one.label} is the same as {seen[one.text]}; once is enough")
        seen[one.text] = one.label
    labels = [one.label for one in found]
    if twice := next((label for label in labels if labels.count(label) > 1), None):
        raise SuiteError(f"`templates`: two are called {twice!r}; rename one of the files")
    if len(found) < 2:
        raise SuiteError("prompt_sensitivity has one template only; name some under `templates`, or ask for `formats`")
    return found


def _template(at: int, given: str, root: Path) -> Format:
    if is_template(given) or "\n" in given:
        return Format(f"template-{at}", given, "of the suite")
    path = root / given
    if not path.is_file():
        known = sorted(p.name for p in path.parent.iterdir()) if path.parent.is_dir() else []
        text = f"`templates`: {given!r} is neither a template with a {{{{ field }}}} nor a file beside the suite"
        raise SuiteError(text + nearest(path.name, known))
    try:
        return Format(path.stem, path.read_text(encoding="utf-8").removesuffix("\n"), given)
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(f"`templates`: {given} cannot be read as text: {error}") from error


def reworded(task: Task, way: Format) -> Task:
    """The task with another template, for its few-shot examples too.

    Raises:
        SuiteError: the text is no template, or asks for what the examples do not have.
    """
    if way.label == OWN:
        return task
    try:
        made = replace(task, prompt=Template(way.text))
        return replace(made, shots=shots_of(made, made.examples)) if made.examples else made
    except ValueError as error:
        raise SuiteError(f"check {task.name!r} under the template {way.label!r}: {error}") from error


@dataclass(slots=True)
class Wordings:
    """What one model answered under each template; adds up lot by lot, and keeps no prompt and no answer."""

    task: Task
    metric: Quantity
    ways: Sequence[Format]
    rows: Rows = field(default_factory=Rows)
    faults: Faults = field(default_factory=Faults)
    _levels: list[list[Scores]] = field(default_factory=list)
    """By template: the metric's scores, lot by lot."""
    _spread: list[Scores] = field(default_factory=list)
    _same: list[Scores] = field(default_factory=list)

    def ask(self, head: str) -> Asking:
        """Ask every sample under every template.

        Raises:
            NothingSelected: there are no samples.
            CheckBroken: a prompt does not fit into the context, or gold answers do not score best.
        """
        tasks = [reworded(self.task, way) for way in self.ways]
        records = islice(self.task.data.records(), self.task.limit)
        left = (r for r in records if self.task.only is None or r.id in self.task.only)
        self._levels = [[] for _ in self.ways]
        count = 0
        while lot := list(islice(left, max(1, LOT // (len(tasks) * self.task.repeats)))):
            samples = [[task.sample(record) for record in lot] for task in tasks]
            if not count:
                probe_gold(self.task, samples[0])
            count += len(lot)
            yield from self._lot(tasks, samples, head)
        if not count:
            raise NothingSelected(f"check {self.task.name!r}: no sample is left to ask")

    def _lot(self, tasks: Sequence[Task], samples: Sequence[Sequence[Sample]], head: str) -> Asking:
        named = [
            [sample if way.label == OWN else replace(sample, id=f"{sample.id}/{way.label}") for sample in group]
            for way, group in zip(self.ways, samples, strict=True)
        ]
        # Sample by sample, so that prompts which share their beginnings stand together.
        order = [(way, at) for at in range(len(samples[0])) for way in range(len(tasks))]
        groups = [
            [replace(r, sample=named[way][at].id) for r in tasks[way].requests(samples[way][at], head)]
            for way, at in order
        ]
        responses = iter((yield [request for group in groups for request in group]))
        heard = [[next(responses) for _ in group] for group in groups]
        must_be_whole(self.task, groups, [response for group in heard for response in group])
        said: list[list[list[Answer]]] = [[] for _ in tasks]
        for (way, at), group in zip(order, heard, strict=True):
            said[way].append([tasks[way].read(samples[way][at], response) for response in group])
        self._add(tasks, named, samples[0], said)

    def _add(
        self, tasks: Sequence[Task], named: Sequence[Sequence[Sample]], first: Sequence[Sample],
        said: Sequence[Sequence[Sequence[Answer]]],
    ) -> None:  # fmt: skip
        scored = [task.score(group, answers) for task, group, answers in zip(tasks, named, said, strict=True)]
        levels = [scores[self.metric.name] for scores in scored]
        for at, (way, level) in enumerate(zip(self.ways, levels, strict=True)):
            quantity = replace(level.quantity, name="worst", whole="worst")
            self._levels[at].append(replace(level, quantity=quantity, groups={TEMPLATE: (way.label,) * len(first)}))
        self._spread.append(
            self._table(spread_of(self.metric), first, [self._apart(levels, r) for r in range(len(first))])
        )
        same = [_agreement([answers[row] for answers in said]) for row in range(len(first))]
        self._same.append(self._table(CONSISTENCY, first, same))
        for way, group, answers, scores in zip(self.ways, named, said, scored, strict=True):
            for row, sample in enumerate(group):
                metrics = {name: value_of(one, row) for name, one in scores.items()}
                told = row_of(sample, answers[row], metrics)
                self.rows.append({**told, TEMPLATE: way.label, "original": first[row].id})
                self._count(sample.id, answers[row])

    def _apart(self, levels: Sequence[Scores], row: int) -> dict[str, float] | Missing:
        """What one sample scores under each template; where the model itself failed, the worst."""
        values: dict[str, float] = {}
        for way, level in zip(self.ways, levels, strict=True):
            why = level.missing.get(row)
            if why is not None and why.blame != CANDIDATE:
                return Missing(f"{way.label}: {why.reason}", why.blame)
            values[way.label] = self.metric.worst if why is not None else float(level.stats[row, 0])
        return values

    def _table(self, quantity: Quantity, samples: Sequence[Sample], values: Sequence[Any]) -> Scores:
        return table(
            quantity,
            [sample.id for sample in samples],
            values,
            clusters=[str(sample.cluster) for sample in samples] if self.task.cluster else None,
            groups={name: [sample.slices[name] for sample in samples] for name in self.task.slices},
        )

    def _count(self, name: str, answers: Sequence[Answer]) -> None:
        for answer in answers:
            self.faults.add(name, answer.response)

    def scores(self) -> dict[str, Scores]:
        """`spread`, `worst` and `consistency`; the first two name the best and the worst template."""
        ranked = self.ranked(self.means())
        note = f"best: {ranked[0]}, worst: {ranked[-1]}" if ranked else ""
        worst = joined([part for parts in self._levels for part in parts])
        return {
            "spread": replace(joined(self._spread), note=note),
            "worst": worst,
            "consistency": joined(self._same),
        }

    def means(self) -> dict[str, float]:
        """Template → mean of what could be scored, the model's own failures as worst; those without any left out."""
        from harness.stats.missing import count_failures

        found = {}
        for way, parts in zip(self.ways, self._levels, strict=True):
            present = count_failures(joined(parts)).present()
            if len(present.ids):
                found[way.label] = float(present.stats[:, 0].mean())
        return found

    def ranked(self, means: Mapping[str, float]) -> list[str]:
        """Templates from the best to the worst; of equal ones in their order."""
        sign = 1 if self.metric.better == "lower" else -1
        return sorted(means, key=lambda label: sign * means[label])

    def told(self) -> list[str]:
        """What went wrong, each in a sentence."""
        return self.faults.told()

    def ledger(self) -> list[dict[str, Any]]:
        """Every template with its hash, its score and how many samples that is of, the best first."""
        means = self.means()
        n = sum(len(part.ids) for part in self._levels[0])
        lines = {
            way.label: {"template": way.label, "told": way.told, "hash": hash_of(way.text), "metric": self.metric.name,
                        "score": means.get(way.label), "n": n, "text": way.text}
            for way in self.ways
        }  # fmt: skip
        ranked = self.ranked(means)
        return [lines[label] for label in ranked] + [line for label, line in lines.items() if label not in means]


CONSISTENCY = Quantity("consistency", "mean")


def spread_of(metric: Quantity) -> Quantity:
    """The spread of a metric over templates."""
    width = metric.bounds[1] - metric.bounds[0]
    return Quantity("spread", "spread", "lower", (-width, width), metric.unit)


def hash_of(text: str) -> str:
    """The first 16 digits of the SHA-256 of a template's text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _agreement(said: Sequence[Sequence[Answer]]) -> float | Missing:
    """The share of pairs of templates under which a sample gets the same answer, repeat by repeat."""
    for answers in said:
        for answer in answers:
            if answer.response.fault:
                return Missing(answer.response.fault, answer.response.blame or CANDIDATE)
    ways = len(said)
    shares = []
    for repeat in zip(*(prediction(None, answers) for answers in said), strict=True):
        equal = sum(count * (count - 1) for count in Counter(repeat).values())
        shares.append(equal / (ways * (ways - 1)))
    return sum(shares) / len(shares) if shares else Missing("nothing was asked", INFRASTRUCTURE)
