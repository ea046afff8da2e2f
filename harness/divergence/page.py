"""What a comparison of two sets shows: the tests, the words that tell the sets apart, lengths and categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.divergence.bins import tallied
from harness.divergence.sides import Side
from harness.figure import Figure, Histogram, Table


@dataclass(frozen=True, slots=True)
class Found:
    """What the tests found."""

    values: Mapping[str, float]
    auc: float
    wins: Sequence[float]
    """Of every row (the reference rows first): how often it is told from rows of the other set."""
    telling: Sequence[tuple[str, float]]
    columns: Mapping[str, tuple[list[str], list[str]]]
    """Category field → its values in the reference and in the current rows."""
    categories: Mapping[str, tuple[float, float]]
    """Category field → p-value and stability index."""


def figures(then: Side, now: Side, found: Found) -> list[Figure]:
    """The page."""
    made: list[Figure] = [_tests(then, now, found), _words(then, now, found), _lengths(then, now)]
    made += [_shares(name, *pair) for name, pair in found.columns.items()]
    return made


def _tests(then: Side, now: Side, found: Found) -> Table:
    values = found.values
    rows: list[list[str | float | int | None]] = [
        ["classifier: AUC, 0.5 where nothing tells the sets apart", found.auc, values["p_auc"]],
        ["maximum mean discrepancy", values["mmd"], values["p_mmd"]],
        ["lengths: largest difference of shares (KS)", values["ks"], values["p_length"]],
    ]
    rows += [[f"{name}: stability index", index, p] for name, (p, index) in found.categories.items()]
    rows.append(["all together (smallest p-value, Holm)", None, values["p"]])
    note = f"{len(then.rows):,} rows of {then.data} against {len(now.rows):,} rows of {now.data}"
    return Table(title="Are the sets alike?", columns=["test", "size", "p-value"], rows=rows, note=note)


def _words(then: Side, now: Side, found: Found) -> Table:
    padded = [[f" {' '.join(terms)} " for terms in part.terms] for part in (then, now)]
    rows: list[list[str | float | int | None]] = []
    for term, weight in found.telling:
        before, after = (sum(f" {term} " in text for text in texts) / len(texts) for texts in padded)
        rows.append([term, "current" if weight > 0 else "reference", before, after])
    return Table(
        title="Words that tell the sets apart",
        columns=["word", "speaks for", "share of reference rows", "share of current rows"],
        rows=rows,
    )


def _lengths(then: Side, now: Side) -> Histogram:
    import numpy as np

    top = max([*then.lengths, *now.lengths]) + 1
    edges = np.unique(np.linspace(0, top, min(24, top) + 1).round()).astype(float)
    sides = {"reference": then, "current": now}
    counts = {name: np.histogram(part.lengths, edges)[0].tolist() for name, part in sides.items()}
    return Histogram(title="Words of a text", unit="words", edges=edges.tolist(), counts=counts)


def _shares(name: str, before: list[str], after: list[str]) -> Table:
    values, first, second = tallied(before, after)
    table = sorted(zip(values, first, second, strict=True), key=lambda row: -max(row[1], row[2]))
    rows: list[list[str | float | int | None]] = [
        [value[:80], one / len(before), two / len(after)] for value, one, two in table[:15]
    ]
    note = f"the 15 most frequent of {len(table):,}" if len(table) > 15 else ""
    return Table(title=f"Shares of {name}", columns=[name, "reference", "current"], rows=rows, note=note)
