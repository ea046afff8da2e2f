"""How much does it depend on the way the prompt is written?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from harness import stats
from harness.assembly import averaged
from harness.catalog import check
from harness.checkpoint import Checkpoint
from harness.errors import SuiteError
from harness.figure import Figure, Interval, Intervals, Table
from harness.findings import Findings, Rounds
from harness.perturbing.wordings import CONSISTENCY, TEMPLATE, Wordings, spread_of, ways
from harness.score import Quantity
from harness.task import Task

MOST = 50
"""Templates at most."""
GENERATED = 10
CONFIDENCE = 0.95
SHOWN = 600
"""Characters of a template that the report shows."""


def _measures(
    of: Mapping[str, Quantity], metric: str | None, templates: list[str], formats: int | None
) -> dict[str, Quantity]:
    chosen = averaged(of, metric)
    if not all(map(math.isfinite, chosen.bounds)) or chosen.better == "neither":
        raise SuiteError(f"prompt_sensitivity needs a metric with a best and a worst value; {chosen.name} has none")
    if formats is not None and not 0 <= formats <= MOST:
        raise SuiteError(f"`formats: {formats}` of prompt_sensitivity: write how many are generated, 0 to {MOST}")
    if 1 + len(templates) + _count(templates, formats) > MOST + 1:
        raise SuiteError(
            f"prompt_sensitivity has {len(templates)} templates and {formats} formats; {MOST} are the most"
        )
    if not templates and formats == 0:
        raise SuiteError("prompt_sensitivity has one template only; name some under `templates`, or ask for `formats`")
    return {
        "spread": spread_of(chosen),
        "worst": Quantity("worst", chosen.family, chosen.better, chosen.bounds, chosen.unit, whole="worst"),
        "consistency": CONSISTENCY,
    }


def _count(templates: list[str], formats: int | None) -> int:
    return (0 if templates else GENERATED) if formats is None else formats


@check(measures=_measures, slices=(TEMPLATE,))
def prompt_sensitivity(
    model: Checkpoint,
    root: Path,
    *,
    of: Task,
    templates: list[str] = [],  # noqa: B006
    formats: int | None = None,
    metric: str | None = None,
) -> Rounds:
    """Ask the same questions under several prompt templates, and see how far the scores are apart.

    `spread` is the score of the best template minus that of the worst, less what equally good templates would show by
    chance (their labels permuted within samples 1,000 times), with the p-value of that beside it; its bounds are on the
    true difference between the best and the worst. `worst` is the score of the worst template: `worst >= 80%` says
    that every template reaches it. `consistency` is the share of pairs of templates under which a sample gets the same
    answer. The task's own template is always one of them. Every template is kept in `prompts.jsonl` beside the runs of
    the suite, with its hash, its score and when it was asked.

    Options:
        of: the task whose rows and metrics are used
        templates: prompt templates that say the same, each as text or as the name of a file beside the suite
        formats: how many other formats of the task's own template are made (separators, case of names, joints of
            lines, wrappers); 10 where there are no `templates`, else none
        metric: which of the task's metrics; the first unless said
    """
    if of.output == "perplexity":
        raise SuiteError(f"prompt_sensitivity needs a task with answers; {of.name!r} only weighs texts (perplexity)")
    chosen = averaged({m.quantity.name: m.quantity for m in of.measures}, metric)
    asked = Wordings(of, chosen, ways(of, templates, _count(templates, formats), root))
    yield from asked.ask(model.head)
    return Findings(
        scores=asked.scores(),
        figures=[_listed(model.name, asked)],
        warnings=asked.told(),
        rows=asked.rows,
        prompts=asked.ledger(),
        compare=_side_by_side,
    )


def _listed(name: str, asked: Wordings) -> Table:
    lines = asked.ledger()
    return Table(
        title=f"Templates, the best first: {name}",
        columns=["template", asked.metric.name, "what it is", "hash", "text"],
        rows=[[line["template"], line["score"], line["told"], line["hash"], line["text"][:SHOWN]] for line in lines],
        note=f"{lines[0]['template']} is the best and {lines[-1]['template']} the worst of {len(lines)}",
    )


def _side_by_side(models: Mapping[str, Findings]) -> list[Figure]:
    """The score under each template with its interval, of all models."""
    items = []
    for name, findings in models.items():
        worst = findings.scores["worst"]
        for label, rows in worst.slices(TEMPLATE).items():
            found = stats.level(worst.part(rows), confidence=CONFIDENCE, seed=f"templates/{label}")
            template = label.partition("=")[2]
            items.append(Interval(label=template, model=name, value=found.value, low=found.low, high=found.high,
                                  n=found.n))  # fmt: skip
    unit = next(iter(models.values())).scores["worst"].quantity.unit if models else ""
    return [Intervals(title="Score under each template", unit=unit, items=items)] if items else []
