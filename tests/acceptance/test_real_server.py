"""A real OpenAI-compatible server, `transformers serve`, started here with a tiny model: asked, and as a judge."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import tiny
from harness.catalog import Catalog
from harness.checkpoint import Checkpoint
from harness.exchange import Model, Request
from harness.judging.question import Case, requests
from harness.judging.rubric import find
from harness.judging.verdict import read
from harness.local import Residents, identify

LACKING = [name for name in ("fastapi", "uvicorn") if importlib.util.find_spec(name) is None]
pytestmark = pytest.mark.skipif(bool(LACKING), reason=f"no {', '.join(LACKING)}: pip install 'transformers[serving]'")


@dataclass(frozen=True)
class Serving:
    """A running server."""

    url: str
    model: str
    """The folder that it serves."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tiny.causal(tmp_path_factory.mktemp("served") / "tiny", context=8192, chat=tiny.CHAT)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["serve", str(folder), "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    log = (tmp_path_factory.mktemp("log") / "log.txt").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "transformers.cli.transformers", *words],
        env={**os.environ, "HF_HUB_OFFLINE": "1"}, stdout=log, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        _wait(process, port, Path(log.name))
        yield Serving(f"http://127.0.0.1:{port}/v1", str(folder))
    finally:
        process.terminate()
        process.wait(30)
        log.close()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(600):
        if process.poll() is not None:
            break
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.2)
    raise AssertionError(f"the server did not start: {log.read_text(errors='replace')[-2000:]}")


def opened(served: Serving, **options: Any) -> Model:
    leaf = Catalog().get("model", "endpoint")
    given = {"endpoint": served.url, "model": served.model, "concurrency": 2, "timeout": 60.0, **options}
    model: Model = leaf.function(Checkpoint("judge", "endpoint"), **given)
    return model


def test_it_answers_as_the_same_weights_do_here(served: Serving) -> None:
    asked = [Request("generate", text, max_new_tokens=12) for text in ("where is the bus?", "one two", "a film")]
    remote = opened(served)
    local = Catalog().get("model", "transformers").function(
        identify("here", {"pretrained": served.model, "apply_chat_template": True}, folder=Path("/")),
        residents=Residents(), note=lambda _: None, apply_chat_template=True,
    )  # fmt: skip
    try:
        there, here = dict(remote.answer(asked)), dict(local.answer(asked))
    finally:
        remote.close()
        local.close()
    assert [there[at].fault for at in range(3)] == [""] * 3
    assert [there[at].text for at in range(3)] == [here[at].text for at in range(3)]
    assert [there[at].prompt_tokens for at in range(3)] == [here[at].prompt_tokens for at in range(3)]
    assert remote.facts.effort is not None
    assert remote.facts.effort.calls == 3


def test_what_it_says_as_a_judge_is_checked_here(served: Serving) -> None:
    """The server takes a JSON schema and does not follow it; what comes back is held to it all the same."""
    rubric = find("helpfulness", Path())
    asked = requests(Case("q", "When?", ("At noon.",)), rubric, "judge", 1)
    model = opened(served)
    try:
        ((_, response),) = model.answer(asked)
    finally:
        model.close()
    assert response.fault == ""
    found = read(rubric, False, [response])
    assert (found.score, found.malformed) == (None, True)
    assert "the judge's reply is no verdict: it is not JSON alone" in found.fault


def test_a_server_that_does_not_echo_cannot_weigh(served: Serving) -> None:
    model = opened(served, api="completions", retries=0)
    try:
        ((_, response),) = model.answer([Request("score", "is it", (" yes",))])
    finally:
        model.close()
    assert "gives no log-probabilities of the prompt" in response.fault


def test_another_model_than_the_one_served_is_refused(served: Serving) -> None:
    model = opened(served, model="nobody/none", retries=0)
    try:
        ((_, response),) = model.answer([Request("generate", "a", max_new_tokens=2)])
    finally:
        model.close()
    assert "the server refuses the question (400)" in response.fault


def test_it_judges_through_the_command(
    served: Serving, harness: Callable[..., Any], suite: Callable[..., Path]
) -> None:
    text = f"""
suite: judged
models:
  candidate: {{replay: said.jsonl}}
  judge: {{endpoint: {served.url}, model: {served.model}, concurrency: 2}}
checks:
  answers: {{task: {{data: rows.jsonl, metrics: [valid_rate]}}}}
  good: {{rubric: {{of: answers, judge: judge, rubric: mine.yaml, probe: 1}}}}
accept: [good.pass_rate >= 0.5]
"""
    rows = [{"id": f"q{at}", "input": f"question {at}", "target": "x"} for at in range(3)]
    done = harness("run", suite(
        text, rows__jsonl=rows, said__jsonl=[{"id": f"q{at}", "response": f"answer {at}"} for at in range(3)],
        mine__yaml="question: Is it right?\nitems:\n  - {id: right, ask: Is it right?}\n",
    ))  # fmt: skip
    assert (done.code, done.result["verdict"]) == (3, "inconclusive")
    judged = next(m for m in done.result["measurements"] if m["metric"] == "raw_pass_rate")
    assert (judged["n"], judged["missing"]) == (0, 3)
    traffic = done.result["traffic"]["judge"]
    assert traffic["calls"] == traffic["distinct"] > 6
