"""report.html: one file that works from a disk, without scripts and without a network.

The page is templates (reports/*.j2) over the run; every text is escaped, every control character made visible, every
picture is drawn from numbers. The content policy in its head allows this one style sheet by its hash, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from harness import content, digest
from harness.figure import Confusion, Figure, Interval, Intervals, Table
from harness.report import difference, effort, forest, pictures, plain, svg, words
from harness.report.glossary import Glossary
from harness.run import CheckRecord, CriterionRecord, EstimateRecord, Measurement, Run

SHOWN_CHARACTERS = 1200
"""Of one prompt or answer; the whole text is in samples.parquet."""
MOST_LABELS = 16
"""Of a confusion matrix that is drawn; a larger one is shown as its most frequent mistakes."""
MOST_PASSING = 12
"""Passing criteria that are shown without opening anything."""


@dataclass(frozen=True, slots=True)
class Row:
    """One criterion of the forest plot."""

    criterion: CriterionRecord
    state: str
    anchor: str
    base: EstimateRecord | None
    other: str
    """Which model `base` is of, where it is not the one in the column's head."""
    plot: Markup


def render(run: Run) -> str:
    """The whole report as one HTML page, the same for the same run to the byte."""
    glossary = Glossary()
    style = Markup(content.report_file("report.css").read_text(encoding="utf-8"))
    beside = words.compared(run)
    rows = [_row(run, criterion, at) for at, criterion in enumerate(words.ordered(run.criteria))]
    passing = [row for row in rows if row.state == "pass"]
    folded = passing if len(passing) > MOST_PASSING else []
    page = _environment().get_template("report.html.j2")
    return page.render(
        run=run,
        style=style,
        policy=_policy(style),
        beside=beside,
        rows=[row for row in rows if row not in folded],
        folded=folded,
        open_rows=[row for row in rows if row.state in ("fail", "broken", "inconclusive")],
        counts=words.tally(run.criteria),
        checks=[_section(run, name, check) for name, check in _checks(run).items()],
        term=glossary.term,
        glossary=glossary,
    )


def _policy(style: str) -> str:
    """The content policy: this style sheet, pictures inside the page, and nothing else."""
    fingerprint = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    allowed = f"style-src 'sha256-{fingerprint}'; img-src data:"
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"


