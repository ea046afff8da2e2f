"""lm-eval as a library: its tasks and metrics, our models, and neither its cache nor its exit code.

lm-eval asks its model in the middle of an evaluation. To ask together with all other checks, a task is evaluated twice:
once with a model that only notes what it is asked, and once with one that knows all the answers.
"""

from __future__ import annotations

import io
import json
import math
import os
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, field
from functools import cache, lru_cache
from numbers import Real
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from harness import digest
from harness.errors import CheckBroken, SuiteError, nearest
from harness.exchange import Request, Response
from harness.lm_files import localise

FEWSHOT_SEED = 1234
"""lm-eval's own, so that its published numbers can be compared with."""
SUMS = ("word_perplexity", "byte_perplexity", "bits_per_byte")
"""Metrics whose value for a document is (log-likelihood, words or bytes)."""


@dataclass(slots=True)
class Results:
    """What lm-eval found, document by document."""

    samples: dict[str, list[dict[str, Any]]]
    """Task → one entry for each document."""
    rows: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Recorder:
    """Every question in the order it was asked, and the answer to each."""

    asked: Sequence[tuple[tuple[str, ...], Request]]
    responses: Sequence[Response]

    def answers(self) -> dict[tuple[str, ...], Any]:
        """lm-eval's key of a question → its answer in lm-eval's form."""
        known: dict[tuple[str, ...], Any] = {}
        for (key, request), response in zip(self.asked, self.responses, strict=True):
            if key[0] == "generate":
                known[key] = response.text
            elif key[0] == "rolling":
                known[key] = response.scores[0].logprob
            else:
                for continuation, scored in zip(request.continuations, response.scores, strict=True):
                    known[*key, continuation] = (scored.logprob, scored.greedy)
        return known


def load_tasks(names: Sequence[str], folder: Path | None, num_fewshot: int | None) -> dict[str, Any]:
    """lm-eval's task objects; with `folder`, only the task files there are known and nothing is fetched.

    Raises:
        SuiteError: no such folder or task, or a task file that runs code.
        CheckBroken: lm-eval cannot load a task.
    """
    with _quiet(), TemporaryDirectory(prefix="harness-tasks-") as scratch:
        from lm_eval.tasks import TaskManager

        if folder is not None:
            localise(folder, Path(scratch))
        manager = TaskManager(include_path=scratch if folder else None, include_defaults=folder is None)
        unknown = [name for name in names if name not in manager.all_tasks]
        if unknown:
            place = f" in {folder}" if folder else ""
            raise SuiteError(f"lm-eval knows no task {unknown[0]!r}{place}{nearest(unknown[0], manager.all_tasks)}")
        try:
            loaded: dict[str, Any] = manager.load(list(names))
        except Exception as error:
            raise CheckBroken(f"lm-eval cannot load {', '.join(names)}: {type(error).__name__}: {error}") from error
    for task in loaded["tasks"].values():
        if num_fewshot is not None:
            task.set_config(key="num_fewshot", value=num_fewshot)
    return loaded


def collect(loaded: dict[str, Any], *, limit: int | None, seed: int) -> list[tuple[tuple[str, ...], Request]]:
    """Every request the tasks make, with lm-eval's key; continuations of one context stand in one request."""
    listener = _listener()
    _evaluate(loaded, listener, limit, seed)
    grouped: dict[tuple[str, ...], list[str]] = {}
    plain: dict[tuple[str, ...], Request] = {}
    for key, detail in listener.heard:
        if key[0] == "generate":
            plain[key] = _generation(key[1], detail)
        elif key[0] == "rolling":
            plain[key] = Request("score", "", (key[1],))
        else:
            conts = grouped.setdefault(key[:-1], [])
            if key[-1] not in conts:
                conts.append(key[-1])
    scored = [(key, Request("score", key[1], tuple(conts))) for key, conts in grouped.items()]
    return [*scored, *plain.items()]


def run_tasks(loaded: dict[str, Any], recorder: Recorder, *, limit: int | None, seed: int) -> Results:
    """lm-eval's results from known answers.

    Raises:
        CheckBroken: lm-eval asked something new, or failed.
    """
    speaker = _listener(recorder.answers())
    results = _evaluate(loaded, speaker, limit, seed)
    samples = results["samples"] if isinstance(results, Mapping) else results.samples
    found = Results({task: _first_filter(entries) for task, entries in samples.items()})
    found.rows = [_row(task, entry) for task, entries in found.samples.items() for entry in entries]
    return found


def document_scores(results: Results, metric: str) -> tuple[list[str], list[Any], list[str]]:
    """Ids (`task/document`), values and task names of one metric over all documents.

    A log-likelihood metric gives (nats, words or bytes).

    Raises:
        CheckBroken: a task does not have this metric, or its value is not a finite number.
    """
    ids: list[str] = []
    values: list[Any] = []
    tasks: list[str] = []
    for task, entries in results.samples.items():
        for entry in entries:
            if metric not in entry:
                known = entry.get("metrics") or [k for k, v in entry.items() if isinstance(v, int | float)]
                raise CheckBroken(f"lm-eval's task {task} has no metric {metric!r}{nearest(metric, known)}")
            value = entry[metric]
            numbers = list(value) if metric in SUMS and isinstance(value, tuple | list) else [value]
            if not all(isinstance(n, Real) and math.isfinite(n) for n in numbers):
                raise CheckBroken(f"lm-eval gives {metric} = {value!r} for document {entry['doc_id']} of {task}")
            ids.append(f"{task}/{entry['doc_id']}")
            values.append((-float(numbers[0]), float(numbers[1])) if metric in SUMS else float(numbers[0]))
            tasks.append(task)
    return ids, values, tasks


