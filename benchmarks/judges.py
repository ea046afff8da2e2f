"""Judged answers per second behind one loopback server, at one concurrency: ours, deepeval's, and the bare client's.

The server runs in a process of its own and waits a little before each reply, as a judge does. Each client grades the
same answers in a process of its own. CPU seconds are the client's own overhead; wall seconds include the server's wait.

deepeval does not share our dependencies: install it into an environment of its own, and name that environment's python
in `DEEPEVAL_PYTHON`; without it the row says so.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CASES, CONCURRENCY, WAIT, TURNS = 400, 16, 0.02, 3
OURS = json.dumps({"right": {"evidence": "it says so", "met": True}})
THEIRS = json.dumps({"reason": "it says so", "score": 8})
HERE = Path(__file__).resolve().parents[1]


async def _serve() -> None:
    """An OpenAI-compatible server that says the same to everybody, `WAIT` seconds after it was asked."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lengths = (line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
                size = int(next(lengths).split(b":")[1])
                asked = await reader.readexactly(size)
                await asyncio.sleep(WAIT)
                text = OURS if b"begin answer" in asked else THEIRS
                said = {
                    "id": "1", "object": "chat.completion", "created": 1, "model": json.loads(asked)["model"],
                    "choices": [
                        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
                    ],
                    "usage": {"prompt_tokens": 200, "completion_tokens": 20, "total_tokens": 220},
                }  # fmt: skip
                body = json.dumps(said).encode()
                lines = ["HTTP/1.1 200 OK", "Content-Type: application/json", f"Content-Length: {len(body)}", "", ""]
                writer.write("\r\n".join(lines).encode() + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def _texts() -> list[tuple[str, str]]:
    return [(f"question {at}: when does it leave?", f"It leaves at {at % 24}:00.") for at in range(CASES)]


def harness(url: str) -> int:
    """Verdicts of our judge: prompts written and fenced, replies held to their form."""
    from harness.catalog import Catalog
    from harness.checkpoint import Checkpoint
    from harness.judging.hearing import Bench, hear
    from harness.judging.question import Case
    from harness.judging.rubric import Item, find

    rubric = find("helpfulness", HERE)
    rubric = type(rubric)("r", "Is it right?", (Item("right", "Is it right?"),), prompt=rubric.prompt)
    model = Catalog().get("model", "endpoint").function(
        Checkpoint("judge", "endpoint"), endpoint=url, model="gpt-4o", concurrency=CONCURRENCY
    )  # fmt: skip
    talk = hear(Bench(rubric, ("judge",)), [Case(str(at), *_case(pair)) for at, pair in enumerate(_texts())])
    try:
        asked = next(talk)
        while True:
            found = dict(model.answer(asked))
            asked = talk.send([found[at] for at in range(len(asked))])
    except StopIteration as stop:
        model.close()
        return sum(verdict.score == 1.0 for (verdict,) in stop.value)


def _case(pair: tuple[str, str]) -> tuple[str, tuple[str]]:
    return pair[0], (pair[1],)


def client(url: str) -> int:
    """The floor: the openai client alone, and json.loads."""
    import openai

    async def every() -> int:
        gate = asyncio.Semaphore(CONCURRENCY)
        asking = openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0)

        async def one(question: str, answer: str) -> int:
            prompt = f"Is it right? begin answer {question} {answer}"
            async with gate:
                reply = await asking.chat.completions.create(
                    model="gpt-4o", messages=[{"role": "user", "content": prompt}], max_tokens=120, temperature=0.0
                )
            return int(json.loads(reply.choices[0].message.content or "")["right"]["met"])

        return sum(await asyncio.gather(*(one(*pair) for pair in _texts())))

    return asyncio.run(every())


