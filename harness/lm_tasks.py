"""lm-eval as a library: its tasks and metrics, our models, and neither its cache nor its exit code.

lm-eval asks its model in the middle of an evaluation. To ask together with all other checks, a task is evaluated twice:
once with a model that only notes what it is asked, and once with one that knows all the answers.
"""

from __future__ import annotations

import io
import os
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from harness import digest
from harness.errors import CheckBroken, SuiteError, nearest
from harness.exchange import Request, Response

DATA_ENDINGS = (".json", ".jsonl", ".csv", ".parquet", ".txt", ".arrow")


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
                continue
            for continuation, scored in zip(request.continuations, response.scores, strict=True):
                both = (scored.logprob, scored.greedy)
                known[*key, continuation] = scored.logprob if key[0] == "rolling" else both
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
            _localise(folder, Path(scratch))
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
        task.set_fewshot_seed(seed=1234)
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
        else:
            conts = grouped.setdefault(key[:-1], [])
            if key[-1] not in conts:
                conts.append(key[-1])
    scored = [
        (key, Request("score", key[1] if key[0] == "score" else "", tuple(conts))) for key, conts in grouped.items()
    ]
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
            number = (-float(value[0]), float(value[1])) if isinstance(value, tuple | list) else float(value)
            if not all(map(_finite, number if isinstance(number, tuple) else (number,))):
                raise CheckBroken(f"lm-eval gives {metric} = {value!r} for document {entry['doc_id']} of {task}")
            ids.append(f"{task}/{entry['doc_id']}")
            values.append(number)
            tasks.append(task)
    return ids, values, tasks


def _finite(number: float) -> bool:
    import math

    return math.isfinite(number)


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
    before = random.getstate()
    with _quiet():
        from lm_eval.evaluator import evaluate

        random.seed(seed)
        try:
            return evaluate(lm=lm, task_dict=loaded, limit=limit, bootstrap_iters=0, log_samples=True, verbosity="ERROR")
        except CheckBroken:
            raise
        except Exception as error:
            raise CheckBroken(f"lm-eval failed: {type(error).__name__}: {error}") from error
        finally:
            random.setstate(before)


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
            return [self._say(("generate", r.args[0]), r.args[1], "") for r in requests]

    listener = Listener()
    listener.heard = []
    return listener


def _localise(folder: Path, scratch: Path) -> None:
    """Copy task files, with the data files they name beside themselves made absolute; refuse code."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    files = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]) if folder.is_dir() else []
    if not files:
        raise SuiteError(f"include_path {folder} holds no lm-eval task file (*.yaml)")
    yaml = YAML(typ="safe", pure=True)
    for path in files:
        text = path.read_text(encoding="utf-8")
        if "!function" in text:
            raise SuiteError(f"{path}: `!function` runs code from a file; lm-eval tasks of a suite must do without")
        try:
            content = yaml.load(text)
        except YAMLError as error:
            raise SuiteError(f"{path}: not YAML: {error}") from error
        with (scratch / path.name).open("w", encoding="utf-8") as out:
            yaml.dump(_absolute(content, path.parent), out)


def _absolute(value: Any, folder: Path) -> Any:
    if isinstance(value, dict):
        return {key: _absolute(item, folder) for key, item in value.items()}
    if isinstance(value, list):
        return [_absolute(item, folder) for item in value]
    if isinstance(value, str) and value.endswith(DATA_ENDINGS) and (folder / value).is_file():
        return str((folder / value).resolve())
    return value


@contextmanager
def _quiet() -> Iterator[None]:
    """lm-eval without its log lines, with its templates in a sandbox: task files are not trusted with Python."""
    import logging

    import lm_eval.utils
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    logger = logging.getLogger("lm_eval")
    level, env = logger.level, lm_eval.utils.env
    safe = ImmutableSandboxedEnvironment(loader=env.loader, undefined=StrictUndefined, keep_trailing_newline=True)
    safe.filters.update(env.filters)
    bars = os.environ.get("HF_DATASETS_DISABLE_PROGRESS_BARS")
    os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"
    try:
        logger.setLevel(logging.ERROR)
        lm_eval.utils.env = safe
        with redirect_stderr(io.StringIO()):  # its progress bars; what goes wrong still raises
            yield
    finally:
        logger.setLevel(level)
        lm_eval.utils.env = env
        if bars is None:
            os.environ.pop("HF_DATASETS_DISABLE_PROGRESS_BARS", None)
        else:
            os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = bars
