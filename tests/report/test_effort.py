"""How the answers were computed: said where it is known, and nothing made up where it is not."""

from __future__ import annotations

import pytest

import runs
from harness.exchange import Effort, Facts
from harness.pool import Place
from harness.record import _traffic
from harness.report import effort, html, markdown, terminal
from harness.run import Run, Traffic

WHOLE = Traffic(
    asked=1933, distinct=1630, cached=30, computed=1600, seconds=10.0, tokens_asked=310_000, tokens_computed=20_000,
    flops=1e12, limit_share=0.61, peak_bytes=120_000_000,
)  # fmt: skip
CACHED = Traffic(asked=1933, distinct=1630, cached=1630, seconds=0.4)
SERVER = Traffic(asked=10, distinct=10, computed=10, seconds=3.0, prompt_tokens=100, new_tokens=50, calls=12, cost=0.25)


def run(**traffic: Traffic) -> Run:
    return runs.accepted().model_copy(update={"traffic": traffic})


def test_a_row_for_each_model_that_was_asked() -> None:
    made = run(candidate=WHOLE, base=CACHED, judge=SERVER, idle=Traffic())
    rows = {row[0]: dict(zip(effort.COLUMNS, row, strict=True)) for row in effort.rows(made)}
    assert list(rows) == ["candidate", "base", "judge"]
    assert rows["candidate"] == {
        "model": "candidate", "computed by": made.models["candidate"].path, "requests": "1,933", "cached": "30",
        "tokens asked": "310,000", "tokens computed": "20,000", "sharing": "15.5×", "tokens/s": "2,000",
        "of the limit": "61%", "memory": "120 MB", "calls": "–", "cost": "–",
    }  # fmt: skip
    assert (rows["base"]["cached"], rows["base"]["sharing"], rows["base"]["tokens/s"]) == ("1,630", "–", "–")
    assert set(list(rows["judge"].values())[4:-2]) == {"–"}
    assert (rows["judge"]["calls"], rows["judge"]["cost"]) == ("12", "0.25")


def test_one_line_for_each_that_knows() -> None:
    assert effort.sentences(run(candidate=WHOLE, base=CACHED, judge=SERVER)) == [
        ("candidate", "310,000 tokens asked, 20,000 computed, 15.5× shared, 2,000 tokens/s, "
                      "61% of this machine's limit, 120 MB of memory on top, 30 of 1,630 answers from the cache"),
        ("base", "all 1,630 answers came from the cache"),
        ("judge", "12 calls of its server, 100 tokens read and 50 written, cost 0.25"),
    ]  # fmt: skip
    bare = Traffic(asked=1, computed=1, tokens_asked=50, tokens_computed=50)
    assert effort.sentences(run(candidate=bare)) == [("candidate", "50 tokens asked, 50 computed, 1.0× shared")]


def test_every_report_says_it() -> None:
    made = run(candidate=WHOLE, base=CACHED)
    page = html.render(made)
    assert "How it was computed" in page
    assert "15.5×" in page
    assert 'id="term-sharing"' in page
    assert 'id="term-limit"' in page
    assert "candidate: 310,000 tokens asked, 20,000 computed, 15.5× shared" in terminal.render(made, width=200)
    assert "base: all 1,630 answers came from the cache" in terminal.render(made, width=200)
    assert "How it was computed" in markdown.render(made)
    assert "15.5× shared" in markdown.render(made)


def test_nothing_is_said_where_nobody_asked() -> None:
    made = run()
    assert effort.rows(made) == effort.sentences(made) == []
    assert "How it was computed" not in html.render(made) + markdown.render(made) + terminal.render(made)


class Knows:
    """A model that knows what its answers took."""

    def __init__(self, found: Effort | None) -> None:
        self.facts = Facts(effort=found)


@pytest.mark.parametrize("known", [True, False])
def test_what_a_model_knows_of_its_effort_is_recorded(known: bool) -> None:
    told = Effort(tokens_asked=900, tokens_computed=100, flops=2e9, seconds=3.0, limit_share=0.5, peak_bytes=77)
    place = Place("candidate", lambda: None, None)  # type: ignore[arg-type, return-value]
    place.model = Knows(told if known else None)  # type: ignore[assignment]
    place.count(asked=5, distinct=4, computed=4, seconds=9.0)
    found = _traffic(place)
    assert (found.asked, found.distinct, found.seconds) == (5, 4, 9.0)
    wanted = (900, 100, 2e9, 0.5, 77) if known else (0, 0, 0.0, None, 0)
    assert (found.tokens_asked, found.tokens_computed, found.flops, found.limit_share, found.peak_bytes) == wanted