def deepeval(url: str) -> int:
    """deepeval's G-Eval with given steps: one call for each answer."""
    from deepeval import evaluate  # type: ignore[import-not-found, unused-ignore]
    from deepeval.evaluate import AsyncConfig, CacheConfig, DisplayConfig  # type: ignore[import-not-found, unused-ignore]
    from deepeval.metrics import GEval  # type: ignore[import-not-found, unused-ignore]
    from deepeval.models import GPTModel  # type: ignore[import-not-found, unused-ignore]
    from deepeval.test_case import LLMTestCase, LLMTestCaseParams  # type: ignore[import-not-found, unused-ignore]

    model = GPTModel(model="gpt-4o", base_url=url, api_key="none")
    shown = [LLMTestCaseParams.INPUT, LLMTestCaseParams.ACTUAL_OUTPUT]
    metric = GEval(name="right", evaluation_steps=["Is it right?"], evaluation_params=shown, model=model)
    cases = [LLMTestCase(input=question, actual_output=answer) for question, answer in _texts()]
    found = evaluate(
        cases, [metric], async_config=AsyncConfig(max_concurrent=CONCURRENCY),
        display_config=DisplayConfig(show_indicator=False, print_results=False),
        cache_config=CacheConfig(write_cache=False, use_cache=False),
    )  # fmt: skip
    return sum(bool(result.success) for result in found.test_results)


def _measured(python: str, name: str, url: str) -> dict[str, Any]:
    """CPU and wall seconds of one client, its imports left out."""
    environment = {**os.environ, "DEEPEVAL_TELEMETRY_OPT_OUT": "YES", "OPENAI_API_KEY": "none", "PYTHONPATH": str(HERE)}
    done = subprocess.run(
        [python, str(Path(__file__)), name, url], check=False, capture_output=True, text=True, env=environment
    )
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr[-600:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _main(name: str, url: str) -> None:
    work = {"harness": harness, "client": client, "deepeval": deepeval}[name]
    _warm(name)
    cpu, wall = time.process_time(), time.perf_counter()
    good = work(url)
    print()
    print(json.dumps({"good": good, "cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}))


def _warm(name: str) -> None:
    """Import what the client imports, so that only its work is measured."""
    __import__("deepeval.metrics" if name == "deepeval" else "openai.resources.chat")
    if name == "harness":
        __import__("httpx2")


def rows() -> Iterator[tuple[str, str, str]]:
    """Answers per second and milliseconds of CPU for each, beside the bare client's."""
    server = subprocess.Popen([sys.executable, str(Path(__file__)), "serve"], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        url = f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        pythons = {"client": sys.executable, "harness": sys.executable}
        if peer := os.environ.get("DEEPEVAL_PYTHON"):
            pythons["deepeval"] = peer
        taken: dict[str, list[dict[str, Any]]] = {name: [] for name in pythons}
        for _ in range(TURNS):  # in turns, so that all see the same machine
            for name, python in pythons.items():
                taken[name].append(_measured(python, name, url))
        floor = statistics.median(one["cpu"] for one in taken["client"])
        for name, turns in taken.items():
            assert {one["good"] for one in turns} == {CASES}, (name, turns)
            cpu, wall = (statistics.median(one[key] for one in turns) for key in ("cpu", "wall"))
            found = f"{CASES / wall:.0f}/s, {1000 * cpu / CASES:.2f} ms CPU ({cpu / floor:.1f}x)"
            yield f"judged by {name}, {CONCURRENCY} at once, {WAIT * 1000:.0f} ms each", found, _aim(name)
        if "deepeval" not in pythons:
            yield "judged by deepeval", "not measured", "name its python in DEEPEVAL_PYTHON"
    finally:
        server.terminate()
        server.wait(10)


def _aim(name: str) -> str:
    most = f"{CONCURRENCY / WAIT:.0f}/s is what the server allows"
    return {"client": f"the floor; {most}", "harness": "nearer to the floor than to deepeval"}.get(name, "peer")


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(_serve())
    else:
        _main(*sys.argv[1:3])
