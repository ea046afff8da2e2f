"""Degenerate answers: always the same, always the first choice, none at all, or without end; whatever they score.

Each habit is a measure of every task that can have it, so that criteria can speak of it:

    empty_rate         share of answers that are empty text
    constant_rate      share of the most frequent answer
    first_choice_rate  share of answers that are the first of the choices
    cut_rate           share of answers that did not end by themselves but at `max_new_tokens`
    loop_rate          share of answers that end in the same piece of text over and over

A high rate is suspicious only beside the references: a test whose every second reference is `yes` is no fault of the
model's.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from harness.marking import Answer
from harness.sample import Sample
from harness.score import CANDIDATE, INFRASTRUCTURE, Missing, Quantity, Scores

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

QUANTITIES: Mapping[str, Quantity] = {
    name: Quantity(name, "proportion", "lower")
    for name in ("empty_rate", "constant_rate", "first_choice_rate", "cut_rate", "loop_rate")
}
SUSPICIOUS = {"empty_rate": 0.05, "constant_rate": 0.5, "first_choice_rate": 0.5, "cut_rate": 0.2, "loop_rate": 0.05}
"""Habit → how much of the way from the references' own share to all answers is suspicious."""
CERTAIN = 0.999
"""One-sided confidence that the share is above the references', before anything is said."""
TIMES, LEAST, TAIL = 4, 40, 2000
"""A loop is one piece of text this many times in a row, over this many characters, within the last so many."""
REMEMBERED = 1000
"""Different answers whose text is remembered, to name the most frequent one."""


def measured(output: str, choices: bool) -> dict[str, Quantity]:
    """What a task of this output can be measured by, beside its metrics."""
    names = {"generate": ["empty_rate", "constant_rate", "cut_rate", "loop_rate"], "perplexity": []}.get(
        output, ["constant_rate"]
    )
    if choices and output != "perplexity":
        names.insert(names.index("constant_rate") + 1, "first_choice_rate")
    return {name: QUANTITIES[name] for name in names}


def of_metrics(found: Mapping[str, Quantity]) -> dict[str, Quantity]:
    """What a task measures, without its habits."""
    return {name: quantity for name, quantity in found.items() if QUANTITIES.get(name) is not quantity}


def looping(text: str) -> bool:
    """Whether a text ends in one piece over and over.

    >>> looping("The bus leaves at nine. " + "And then it leaves. " * 8), looping("Monday, Tuesday, Wednesday.")
    (True, False)
    """
    tail = text.rstrip()[-TAIL:]
    last = found = len(tail) - 8
    if len(tail) < LEAST:
        return False
    # Where the last characters stood before is one period back, or a few times that.
    for _ in range(8):
        found = tail.rfind(tail[-8:], 0, found + 7)
        if found < 0:
            return False
        period = last - found
        span = max(TIMES * period, LEAST)
        if span <= len(tail) and tail[-span:-period] == tail[period - span :]:
            return True
    return False


def most_frequent(texts: Iterable[str]) -> float:
    """Share of the text that occurs most often; 0 where there is none. Holds eight bytes for each text."""
    import numpy as np

    keys = np.asarray(array("q", map(hash, texts)), dtype=np.int64)
    return float(np.unique(keys, return_counts=True)[1].max() / len(keys)) if len(keys) else 0.0


