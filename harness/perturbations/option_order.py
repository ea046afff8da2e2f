"""Options in another order"""

from __future__ import annotations

from random import Random
from typing import Literal

from harness.catalog import perturbation
from harness.errors import CheckBroken, SuiteError, nearest
from harness.perturbing.question import Question


@perturbation(keeps="meaning")
def option_order(
    question: Question, rng: Random, variant: int, *, field: str | None = None,
    order: Literal["rotate", "shuffle", "reverse"] = "rotate",
) -> Question:  # fmt: skip
    """The options in another order; where they are answered by letters, the right letter moves with its option.

    Options:
        field: the field of the row that lists the options; unless said, the only list that the prompt reads
        order: rotate (one further for each variant), shuffle or reverse
    """
    name = field or _listed(question)
    old = question.sample.row.get(name)
    if not isinstance(old, list):
        found = f"{name!r} of sample {question.sample.id} is no list{nearest(name, question.sample.row)}"
        raise SuiteError(f"option_order: the field {found}")
    places = list(range(len(old)))
    if order == "rotate":
        step = 1 + variant % max(1, len(old) - 1)
        places = places[step:] + places[:step]
    elif order == "reverse":
        places.reverse()
    else:
        rng.shuffle(places)
    changed = question.with_row({name: [old[place] for place in places]})
    return _moved(changed, old, places)


def _listed(question: Question) -> str:
    lists = [n for n in sorted(question.task.prompt.names) if isinstance(question.sample.row.get(n), list)]
    if len(lists) != 1:
        found = ", ".join(lists) or "none"
        raise SuiteError(f"option_order: the prompt reads several lists or none ({found}); say `field`")
    return lists[0]


def _moved(question: Question, old: list[object], places: list[int]) -> Question:
    """With the answers where they are now."""
    from harness.task import as_text

    texts = [as_text(option) for option in old]
    sample = question.sample
    if all(target in texts for target in sample.targets):
        moved = [texts[place] for place in places]
        return question.with_answers(moved, sample.targets) if set(sample.choices) == set(texts) else question
    labels = sample.choices
    if len(labels) < len(old) or not all(target in labels[: len(old)] for target in sample.targets):
        raise CheckBroken(
            f"option_order: the answer {sample.targets[0]!r} of sample {sample.id} is neither one of its options nor "
            "one of as many labels in `choices`, so that nobody knows where it goes"
        )
    now = {labels[place]: labels[at] for at, place in enumerate(places)}
    said = {new: before for before, new in now.items()}
    return question.with_answers(labels, [now[target] for target in sample.targets], said)
