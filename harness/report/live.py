"""How a run gets on, on standard error: bars and running estimates in a terminal, one plain line a phase elsewhere."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from threading import RLock
from types import TracebackType
from typing import TYPE_CHECKING

from harness.report import plain, words
from harness.watch import Provisional

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live as RichLive
    from rich.text import Text

WINDOW = 20.0
"""Seconds that a rate is taken over: long enough to be calm, short enough to follow the work."""
HEARTBEAT = 30.0
"""Seconds after which a plain log says again where a long phase stands."""
MOST_ROWS = 8
_STYLES = {"pass": "green", "fail": "red", "inconclusive": "yellow", "broken": "magenta"}


class Rate:
    """Steps and tokens a second over the last moments."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began = clock()
        self._marks: deque[tuple[float, int, int]] = deque()

    def add(self, steps: int, tokens: int) -> None:
        """Some work was done just now."""
        self._marks.append((self._clock(), steps, tokens))
        self._trim()

    def _trim(self) -> None:
        while self._marks and self._marks[0][0] < self._clock() - WINDOW:
            self._marks.popleft()

    def per_second(self) -> tuple[float, float]:
        """(steps, tokens) a second; zeros before there is anything to tell."""
        self._trim()
        seconds = min(WINDOW, self._clock() - self._began)
        if not self._marks or seconds <= 0:
            return 0.0, 0.0
        return sum(mark[1] for mark in self._marks) / seconds, sum(mark[2] for mark in self._marks) / seconds


class Phase:
    """Counts of the phase that is under way."""

    def __init__(self, name: str, total: int | None, clock: Callable[[], float]) -> None:
        self.name = plain.line(name, 24)
        self.total = total
        self.done = self.cached = self.tokens = 0
        self.sharing = 0.0
        """Tokens asked for each token computed; 0 where that is not known."""
        self.began = clock()
        self.rate = Rate(clock)

    def add(self, n: int, tokens: int, cached: int) -> None:
        """`n` more steps; those from the cache say nothing about speed."""
        self.done += n
        self.cached += cached
        self.tokens += tokens
        self.rate.add(max(0, n - cached), tokens)

    def told(self) -> str:
        """`812/1,240, 41.3/s, 2,910 tokens/s, 16.9× shared, 428 cached`."""
        steps, tokens = self.rate.per_second()
        parts = [f"{self.done:,}/{self.total:,}" if self.total else f"{self.done:,}"]
        parts += [f"{_short(steps)}/s"] if steps else []
        parts += [f"{_short(tokens)} tokens/s"] if tokens else []
        parts += [f"{self.sharing:.1f}× shared"] if self.sharing else []
        parts += [f"{self.cached:,} cached"] if self.cached else []
        return ", ".join(parts)

    def eta(self) -> float | None:
        """Seconds to the end at this rate; None where nobody knows."""
        steps, _ = self.rate.per_second()
        return (self.total - self.done) / steps if self.total and steps and self.total > self.done else None


def _short(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.1f}"


