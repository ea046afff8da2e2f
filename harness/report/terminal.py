"""What a terminal shows at the end: a table, the worst examples, what to do next, and the verdict as the last line."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.report import effort, plain, words
from harness.report.markdown import worst
from harness.run import CriterionRecord, Run

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

STYLES = {
    "fail": "red",
    "broken": "magenta",
    "inconclusive": "yellow",
    "warn": "yellow",
    "waived": "blue",
    "pass": "green",
    "rejected": "bold red",
    "accepted": "bold green",
}
_ASCII = str.maketrans(
    {
        "✗": "x",
        "✓": "+",
        "▲": "^",
        "≥": ">=",
        "≤": "<=",
        "−": "-",
        "–": "-",
        "…": "...",
        "×": "x",
        "·": "-",
        "µ": "u",
        "⏎": "|",
    }
)


BROKEN_SHOWN = 5
"""Reasons why something could not be measured that a terminal shows."""


def show(run: Run, folder: Path | None = None, *, quiet: int = 0, durations: int = 0) -> None:
    """Print the run to standard output: all of it, only the last line (`quiet` 1), or nothing (2)."""
    if quiet < 2:
        emit(
            lambda width, colour: render(
                run, folder, width=width, colour=colour, quiet=bool(quiet), durations=durations
            )
        )


def emit(draw: Callable[[int, bool], str]) -> None:
    """Write what `draw` makes for this terminal's width and colours to standard output, in what it can spell."""
    from rich.console import Console

    real = Console()
    colour = real.is_terminal and not real.no_color and not real.is_dumb_terminal
    text = draw(real.width if real.is_terminal else max(80, real.width), colour)
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    if encoding.lower().replace("-", "") != "utf8":
        text = text.translate(_ASCII).encode(encoding, "replace").decode(encoding)
    sys.stdout.write(text)
    sys.stdout.flush()


def render(
    run: Run,
    folder: Path | None = None,
    *,
    width: int = 80,
    colour: bool = False,
    quiet: bool = False,
    durations: int = 0,
) -> str:
    """The same as text; the same for the same run."""
    out = io.StringIO()
    drawing = console(out, width, colour)
    if not quiet:
        _body(drawing, run, folder, durations)
    where = f" -> {_short(folder)}" if folder else ""
    say(drawing, f"{words.headline(run)}{where}", STYLES.get(run.verdict, "bold"))
    return out.getvalue()


def console(out: io.StringIO, width: int, colour: bool) -> Console:
    """A console that draws into text, whatever the machine's own terminal is."""
    from rich.console import Console

    return Console(
        file=out,
        width=width,
        color_system="standard" if colour else None,
        force_terminal=colour,
        no_color=not colour,
        highlight=False,
        emoji=False,
        markup=False,
        legacy_windows=False,
        _environ={},
    )


def table(names: Sequence[str], right: int = 0) -> Table:
    """An airy table; the last `right` columns are numbers."""
    from rich.table import Table

    found = Table(box=None, padding=(0, 1), header_style="dim")
    for at, name in enumerate(names):
        number = at >= len(names) - right
        found.add_column(cell(name), justify="right" if number else "left", no_wrap=number, overflow="fold")
    return found


