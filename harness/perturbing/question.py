"""A question on its way to a model: what a perturbation of more than one text is given, and gives back changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from harness.errors import CheckBroken
from harness.perturbing.spans import Guard, Span
from harness.sample import Sample
from harness.task import Task, shots_of
from harness.template import Template


@dataclass(frozen=True, slots=True)
class Question:
    """One sample of a task with all that its prompt is made of. Nothing changes it; its methods return others."""

    sample: Sample
    """Its row, choices and targets; its prompt stays the one before."""
    task: Task
    fields: tuple[str, ...]
    """The fields of the row that are perturbed."""
    guard: Guard = field(default_factory=Guard)
    system: str = ""
    """A system message in place of the suite's own; empty for that one."""
    said: Mapping[str, str] = field(default_factory=dict)
    """An answer to the changed question → the same answer in the words of the first one, where labels were moved."""
    written: str | None = None
    """The whole prompt, where that itself was changed."""

    @property
    def texts(self) -> dict[str, str]:
        """The texts that are perturbed, by field."""
        row = self.sample.row
        return {name: row[name] for name in self.fields if isinstance(row.get(name), str)}

    @property
    def prompt(self) -> str:
        """The prompt as the model gets it.

        Raises:
            CheckBroken: the template does not fit the changed row.
        """
        if self.written is not None:
            return self.written
        try:
            return self.task.shots + self.task.prompt.render(self.sample.row)
        except ValueError as error:
            raise CheckBroken(f"check {self.task.name!r}: perturbed sample {self.sample.id}: {error}") from error

    def protected(self, text: str) -> tuple[Span, ...]:
        """What of a text must stay: choices and targets count as labels."""
        return self.guard.spans(text, (*self.sample.choices, *self.sample.targets))

    def with_row(self, changes: Mapping[str, Any]) -> Question:
        """With other values in some fields of its row."""
        return replace(self, sample=replace(self.sample, row={**self.sample.row, **changes}))

    def with_answers(
        self, choices: Sequence[str], targets: Sequence[str], said: Mapping[str, str] | None = None
    ) -> Question:
        """With other choices and targets; `said` leads from each changed answer back to what it was before."""
        sample = replace(self.sample, choices=tuple(choices), targets=tuple(targets))
        return replace(self, sample=sample, said=self.said if said is None else said)

    def with_template(self, text: str) -> Question:
        """With another template for its prompt, and for those of its few-shot examples.

        Raises:
            CheckBroken: the text is no template, or does not fit the examples.
        """
        try:
            task = replace(self.task, prompt=compiled(text))
            return replace(
                self, task=replace(task, shots=shots_of(task, task.examples) if task.examples else task.shots)
            )
        except ValueError as error:
            raise CheckBroken(f"check {self.task.name!r}: a perturbed template: {error}") from error

    def with_examples(self, rows: Sequence[Mapping[str, Any]]) -> Question:
        """With other few-shot examples, or the same in another order."""
        return replace(self, task=replace(self.task, examples=tuple(rows), shots=shots_of(self.task, rows)))

    def with_prompt(self, change: Callable[[str], str]) -> Question:
        """With its whole prompt rewritten."""
        return replace(self, written=change(self.prompt))

    def with_system(self, text: str) -> Question:
        """With a system message."""
        return replace(self, system=text)

    def wrong_answer(self, answers: Sequence[str]) -> str | None:
        """An answer that is not right, the same one every time: of its choices, else of other samples' targets."""
        from harness import digest

        right = {target.casefold().strip() for target in self.sample.targets}
        wrong = [text for text in self.sample.choices or answers if text.casefold().strip() not in right]
        return min(wrong, key=lambda text: digest.of([self.sample.id, text])) if wrong else None


@lru_cache(maxsize=512)
def compiled(text: str) -> Template:
    """The template of a text, compiled once; raises `ValueError` where it is none."""
    return Template(text)
