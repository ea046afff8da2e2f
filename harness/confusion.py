"""Gold label against answer: what each sample adds up to, and precision, recall, F1 and MCC of the sums.

The classes are the gold answers of the samples summed. An answer that is no class is a miss of its gold class and
makes no class of its own, so that two models are always judged over the same classes. Names of the statistics:
`gold=c`, `pred=c` and `tp=c` for each class c, and `other` for an answer that was not parsed or is not a choice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import SuiteError, nearest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.score import Totals

    Array = NDArray[np.float64]

AVERAGES = ("micro", "macro", "weighted", "binary")
UNPARSED = "unparsed"
"""The last column of a confusion matrix: answers that are none of its labels."""


def outcome(
    answer: str,
    targets: Sequence[str],
    valid: bool,
    choices: Sequence[str],
    *,
    average: str = "macro",
    positive: str = "",
) -> dict[str, float]:
    """The statistics of one sample. Of several right answers the gold one is the one given, else the first.

    Raises:
        SuiteError: an unknown `average`, or `binary` without the `positive` label.
    """
    if average not in AVERAGES:
        raise SuiteError(f"no average named {average!r}{nearest(average, AVERAGES)}")
    if (average == "binary") != bool(positive):
        raise SuiteError("`average: binary` and `positive: LABEL` go together; write both or neither")
    if positive and choices and positive not in choices:
        raise SuiteError(f"the positive label {positive!r} is not one of the choices{nearest(positive, choices)}")
    given, right = answer.strip(), [target.strip() for target in targets]
    if valid and given in right:
        return {f"gold={given}": 1.0, f"pred={given}": 1.0, f"tp={given}": 1.0}
    known = {choice.strip() for choice in choices}
    gold = next((label for label in right if label in known), right[0])
    if not valid or (known and given not in known):
        return {f"gold={gold}": 1.0, "other": 1.0}
    return {f"gold={gold}": 1.0, f"pred={given}": 1.0}


@dataclass(frozen=True, slots=True)
class Counts:
    """Sums for each class; leading axes are resamples."""

    classes: tuple[str, ...]
    gold: Array
    """(..., classes)"""
    pred: Array
    """(..., classes)"""
    tp: Array
    """(..., classes)"""

    def averaged(self, value: Array, average: str, positive: str) -> Array:
        """(...): one number of the (..., classes) values; NaN where there is nothing to average."""
        import numpy as np

        if average == "binary":
            return value[..., self.classes.index(positive)]
        # A class without a gold answer in a resample has weight 0; 0 * NaN would spoil the sum.
        known = np.where(self.gold > 0, value, 0.0)
        weight = self.gold if average == "weighted" else (self.gold > 0).astype(float)
        return ratio((known * weight).sum(axis=-1), weight.sum(axis=-1))


def counts(totals: Totals, positive: str = "") -> Counts:
    """The sums of `outcome`, class by class; `positive` is a class even where no sample has it as gold answer."""
    import numpy as np

    column = {name: at for at, name in enumerate(totals.names)}
    classes = [name.removeprefix("gold=") for name in totals.names if name.startswith("gold=")]
    if positive and positive not in classes:
        classes.append(positive)
    # One column of zeros stands for every statistic that no sample had.
    padded = np.concatenate([totals.sums, np.zeros((*totals.sums.shape[:-1], 1))], axis=-1)

    def pick(prefix: str) -> Array:
        return padded[..., [column.get(prefix + name, -1) for name in classes]]

    return Counts(tuple(classes), pick("gold="), pick("pred="), pick("tp="))


def ratio(above: Array, below: Array, empty: float | Array = float("nan")) -> Array:
    """above / below, and `empty` where `below` is 0."""
    import numpy as np

    safe = np.where(below == 0, 1.0, below)
    return np.where(below == 0, empty, above / safe)


def accuracy(totals: Totals) -> Array:
    """(...): right answers of all answers. With one answer a sample this is micro precision, recall and F1 alike."""
    found = counts(totals)
    return ratio(found.tp.sum(axis=-1), found.gold.sum(axis=-1))


def precision(totals: Totals, average: str = "macro", positive: str = "") -> Array:
    """(...): right answers of a class / answers of that class, averaged; 0 for a class that is never answered."""
    import numpy as np

    if average == "micro":
        return accuracy(totals)
    found = counts(totals, positive)
    never_answered = np.where(found.gold > 0, 0.0, np.nan)
    return found.averaged(ratio(found.tp, found.pred, never_answered), average, positive)


def recall(totals: Totals, average: str = "macro", positive: str = "") -> Array:
    """(...): right answers of a class / gold answers of that class, averaged."""
    if average == "micro":
        return accuracy(totals)
    found = counts(totals, positive)
    return found.averaged(ratio(found.tp, found.gold), average, positive)


def f1(totals: Totals, average: str = "macro", positive: str = "") -> Array:
    """(...): 2 tp / (gold + answered) of a class, averaged: the harmonic mean of precision and recall."""
    if average == "micro":
        return accuracy(totals)
    found = counts(totals, positive)
    return found.averaged(ratio(2 * found.tp, found.gold + found.pred), average, positive)


def mcc(totals: Totals) -> Array:
    """(...): Matthews correlation of gold and answer for any number of classes (Gorodkin 2004).

    0 where all answers are the same; NaN where all gold answers are.
    """
    import numpy as np

    found = counts(totals)
    every_answer = totals.matching("pred=")[0]
    n = found.gold.sum(axis=-1)
    agreement = found.tp.sum(axis=-1) * n - (found.gold * found.pred).sum(axis=-1)
    spread_gold = n**2 - (found.gold**2).sum(axis=-1)
    spread_answers = n**2 - (every_answer**2).sum(axis=-1) - totals["other"] ** 2
    value = ratio(agreement, np.sqrt(spread_gold * spread_answers), np.where(spread_gold == 0, np.nan, 0.0))
    return np.clip(value, -1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often each answer was given for each gold label."""

    labels: list[str]
    """Rows: gold labels."""
    answers: list[str]
    """Columns: the labels, then `unparsed` if any answer was none of them."""
    counts: list[list[int]]
    """(labels, answers)"""

    def widened(self, answers: Sequence[str]) -> list[list[int]]:
        """The counts under other column names, 0 where a column is new: to set two models side by side."""
        return [[dict(zip(self.answers, row, strict=True)).get(name, 0) for name in answers] for row in self.counts]


def count(gold: Iterable[str], answers: Iterable[str], labels: Sequence[str]) -> Confusion:
    """The confusion matrix of one model.

    Args:
        gold: (n) right label of each sample; where several are right, one a line.
        answers: (n) what was answered; anything that is no label is counted as unparsed.
        labels: the rows, in order.

    Raises:
        ValueError: lengths differ, or a gold label is not among the labels.

    >>> count(["a", "b", "b"], ["a", "b", "?"], ["a", "b"])
    Confusion(labels=['a', 'b'], answers=['a', 'b', 'unparsed'], counts=[[1, 0, 0], [0, 1, 1]])
    """
    place = {label: at for at, label in enumerate(labels)}
    width = len(labels) + 1
    table = [[0] * width for _ in labels]
    for right, given in zip(gold, answers, strict=True):
        ways = right.split("\n")
        label = given if given in ways else next((way for way in ways if way in place), ways[0])
        if label not in place:
            raise ValueError(f"the gold label {label!r} is not among the labels{nearest(label, labels)}")
        table[place[label]][place.get(given, width - 1)] += 1
    if any(row[-1] for row in table):
        return Confusion(list(labels), [*labels, UNPARSED], table)
    return Confusion(list(labels), list(labels), [row[:-1] for row in table])
