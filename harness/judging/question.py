"""What a judge is asked: the texts fenced in as data, and the form of the verdict that is wanted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from harness import digest
from harness.errors import CheckBroken
from harness.exchange import Request
from harness.judging.rubric import Rubric

By = Literal["generation", "scoring"]
"""How a judge answers: it writes a verdict, or the verdict's words are weighed."""
FIRST, SECOND, TIE = "first", "second", "tie"
MOST_TOKENS = 120
"""New tokens for each thing that a judge decides: a quotation and a word."""


@dataclass(frozen=True, slots=True)
class Case:
    """One answer to be judged, or two to be compared."""

    id: str
    question: str
    answers: tuple[str, ...]
    """One, or the first and the second as the judge sees them."""
    shown: Mapping[str, str] = field(default_factory=dict)
    """Name → text that the judge sees beside them: the rubric's `needs`."""

    @property
    def pair(self) -> bool:
        """Whether two answers are compared."""
        return len(self.answers) == 2

    def swapped(self) -> Case:
        """The same with the answers in the other order."""
        return Case(self.id, self.question, self.answers[::-1], self.shown)


def requests(
    case: Case, rubric: Rubric, judge: str, seed: int, by: By = "generation", again: int = 0
) -> list[Request]:  # fmt: skip
    """What one judge is asked about one case: one request, or one for each item where its words are weighed."""
    if by == "generation":
        form = _form(rubric, case.pair)
        most = MOST_TOKENS * (1 if case.pair or rubric.levels else len(rubric.items))
        schema = digest.canonical_bytes(schema_of(rubric, case.pair)).decode()
        prompt = written(case, rubric, seed, form)
        return [Request("generate", prompt, max_new_tokens=most, schema=schema, sample=case.id, to=judge, again=again)]
    asked = []
    for question, words in _weighed(rubric, case.pair):
        prompt = written(case, rubric, seed, f"{question}\nAnswer:")
        told = tuple(f" {word}" for word in words)
        asked.append(Request("score", prompt, told, sample=case.id, to=judge, again=again))
    return asked


def fence(case: Case, rubric: Rubric, seed: int) -> str:
    """A marker that no text can hold on purpose: it depends on the texts themselves, and on the suite's seed."""
    mark = digest.of([seed, rubric.digest, case.question, list(case.answers), dict(case.shown)])[:16]
    return f"#{mark}#"


def written(case: Case, rubric: Rubric, seed: int, form: str) -> str:
    """The judge's prompt.

    Raises:
        CheckBroken: the rubric's template fails.
    """
    given: dict[str, Any] = {
        "aim": rubric.question,
        "levels": list(rubric.levels),
        "points": [{"id": item.id, "ask": item.ask} for item in rubric.items],
        "question": case.question,
        "shown": dict(case.shown),
        "fence": fence(case, rubric, seed),
        "form": form,
    }
    given |= dict(zip((FIRST, SECOND), case.answers, strict=True)) if case.pair else {"answer": case.answers[0]}
    try:
        return rubric.template(case.pair).render(given).strip()
    except ValueError as error:
        raise CheckBroken(f"rubric {rubric.name!r}: its prompt cannot be written for {case.id}: {error}") from error


def schema_of(rubric: Rubric, pair: bool) -> dict[str, Any]:
    """The JSON Schema of a verdict: evidence before each decision."""
    if pair:
        return _object({"evidence": {"type": "string"}, "better": {"enum": [FIRST, SECOND, TIE]}})
    if rubric.levels:
        levels = list(range(1, len(rubric.levels) + 1))
        return _object({"evidence": {"type": "string"}, "level": {"enum": levels}})
    each = _object({"evidence": {"type": "string"}, "met": {"type": "boolean"}})
    return _object({item.id: each for item in rubric.items})


def words_of(rubric: Rubric, pair: bool) -> list[tuple[str, ...]]:
    """The words that are weighed, of each thing that is decided."""
    return [words for _, words in _weighed(rubric, pair)]


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object", "properties": dict(properties), "required": list(properties), "additionalProperties": False,
    }  # fmt: skip


def _form(rubric: Rubric, pair: bool) -> str:
    """What the judge is told about the form of its verdict."""
    example: dict[str, Any]
    if pair:
        example = {"evidence": "words from the answers that decide it", "better": f"{FIRST}, {SECOND} or {TIE}"}
    elif rubric.levels:
        example = {"evidence": "words from the answer that decide it", "level": f"1 to {len(rubric.levels)}"}
    else:
        example = {item.id: {"evidence": "words that decide it", "met": "true or false"} for item in rubric.items}
    text = "Reply with one JSON object and nothing else. Quote the evidence before you decide:"
    shown = json.dumps(example, ensure_ascii=False)
    for plain in ("true or false", f"1 to {len(rubric.levels)}"):  # no texts: nobody shall copy the quotation marks
        shown = shown.replace(f'"{plain}"', plain)
    return f"{text}\n{shown}"


def _weighed(rubric: Rubric, pair: bool) -> list[tuple[str, tuple[str, ...]]]:
    if pair:
        return [("Which answer is better, the first or the second, or is it a tie?", (FIRST, SECOND, TIE))]
    if rubric.levels:
        return [("Which level fits?", tuple(str(at + 1) for at in range(len(rubric.levels))))]
    return [(f"{item.ask} yes or no?", ("yes", "no")) for item in rubric.items]