class Live:
    """A watch for people; also a context manager."""

    def __init__(self, console: Console | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        from rich.console import Console

        self._console = console or Console(stderr=True, highlight=False, emoji=False, markup=False)
        self._lively = self._console.is_terminal and not self._console.is_dumb_terminal
        self._clock = clock
        self._lock = RLock()
        self._phase: Phase | None = None
        self._rows: tuple[Provisional, ...] = ()
        self._note = ""
        self._beat = clock()
        self._screen: RichLive | None = None

    def __enter__(self) -> Live:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def phase(self, name: str, total: int | None = None) -> None:
        """Close the phase before with one line, and show the new one."""
        with self._lock:
            self._close()
            self._phase = Phase(name, total, self._clock)
            self._beat = self._clock()
            if self._lively and self._screen is None:
                self._open()

    def advance(self, n: int = 1, tokens: int = 0, *, cached: int = 0) -> None:
        """More is done."""
        with self._lock:
            if self._phase is None:
                return
            self._phase.add(n, tokens, cached)
            if not self._lively and self._clock() - self._beat >= HEARTBEAT:
                self._beat = self._clock()
                self._print(f"{self._phase.name:<9} {self._phase.told()}{self._left(self._phase)}")

    def effort(self, asked: int, computed: int) -> None:
        """How much is shared so far."""
        with self._lock:
            if self._phase is not None and computed:
                self._phase.sharing = asked / computed

    def note(self, text: str) -> None:
        """Shown beside the bar; a line of its own elsewhere only if it is not just a percentage that moved."""
        with self._lock:
            told = plain.line(text, 200)
            if not self._lively and told and not told.endswith("%)") and told != self._note:
                self._print(f"{self._phase.name if self._phase else '':<9} {told}")
            self._note = told

    def provisional(self, rows: Sequence[Provisional]) -> None:
        """Shown in a terminal only: a log keeps what is decided."""
        with self._lock:
            self._rows = tuple(rows)

    def stop(self) -> None:
        """Close the last phase and give the terminal back."""
        with self._lock:
            self._close()
            self._phase, self._rows, self._note = None, (), ""
            screen, self._screen = self._screen, None
        if screen is not None:
            screen.update("", refresh=True)
            screen.stop()

    def _open(self) -> None:
        from rich.live import Live as RichLive

        self._screen = RichLive(
            get_renderable=self.frame,
            console=self._console,
            refresh_per_second=5,
            transient=True,
            redirect_stdout=False,
        )
        self._screen.start()

    def _close(self) -> None:
        """The line that stays of a phase."""
        if self._phase is None:
            return
        phase, self._phase, self._note = self._phase, None, ""
        spent = words.duration(self._clock() - phase.began)
        facts = [f"{phase.done:,} done"] if phase.done else []
        facts += [f"{phase.cached:,} cached"] if phase.cached else []
        facts += [f"{phase.tokens:,} tokens"] if phase.tokens else []
        facts += [f"{phase.sharing:.1f}× shared"] if phase.sharing else []
        self._print(f"{phase.name:<9} {', '.join([*facts, spent])}")

    def _print(self, text: str) -> None:
        self._console.print(plain.line(text), soft_wrap=True, markup=False, highlight=False)

    def _left(self, phase: Phase) -> str:
        left = phase.eta()
        return "" if left is None else f", {words.duration(left)} left"

    def frame(self) -> RenderableType:
        """What a terminal shows at this moment."""
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        with self._lock:
            phase, rows, note = self._phase, self._rows, self._note
            if phase is None:
                return Text("")
            head = Table.grid(padding=(0, 1))
            bar = ProgressBar(
                total=phase.total or None, completed=min(phase.done, phase.total or 0), width=24, pulse=not phase.total
            )
            spent = words.duration(self._clock() - phase.began)
            head.add_row(Text(phase.name, "bold"), bar, Text(f"{phase.told()}{self._left(phase)}"), Text(spent, "dim"))
            parts: list[RenderableType] = [head]
            if note:
                parts.append(Text(f"  {plain.line(note, max(20, self._console.width - 4))}", "dim"))
            if rows:
                parts.append(self._standing(rows))
            return Group(*parts)

    def _standing(self, rows: Sequence[Provisional]) -> RenderableType:
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, padding=(0, 1), header_style="dim")
        table.add_column(Text("criterion"), overflow="ellipsis", no_wrap=True)
        table.add_column(Text("so far"), justify="right", no_wrap=True)
        table.add_column(Text("n"), justify="right", no_wrap=True)
        table.add_column(Text("provisional"), no_wrap=True)
        for row in rows[:MOST_ROWS]:
            table.add_row(Text(plain.line(row.that, 60)), Text(_so_far(row)), Text(f"{row.n:,}"), _standing_word(row))
        if len(rows) > MOST_ROWS:
            table.add_row(Text(f"and {len(rows) - MOST_ROWS} more", "dim"), "", "", "")
        return table


def _so_far(row: Provisional) -> str:
    if row.value is None:
        return "waiting"
    ends = "" if row.low is None or row.high is None else f" [{words.digits(row.low)}, {words.digits(row.high)}]"
    return f"{words.number(row.value, row.unit)}{ends}"


def _standing_word(row: Provisional) -> Text:
    from rich.text import Text

    return Text(plain.line(row.verdict, 16) or "–", _STYLES.get(row.verdict, "dim"))
