"""Human labels: what people said of answers, which a judge is held against."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.errors import Complaint, SuiteError, nearest
from harness.judging.question import Case
from harness.judging.ratings import FRESH, score_of
from harness.judging.rubric import Rubric


@dataclass(frozen=True, slots=True)
class Labelled:
    """One answer (or pair of answers) with what each person said of it."""

    case: Case
    labels: Mapping[str, float] = field(default_factory=dict)
    """Rater → 0 to 1: how good the answer is, or how much better the first of a pair is."""
    line: int = 0
    by_item: frozenset[str] = frozenset()
    """The raters who labelled item by item."""
    rated: bool = False
    """Whether it comes from `harness review`, which writes a row for each rater."""

    @property
    def label(self) -> float:
        """What people say together: their mean."""
        return sum(self.labels.values()) / len(self.labels)

    def passing(self, rubric: Rubric) -> float:
        """Share of the raters by whom it passes: by the rubric's own mark where they said a level or judged each item,
        from 0.5 on where they said how good it is as a whole."""
        passed = [
            rubric.passes(value) if rubric.levels or rater in self.by_item else value >= 0.5
            for rater, value in self.labels.items()
        ]
        return sum(passed) / len(passed)


def read(path: Path, rubric: Rubric, *, pair: bool) -> list[Labelled]:
    """The human labels in a JSONL file.

    Rows are `{question, answer, label}` or `{question, answer, labels: {rater: label}}`, with the fields that the
    rubric needs; of a pair `answers: [first, second]`. A label is 0 or 1 (or true, false), a share between them, a
    level of the rubric (1 is the worst), or a mapping item → true or false; of a pair 1 where the first is better,
    0.5 for a tie, 0 where the second is. What `harness review import` writes is read as labels of pairs, too: all
    raters of a pair together, without cards that came back, controls, and those where nobody could tell.

    Raises:
        SuiteError: with every line that is wrong, or labelled twice.
    """
    found, wrong = dict[tuple[str, tuple[str, ...]], Labelled](), list[Complaint]()
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(f"the labels {path} cannot be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        told = _labelled(line, number, rubric, pair)
        if isinstance(told, Labelled):
            key = (told.case.question, told.case.answers)
            told = _together(found.get(key), told)
            if isinstance(told, Labelled):
                found[key] = told
        if isinstance(told, str):
            wrong.append(Complaint(str(path), number, told))
    if wrong:
        more = [Complaint(str(path), 0, f"and {len(wrong) - 20} more")] if len(wrong) > 20 else []
        raise SuiteError([*wrong[:20], *more])
    return list(found.values())


def _together(before: Labelled | None, new: Labelled) -> Labelled | str:
    """What is known of an answer with one more row of it, or why that row cannot be."""
    if before is None:
        return new
    if not (before.rated and new.rated):
        return f"this answer was labelled before, in line {before.line}; put all raters into one row's `labels`"
    if twice := before.labels.keys() & new.labels.keys():
        return f"{min(twice)!r} rated this pair before, in line {before.line} or after it; keep the last word only"
    return replace(before, labels={**before.labels, **new.labels})


def _labelled(line: str, number: int, rubric: Rubric, pair: bool) -> Labelled | str | None:
    """The labels of one line, what is wrong with it, or None where it says nothing of this pair."""
    try:
        data = json.loads(line, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        return f"not JSON: {error}"
    if not isinstance(data, dict):
        return f"a row is a mapping, this is a {type(data).__name__}"
    if rated := pair and "winner" in data and "rater" in data:
        if data.get("kind", FRESH) != FRESH or data["winner"] == "unsure":
            return None
        if isinstance(score := score_of(data), str):
            return score
        data = {**data, "answers": [data.get("candidate"), data.get("other")], "labels": {str(data["rater"]): score}}
    question, answers = data.get("question"), data.get("answers") if pair else [data.get("answer")]
    if not isinstance(question, str):
        return "a row needs its `question`"
    if not isinstance(answers, list) or len(answers) != 1 + pair or not all(isinstance(text, str) for text in answers):
        return "a row needs `answers: [first, second]`" if pair else "a row needs its `answer`"
    lacking = [name for name in rubric.needs if not isinstance(data.get(name), str)]
    if lacking:
        return f"the rubric {rubric.name!r} needs {', '.join(lacking)} in each row"
    given = data.get("labels", {"": data["label"]} if "label" in data else None)
    if not isinstance(given, dict) or not given:
        return "a row needs a `label`, or `labels: {rater: label}`"
    labels: dict[str, float] = {}
    for rater, value in given.items():
        number_ = _number(value, rubric, pair)
        if isinstance(number_, str):
            return number_
        labels[str(rater)] = number_
    shown = {name: str(data[name]) for name in rubric.needs}
    by_item = frozenset(str(rater) for rater, value in given.items() if isinstance(value, dict))
    return Labelled(Case(f"label {number}", question, tuple(answers), shown), labels, number, by_item, rated)


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _number(value: Any, rubric: Rubric, pair: bool) -> float | str:
    """A label as a number from 0 to 1, or what is wrong with it."""
    if isinstance(value, dict):
        return _of_items(value, rubric, pair)
    if isinstance(value, bool):
        return float(value)
    if not isinstance(value, int | float):
        return f"the label {value!r} is no number"
    if rubric.levels and not pair:
        most = len(rubric.levels)
        if value != int(value) or not 1 <= value <= most:
            return f"the label {value!r} is no level from 1 to {most}"
        return (int(value) - 1) / (most - 1)
    if not 0 <= value <= 1:
        return f"the label {value!r} is not from 0 to 1"
    return float(value)


def _of_items(said: Mapping[str, Any], rubric: Rubric, pair: bool) -> float | str:
    """A label given item by item, as the share that is met."""
    known = [item.id for item in rubric.items]
    if pair or not known:
        return "the label is a mapping, and only a rubric of items, on one answer, is labelled item by item"
    for name, met in said.items():
        if name not in known:
            return f"the label names the item {name!r}, which the rubric has not{nearest(name, known)}"
        if not isinstance(met, bool):
            return f"the label of item {name!r} is {met!r}, neither true nor false"
    if absent := [name for name in known if name not in said]:
        return f"the label lacks {', '.join(absent)}"
    return rubric.score_of({name: {"met": met} for name, met in said.items()})