@cache
def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(content.root() / "reports"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.filters.update(
        number=words.number,
        estimate=words.estimate,
        minus=minus,
        duration=words.duration,
        moment=words.moment,
        slug=slug,
        marked=_marked,
        tree=_tree,
    )
    found.globals.update(
        words=words, svg=svg, pictures=pictures, cut=difference.cut, SHOWN=SHOWN_CHARACTERS, heat=_heat
    )
    found.globals.update(effort=effort, mistakes=_mistakes)
    found.globals.update(
        groups=_groups, sampled=_sampled, contrast=_contrast, numeric=_numeric, MOST_LABELS=MOST_LABELS
    )
    return found


def _shown(value: Any) -> Any:
    """Every value that a template prints: text with its controls made visible, numbers as they are."""
    return plain.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def minus(text: str) -> str:
    """A formatted number with a real minus sign."""
    return re.sub(r"(?<![\w.])-(?=\d)", "\N{MINUS SIGN}", text)


def slug(name: str) -> str:
    """A name as the end of an address: the same for the same name, different for different ones."""
    simple = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-")[:48]
    return simple if simple == name else f"{simple}-{digest.of_text(name)[:6]}"


def _row(run: Run, criterion: CriterionRecord, at: int) -> Row:
    state = words.state(criterion)
    base, other = words.beside(run, criterion)
    drawn = forest.margin(criterion, base)
    label = f"{words.STATES[state][1]}. {words.estimate(words.judged(criterion))}, required {words.bound(criterion)}"
    plot = svg.forest(drawn, state, minus(plain.line(label)), words.unit_of(criterion))
    again = sum(other.id == criterion.id for other in words.ordered(run.criteria)[:at])
    anchor = slug(criterion.id) + (f"-{again + 1}" if again else "")
    return Row(criterion, state, anchor, base, other, plot)


def _checks(run: Run) -> dict[str, CheckRecord]:
    """The sections, those with something wrong first, else in the order of the suite."""
    rank = {name: at for at, name in enumerate(words.STATES)}

    def worst(name: str) -> int:
        if run.checks[name].broken:
            return rank["broken"]
        return min((rank[words.state(c)] for c in run.criteria if c.check == name), default=len(rank))

    return {name: run.checks[name] for name in sorted(run.checks, key=worst)}


def _section(run: Run, name: str, check: CheckRecord) -> dict[str, Any]:
    """What the section of one check shows."""
    criteria = [criterion for criterion in run.criteria if criterion.check == name]
    found = [row for row in run.measurements if row.check == name]
    present = {row.model for row in found}
    order = [model for model in (words.compared(run), "candidate", *run.models) if model in present]
    counts = words.tally(criteria)
    shown, folded = _figures(check, criteria)
    return {
        "name": name,
        "check": check,
        "counts": counts,
        "open": bool(check.broken or check.warnings or counts.keys() - {"pass"}),
        "models": list(dict.fromkeys([*order, *sorted(present)])),
        "figures": shown,
        "folded": folded,
        "whole": _by_metric([row for row in found if not row.slice]),
        "sliced": _by_metric([row for row in found if row.slice]),
    }


def _figures(check: CheckRecord, criteria: list[CriterionRecord]) -> tuple[list[Figure], list[Figure]]:
    """What a check shows at once, and what it folds: of many interval charts, those of metrics nobody decides on."""
    charts = [figure for figure in check.figures if isinstance(figure, Intervals)]
    if len(charts) <= 2:
        return list(check.figures), []
    decisive = tuple(f"{criterion.metric} " for criterion in criteria)
    kept = [chart for chart in charts if chart.title.startswith(decisive)][:4] or charts[:1]
    folded = [chart for chart in charts if chart not in kept]
    return [figure for figure in check.figures if figure not in folded], list(folded)


def _by_metric(rows: list[Measurement]) -> dict[tuple[str, str], dict[str, Measurement]]:
    """(metric, slice) → model → measurement."""
    found: dict[tuple[str, str], dict[str, Measurement]] = {}
    for row in rows:
        found.setdefault((row.metric, row.slice), {})[row.model] = row
    return found


def _marked(text: str, other: str | None) -> Markup:
    """A text with the words that the other does not have marked."""
    pieces = difference.marked(text, other) if other else [(text, False)]
    return Markup("").join(
        Markup("<mark>{}</mark>" if differs else "{}").format(plain.visible(piece)) for piece, differs in pieces
    )


def _tree(data: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested plain data as (path, text) rows; what is empty is left out."""
    rows: list[tuple[str, str]] = []
    for key, value in data.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            rows += _tree(value, f"{name} · ")
        elif value not in (None, "", [], ()):
            shown, unit = _unit(name)
            rows.append((shown.replace("_", " "), _plain(value, unit)))
    return rows


def _unit(name: str) -> tuple[str, str]:
    """A recorded name without the unit that it ends in, and that unit."""
    for ending, unit in (("_bytes", "B"), ("_seconds", "s")):
        if name.endswith(ending):
            return name.removesuffix(ending), unit
    return name, ""


def _plain(value: Any, unit: str = "") -> str:
    """A recorded fact as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_plain(item) for item in value)
    if isinstance(value, int) and not unit:
        return f"{value:,}"
    return words.number(value, unit) if unit and isinstance(value, int | float) else _written(value)


def _written(value: Any) -> str:
    return words.exact(value) if isinstance(value, float) else str(value)


def _heat(count: int, row: list[int]) -> int:
    """Share of a row as one of ten shades."""
    return min(9, 10 * count // max(1, sum(row))) if count else 0


def _mistakes(figure: Confusion, most: int = 20) -> list[tuple[str, str, dict[str, int]]]:
    """(wanted, answered, model → count) of the most frequent mistakes, the candidate's first."""
    found = [
        (gold, answer, {model: counts[i][j] for model, counts in figure.counts.items()})
        for i, gold in enumerate(figure.labels)
        for j, answer in enumerate(figure.answers)
        if gold != answer
    ]
    some = [row for row in found if any(row[2].values())]
    return sorted(some, key=lambda row: (-row[2].get("candidate", 0), -sum(row[2].values())))[:most]


def _contrast(figure: Confusion, beside: str) -> list[list[int]]:
    """Counts of the candidate minus those of another model."""
    pairs = zip(figure.counts["candidate"], figure.counts[beside], strict=True)
    return [[a - b for a, b in zip(mine, theirs, strict=True)] for mine, theirs in pairs]


def _numeric(figure: Table) -> list[bool]:
    """For each column, whether its cells are numbers."""
    columns = list(zip(*figure.rows, strict=False)) or [()] * len(figure.columns)
    return [any(isinstance(cell, int | float) for cell in column) for column in columns]


def _groups(figure: Intervals) -> dict[str, list[Interval]]:
    """Label → its intervals, one for each model."""
    found: dict[str, list[Interval]] = {}
    for item in sorted(figure.items, key=lambda item: item.model == "candidate"):
        found.setdefault(item.label, []).append(item)
    return found


def _sampled(count: int, most: int = 60) -> list[int]:
    """At most `most` places of `count`, evenly spread, with the last one."""
    if count <= most:
        return list(range(count))
    return sorted({round(at * (count - 1) / (most - 1)) for at in range(most)})
