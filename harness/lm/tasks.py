"""lm-eval as a library: its tasks and metrics, our models, and neither its cache nor its exit code.

lm-eval asks its model in the middle of an evaluation. To ask together with all other checks, a task is evaluated twice:
once with a model that only notes what it is asked, and once with one that knows all the answers.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from harness import digest
from harness.errors import CheckBroken, nearest
from harness.exchange import Request, Response
from harness.lm.files import localise
from harness.lm.quiet import quiet
from harness.score import BROKEN, Missing, Totals

if TYPE_CHECKING:
    from harness.score import Array

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
    lost: dict[str, str] = field(default_factory=dict)
    """`task/document` of every document with a question that had no answer → why."""


@dataclass(slots=True)
class Recorder:
    """Every question in the order it was asked, and the answer to each."""

    asked: Sequence[tuple[tuple[str, ...], Request]]
    responses: Sequence[Response]

    def answers(self) -> dict[tuple[str, ...], Any]:
        """lm-eval's key of a question → its answer in lm-eval's form."""
        known: dict[tuple[str, ...], Any] = {}
        for (key, request), response in zip(self.asked, self.responses, strict=True):
            if response.fault:  # said instead of nothing; the documents that were asked for it do not count
                known |= dict.fromkeys(_keys(key, request), {"generate": "", "rolling": 0.0}.get(key[0], (0.0, False)))
            elif key[0] == "generate":
                known[key] = response.text
            elif key[0] == "rolling":
                known[key] = response.scores[0].logprob
            else:
                for continuation, scored in zip(request.continuations, response.scores, strict=True):
                    known[*key, continuation] = (scored.logprob, scored.greedy)
        return known

    def failed(self) -> dict[tuple[str, ...], str]:
        """lm-eval's key of every question that had no answer → why."""
        return {
            each: response.fault
            for (key, request), response in zip(self.asked, self.responses, strict=True)
            if response.fault
            for each in _keys(key, request)
        }


def load_tasks(names: Sequence[str], folder: Path | None, num_fewshot: int | None) -> dict[str, Any]:
    """lm-eval's task objects; with `folder`, only the task files there are known and nothing is fetched.

    Raises:
        SuiteError: no such folder, or a task file that runs code.
        CheckBroken: there is no such task, or lm-eval cannot load it.
    """
    with quiet(), TemporaryDirectory(prefix="harness-tasks-") as scratch:
        from lm_eval.tasks import TaskManager

        if folder is not None:
            localise(folder, Path(scratch))
        manager = TaskManager(include_path=scratch if folder else None, include_defaults=folder is None)
        unknown = [name for name in names if name not in manager.all_tasks]
        if unknown:
            place = f" in {folder}" if folder else ""
            raise CheckBroken(f"lm-eval knows no task {unknown[0]!r}{place}{nearest(unknown[0], manager.all_tasks)}")
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
    failed = recorder.failed()
    for task, entries in found.samples.items():
        for entry in entries:
            asked = [key for arguments in entry["arguments"] for key in _asked(arguments)]
            if why := next((failed[key] for key in asked if key in failed), ""):
                found.lost[f"{task}/{entry['doc_id']}"] = why
    found.rows = [
        _row(task, entry, found.lost.get(f"{task}/{entry['doc_id']}", ""))
        for task, entries in found.samples.items()
        for entry in entries
    ]
    return found


def document_scores(results: Results, metric: str) -> tuple[list[str], list[Any], list[str]]:
    """Ids (`task/document`), values and task names of one metric over all documents.

    A log-likelihood metric gives (nats, words or bytes). A document that could not be measured is Missing, by the fault
    of the check: a question of it had no answer, or lm-eval's number is none.

    Raises:
        CheckBroken: a task does not have this metric.
    """
    ids: list[str] = []
    values: list[Any] = []
    tasks: list[str] = []
    for task, entries in results.samples.items():
        of_task = sum(name.startswith(f"{task}/") for name in results.lost)
        for entry in entries:
            if metric not in entry:
                known = entry.get("metrics") or [k for k, v in entry.items() if isinstance(v, int | float)]
                raise CheckBroken(f"lm-eval's task {task} has no metric {metric!r}{nearest(metric, known)}")
            name = f"{task}/{entry['doc_id']}"
            ids.append(name)
            tasks.append(task)
            if name in results.lost:
                why = f"{of_task} of {len(entries)} documents of lm-eval's task {task} had no answer"
                values.append(Missing(f"{why}: {results.lost[name]}", BROKEN))
            else:
                values.append(_number(task, entry, metric))
    return ids, values, tasks


def _number(task: str, entry: Mapping[str, Any], metric: str) -> Any:
    value = entry[metric]
    numbers = list(value) if metric in SUMS and isinstance(value, tuple | list) else [value]
    if not all(isinstance(n, Real) and math.isfinite(n) for n in numbers):
        return Missing(f"lm-eval gives {metric} = {value!r} for document {entry['doc_id']} of {task}", BROKEN)
    return (-float(numbers[0]), float(numbers[1])) if metric in SUMS else float(numbers[0])


def _keys(key: tuple[str, ...], request: Request) -> list[tuple[str, ...]]:
    """lm-eval's keys of one request: one for each continuation, where it has several."""
    return [(*key, each) for each in request.continuations] if key[0] == "score" else [key]


def _asked(arguments: Sequence[Any]) -> list[tuple[str, ...]]:
    """The keys that a document's arguments may have been asked under."""
    first = str(arguments[0])
    if len(arguments) > 1 and isinstance(arguments[1], Mapping):
        return [("generate", first, _spelled(arguments[1]))]
    return [("score", first, str(arguments[1]))] if len(arguments) > 1 else [("rolling", first)]


def exponential(totals: Totals) -> Array:
    """(...): e to the nats over words or bytes: perplexity."""
    import numpy as np

    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        return np.exp(totals["0"] / totals["1"])


def bits(totals: Totals) -> Array:
    """(...): nats over bytes, in bits."""
    import numpy as np

    with np.errstate(invalid="ignore", divide="ignore"):
        return totals["0"] / totals["1"] / np.log(2.0)  # type: ignore[no-any-return]


def _first_filter(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    first = entries[0].get("filter") if entries else None
    return [entry for entry in entries if entry.get("filter") == first]


def _row(task: str, entry: dict[str, Any], lost: str = "") -> dict[str, Any]:
    prompt = str(entry["arguments"][0][0]) if entry.get("arguments") else ""
    return {
        "doc_id": f"{task}/{entry['doc_id']}",
        "prompt": prompt,
        "target": str(entry.get("target", "")),
        "resps": [str(r) for r in entry.get("resps", [])],
        "filtered_resps": [str(r) for r in entry.get("filtered_resps", [])],
        "valid": True,
        "fault": lost,
        "finish": "",
        "new_tokens": 0,
        "doc_hash": str(entry.get("doc_hash", "")),
        "prompt_hash": digest.of_text(prompt),
        "target_hash": str(entry.get("target_hash", "")),
        "slices": {"task": task},
        "metrics": {
            k: float(entry[k])
            for k in entry.get("metrics", ())
            if not lost and isinstance(entry.get(k), int | float) and math.isfinite(entry[k])
        },
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
    with quiet():
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
