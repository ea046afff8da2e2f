"""Ask an OpenAI-compatible server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from harness.catalog import model
from harness.checkpoint import Checkpoint
from harness.errors import SuiteError
from harness.exchange import Model
from harness.remote.answerer import Remote, Settings
from harness.remote.budget import Budget
from harness.remote.offline import Unasked, beyond
from harness.remote.place import place, secret
from harness.remote.trying import Patience


@model(key="endpoint")
def endpoint(
    checkpoint: Checkpoint,
    offline: bool = False,
    *,
    endpoint: str = "",
    model: str = "",
    api_key: str = "",
    api: Literal["chat", "completions"] = "chat",
    concurrency: int = 8,
    timeout: float = 120.0,
    retries: int = 4,
    patience: float = 120.0,
    deadline: float | None = None,
    max_calls: int | None = None,
    max_cost: float | None = None,
    price: Mapping[str, float] | None = None,
    allow_private: bool = False,
    system_instruction: str = "",
    gen_kwargs: Mapping[str, Any] | None = None,
    batch_size: int | str = "auto",
) -> Model:
    """A model behind a server that speaks OpenAI's protocol, as vLLM, SGLang, llama.cpp and Ollama do too.

    Redirects are never followed, the key goes to this one address, and a reply counts only if it names the model that
    was asked. What cannot be asked within the budget is missing, never guessed. Offline (`--offline`), a server beyond
    this machine is not asked: what it answered before comes from the cache.

    Options:
        endpoint: address of the server, up to /v1; https, or a server on this machine.
        model: the name that the server serves it under.
        api_key: `${env:NAME}`, the environment variable that holds the key.
        api: chat (text only), or completions, which can also weigh choices where the server supports echo.
        concurrency: questions under way at once.
        timeout: seconds for one attempt, up to the last byte.
        retries: further attempts where a fault may pass (408, 409, 425, 429, 5xx, no connection).
        patience: seconds that a server may ask us to wait (Retry-After).
        deadline: seconds for all questions of a run.
        max_calls: calls of a run at most, attempts included.
        max_cost: money of a run at most, in the currency of `price`; calls under way are still paid.
        price: {input: …, output: …} for a million tokens.
        allow_private: whether the server may stand in a private network.
        system_instruction: the system turn before every prompt that has none of its own.
        gen_kwargs: further arguments of every call (top_p, …).
        batch_size: not used; a server makes its own batches.
    """
    if max_cost is not None and price is None:
        text = "max_cost needs price: {input: …, output: …}, for a million tokens"
        raise SuiteError(f"models.{checkpoint.name}: {text}")
    if offline and beyond(endpoint):
        return Unasked(str(urlsplit(endpoint).hostname))
    found = place(checkpoint.name, endpoint, private=allow_private)
    tried = Patience(timeout, retries, patience)
    settings = Settings(
        model, secret(checkpoint.name, api_key), api, concurrency, system_instruction, dict(gen_kwargs or {}), tried
    )
    prices = None if price is None else (float(price["input"]), float(price["output"]))
    return Remote(checkpoint.name, found, settings, Budget(max_calls, max_cost, deadline, prices))
