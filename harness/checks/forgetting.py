"""Does it still know what its base knew?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from harness.ask import ask
from harness.assembly import build
from harness.catalog import Catalog, File, MetricSpec, check
from harness.checkpoint import Checkpoint
from harness.data.dataset import Dataset
from harness.errors import CheckBroken, SuiteError, nearest
from harness.findings import Findings, Rounds
from harness.lm.tasks import Recorder, bits, collect, document_scores, exponential, load_tasks, run_tasks
from harness.score import Missing, Quantity, Scores, table
from harness.task import measure_of
from harness.template import Template
from harness.truth.declining import REFUSING
from harness.truth.distance import KL, diverged
from harness.truth.instructions import FOLLOWED, MOST, obeyed
from harness.truth.kept import slopes
from harness.truth.refusing import QUANTITIES as REFUSALS
from harness.truth.refusing import Ways, both_ways

FAMILIES: dict[str, tuple[str, str]] = {
    "acc": ("proportion", "higher"),
    "acc_norm": ("proportion", "higher"),
    "exact_match": ("proportion", "higher"),
    "f1": ("mean", "higher"),
    "word_perplexity": ("log_ratio", "lower"),
    "byte_perplexity": ("log_ratio", "lower"),
    "bits_per_byte": ("log_ratio", "lower"),
}
"""lm-eval's per-document metrics that can be paired: how each varies, and which way is good."""
BASE = "base"


def _of_tasks(metrics: Sequence[str]) -> dict[str, Quantity]:
    found = {}
    for name in metrics:
        if name not in FAMILIES:
            raise SuiteError(f"forgetting cannot pair lm-eval's metric {name!r} by document{nearest(name, FAMILIES)}")
        family, better = FAMILIES[name]
        combine = {"bits_per_byte": bits}.get(name, exponential) if family == "log_ratio" else None
        bounds = (0.0, math.inf) if family == "log_ratio" else (0.0, 1.0)
        found[name] = Quantity(name, family, better, bounds, combine=combine)
    return found


def _measures(
    tasks: list[str], metrics: list[str], texts: object, neutral: object, instructions: int, harmful: object,
    harmless: object, catalog: Catalog,
) -> dict[str, Quantity]:  # fmt: skip
    found = _of_tasks(metrics) if tasks else {}
    if texts is not None:
        found["perplexity"] = measure_of(MetricSpec("perplexity"), catalog).quantity
    more = {"kl": (neutral, KL), "followed": (instructions or None, FOLLOWED)}
    more |= {"refused": (harmful, REFUSALS["refused"]), "answered": (harmless, REFUSALS["answered"])}
    return found | {name: quantity for name, (asked, quantity) in more.items() if asked is not None}


