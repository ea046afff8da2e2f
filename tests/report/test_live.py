"""Progress: calm plain lines in a log, bars in a terminal, honest rates, and never an exception into a run."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

import runs
from harness.report.live import HEARTBEAT, Live
from harness.watch import Provisional, Silent, Watch


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def plain_live(clock: Clock) -> tuple[Live, io.StringIO]:
    out = io.StringIO()
    return Live(Console(file=out, force_terminal=False, width=80), clock), out


def shown(live: Live, width: int = 100) -> str:
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=False).print(live.frame())
    return out.getvalue()


def test_both_watches_are_watches() -> None:
    watches: list[Watch] = [Silent(), plain_live(Clock())[0]]
    for watch in watches:
        watch.advance()
        watch.phase("ask", 3)
        watch.note("x")
        watch.advance(2, 10, cached=1)
        watch.provisional([Provisional("a.b >= 1", None)])
        watch.stop()
        watch.stop()
        watch.advance()


def test_a_log_gets_one_line_a_phase() -> None:
    clock = Clock()
    live, out = plain_live(clock)
    with live:
        live.phase("fixtures", 1)
        clock.now += 13
        live.advance()
        live.phase("ask", 40)
        live.advance(10, cached=10)
        live.advance(30, 900)
        clock.now += 3
    assert out.getvalue().split("\n") == [
        "fixtures  1 done, 13s",
        "ask       40 done, 10 cached, 900 tokens, 3.0s",
        "",
    ]


def test_a_long_phase_is_heard_of_now_and_then() -> None:
    clock = Clock()
    live, out = plain_live(clock)
    live.phase("ask", 1000)
    for _ in range(100):
        clock.now += HEARTBEAT / 20
        live.advance(5, 50)
    lines = out.getvalue().rstrip("\n").split("\n")
    assert len(lines) == 5
    assert lines[0].startswith("ask       100/1,000, 3.5")
    assert "left" in lines[0]


def test_notes_are_lines_but_percentages_are_not() -> None:
    live, out = plain_live(Clock())
    live.phase("fixtures")
    live.note("making tuned (lora)")
    live.note("tuned: epoch 2 (30%)")
    live.note("tuned: epoch 3 (40%)")
    assert out.getvalue() == "fixtures  making tuned (lora)\n"


def test_rates_leave_out_the_cache_and_forget_the_past() -> None:
    clock = Clock()
    live, _ = plain_live(clock)
    live.phase("ask", 1200)
    live.advance(400, cached=400)
    clock.now += 10
    live.advance(100, 1000)
    assert "500/1,200, 10.0/s, 100 tokens/s, 400 cached, 1m10s left" in shown(live, 160)
    clock.now += 100
    live.advance(20, 200)
    assert "520/1,200, 1.0/s, 10.0 tokens/s" in shown(live, 160)


def test_running_estimates_are_marked_provisional() -> None:
    live, _ = plain_live(Clock())
    live.phase("ask")
    rows = [Provisional(f"a.m{i} >= 0.8", 0.7, 0.6, 0.9, 40, "inconclusive") for i in range(12)]
    live.provisional([Provisional("first >= 1", None), *rows])
    text = shown(live)
    assert "provisional" in text
    assert "0.700 [0.600, 0.900]" in text
    assert "waiting" in text
    assert "and 5 more" in text


@pytest.mark.parametrize("attack", runs.ATTACKS)
def test_whatever_a_note_says_it_is_text(attack: str) -> None:
    live, out = plain_live(Clock())
    live.phase(attack, 2)
    live.note(attack)
    live.provisional([Provisional(attack, 0.5, verdict=attack)])
    frame = shown(live)
    live.stop()
    for text in (frame, out.getvalue()):
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_a_terminal_gets_its_cursor_back() -> None:
    out = io.StringIO()
    live = Live(Console(file=out, force_terminal=True, width=80, legacy_windows=False))

    def work() -> None:
        with live:
            live.phase("ask", 10)
            live.advance(3)
            raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        work()
    assert out.getvalue().count("\x1b[?25l") == 1
    assert out.getvalue().rfind("\x1b[?25h") > out.getvalue().rfind("\x1b[?25l")
    assert "ask       3 done" in out.getvalue()


def test_how_much_is_shared_is_shown_while_it_runs() -> None:
    clock = Clock()
    live, out = plain_live(clock)
    with live:
        live.effort(9, 3)
        live.phase("ask", 40)
        live.effort(0, 0)
        assert "shared" not in shown(live)
        live.effort(1690, 100)
        live.advance(30, 900)
        assert "16.9× shared" in shown(live)
        clock.now += 3
    assert out.getvalue().splitlines()[-1] == "ask       30 done, 900 tokens, 16.9× shared, 3.0s"
