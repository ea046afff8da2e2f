"""`harness selftest`: does every check catch the flaw planted for it, and leave the sound twin alone?"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing import get_context

from harness.selftest import Outcome, controls, examine


@dataclass(frozen=True, slots=True)
class Row:
    """One check over all seeds."""

    check: str
    flaw: str
    criterion: str
    seeds: int
    caught: int
    flagged: int
    """Sound twins that were rejected, or could not be measured."""
    undecided: int
    """Sound twins left inconclusive."""
    why: str
    """The first outcome that was wrong, with its seed and reason; empty where all were right."""

    @property
    def right(self) -> bool:
        """Whether every flaw was caught and no sound twin flagged."""
        return self.caught == self.seeds and not self.flagged


def selftest(names: Sequence[str], seeds: int, workers: int, *, as_json: bool, quiet: int) -> int:
    """Run the controls and show the rates; 0 where all are right, else 1."""
    chosen = controls(names)
    rows: list[Row] = []
    found = _outcomes([(name, seed) for name in chosen for seed in range(1, seeds + 1)], workers)
    with _progress(len(chosen) * seeds, shown=not (as_json or quiet)) as advance:
        waiting: list[Outcome] = []
        for outcomes in found:
            waiting += outcomes
            advance(outcomes[0].check)
    for name in chosen:
        rows.append(summary([outcome for outcome in waiting if outcome.check == name]))
    good = all(row.right for row in rows)
    if as_json:
        sys.stdout.write(json.dumps([asdict(row) | {"right": row.right} for row in rows], ensure_ascii=True) + "\n")
    elif not (quiet and good):
        _show(rows)
    return 0 if good else 1


def summary(outcomes: Sequence[Outcome]) -> Row:
    """The rates of one check's outcomes."""
    flawed = [outcome for outcome in outcomes if outcome.side == "flawed"]
    sound = [outcome for outcome in outcomes if outcome.side == "sound"]
    wrong = next((outcome for outcome in outcomes if not outcome.right), None)
    why = f"seed {wrong.seed}, {wrong.side}: {wrong.verdict}: {wrong.reason}" if wrong else ""
    return Row(
        outcomes[0].check, outcomes[0].flaw, outcomes[0].criterion, len(flawed),
        caught=sum(outcome.right for outcome in flawed), flagged=sum(not outcome.right for outcome in sound),
        undecided=sum(outcome.verdict == "inconclusive" for outcome in sound), why=why,
    )  # fmt: skip


def _both(job: tuple[str, int]) -> list[Outcome]:
    return list(examine(*job))


def _outcomes(jobs: Sequence[tuple[str, int]], workers: int) -> Iterator[list[Outcome]]:
    if workers <= 1 or len(jobs) <= 1:
        yield from map(_both, jobs)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_both, jobs)


@contextmanager
def _progress(total: int, *, shown: bool) -> Iterator[Callable[[str], None]]:
    """A bar on the terminal while the controls run, or nothing."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True, disable=not shown) as bar:
        task = bar.add_task("controls", total=total)

        def advance(check: str) -> None:
            bar.update(task, advance=1, description=check)

        yield advance


def _show(rows: Iterable[Row]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("check", "flaws caught", "sound twins flagged", "undecided", "criterion", "planted flaw"):
        table.add_column(title, overflow="fold", no_wrap=title in ("check", "criterion"))
    wrong = []
    for row in rows:
        mark = "green" if row.right else "red"
        table.add_row(
            row.check, f"[{mark}]{row.caught} of {row.seeds}[/]", f"[{mark}]{row.flagged} of {row.seeds}[/]",
            str(row.undecided or "–"), escape(row.criterion), escape(row.flaw),
        )  # fmt: skip
        if row.why:
            wrong.append(f"{row.check}: {row.why}")
    console = Console()
    # A file or a pipe has no width: lines stay whole, so that they can be searched.
    console = console if console.is_terminal else Console(width=240)
    console.print(table)
    for text in wrong:
        console.print(f"[red]{escape(text)}[/]")
