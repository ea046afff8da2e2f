"""Verdicts: what a judge's reply says, held strictly to the form that was asked for; nothing is guessed or clamped."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from harness.exchange import Request, Response
from harness.judging.question import FIRST, SECOND, TIE, words_of
from harness.judging.rubric import Rubric

MOST_REPEATED = 600
"""Characters of a malformed reply that a judge is shown again."""
_FENCED = re.compile(r"\A\s*```(?:json)?\s*\n(.*?)\n\s*```\s*\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one judge said of one case."""

    score: float | None
    """0 to 1: how good the answer is; of a pair how much better the first is (1, 0.5 for a tie, 0)."""
    met: Mapping[str, bool] = field(default_factory=dict)
    """Item → whether it is met."""
    evidence: str = ""
    fault: str = ""
    """Why there is no verdict, as a sentence."""
    form: str = ""
    """What is wrong with the form of a reply that is no verdict, in our own words: it is worth asking once more."""

    @property
    def malformed(self) -> bool:
        """Whether the judge replied, and its reply was no verdict."""
        return bool(self.form)


def read(rubric: Rubric, pair: bool, responses: Sequence[Response]) -> Verdict:
    """The verdict in the responses to `question.requests` of one case."""
    failed = next((response for response in responses if response.fault), None)
    if failed is not None:
        return Verdict(None, fault=f"the judge gave no answer: {failed.fault}")
    text = responses[0].text
    if text is None:
        return _weighed(rubric, pair, responses)
    try:
        return _written(rubric, pair, text)
    except Malformed as error:
        cut = " (cut at its most tokens)" if responses[0].finish == "length" else ""
        fault = f"the judge's reply is no verdict: {error.form}{_found(error)}{cut}"
        return Verdict(None, fault=fault, form=error.form + cut)


class Malformed(ValueError):
    """A reply that is no verdict: what is wrong with its form, and beside it what was found there."""

    def __init__(self, form: str, *found: object) -> None:
        super().__init__(form)
        self.form, self.found = form, found


def _found(error: Malformed) -> str:
    return f" (found {_readable(repr(error.found[0]))[:80]})" if error.found else ""


def _readable(text: str) -> str:
    """A text that can be written down: JSON can spell half a character, UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")


def again(request: Request, said: str, verdict: Verdict, mark: str) -> Request:
    """The one repair that a malformed reply gets: the same question, the reply, and what was wrong with it.

    The reply may repeat what the judged text says, so it is fenced in (by `mark`) like that text.
    """
    shown = said if len(said) <= MOST_REPEATED else f"{said[:MOST_REPEATED]} …"
    told = f"Your last reply does not count ({verdict.form}):\n{mark} begin reply\n{shown}\n{mark} end reply"
    return replace(request, prompt=f"{request.prompt}\n\n{told}\nReply again, with the JSON object alone.")


def _written(rubric: Rubric, pair: bool, text: str) -> Verdict:
    """The verdict in a written reply; raises `Malformed` saying what is wrong with it."""
    said = _json(text)
    if pair:
        _keys(said, ("evidence", "better"), "the reply")
        values = {FIRST: 1.0, TIE: 0.5, SECOND: 0.0}
        if not isinstance(said["better"], str) or said["better"] not in values:
            raise Malformed(f"`better` is neither {FIRST}, {SECOND} nor {TIE}", said["better"])
        return Verdict(values[said["better"]], evidence=_evidence(said, "the reply"))
    if rubric.levels:
        _keys(said, ("evidence", "level"), "the reply")
        level, most = said["level"], len(rubric.levels)
        if isinstance(level, bool) or not isinstance(level, int) or not 1 <= level <= most:
            raise Malformed(f"`level` is no whole number from 1 to {most}", level)
        return Verdict(rubric.score_of(said), evidence=_evidence(said, "the reply"))
    _keys(said, [item.id for item in rubric.items], "the reply")
    for item in rubric.items:
        one = said[item.id]
        if not isinstance(one, dict):
            raise Malformed(f"`{item.id}` is not {{evidence, met}}", one)
        _keys(one, ("evidence", "met"), f"`{item.id}`")
        if not isinstance(one["met"], bool):
            raise Malformed(f"`met` of `{item.id}` is neither true nor false", one["met"])
    met = {item.id: said[item.id]["met"] for item in rubric.items}
    quoted = "; ".join(f"{name}: {text}" for name in met if (text := _evidence(said[name], name)))
    return Verdict(rubric.score_of(said), met, quoted)


def _json(text: str) -> dict[str, Any]:
    """The one JSON object that a text is, or that its one fenced block is."""
    fenced = _FENCED.match(text)
    try:
        said = json.loads(fenced[1] if fenced else text, parse_constant=_refuse, object_pairs_hook=_once)
    except RecursionError as error:
        raise Malformed("it is nested too deeply") from error
    except json.JSONDecodeError as error:
        raise Malformed(f"it is not JSON alone: {error.msg} at character {error.pos}", text) from error
    except Malformed:
        raise
    except ValueError as error:  # a number of thousands of digits
        raise Malformed("it holds a number that cannot be read") from error
    if not isinstance(said, dict):
        raise Malformed(f"it is a {type(said).__name__}, not an object", said)
    return said


def _refuse(name: str) -> Any:
    raise Malformed(f"{name} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Malformed("it says one thing twice", [name for name, _ in pairs[:9]])
    return found


def _keys(said: Mapping[str, Any], wanted: Sequence[str], what: str) -> None:
    absent = [name for name in wanted if name not in said]
    if absent:
        raise Malformed(f"{what} lacks {', '.join(absent)}", list(said))
    extra = [name for name in said if name not in wanted]
    if extra:
        raise Malformed(f"{what} says more than was asked for", extra[0])


def _evidence(said: Mapping[str, Any], what: str) -> str:
    if not isinstance(said["evidence"], str):
        raise Malformed(f"the evidence of {what} is no text", said["evidence"])
    return _readable(said["evidence"])


def _weighed(rubric: Rubric, pair: bool, responses: Sequence[Response]) -> Verdict:
    """The verdict where the words were weighed: the most probable word of each decision."""
    wanted = words_of(rubric, pair)
    if len(responses) != len(wanted):
        return Verdict(None, fault=f"{len(responses)} replies for {len(wanted)} decisions")
    said: list[str] = []
    for words, response in zip(wanted, responses, strict=True):
        weights = [scored.logprob for scored in response.scores]
        if len(weights) != len(words) or any(math.isnan(weight) for weight in weights):
            return Verdict(None, fault=f"the judge does not weigh every one of {', '.join(words)}")
        said.append(words[weights.index(max(weights))])
    if pair:
        return Verdict({FIRST: 1.0, TIE: 0.5, SECOND: 0.0}[said[0]])
    if rubric.levels:
        return Verdict(rubric.score_of({"level": int(said[0])}))
    met = {item.id: word == "yes" for item, word in zip(rubric.items, said, strict=True)}
    return Verdict(rubric.score_of({name: {"met": yes} for name, yes in met.items()}), met)