def _short(folder: Path) -> str:
    """The report's path as somebody would type it from here."""
    page = folder / "report.html"
    try:
        return str(page.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(page)


def cell(text: str, style: str = "", limit: int = 0) -> Text:
    """Untrusted text: sanitised, one line, never markup."""
    from rich.text import Text

    shown = plain.line(text, limit)
    return Text(plain.unhooked(shown) if os.environ.get("GITHUB_ACTIONS") else shown, style=style)


def say(console: Console, text: str, style: str = "") -> None:
    """One logical line that is not wrapped: a path in it stays one word."""
    console.print(cell(text, style), soft_wrap=True)


def _body(console: Console, run: Run, folder: Path | None, durations: int) -> None:
    if run.criteria:
        console.print(_criteria(run, console.width))
    _why(console, run)
    for title, item in worst(run):
        console.print()
        say(console, f" {title}, {item.id}", "bold")
        for who, said in (
            ("asked", item.prompt),
            ("wanted", item.target),
            ("base", item.base),
            ("candidate", item.candidate),
        ):
            if said:
                say(console, f"   {who:<10}{plain.line(said, max(20, console.width - 14))}")
    if durations:
        _slowest(console, run, durations)
    if told := effort.sentences(run):
        console.print()
        for name, text in told:
            say(console, f" {plain.line(name, 24)}: {text}", "dim")
    for warning in run.warnings:
        console.print()
        console.print(cell(f" warning: {warning}", "yellow"))
    _next(console, run, folder)
    console.print()
    if run.sentence:
        console.print(cell(run.sentence))
    if run.lock and run.lock.get("sentence"):
        console.print(cell(str(run.lock["sentence"])))


def _why(console: Console, run: Run) -> None:
    """Why criteria broke, or lack every sample: each reason once, for no number in the table says it."""
    told: dict[str, str] = {}
    for row in run.criteria:
        if words.state(row) == "broken":
            told.setdefault(row.reason, f"{row.check}: {row.reason}")
    for name, check in run.checks.items():
        lost = [c for c in run.criteria if c.check == name and c.candidate is not None and not c.candidate.n]
        told.update({text: f"{name}: {text}" for text in check.warnings[:1] if lost})
    for text in list(told.values())[:BROKEN_SHOWN]:
        console.print()
        console.print(cell(f" {text}", "magenta"))


def _criteria(run: Run, width: int) -> Table:
    from rich.table import Table

    beside = words.compared(run)
    wide = width >= 104 and any(row.difference for row in run.criteria)
    table = Table(box=None, padding=(0, 1), pad_edge=True, width=width, header_style="dim")
    table.add_column("", width=1, no_wrap=True)
    table.add_column("criterion", ratio=1, overflow="fold")
    table.add_column(cell(beside or "reference"), justify="right", no_wrap=True)
    table.add_column("candidate", justify="right", no_wrap=True)
    if wide:
        table.add_column("difference", justify="right", no_wrap=True)
    for row in words.ordered(run.criteria):
        _add(table, run, row, wide)
    return table


def _add(table: Table, run: Run, row: CriterionRecord, wide: bool) -> None:
    state = words.state(row)
    base, other = words.beside(run, row)
    shown = words.number(base.value, base.unit) if base else "–"
    cells = [
        cell(words.STATES[state][2], STYLES[state]),
        cell(row.that, "" if state == "pass" else STYLES[state]),
        cell(f"{other} {shown}".strip()),
        cell(words.estimate(row.candidate) if row.candidate else "–"),
    ]
    table.add_row(
        *cells, *([cell(words.estimate(row.difference, sign=True) if row.difference else "–")] if wide else [])
    )


def _slowest(console: Console, run: Run, most: int) -> None:
    spent = {f"fixture {name}": made.seconds for name, made in run.fixtures.items() if not made.cached}
    spent.update({f"check {name}": check.seconds for name, check in run.checks.items()})
    spent.update({f"phase {name}": seconds for name, seconds in run.timings.items() if name != "total"})
    console.print()
    for name, seconds in sorted(spent.items(), key=lambda item: (-item[1], item[0]))[:most]:
        say(console, f" {words.duration(seconds):>7}  {name}", "dim")


def _next(console: Console, run: Run, folder: Path | None) -> None:
    """What somebody would do now."""
    steps = []
    open_rows = [row for row in words.ordered(run.criteria) if words.state(row) in ("fail", "broken", "inconclusive")]
    if folder and run.verdict != "accepted":
        steps.append(("look at it", _short(folder)))
    for row in [row for row in open_rows if row.n_needed is not None][:3]:
        steps.append(("more data", f"{words.subject(row)}: {words.change(row)}"))
    if open_rows and run.command:
        steps.append(
            ("once more", f"{run.command}{'' if '--lf' in run.command.split() else ' --lf'}   (only what did not pass)")
        )
    if steps:
        console.print()
    for name, text in steps:
        say(console, f" {name:<11} {text}")