@check(measures=_measures)
def forgetting(
    model: Checkpoint,
    models: tuple[Checkpoint, ...],
    root: Path,
    seed: int,
    limit: int | None,
    catalog: Catalog,
    *,
    tasks: list[str] = [],  # noqa: B006
    metrics: list[str] = ["acc"],  # noqa: B006
    include_path: File | None = None,
    num_fewshot: int | None = None,
    slices: list[str] = ["task"],  # noqa: B006
    texts: Dataset | None = None,
    text: str = "text",
    neutral: Dataset | None = None,
    prompt: str = "{{ input }}",
    instructions: int = 0,
    harmful: Dataset | None = None,
    harmless: Dataset | None = None,
    patterns: list[str] = REFUSING,
    max_new_tokens: int = 64,
) -> Rounds:
    """Run lm-eval tasks on the model and compare it with base, document by document; and what base could do besides.

    A criterion such as `skills.acc >= base - 0.02` speaks of all tasks together; `skills.acc[worst task]` of each. With
    `texts`, `perplexity` on them (`<= 1.1 * base`); with `neutral` prompts, `kl`, how far the model has moved from base
    on what base itself would say, in nats a token; with `instructions`, the share `followed` to the letter; with
    `harmful` and `harmless` requests, the shares `refused` and `answered`.

    Options:
        tasks: names of lm-eval tasks
        metrics: which of their per-document metrics
        include_path: a folder with your own lm-eval task files (YAML), beside the suite; then only these are known
        num_fewshot: examples before each question; the task's own number unless said
        slices: what criteria may select by: task
        texts: general texts, whose perplexity is measured
        text: field or template of the text in their rows
        neutral: prompts that have nothing to do with what was trained
        prompt: template over the rows of neutral, harmful and harmless prompts
        instructions: how many of the harness's own verifiable instructions are asked, 150 at most
        harmful: requests that must be refused
        harmless: requests that must be answered
        patterns: regular expressions, any of which (case ignored) marks an answer as refused
        max_new_tokens: length at which generated answers are cut
    """
    if not 0 <= instructions <= MOST:
        raise SuiteError(f"forgetting: `instructions: {instructions}`: there are {MOST} of them")
    wanted = _measures(tasks, metrics, texts, neutral, instructions, harmful, harmless, catalog)
    if not wanted:
        raise SuiteError("forgetting: name lm-eval `tasks`, `texts`, `neutral` prompts, `instructions` or `harmless` …")
    found = Findings(compare=slopes)
    if tasks:
        loaded = load_tasks(tasks, root / include_path if include_path else None, num_fewshot)
        found = yield from _asked(loaded, _of_tasks(metrics), limit, seed)
    if texts is not None:
        options = {"data": texts, "prompt": "", "target": text, "metrics": [MetricSpec("perplexity")]}
        read = yield from ask(build("forgetting", options, catalog, seed=seed, limit=limit), model.head)
        found.scores |= read.scores
        found.warnings += read.faults()
    if neutral is not None and model.name != BASE:
        if BASE not in {each.name for each in models}:
            raise CheckBroken("forgetting: `neutral` holds a model against base, and no `base` can be asked")
        found.scores["kl"] = yield from diverged(_prompts(neutral, prompt, limit), BASE, max_new_tokens, seed)
    if instructions:
        found.scores["followed"], rows = yield from obeyed(instructions, max_new_tokens)
        found.rows = [*found.rows, *rows]
    if harmful is not None or harmless is not None:
        ways = Ways(harmful, harmless, prompt, patterns, max_new_tokens, seed, limit)
        refusals = yield from both_ways(ways, model.name, model.head, "forgetting")
        found.scores |= refusals.scores
        found.figures += refusals.figures
        found.warnings += refusals.warnings
        found.rows = [*found.rows, *refusals.rows]
    return found


def _asked(loaded: dict[str, Any], quantities: Mapping[str, Quantity], limit: int | None, seed: int) -> Rounds:
    """lm-eval's tasks, asked and scored."""
    asked = collect(loaded, limit=limit, seed=seed)
    responses = yield [request for _, request in asked]
    results = run_tasks(loaded, Recorder(asked, responses), limit=limit, seed=seed)
    return Findings(
        scores={name: _scores(quantity, results) for name, quantity in quantities.items()},
        rows=results.rows,
        warnings=[f"{name}: {why}" for name, why in islice(results.lost.items(), 5)],
        compare=slopes,
    )


def _prompts(neutral: Dataset, prompt: str, limit: int | None) -> list[tuple[str, str]]:
    template = Template(prompt)
    return [(record.id, template.render(record.fields)) for record in islice(neutral.records(), limit)]


def _scores(quantity: Quantity, results: Any) -> Scores:
    ids, values, tasks = document_scores(results, quantity.name)
    known = [value for value in values if not isinstance(value, Missing)]
    if quantity.family == "proportion" and not set(known) <= {0.0, 1.0}:
        quantity = replace(quantity, family="mean")
    if quantity.family == "mean" and not all(0.0 <= value <= 1.0 for value in known):
        raise CheckBroken(f"forgetting: lm-eval's {quantity.name} of a document is not between 0 and 1")
    return table(quantity, ids, values, groups={"task": tasks})
