"""Has what comes in changed since the model was accepted?"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from harness.catalog import check
from harness.data.dataset import Dataset
from harness.divergence import classifier, kernel
from harness.divergence.bins import binned, chi_square, stability, tallied
from harness.divergence.page import Found, figures
from harness.divergence.sides import FEWEST, Side, auc, change, new_terms, nothing, side
from harness.divergence.texts import points
from harness.errors import SuiteError
from harness.findings import Findings
from harness.score import Missing, Quantity, Scores, Totals, table
from harness.stats.multiplicity import holm

if TYPE_CHECKING:
    from harness.score import Array

ABSTAINED = [
    r"\b(i|we) (do not|don't|don’t) (know|have)\b",
    r"\b(i|we) (cannot|can't|can’t|am not able to|are unable to|am unable to) (answer|help|say|tell)\b",
    r"\bno (information|record|answer)\b",
    r"\bnot (sure|certain|known|available)\b",
]
_INFINITE = float("inf")


def _ratio(totals: Totals) -> Array:
    import numpy as np

    with np.errstate(invalid="ignore", divide="ignore"):
        return (totals["now"] / totals["now_n"]) / (totals["then"] / totals["then_n"])


def _measures(output: str | None, categories: list[str]) -> dict[str, Quantity]:
    tests = ["p", "p_auc", "p_mmd", "p_length", *(["p_categories"] if categories else [])]
    found = {
        "auc": Quantity("auc", "gap", "lower", (0.0, 2.0)),
        "mmd": Quantity("mmd", "census", "lower", (-1.0, 2.0)),
        "psi": Quantity("psi", "census", "lower", (0.0, _INFINITE)),
        "ks": Quantity("ks", "census", "lower"),
        "new_terms": Quantity("new_terms", "gap", "lower", (-1.0, 1.0)),
        "length": Quantity("length", "log_ratio", "neither", (0.0, _INFINITE), combine=_ratio),
        **{name: Quantity(name, "census", "higher") for name in tests},
    }
    if output:
        found["output_length"] = Quantity("output_length", "log_ratio", "neither", (0.0, _INFINITE), combine=_ratio)
        found["abstention"] = Quantity("abstention", "gap", "neither", (-1.0, 1.0))
    return found


@check(measures=_measures, asks="nobody")
def drift(
    seed: int,
    *,
    reference: Dataset,
    current: Dataset,
    field: str = "input",
    reference_field: str | None = None,
    output: str | None = None,
    reference_output: str | None = None,
    categories: list[str] = [],  # noqa: B006
    patterns: list[str] = ABSTAINED,
    rows: int = 1000,
    permutations: int = 999,
) -> Findings:
    """Compare two sets of texts: training and test rows, or the accepted run's questions and a production log.

    `p` is the smallest p-value of the tests below after Holm's correction: `drift.p >= 0.05` raises a false alarm once
    in twenty. `auc` and `p_auc`: whether a classifier tells the sets apart (out-of-fold AUC, permutation test); `mmd`
    and `p_mmd`: maximum mean discrepancy; `ks` and `p_length`: Kolmogorov–Smirnov on the lengths; `p_categories`: the
    smallest Holm-corrected chi-square p-value of `categories`. `psi` is the largest stability index of lengths and
    categories, with what chance gives taken off; `new_terms` how much more of a text's words the reference does not
    know than it does of its own; `length` the ratio of mean lengths, `output_length` of answers; `abstention` the
    change of the share of declined answers. Every permutation comes from the suite's seed.

    Options:
        reference: what was accepted
        current: what came since
        field: the field with the text
        reference_field: the same in the reference, where it is named otherwise
        output: the field with the model's answer
        reference_output: the same in the reference
        categories: fields of both whose shares are compared
        patterns: regular expressions, any of which (case ignored) marks an answer as declined
        rows: how many rows of each are compared at most, drawn by their content
        permutations: of each test; the smallest possible p-value is 1 / (permutations + 1)
    """
    if rows < FEWEST or permutations < 99:
        raise SuiteError(f"drift: `rows: {rows}`, `permutations: {permutations}`: {FEWEST} and 99 are the least")
    declined = _compiled(patterns)
    then = side(reference, reference_field or field, rows, seed)
    now = side(current, field, rows, seed)
    quantities = _measures(output, categories)
    if few := next((part for part in (then, now) if len(part.rows) < FEWEST), None):
        why = Missing(f"{few.data} has {len(few.rows)} rows; at least {FEWEST} are needed")
        return Findings(scores={n: nothing(q, why) for n, q in quantities.items()}, warnings=[why.reason])
    found = _tests(then, now, categories, permutations, seed)
    ids = [f"reference/{row.id}" for row in then.rows] + [row.id for row in now.rows]
    scores = {name: _constant(quantities[name], ids, value) for name, value in found.values.items()}
    scores["auc"] = auc(quantities["auc"], then, now, found.wins)
    scores["new_terms"] = change(quantities["new_terms"], then, now, new_terms(then, now))
    scores["length"] = _lengths(quantities["length"], ids, then.lengths, now.lengths)
    if output:
        answers = {id(then): then.column(reference_output or output), id(now): now.column(output)}
        counts = [[len(text.split()) for text in answers[id(part)]] for part in (then, now)]
        scores["output_length"] = _lengths(quantities["output_length"], ids, *counts)
        scores["abstention"] = change(
            quantities["abstention"], then, now, lambda part: [float(declined(text)) for text in answers[id(part)]]
        )
    return Findings(scores=scores, figures=figures(then, now, found), warnings=_warnings(then, now))


def _tests(then: Side, now: Side, categories: list[str], permutations: int, seed: int) -> Found:
    import numpy as np
    from scipy.stats import ks_2samp

    later = np.arange(len(then.rows) + len(now.rows)) >= len(then.rows)
    placed = points(then.texts + now.texts)
    told = classifier.apart(placed, later, permutations=permutations, seed=seed)
    moved = kernel.discrepancy(placed.dense(seed), later, permutations=permutations, seed=seed)
    lengths = ks_2samp(then.lengths, now.lengths)
    columns = {name: (then.column(name), now.column(name)) for name in categories}
    chances = [chi_square(*pair, permutations=permutations, seed=seed + at) for at, pair in enumerate(columns.values())]
    indices = [stability(*binned(then.lengths, now.lengths))]
    indices += [stability(*tallied(*pair)[1:]) for pair in columns.values()]
    values = {"p_auc": told.p, "p_mmd": moved.p, "p_length": float(lengths.pvalue)}
    values["p"] = min(holm([*values.values(), *chances]))
    values |= {"p_categories": min(holm(chances))} if chances else {}
    values |= {"mmd": moved.value, "psi": max(indices), "ks": float(lengths.statistic)}
    per_field = dict(zip(categories, zip(chances, indices[1:], strict=True), strict=True))
    return Found(values, told.auc, told.wins.tolist(), classifier.telling(placed, later, 12), columns, per_field)


def _constant(quantity: Quantity, ids: list[str], value: float) -> Scores:
    """One number of all rows together."""
    return table(quantity, ids, [value] * len(ids))


def _lengths(quantity: Quantity, ids: list[str], then: list[int], now: list[int]) -> Scores:
    values = [{"then": float(n), "then_n": 1.0} for n in then] + [{"now": float(n), "now_n": 1.0} for n in now]
    return table(quantity, ids, values)


def _compiled(patterns: list[str]) -> Callable[[str], bool]:
    try:
        compiled = [re.compile(pattern, re.IGNORECASE) for pattern in patterns]
    except re.error as error:
        raise SuiteError(f"drift: {error.pattern!r} of `patterns` is not a regular expression: {error}") from error
    return lambda text: any(pattern.search(text) for pattern in compiled)


def _warnings(then: Side, now: Side) -> list[str]:
    return [
        f"{part.data}: {len(part.rows):,} of {part.total:,} rows were drawn; `rows` sets how many"
        for part in (then, now)
        if len(part.rows) < part.total
    ]
