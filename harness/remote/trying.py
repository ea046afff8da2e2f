"""Trying again where that helps: a busy or stumbling server, with growing, jittered waits, within the budget."""

from __future__ import annotations

import asyncio
import email.utils
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any, TypeVar

from harness.remote.budget import Budget, Spent
from harness.remote.guard import Refused

T = TypeVar("T")

AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""Status codes that may be different next time."""
LONGEST = 30.0
"""Seconds of our own choice between two attempts."""


class Failed(Exception):
    """No answer to this question; the message says why. `away` is whether that is the server's state, and may be the
    same for every question."""

    def __init__(self, text: str, *, away: bool = False) -> None:
        super().__init__(text)
        self.away = away


class Hopeless(Exception):
    """No answer to any question: the key, the name or the address is wrong."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one question is tried."""

    timeout: float = 120.0
    """Seconds for one attempt, from sending to the last byte."""
    retries: int = 4
    patience: float = 120.0
    """The longest wait that a server may ask for."""
    begin: float = 0.5
    """Seconds before the second attempt, on average half of it; doubled each time."""


async def persist(
    ask: Callable[[], Awaitable[T]], budget: Budget, patience: Patience, rng: Random, sleep: Any = asyncio.sleep
) -> T:
    """What `ask` gives, tried again where the fault may pass.

    Raises:
        Spent: the budget is, or the server asks for more time than there is.
        Failed: every attempt failed, or the question itself is refused.
        Hopeless: no question will be answered.
    """
    for attempt in range(patience.retries + 1):
        budget.take()
        try:
            async with asyncio.timeout(min(patience.timeout, max(0.001, budget.left()))):
                return await ask()
        except Exception as error:
            text, wanted = _again(error, patience)
        if attempt == patience.retries:
            raise Failed(f"{text}; given up after {attempt + 1} attempts", away=True)
        wait = wanted if wanted is not None else rng.random() * min(LONGEST, patience.begin * 2**attempt)
        if wait > min(patience.patience, budget.left()):
            if wanted is None:
                why = f"there is no time left to try again (deadline): {text}"
            else:
                why = f"the server asks to wait {wait:.0f} s, longer than there is time for ({text})"
            budget.stop(why)
            raise Spent(why)
        await sleep(wait)
    raise AssertionError("unreachable")


def _again(error: Exception, patience: Patience) -> tuple[str, float | None]:
    """What went wrong and how long the server wants to be left alone, where trying again may help.

    Raises:
        Failed, Hopeless: where it cannot.
    """
    import openai

    cause = _refusal(error)
    if cause is not None:
        if cause.final:
            raise Hopeless(str(cause)) from error
        return str(cause), None
    if isinstance(error, TimeoutError | openai.APITimeoutError):
        return f"no whole answer within {patience.timeout:g} s", None
    if isinstance(error, openai.APIStatusError):
        return _status(error), _retry_after(error)
    if isinstance(error, openai.APIConnectionError):
        return _connection(error), None
    if isinstance(error, openai.APIError | ValueError | TypeError | KeyError | IndexError | AttributeError):
        return f"the reply is not a completion ({type(error).__name__}: {str(error)[:200]})", None
    raise error


def _refusal(error: BaseException | None) -> Refused | None:
    while error is not None:
        if isinstance(error, Refused):
            return error
        error = error.__cause__
    return None


def _status(error: Any) -> str:
    """The sentence for an error status; raises where another attempt, or another question, would get the same."""
    body = error.body if isinstance(error.body, dict) else {}
    status, told = error.status_code, " ".join(str(body.get("message") or error.message).split())[:300]
    if status in (401, 403):
        raise Hopeless(f"the server refuses the key ({status}): {told}") from error
    if status == 404:
        raise Hopeless(f"the server does not know this model or address (404): {told}") from error
    if status not in AGAIN:
        raise Failed(f"the server refuses the question ({status}): {told}") from error
    return f"the server answered {status}: {told}"


def _connection(error: Any) -> str:
    """The sentence for a connection that failed; a certificate that is not trusted stays so."""
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    text = f"{type(cause).__name__}: {str(cause)[:200]}"
    if "certificate" in text.lower():
        raise Hopeless(
            f"the server's certificate is not trusted, so nothing was sent ({text}); if you trust it or its authority, "
            "set SSL_CERT_FILE to a file with that certificate (PEM); there is no switch that leaves this out"
        ) from error
    return f"no connection ({text})"


def _retry_after(error: Any) -> float | None:
    """Seconds that a reply's Retry-After asks for: a number, or a date; None where it says nothing readable."""
    written = error.response.headers.get("retry-after", "").strip()
    if not written:
        return None
    try:
        return max(0.0, float(written))
    except ValueError:
        pass
    try:
        return max(0.0, (email.utils.parsedate_to_datetime(written) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
