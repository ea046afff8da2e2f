"""The others, asked the same requests with the same weights: lm-eval's HFLM, and lighteval where it is installed."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import math
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.engine.meter import Spent, measured
from harness.exchange import Request

Number = tuple[float, bool]
"""A log-probability in nats, and whether every token was the most probable one."""


class HFLM:
    """lm-eval's own backend for transformers, at the batch size that is fastest here."""

    def __init__(self, pretrained: Path, peft: Path | None = None, device: str = "cpu") -> None:
        with _silent():
            from lm_eval.models.huggingface import HFLM as Theirs

            given: dict[str, Any] = {"peft": str(peft)} if peft else {}
            self.lm = Theirs(
                pretrained=str(pretrained), backend="causal", dtype="float32", device=device, batch_size=1, **given
            )
        self.batch = 1

    def tuned(self, run: Callable[[], Any], sizes: Sequence[int]) -> dict[int, float]:
        """Seconds of `run` at each batch size; the fastest is kept."""
        taken: dict[int, float] = {}
        for size in sizes:
            self.lm.batch_size_per_gpu = size
            with measured() as spent:
                run()
            taken[size] = spent.cpu
        self.batch = self.lm.batch_size_per_gpu = min(taken, key=lambda size: taken[size])
        return taken

    def score(self, requests: Sequence[Request]) -> list[Number]:
        """What every continuation of every request weighs, in order."""
        asked = [_instance("loglikelihood", (r.prompt, text)) for r in requests for text in r.continuations]
        with _silent():
            return [(float(n), bool(g)) for n, g in self.lm.loglikelihood(asked, disable_tqdm=True)]

    def rolling(self, requests: Sequence[Request]) -> list[float]:
        """What every text weighs."""
        asked = [_instance("loglikelihood_rolling", (request.continuations[0],)) for request in requests]
        with _silent():
            return [float(n) for n in self.lm.loglikelihood_rolling(asked, disable_tqdm=True)]

    def write(self, requests: Sequence[Request]) -> list[str]:
        """The text after every prompt."""
        asked = [
            _instance(
                "generate_until",
                (r.prompt, {"until": list(r.stop), "max_gen_toks": r.max_new_tokens, "do_sample": False}),
            )
            for r in requests
        ]
        with _silent():
            return [str(text) for text in self.lm.generate_until(asked, disable_tqdm=True)]


def _instance(kind: str, arguments: tuple[Any, ...]) -> Any:
    from lm_eval.api.instance import Instance

    return Instance(request_type=kind, doc={}, arguments=arguments, idx=0)


def lighteval_missing() -> str:
    """Why lighteval cannot be measured; empty where it can."""
    if importlib.util.find_spec("lighteval") is None:
        return "lighteval is not installed here"
    try:
        with _silent():
            import lighteval.models.transformers.transformers_model  # noqa: F401
    except Exception as error:
        return f"lighteval does not import here: {type(error).__name__}: {error}"
    return ""


def lighteval(pretrained: Path, requests: Sequence[Request], batch: int) -> tuple[list[Number], Spent]:
    """What lighteval's transformers backend says of every continuation, and what that took.

    Its cache of earlier answers is pointed at an empty folder, so that everything is computed.
    """
    with _silent(), tempfile.TemporaryDirectory() as empty:
        from lighteval.models.transformers.transformers_model import TransformersModel, TransformersModelConfig
        from lighteval.tasks.requests import Doc, SamplingMethod
        from transformers import AutoModelForCausalLM

        model = AutoModelForCausalLM.from_pretrained(str(pretrained), local_files_only=True)
        config = TransformersModelConfig(
            model_name=str(pretrained), device="cpu", batch_size=batch, dtype="float32", cache_dir=empty,
            add_special_tokens=False, override_chat_template=False,
        )  # fmt: skip
        theirs = TransformersModel.from_model(model, config)
        docs = [
            Doc(query=r.prompt, choices=list(r.continuations), gold_index=0, task_name="bench|0", id=str(at),
                sampling_methods=[SamplingMethod.LOGPROBS])
            for at, r in enumerate(requests)
        ]  # fmt: skip
        with measured() as spent:
            told = theirs.loglikelihood(docs)
    found = [
        (float(n), bool(g))
        for response in told
        for n, g in zip(response.logprobs, response.argmax_logits_eq_gold, strict=True)
    ]
    return found, spent


@contextmanager
def _silent() -> Iterator[None]:
    """Without progress bars, log lines and the network."""
    import logging

    os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", HF_DATASETS_DISABLE_PROGRESS_BARS="1")
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(before)


def largest(ours: Sequence[Number], theirs: Sequence[Number]) -> tuple[float, int]:
    """The largest difference of log-probabilities, and how many greedy flags differ."""
    gaps = [abs(a[0] - b[0]) for a, b in zip(ours, theirs, strict=True)]
    gap = max(gaps, default=0.0) if all(map(math.isfinite, gaps)) else math.inf
    return gap, sum(a[1] != b[1] for a, b in zip(ours, theirs, strict=True))


def by_request(requests: Sequence[Request], answers: Mapping[int, Any]) -> list[Number]:
    """Our answers in the order of their numbers: every continuation of every request.

    Raises:
        RuntimeError: a request had no answer.
    """
    found: list[Number] = []
    for at in range(len(requests)):
        if answers[at].fault:
            raise RuntimeError(f"no answer to request {at}: {answers[at].fault}")
        found += [(scored.logprob, scored.greedy) for scored in answers[at].scores]
    return found
