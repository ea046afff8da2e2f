"""The two ways of asking that OpenAI-compatible servers share: chat turns, and plain text to be completed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from harness.exchange import Request, Response, Scored
from harness.remote.trying import Failed
from harness.score import CANDIDATE

MOST_STOPS = 4
"""Stop strings that servers take; all of them are applied here again."""


def chat(request: Request, model: str, system: str, extra: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `chat.completions.create` for a text to be written."""
    told = request.system or system
    turns = [{"role": "system", "content": told}] if told else []
    turns.append({"role": "user", "content": request.prompt})
    asked: dict[str, Any] = {"model": model, "messages": turns, **_common(request), **extra}
    if request.schema:
        described = {"name": "answer", "schema": json.loads(request.schema), "strict": True}
        asked["response_format"] = {"type": "json_schema", "json_schema": described}
    return asked


def completion(request: Request, model: str, system: str, extra: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `completions.create` for a text to be written."""
    told = request.system or system
    prompt = f"{told}\n\n{request.prompt}" if told else request.prompt
    return {"model": model, "prompt": prompt, **_common(request), **extra}


def echo(context: str, continuation: str, model: str) -> dict[str, Any]:
    """The arguments of `completions.create` that make a server weigh a text that it is given.

    One token is written and thrown away: not every server can write none.
    """
    return {
        "model": model, "prompt": context + continuation, "echo": True, "logprobs": 1, "max_tokens": 1,
        "temperature": 0.0,
    }  # fmt: skip


def _common(request: Request) -> dict[str, Any]:
    asked: dict[str, Any] = {"max_tokens": request.max_new_tokens, "temperature": request.temperature}
    if request.stop:
        asked["stop"] = list(request.stop[:MOST_STOPS])
    if request.temperature > 0:
        asked["seed"] = request.seed
    return asked


def written(reply: Any, request: Request, seconds: float) -> Response:
    """The response that a reply to `chat` or `completion` holds.

    Raises:
        Failed: it holds no text.
    """
    choice = reply.choices[0]
    message = getattr(choice, "message", None)
    text = choice.text if message is None else message.content
    if text is None and message is not None:
        text = getattr(message, "refusal", None)
    if choice.finish_reason == "content_filter":
        return Response(fault="the server's filter took the answer away", blame=CANDIDATE, seconds=seconds)
    if not isinstance(text, str):
        raise Failed(f"the reply holds no text (it ended with {choice.finish_reason!r})")
    cut = min((at for stop in request.stop if (at := text.find(stop)) >= 0), default=None)
    finish = "length" if choice.finish_reason == "length" and cut is None else "stop"
    read, made = usage(reply)
    return Response(
        text=text if cut is None else text[:cut], finish=finish, prompt_tokens=read or 0, new_tokens=made or 0,
        seconds=seconds,
    )  # fmt: skip


def usage(reply: Any) -> tuple[int | None, int | None]:
    """Tokens read and written, where the reply says so in sensible numbers."""
    told = getattr(reply, "usage", None)
    counts = getattr(told, "prompt_tokens", None), getattr(told, "completion_tokens", None)
    read, made = (n if isinstance(n, int) and not isinstance(n, bool) and n >= 0 else None for n in counts)
    return read, made


def split(prompt: str, continuation: str) -> tuple[str, str]:
    """Context and continuation as they are weighed: blanks at the prompt's end belong to the continuation."""
    kept = prompt.rstrip()
    return kept, prompt[len(kept) :] + continuation


def weighed(reply: Any, context: str, continuation: str) -> Scored:
    """What the server says that the continuation weighs: of each token that reaches beyond the context.

    Raises:
        Failed: the reply does not weigh the text that was sent, or not every token of it.
    """
    told = reply.choices[0].logprobs
    if told is None or not told.tokens:
        raise Failed("the server gives no log-probabilities of the prompt (it must support echo with logprobs)")
    starts: Sequence[int] = told.text_offset
    end, whole = len(context), len(context) + len(continuation)
    total, count, greedy = 0.0, 0, True
    for at, start in enumerate(starts):
        stops = starts[at + 1] if at + 1 < len(starts) else whole + 1
        if stops <= end or start >= whole:
            continue
        value = told.token_logprobs[at]
        if value is None or not math.isfinite(value) or value > 1e-6:
            raise Failed(f"the server weighs token {told.tokens[at]!r} with {value!r}")
        total, count = total + min(value, 0.0), count + 1
        best = max((told.top_logprobs[at] or {}).values(), default=value) if told.top_logprobs else math.inf
        greedy = greedy and value >= best - 1e-9
    if not count:
        raise Failed("the reply weighs no token of the continuation: the server does not echo the prompt")
    return Scored(total, count, greedy)