@dataclass(slots=True)
class Habits:
    """Counts the habits of one model's answers to one task as they come in."""

    names: Sequence[str]
    max_new_tokens: int = 0
    _flags: dict[str, array[int]] = field(default_factory=dict)
    """Habit → (n) how many of each sample's answers have it."""
    _missing: dict[str, dict[int, Missing]] = field(default_factory=dict)
    _said: array[int] = field(default_factory=lambda: array("q"))
    """(n · answers each) a number for each different answer."""
    _wanted: array[int] = field(default_factory=lambda: array("q"))
    _of_targets: dict[str, int] = field(default_factory=dict)
    """Habit → how many references have it."""
    _texts: dict[int, str] = field(default_factory=dict)
    _characters: list[int] = field(default_factory=lambda: [0, 0, 0])
    """Of cut answers, how many these are, and of references."""
    _loop: str = ""

    def __post_init__(self) -> None:
        """An empty table for each habit."""
        self._flags = {name: array("H") for name in self.names}
        self._missing = {name: {} for name in self.names}

    def add(self, samples: Sequence[Sample], answers: Sequence[Sequence[Answer]]) -> None:
        """More answers."""
        for sample, group in zip(samples, answers, strict=True):
            self._note_target(sample)
            fault = next((a.response for a in group if a.response.fault), None)
            for name, flags in self._flags.items():
                if fault is not None:
                    self._missing[name][len(flags)] = Missing(fault.fault, fault.blame or CANDIDATE)
                    flags.append(0)
                else:
                    flags.append(sum(self._flag(name, sample, answer) for answer in group))
            self._said.extend(self._number(said(answer)) for answer in group)

    def _flag(self, name: str, sample: Sample, answer: Answer) -> bool:
        text = answer.response.text or ""
        if name == "empty_rate":
            return not text.strip()
        if name == "first_choice_rate":
            return bool(sample.choices) and said(answer) == sample.choices[0].strip()
        if name == "loop_rate":
            if found := looping(text):
                self._loop = self._loop or text.rstrip()[-LEAST:]
            return found
        if name == "cut_rate":
            if not answer.response.finish:
                why = "it is not known how the answer ended"
                self._missing[name][len(self._flags[name])] = Missing(why, INFRASTRUCTURE)
            if answer.response.finish == "length":
                self._characters[0] += len(text)
                self._characters[1] += 1
            return answer.response.finish == "length"
        return False  # constant_rate is known at the end

    def _number(self, text: str) -> int:
        number = hash(text)
        if len(self._texts) < REMEMBERED:
            self._texts.setdefault(number, text)
        return number

    def _note_target(self, sample: Sample) -> None:
        target = sample.targets[0].strip()
        self._wanted.append(hash(target))
        self._characters[2] += len(target)
        first = bool(sample.choices) and target == sample.choices[0].strip()
        for name, has in (("first_choice_rate", first), ("loop_rate", looping(target))):
            self._of_targets[name] = self._of_targets.get(name, 0) + has

    def scores(self, like: Scores) -> dict[str, Scores]:
        """Scores of every habit, for the samples of `like`."""
        import numpy as np

        found = {}
        for name, flags in self._flags.items():
            each = len(self._said) // len(flags)
            values = np.asarray(flags) / each if name != "constant_rate" else self._constant()[0]
            quantity = QUANTITIES[name] if each == 1 else replace(QUANTITIES[name], family="mean")
            found[name] = replace(
                like, quantity=quantity, stats=values[:, None], names=("value",), missing=self._missing[name],
                worst_stats=None, extremes=None,
            )  # fmt: skip
        return found

    def _constant(self) -> tuple[NDArray[np.float64], int]:
        """(n) share of each sample's answers that are the most frequent one (of several the first), and its number."""
        import numpy as np

        n = len(self._wanted)
        keys = np.asarray(self._said, dtype=np.int64).reshape(n, -1)
        whole = np.ones(n, dtype=bool)
        whole[list(self._missing["constant_rate"])] = False
        if not whole.any():
            return np.zeros(n), 0
        numbers, first, counts = np.unique(keys[whole], return_index=True, return_counts=True)
        mode = numbers[np.lexsort((first, -counts))[0]]
        same: NDArray[np.float64] = np.where(whole[:, None], keys == mode, False).mean(axis=1)
        return same, int(mode)

    def warnings(self, scores: Mapping[str, Scores]) -> list[str]:
        """A sentence for each habit that is suspicious beside the references."""
        from harness import stats

        told: dict[str, str] = {}
        for name in self.names:
            present = scores[name].present()
            usual = self._usual(name)
            share = float(present.stats.mean()) if len(present.ids) else 0.0
            if len(present.ids) < 2 or share - usual <= SUSPICIOUS[name] * (1 - usual):
                continue
            sure = stats.level(present, confidence=CERTAIN, seed=name)
            if sure.low is not None and sure.low > usual:
                told[name] = f"{self._sentence(name, share, usual)} (criteria can limit {name})"
        if "constant_rate" in told:
            told.pop("first_choice_rate", None)
        return list(told.values())

    def _usual(self, name: str) -> float:
        """The references' own share."""
        import numpy as np

        n = max(1, len(self._wanted))
        if name != "constant_rate":
            return self._of_targets.get(name, 0) / n
        counts = np.unique(np.asarray(self._wanted, dtype=np.int64), return_counts=True)[1]
        return float(counts.max() / n) if self._characters[2] else 0.0

    def _sentence(self, name: str, share: float, usual: float) -> str:
        if name == "empty_rate":
            return f"{share:.1%} of the answers are empty"
        if name == "constant_rate":
            text = self._texts.get(self._constant()[1])
            which = f", {_shown(text)}" if text is not None else ""
            return f"{share:.1%} of the answers are the same{which}; no reference makes up more than {usual:.1%}"
        if name == "first_choice_rate":
            return f"{share:.1%} of the answers are the first of the choices; {usual:.1%} of the references are"
        if name == "loop_rate":
            return f"{share:.1%} of the answers end in a loop ({_shown(self._loop)}); {usual:.1%} of the references do"
        long, short = self._characters[0] / max(1, self._characters[1]), self._characters[2] / len(self._wanted)
        limit = f" ({self.max_new_tokens})" if self.max_new_tokens else ""
        return (
            f"{share:.1%} of the answers were cut at max_new_tokens{limit}, after {long:.0f} characters on average; "
            f"references have {short:.0f}"
        )


def said(answer: Answer) -> str:
    """What was answered: as it was read, or as it stands where it could not be."""
    return answer.text.strip() if answer.valid else (answer.response.text or "").strip()


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:40]} … {text[-15:]}")