def _first_filter(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    first = entries[0].get("filter") if entries else None
    return [entry for entry in entries if entry.get("filter") == first]


def _row(task: str, entry: dict[str, Any]) -> dict[str, Any]:
    prompt = str(entry["arguments"][0][0]) if entry.get("arguments") else ""
    return {
        "doc_id": f"{task}/{entry['doc_id']}",
        "prompt": prompt,
        "target": str(entry.get("target", "")),
        "resps": [str(r) for r in entry.get("resps", [])],
        "filtered_resps": [str(r) for r in entry.get("filtered_resps", [])],
        "valid": True,
        "fault": "",
        "finish": "",
        "new_tokens": 0,
        "doc_hash": str(entry.get("doc_hash", "")),
        "prompt_hash": digest.of_text(prompt),
        "target_hash": str(entry.get("target_hash", "")),
        "slices": {"task": task},
        "metrics": {k: float(entry[k]) for k in entry.get("metrics", ()) if isinstance(entry.get(k), int | float)},
    }


def _generation(prompt: str, options: Mapping[str, Any]) -> Request:
    until = options.get("until") or []
    stop = (until,) if isinstance(until, str) else tuple(until)
    temperature = float(options.get("temperature") or 0.0) if options.get("do_sample") else 0.0
    length = int(options.get("max_gen_toks") or options.get("max_new_tokens") or 256)
    return Request("generate", prompt, max_new_tokens=length, stop=stop, temperature=temperature)


def _evaluate(loaded: dict[str, Any], lm: Any, limit: int | None, seed: int) -> Any:
    for task in loaded["tasks"].values():
        task.set_fewshot_seed(seed=FEWSHOT_SEED)  # before every pass, so that both draw the same examples
    with _quiet():
        from lm_eval.evaluator import evaluate

        random.seed(seed)
        try:
            return evaluate(
                lm=lm, task_dict=loaded, limit=limit, bootstrap_iters=0, log_samples=True, verbosity="ERROR"
            )
        except CheckBroken:
            raise
        except Exception as error:
            raise CheckBroken(f"lm-eval failed: {type(error).__name__}: {error}") from error


def _listener(answers: dict[tuple[str, ...], Any] | None = None) -> Any:
    """An lm-eval model that notes what it is asked (and says nothing), or that answers from `answers`."""
    from lm_eval.api.model import LM

    class Listener(LM):  # type: ignore[misc]
        heard: list[tuple[tuple[str, ...], Any]]

        def _say(self, key: tuple[str, ...], detail: Any, silence: Any) -> Any:
            self.heard.append((key, detail))
            if answers is None:
                return silence
            if key not in answers:
                raise CheckBroken("lm-eval asked something in its second pass that it did not ask in its first")
            return answers[key]

        def loglikelihood(self, requests: list[Any]) -> list[tuple[float, bool]]:
            return [self._say(("score", *r.args), None, (0.0, False)) for r in requests]

        def loglikelihood_rolling(self, requests: list[Any]) -> list[float]:
            return [self._say(("rolling", r.args[0]), None, 0.0) for r in requests]

        def generate_until(self, requests: list[Any]) -> list[str]:
            return [self._say(("generate", r.args[0], _spelled(r.args[1])), r.args[1], "") for r in requests]

    listener = Listener()
    listener.heard = []
    return listener


def _spelled(options: Mapping[str, Any]) -> str:
    return json.dumps(options, sort_keys=True, default=repr)


@cache
def _sandbox() -> Any:
    """lm-eval's own template environment, but in a sandbox, and each template compiled once instead of at every row."""
    import lm_eval.utils
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    theirs = lm_eval.utils.env
    safe = ImmutableSandboxedEnvironment(
        loader=theirs.loader, undefined=StrictUndefined, keep_trailing_newline=True
    )  # fmt: skip
    safe.filters.update(theirs.filters)
    setattr(safe, "from_string", lru_cache(maxsize=4096)(safe.from_string))  # noqa: B010  a method of this one object
    return safe


@contextmanager
def _quiet() -> Iterator[None]:
    """lm-eval without its log lines, its templates in a sandbox (task files are not trusted), chance left as it was."""
    import logging

    import lm_eval.utils

    before = random.getstate()
    logger = logging.getLogger("lm_eval")
    level, env = logger.level, lm_eval.utils.env
    safe = _sandbox()
    bars = os.environ.get("HF_DATASETS_DISABLE_PROGRESS_BARS")
    os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"
    try:
        logger.setLevel(logging.ERROR)
        lm_eval.utils.env = safe
        with redirect_stderr(io.StringIO()):  # its progress bars; what goes wrong still raises
            yield
    finally:
        random.setstate(before)
        logger.setLevel(level)
        lm_eval.utils.env = env
        if bars is None:
            os.environ.pop("HF_DATASETS_DISABLE_PROGRESS_BARS", None)
        else:
            os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = bars
