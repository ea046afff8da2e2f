"""A server that answers: requests go out together, as many as allowed; responses come back as they are ready."""

from __future__ import annotations

import asyncio
import os
import queue
import re
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from time import perf_counter
from typing import Any, TypeVar

from harness.errors import EndpointBroken, SuiteError
from harness.exchange import Effort, Facts, Request, Response
from harness.remote import dialect
from harness.remote.budget import Budget, Spent
from harness.remote.guard import client
from harness.remote.place import Place, hide
from harness.remote.trying import Failed, Hopeless, Patience, persist
from harness.score import INFRASTRUCTURE

T = TypeVar("T")

CHAT, COMPLETIONS = "chat", "completions"
TRUSTED = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""Environment variables that name whose certificates are trusted, in place of the system's."""
GIVEN_UP = 16
"""Questions that are given up in a row, at least, before a server counts as away."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the suite says about asking this server."""

    model: str
    key: str = field(default="", repr=False)
    api: str = CHAT
    concurrency: int = 8
    system: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further arguments of every call (gen_kwargs)."""
    patience: Patience = field(default_factory=Patience)


class Remote:
    """The `Model` of a server."""

    def __init__(self, name: str, place: Place, settings: Settings, budget: Budget) -> None:
        self._name, self._place, self._settings, self._budget = name, place, settings, budget
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._client: Any = None
        self._rng = Random(0)  # only for the jitter between attempts
        self._said = ""
        """The model's name as the first reply wrote it."""
        self._fingerprints: set[str] = set()
        self._plain = False
        """Whether the server refused a JSON schema, and is asked without."""
        self._seconds = 0.0
        self._in_vain = 0
        """Questions given up since the last answer."""

    @property
    def facts(self) -> Facts:
        """Where it is, what it calls itself, and what was spent."""
        budget, warnings = self._budget, []
        if self._plain:
            warnings.append("the server refuses JSON schemas: answers are checked here, not enforced there")
        if len(self._fingerprints) > 1:
            warnings.append(f"the server changed while it was asked: {len(self._fingerprints)} system fingerprints")
        if budget.guessed:
            warnings.append(
                f"{budget.guessed} replies did not say what they took; they count at the most they can have"
            )
        effort = Effort(
            tokens_asked=budget.read, seconds=self._seconds, calls=budget.calls, cost=budget.cost,
        )  # fmt: skip
        path = f"{self._settings.api} at {self._place.host}" + (f", answering as {self._said}" if self._said else "")
        gate = (f"asked for {self._settings.model!r} at {self._place.url}; redirects are not followed",)
        return Facts(gate=gate, warnings=tuple(warnings), path=path, effort=effort)

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """(index, response) as they come in; at most `concurrency` are under way at once.

        Raises:
            EndpointBroken: the server will answer no question at all: key, name, address or certificate are wrong.
            SuiteError: a question that chat servers cannot answer.
        """
        self._must_be_askable(requests)
        ready: queue.Queue[tuple[int, Response] | BaseException | None] = queue.Queue()
        work = self._submit(self._all(requests, ready.put))
        work.add_done_callback(lambda done: ready.put(None if done.cancelled() else done.exception()))
        began = perf_counter()
        try:
            while (found := ready.get()) is not None:
                if isinstance(found, BaseException):
                    raise found
                yield found
        finally:
            self._seconds += perf_counter() - began
            work.cancel()

    def close(self) -> None:
        """Close the connections and end the thread that served them."""
        if self._loop is None or self._thread is None:
            return
        if self._client is not None:
            asyncio.run_coroutine_threadsafe(self._client.close(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()
        self._loop = self._thread = self._client = None

    def _must_be_askable(self, requests: Sequence[Request]) -> None:
        weighed = next((request for request in requests if request.kind != "generate"), None)
        if weighed is not None and self._settings.api == CHAT:
            raise SuiteError(
                f"models.{self._name}: a chat server answers in text only and cannot weigh "
                f"{len(weighed.continuations)} choices; give the task `output: generate` with `parse`, or "
                "`api: completions` if the server returns log-probabilities of the prompt (echo)"
            )

    def _submit(self, work: Coroutine[Any, Any, T]) -> Any:
        """Run something on the connections' own thread, which is started when it is first needed."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name=f"asking {self._name}", daemon=True)
            self._thread.start()
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _all(self, requests: Sequence[Request], ready: Callable[[tuple[int, Response]], None]) -> None:
        """Answer everything: `concurrency` workers, each taking the next question when its last is answered."""
        if self._client is None:
            self._client = self._connect()
        waiting = iter(enumerate(requests))

        async def worker() -> None:
            for index, request in waiting:
                ready((index, await self._one(request)))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._settings.concurrency, len(requests))):
                    group.create_task(worker())
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None

    def _connect(self) -> Any:
        import httpx2
        import openai

        settings = self._settings
        try:
            inner = httpx2.AsyncHTTPTransport(proxy=self._place.proxy or None)
        except OSError as error:  # an ssl.SSLError is one
            named = next((f"{name}={os.environ[name]}" for name in TRUSTED if os.environ.get(name)), "the system's own")
            raise self._broken(f"the certificates to trust cannot be read ({named}): {error}") from None
        return openai.AsyncOpenAI(
            base_url=self._place.url, api_key=settings.key or "none", max_retries=0,
            http_client=client(inner, settings.patience.timeout),
        )  # fmt: skip

    async def _one(self, request: Request) -> Response:
        """The response to one request; a fault where none is to be had."""
        began = perf_counter()
        try:
            if request.kind == "generate":
                found = await self._written(request, began)
            else:
                scores = [await self._weighed(request.prompt, text) for text in request.continuations]
                found = Response(scores=tuple(scores), seconds=perf_counter() - began)
            self._in_vain = 0
            return found
        except (Failed, Spent) as error:
            self._note_silence(error)
            return Response(fault=self._hidden(str(error)), blame=INFRASTRUCTURE)
        except Hopeless as error:
            raise self._broken(str(error)) from None

    def _broken(self, why: str) -> EndpointBroken:
        return EndpointBroken(f"the server of models.{self._name}, {self._place.shown}: {self._hidden(why)}")

    def _note_silence(self, error: Exception) -> None:
        """Where question after question is given up, the server is away, and the others need not wait for it."""
        self._in_vain = self._in_vain + 1 if isinstance(error, Failed) and error.away else 0
        if self._in_vain >= max(GIVEN_UP, 2 * self._settings.concurrency):
            text = self._hidden(str(error))
            self._budget.stop(f"{self._in_vain} questions in a row were given up, so nothing more is asked: {text}")

    async def _written(self, request: Request, began: float) -> Response:
        most = request.max_new_tokens
        if self._settings.api == COMPLETIONS:
            asked = dialect.completion(request, self._settings.model, self._settings.system, self._settings.extra)
            reply = await self._ask("completions", asked, most)
        else:
            asked = dialect.chat(request, self._settings.model, self._settings.system, self._settings.extra)
            reply = await self._chat(asked, most)
        return dialect.written(reply, request, perf_counter() - began)

    async def _chat(self, asked: dict[str, Any], most: int) -> Any:
        """A chat reply; where the server refuses the JSON schema, it is asked without, from now on."""
        if self._plain:
            asked.pop("response_format", None)
        try:
            return await self._ask("chat", asked, most)
        except Failed as error:
            if "response_format" not in asked or "response_format" not in str(error):
                raise
            self._plain = True
            asked.pop("response_format")
            return await self._ask("chat", asked, most)

    async def _weighed(self, prompt: str, continuation: str) -> Any:
        context, text = dialect.split(prompt, continuation)
        if not context:
            raise Failed("a server cannot weigh a text that stands after nothing")
        reply = await self._ask("completions", dialect.echo(context, text, self._settings.model), 1)
        return dialect.weighed(reply, context, text)

    async def _ask(self, api: str, asked: Mapping[str, Any], most: int) -> Any:
        """One reply, of the model that was asked for, with what it took put on the bill."""
        api_of = self._client.chat.completions if api == "chat" else self._client.completions

        async def once() -> Any:
            reply = await api_of.create(**asked)
            self._bill(reply, asked, most)
            if not reply.choices:
                raise ValueError("a reply without choices")
            return reply

        reply = await persist(once, self._budget, self._settings.patience, self._rng)
        self._must_be_asked(reply)
        return reply

    def _bill(self, reply: Any, asked: Mapping[str, Any], most: int) -> None:
        read, made = dialect.usage(reply)
        sent = len(str(asked.get("messages") or asked.get("prompt") or "").encode())
        self._budget.pay(read, made, most_read=sent, most_written=most)

    def _must_be_asked(self, reply: Any) -> None:
        """The reply must come from the model that was asked, and from the same one all along.

        Raises:
            Spent: it does not; nothing more is asked.
        """
        told, asked = str(reply.model or ""), self._settings.model
        if fingerprint := getattr(reply, "system_fingerprint", None):
            self._fingerprints.add(str(fingerprint)[:80])
        if not same(asked, told):
            why = f"{asked!r} was asked, and {told[:80]!r} answered"
        elif self._said and told != self._said:
            why = f"the model changed while it was asked: {self._said[:80]!r} answered first, then {told[:80]!r}"
        else:
            self._said = told
            return
        self._budget.stop(why)
        raise Spent(why)

    def _hidden(self, text: str) -> str:
        return hide(text, self._settings.key)


def same(asked: str, told: str) -> bool:
    """Whether a reply's model is the one that was asked: its name, with or without owner, or a dated version or named
    revision of it.

    >>> same("gpt-4o", "gpt-4o-2024-08-06"), same("org/tiny", "tiny"), same("org/tiny", "org/tiny@main")
    (True, True, True)
    >>> same("gpt-4", "gpt-4-turbo"), same("org/tiny", "org/tiny-instruct@main")
    (False, False)
    """
    if "@" not in asked:
        told = re.sub(r"@[\w.-]+$", "", told)
    short = asked.rsplit("/", 1)[-1]
    if told in (asked, short) or told.rsplit("/", 1)[-1] == short:
        return True
    return any(re.fullmatch(re.escape(name) + r"[-:@]v?\d[\w.-]*", told) for name in (asked, short))
