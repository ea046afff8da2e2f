"""Answer from a recording, or from a Python function in tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from harness.catalog import model
from harness.checkpoint import Checkpoint
from harness.errors import SuiteError
from harness.exchange import Facts, Model, Request, Response
from harness.local.recording import Recording, read_recording


@model(key="replay")
def replay(checkpoint: Checkpoint, *, replay: str = "") -> Model:
    """Recorded answers: JSONL rows `{id, response}` or `{prompt, response}`, optionally `choice_logprobs`, `seconds`.

    A request is answered by the row with its sample's id (and, where the row says one, its prompt), else by the row
    with its prompt. `choice_logprobs` are in the order of the choices; `choice_tokens`, beside them, how many tokens
    each has. What is not in the recording is missing, never guessed.

    Options:
        replay: the recording, a JSONL file.
    """
    if checkpoint.source is None:
        raise SuiteError(f"models.{checkpoint.name}: no recording was given")
    return _Replay(checkpoint.source, read_recording(checkpoint.source))


def of(function: Callable[[Request], str | Response]) -> Model:
    """A model that answers each request with what `function` returns: a text, or a whole Response."""
    return _Function(function)


class _Replay:
    def __init__(self, source: Path, recording: Recording) -> None:
        self._recording = recording
        self._facts = Facts(path="a recording", gate=(f"{recording.rows} recorded answers in {source.name}",))

    @property
    def facts(self) -> Facts:
        return self._facts

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        for index, request in enumerate(requests):
            yield index, self._recording.answer(request)

    def close(self) -> None:
        self._recording = Recording()


class _Function:
    def __init__(self, function: Callable[[Request], str | Response]) -> None:
        self._function = function

    @property
    def facts(self) -> Facts:
        return Facts(path="a function")

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        for index, request in enumerate(requests):
            said = self._function(request)
            yield index, said if isinstance(said, Response) else Response(text=said, finish="stop")

    def close(self) -> None:
        pass
