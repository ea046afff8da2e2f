"""summary.md: the verdict as a pull request comment or a step summary; whatever a model said in it is inert."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness.figure import Example, Examples
from harness.report import effort, plain, words
from harness.run import CriterionRecord, Run

LIMIT = 60_000
"""Bytes; comments may have 64 KB, and one byte too many loses the whole of it."""
_SIGNS = {"accepted": "✅", "rejected": "❌", "inconclusive": "❔", "broken": "⚠️"}


def render(run: Run) -> str:
    """The run in at most 60 KB of Markdown, most important first; begins with a marker to find the comment again."""
    parts = list(_sections(run))
    kept: list[str] = []
    left_out = 0
    for part in parts:
        if sum(len(text.encode()) + 2 for text in [*kept, part]) > LIMIT - 200:
            left_out += 1
        else:
            kept.append(part)
    if left_out:
        kept.append(f"*{left_out} sections did not fit; they are in report.html.*")
    return "\n\n".join(kept) + "\n"


def _sections(run: Run) -> Iterator[str]:
    name = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in run.suite.name)
    yield f"<!-- harness:{name.replace('--', '-')} -->"
    who = f"{plain.code(run.suite.name)}, {plain.code(run.candidate)}"
    yield f"## {_SIGNS[run.verdict]} {run.verdict.capitalize()}: {who}"
    yield plain.markdown(run.sentence)
    if run.limit is not None:
        yield f"**Smoke run only:** at most {run.limit} samples a check were asked."
    yield plain.markdown(words.headline(run))
    rows = words.ordered(run.criteria)
    attention = [row for row in rows if words.state(row) != "pass"]
    passing = [row for row in rows if words.state(row) == "pass"]
    yield from _tables(run, attention)
    if wanted := [row for row in attention if words.state(row) in ("fail", "broken", "inconclusive")]:
        yield "**What would change this verdict**\n\n" + _listed(
            f"{plain.code(row.that)}: {plain.markdown(words.change(row))}" for row in wanted
        )
    if run.warnings:
        yield "**Read this with care**\n\n" + _listed(plain.markdown(text) for text in run.warnings)
    if passing:
        shown = "\n\n".join(_tables(run, passing))
        yield f"<details><summary>{words.counted({'pass': len(passing)})}</summary>\n\n{shown}\n\n</details>"
    for title, item in worst(run):
        yield _example(title, item)
    if told := effort.sentences(run):
        listed = _listed(f"{plain.code(name)}: {plain.markdown(text)}" for name, text in told)
        yield f"<details><summary>How it was computed</summary>\n\n{listed}\n\n</details>"
    yield _provenance(run)


def _listed(texts: Iterable[str], most: int = 20) -> str:
    found = list(texts)
    more = [f"- and {len(found) - most} more"] if len(found) > most else []
    return "\n".join([f"- {text}" for text in found[:most]] + more)


def _tables(run: Run, rows: list[CriterionRecord], most: int = 50) -> Iterator[str]:
    """Tables of at most 50 rows, so that what does not fit is left out in pieces and not whole."""
    beside = words.compared(run)
    names = ["", "criterion", plain.markdown(beside or "reference"), "candidate", "difference", "n"]
    head = f"| {' | '.join(names)} |\n|---|---|---:|---:|---:|---:|"
    for start in range(0, len(rows), most):
        yield "\n".join([head, *(_row(run, row) for row in rows[start : start + most])])


def _row(run: Run, row: CriterionRecord) -> str:
    state = words.state(row)
    base, other = words.beside(run, row)
    judged = words.judged(row)
    cells = [
        f"{words.STATES[state][2]} {words.STATES[state][1].lower()}",
        plain.code(row.that),
        f"{plain.markdown(other)} {words.estimate(base)}".strip() if base else "–",
        words.estimate(row.candidate) if row.candidate else "–",
        words.estimate(row.difference, sign=True) if row.difference else "–",
        f"{judged.n:,}" if judged else "–",
    ]
    return "| " + " | ".join(cells) + " |"


def worst(run: Run, most: int = 3) -> list[tuple[str, Example]]:
    """The first examples of what needs attention most, one for each list of examples, with the list's title."""
    rank = {
        row.check: at for at, row in reversed(list(enumerate(words.ordered(run.criteria)))) if row.verdict != "pass"
    }
    found = [
        (name, figure)
        for name in sorted(rank, key=lambda name: rank[name])
        if name in run.checks
        for figure in run.checks[name].figures
        if isinstance(figure, Examples) and figure.items
    ]
    picked = [(f"{name}: {figure.title}", item) for name, figure in found for item in figure.items[:1]]
    spare = [(f"{name}: {figure.title}", item) for name, figure in found for item in figure.items[1:]]
    return [*picked, *spare][:most]


def _example(title: str, item: Example) -> str:
    said = [("Asked", item.prompt), ("Wanted", item.target), ("Base", item.base), ("Candidate", item.candidate)]
    blocks = [f"{who}\n\n{plain.fence(text)}" for who, text in said if text]
    head = plain.line(f"{title}, {item.id}", 160).replace("&", "&amp;").replace("<", "&lt;").replace("@", "@\u2060")
    return f"<details><summary>{head}</summary>\n\n" + "\n\n".join(blocks) + "\n\n</details>"


def _lock(run: Run) -> str:
    """Whether the criteria were promised, and in time."""
    if not run.lock:
        return "criteria not locked"
    late = run.lock.get("before_first_run") is False
    return f"criteria locked{' after the candidate was first measured' if late else ''}, {_ordinal(run)}"


def _ordinal(run: Run) -> str:
    count = int((run.lock or {}).get("runs") or 1)
    return "first run under this lock" if count == 1 else f"run {count} under this lock"


def _provenance(run: Run) -> str:
    models = ", ".join(
        f"{plain.markdown(name)} {plain.code(model.digest[:12])}" for name, model in run.models.items() if model.digest
    )
    facts = [
        f"run {plain.code(run.run_id)}",
        f"suite {plain.code(run.suite.digest[:12])}",
        *([models] if models else []),
        _lock(run),
        plain.markdown(words.moment(run.started)),
        f"finetune-harness {plain.markdown(run.harness)}",
    ]
    return f"<sub>{' · '.join(facts)}</sub>"
