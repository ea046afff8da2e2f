"""Recorded answers: JSONL rows read, checked line by line, and found again by sample id or by prompt."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from harness.errors import Complaint, SuiteError, nearest
from harness.exchange import Request, Response, Scored
from harness.score import CANDIDATE, INFRASTRUCTURE

KNOWN = ("id", "prompt", "response", "choice_logprobs", "choice_tokens", "seconds")
"""Keys that mean something here; others may stand beside them."""

MOST = 20
"""Complaints shown of one recording."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a recording."""

    line: int
    response: Response


@dataclass(slots=True)
class Recording:
    """Recorded answers, by id and prompt, by id alone, and by prompt."""

    both: dict[tuple[str, str], Row] = field(default_factory=dict)
    by_id: dict[str, Row] = field(default_factory=dict)
    by_prompt: dict[str, Row] = field(default_factory=dict)
    others: dict[str, Row | None] = field(default_factory=dict)
    """Prompt → a row that has an id of its own too; None where such rows differ."""
    ids: set[str] = field(default_factory=set)
    rows: int = 0

    def add(self, identity: str | None, prompt: str | None, row: Row) -> Row | None:
        """Put the row in, unless its question is answered already: then nothing changes, and the first row returns."""
        if identity is not None and prompt is not None:
            before = self.both.setdefault((identity, prompt), row)
        elif identity is not None:
            before = self.by_id.setdefault(identity, row)
        else:
            before = self.by_prompt.setdefault(prompt or "", row)
        if before is not row:
            return before
        self.rows += 1
        if identity is not None:
            self.ids.add(identity)
        if identity is not None and prompt is not None:
            same = self.others.setdefault(prompt, row)
            if same is not None and same.response != row.response:
                self.others[prompt] = None
        return None

    def find(self, request: Request) -> Row | str:
        """The row that answers the request, or why none does."""
        sample, prompt = request.sample, request.prompt
        row = self.both.get((sample, prompt)) or self.by_id.get(sample) or self.by_prompt.get(prompt)
        if row is None and sample in self.ids:
            return "the recording answers this sample for another prompt than the one asked here"
        row = row or self.others.get(prompt)
        if row is None and prompt in self.others:
            return "the recording has several different answers to this prompt, and none for this sample"
        return row or "the recording has no answer for this sample, nor for its prompt"

    def answer(self, request: Request) -> Response:
        """The recorded answer in the form that the request wants; a fault where there is none."""
        row = self.find(request)
        return _lost(row) if isinstance(row, str) else _fitting(row.response, request)


def _lost(text: str) -> Response:
    return Response(fault=text, blame=INFRASTRUCTURE)


def _fitting(response: Response, request: Request) -> Response:
    """The recorded response in the form that the request wants."""
    if request.kind == "generate":
        if response.text is None and not response.fault:
            return _lost("the recording holds no text for this sample")
        return Response(text=response.text, finish=response.finish, seconds=response.seconds, fault=response.fault,
                        blame=response.blame)  # fmt: skip
    if response.scores and len(response.scores) != len(request.continuations):
        return _lost(
            f"the recording holds {len(response.scores)} choice_logprobs for this sample, "
            f"but {len(request.continuations)} choices are asked for"
        )
    if not response.scores and not response.fault and len(request.continuations) == 1:
        return _lost("the recording holds no choice_logprobs for this sample, so its text cannot be weighed")
    if response.scores:
        return Response(scores=response.scores, seconds=response.seconds)
    return response


def read_recording(source: Path) -> Recording:
    """The recording; raises `SuiteError` with every line that is wrong."""
    table, wrong = Recording(), list[Complaint]()
    try:
        with source.open("rb") as handle:
            for number, raw in enumerate(handle, start=1):
                if raw.strip() and (text := _add(table, raw, number)):
                    wrong.append(Complaint(str(source), number, text))
    except OSError as error:
        raise SuiteError(f"the recording {source} cannot be read: {error.strerror}") from error
    if not wrong and not table.rows:
        wrong.append(Complaint(str(source), 0, "the recording is empty"))
    if wrong:
        more = [Complaint(str(source), 0, f"and {len(wrong) - MOST} more")] if len(wrong) > MOST else []
        raise SuiteError(wrong[:MOST] + more)
    return table


def _add(table: Recording, raw: bytes, number: int) -> str:
    """Put one line into the table; what is wrong with it, or nothing."""
    try:
        data = json.loads(raw.decode("utf-8-sig" if number == 1 else "utf-8"))
    except UnicodeDecodeError as error:
        return f"not UTF-8: byte {raw[error.start]:#04x} at column {error.start + 1}"
    except (ValueError, RecursionError) as error:
        return f"not JSON: {error}"
    if not isinstance(data, dict):
        return f"a row is a mapping, this is a {type(data).__name__}"
    for key in data.keys() - set(KNOWN):
        if (meant := get_close_matches(str(key), KNOWN, n=1, cutoff=0.8)) and meant[0] not in data:
            return f"unknown key {key!r}{nearest(str(key), KNOWN)}"
    identity, prompt = data.get("id"), data.get("prompt")
    if identity is None and prompt is None:
        return "a row needs an `id` or a `prompt`"
    if isinstance(identity, bool) or not isinstance(identity, str | int | None) or not isinstance(prompt, str | None):
        return "`id` must be text or a whole number, and `prompt` text"
    response = _response(data)
    if isinstance(response, str):
        return response
    before = table.add(None if identity is None else str(identity), prompt, Row(number, response))
    if before is not None:
        what = f"id {identity!r}" if identity is not None else f"prompt {str(prompt)[:40]!r}"
        return f"{what} is answered twice, first in line {before.line}; one question has one recorded answer"
    return ""


def _response(data: dict[str, Any]) -> Response | str:
    """The recorded response of a row, or what is wrong with the row."""
    text, seconds = data.get("response"), data.get("seconds")
    logprobs, tokens = data.get("choice_logprobs"), data.get("choice_tokens")
    if not isinstance(text, str | None):
        return f"`response` must be text or null, this is a {type(text).__name__}"
    if seconds is not None and not (_number(seconds) and seconds >= 0):
        return f"`seconds` must be a number of at least 0, this is {seconds!r}"
    if logprobs is None:
        if "response" not in data:
            return "a row needs a `response` or `choice_logprobs`"
        if text is None:
            return Response(fault="the recorded model gave no answer", blame=CANDIDATE, seconds=seconds)
        return Response(text=text, seconds=seconds)
    if not isinstance(logprobs, list) or not logprobs or not all(_number(p) and p <= 0 for p in logprobs):
        return "`choice_logprobs` must be a list of finite numbers of at most 0"
    tokens = [0] * len(logprobs) if tokens is None else tokens
    if (
        not isinstance(tokens, list)
        or len(tokens) != len(logprobs)
        or not all(type(n) is int and n >= 0 for n in tokens)
    ):
        return "`choice_tokens` must be a list of whole numbers, one for each of `choice_logprobs`"
    scores = tuple(Scored(float(p), n) for p, n in zip(logprobs, tokens, strict=True))
    return Response(text=text, scores=scores, seconds=seconds)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
