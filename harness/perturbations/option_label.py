"""Options called by other labels"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from harness.catalog import perturbation
from harness.perturbing.question import Question
from harness.task import shots_of

_LABELS = {
    "digits": tuple("123456789"), "lower": tuple("abcdefghi"), "roman": ("i", "ii", "iii", "iv", "v", "vi", "vii",
    "viii", "ix"), "last": tuple("RSTUVWXYZ"), "upper": tuple("ABCDEFGHI"),
}  # fmt: skip


@perturbation(keeps="meaning")
def option_label(question: Question, *, to: Literal["digits", "lower", "roman", "last"] = "digits") -> Question:
    """The options A, B, C … called 1, 2, 3 …, in the prompt and in the right answer.

    Options:
        to: digits, lower (a b c), roman (i ii iii) or last (R S T)
    """
    old = _used(question.prompt)
    if not old:
        return question
    new = dict(zip(old, _LABELS[to], strict=False))
    mark = re.compile(rf"(?<!\w)([{''.join(old)}])(?=[.):\]])|(?<=\()([{''.join(old)}])(?=\))")
    listed = re.compile(rf"(?<!\w)[{''.join(old)}](?:,\s?[{''.join(old)}])*,?\s(?:or|and)\s[{''.join(old)}](?!\w)")

    def rewrite(text: str) -> str:
        text = listed.sub(lambda found: re.sub(r"(?<!\w)[A-I](?!\w)", lambda one: new[one[0]], found[0]), text)
        return mark.sub(lambda found: new[found[1] or found[2]], text)

    sample = question.sample
    labelled = all(target in new for target in sample.targets)
    changed = question.with_prompt(lambda _: _shots(question, rewrite, new, labelled) + rewrite(_own(question)))
    if not labelled:
        return changed
    choices = [new.get(choice, choice) for choice in sample.choices]
    said = {after: before for before, after in new.items()}
    return changed.with_answers(choices, [new[target] for target in sample.targets], said)


def _used(prompt: str) -> tuple[str, ...]:
    """The labels that options have in a prompt: A, B and so on, as far as they go without a gap."""
    found = set(re.findall(r"(?:^|(?<=[\s(\[]))([A-I])(?=[.):\]])", prompt, re.MULTILINE))
    used = []
    for label in _LABELS["upper"]:
        if label not in found:
            break
        used.append(label)
    return tuple(used) if len(used) > 1 else ()


def _own(question: Question) -> str:
    return question.prompt.removeprefix(question.task.shots)


def _shots(question: Question, rewrite: Callable[[str], str], new: dict[str, str], labelled: bool) -> str:
    """The few-shot examples with the labels of their options, and of their answers, changed."""
    task, pieces = question.task, []
    for row in task.examples:
        shot = shots_of(task, [row])
        prompt = task.prompt.render(row)
        answer = shot.removeprefix(prompt)
        plain = answer.strip()
        pieces.append(
            rewrite(prompt) + (answer.replace(plain, new.get(plain, plain)) if labelled and plain else answer)
        )
    return "".join(pieces)
