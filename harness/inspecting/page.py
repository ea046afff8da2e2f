"""The page of an inspection: what was found, in one table; how long the rows are; and the worst rows themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.figure import Figure, Histogram, Pair, Pairs, Table
from harness.inspecting.across import Foreign, Odd
from harness.inspecting.alone import Alone, Damaged, Personal
from harness.inspecting.classes import HOPELESS, Labels
from harness.inspecting.entry import Inspector
from harness.inspecting.inspection import SHOWN, Inspection, Shown
from harness.inspecting.issues import ABOUT
from harness.score import Missing, Scores

MOST_ROWS = 10_000
"""Faulty rows that are kept row by row."""
WEAK = 0.9
"""Accuracy of the doubting classifier below which hard rows are counted among the wrong labels."""


def pages(
    found: Inspection, looked: Mapping[str, Inspector], chosen: Sequence[str], scores: Mapping[str, Scores], unit: str
) -> tuple[list[Figure], list[str]]:
    """Figures and warnings of a data set's page."""
    figures: list[Figure] = [_summary(found, chosen, scores, looked, unit), _lengths(found)]
    figures += _counted(found, looked)
    if single := [shown for shown in found.shown if not shown.other_id]:
        figures.append(_rows(single))
    if paired := [shown for shown in found.shown if shown.other_id]:
        figures.append(_pairs(found, paired))
    return figures, _warnings(found, looked, scores)


def rows_of(found: Inspection, chosen: Sequence[str]) -> list[dict[str, Any]]:
    """One plain row for each faulty row (at most `MOST_ROWS`), with a column for each issue; null where unknown."""
    flags = {name: tally.flags for name, tally in found.tallies.items() if name in chosen}
    told: list[dict[str, Any]] = []
    for at, name in enumerate(found.ids):
        mine = {issue: column[at] for issue, column in flags.items()}
        if any(value == 1 for value in mine.values()):
            told.append({"doc_id": name, **{i: None if v == 2 else float(v) for i, v in mine.items()}})
        if len(told) == MOST_ROWS:
            break
    return told


def _summary(
    found: Inspection, chosen: Sequence[str], scores: Mapping[str, Scores], looked: Mapping[str, Inspector], unit: str
) -> Table:
    total = len(found.ids)
    rows: list[list[str | float | int | None]] = []
    for name in chosen:
        if name not in found.tallies:
            (value,) = _value(scores[name])
            rows.append([name, None, value, ABOUT[name]])
            continue
        faulty, unknown = found.count(name)
        judged = len(scores[name].ids)
        about = ABOUT[name] + (f" ({unknown:,} rows not judged)" if unknown else "")
        about += f" ({judged:,} rows were drawn)" if judged < total else ""
        about += f" ({unit})" if name == "truncation" else ""
        rows.append([name, faulty, faulty / judged if judged and unknown < judged else None, about])
    return Table(title="What was found", columns=["issue", "rows", "share", "what it is"], rows=rows,
                 note=f"{total:,} rows")  # fmt: skip


def _value(scores: Scores) -> tuple[float | None]:
    import numpy as np

    from harness.score import Totals

    if scores.missing or scores.quantity.combine is None:
        return (None,)
    totals = Totals(scores.stats.sum(axis=0), scores.names, np.asarray(float(len(scores.ids))))
    return (float(scores.quantity.combine(totals)),)


def _lengths(found: Inspection) -> Histogram:
    import numpy as np

    lengths = np.asarray(found.lengths)
    top = int(lengths.max()) + 1
    edges = np.unique(np.linspace(0, top, min(24, top) + 1).round()).astype(float)
    counts = np.histogram(lengths, edges)[0].tolist()
    low, mid, high = (int(np.quantile(lengths, q, method="inverted_cdf")) for q in (0.5, 0.95, 1.0))
    note = f"median {low:,}, 95 % up to {mid:,}, longest {high:,}"
    return Histogram(title="Words of a target", unit="words", edges=edges.tolist(), counts={"rows": counts}, note=note)


def _counted(found: Inspection, looked: Mapping[str, Inspector]) -> list[Figure]:
    """Kinds within an issue, and the passages that are boilerplate."""
    rows: list[list[str | float | int | None]] = []
    for issue, inspector in looked.items():
        inner = inspector.look if isinstance(inspector, Alone) else inspector
        if isinstance(inner, Personal | Damaged | Foreign | Odd):
            counts = sorted(((n, kind) for kind, n in inner.counts.items()), reverse=True)
            nothing = inner.nothing if isinstance(inner, Odd) else "not to be told"
            shown = counts[:8] if len(counts) > 1 or not isinstance(inner, Odd | Foreign) else []
            rows += [[issue, kind or nothing, n] for n, kind in shown]
    groups: dict[str, int] = {}
    for value in found.groups:
        groups[value] = groups.get(value, 0) + 1
    rows += [["group", value, n] for value, n in sorted(groups.items(), key=lambda g: -g[1])[:12]]
    if 1 < len(found.labels) <= 40:
        rows += [["target", _cut(label) or "(empty)", n] for label, n in found.labels.most_common(12)]
    figures: list[Figure] = []
    if rows:
        figures.append(Table(title="What the rows are", columns=["of", "kind", "rows"], rows=rows))
    if passages := found.phrases.most(8):
        told: list[list[str | float | int | None]] = [[_cut(text), n] for text, n in passages]
        figures.append(Table(title="Passages that many targets hold", columns=["passage", "rows"], rows=told))
    return figures


def _rows(shown: Sequence[Shown]) -> Table:
    return Table(
        title="Rows with an issue",
        columns=["issue", "row", "line", "what", "input", "target"],
        rows=[[s.issue, s.id, s.line, _cut(s.note), _hidden(s, s.input), _hidden(s, s.target)] for s in shown],
        note=f"at most {SHOWN} rows of an issue; personal data is shown by its shape only",
    )


def _hidden(shown: Shown, text: str) -> str:
    """Rows with personal data are not quoted: the report may travel further than the data."""
    return "(not shown)" if shown.issue == "pii" else _cut(text)


def _pairs(found: Inspection, shown: Sequence[Shown]) -> Pairs:
    total = sum(found.count(issue)[0] for issue in {s.issue for s in shown})
    items = [
        Pair(left=_both(s.other_input, s.other_target), right=_both(s.input, s.target), left_id=s.other_id,
             right_id=s.id, note=f"{s.issue.replace('_', ' ')}: {s.note}")
        for s in shown
    ]  # fmt: skip
    title = "Rows that repeat or contradict each other"
    return Pairs(title=title, left="the other row", right="the row", items=items, total=total)


def _both(input: str, target: str) -> str:
    return f"{input}\n→ {target}" if target else input


def _warnings(found: Inspection, looked: Mapping[str, Inspector], scores: Mapping[str, Scores]) -> list[str]:
    told: dict[str, None] = {}
    labels = looked.get("label_errors")
    if isinstance(labels, Labels) and labels.accuracy is not None and HOPELESS <= labels.accuracy < WEAK:
        told[f"label_errors: the classifier that doubts the labels is right on only {labels.accuracy:.0%} of the rows, "
             f"so that some of the rows it names are hard rather than wrong"] = None  # fmt: skip
    for name, made in scores.items():
        reasons: dict[str, int] = {}
        for why in made.missing.values():
            reasons[_general(why)] = reasons.get(_general(why), 0) + 1
        for reason, count in sorted(reasons.items(), key=lambda r: -r[1])[:3]:
            told[f"{name}: {count:,} of {len(made.ids):,} rows cannot be judged: {reason}"] = None
    return list(told)


def _general(why: Missing) -> str:
    """A reason without the value that it quotes."""
    return why.reason.split(" holds ")[0]


def _cut(text: str, most: int = 200) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
