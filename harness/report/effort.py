"""How the answers were computed: what each model was asked, what really went through its weights, and how fast."""

from __future__ import annotations

from harness.report import words
from harness.run import Run, Traffic

COLUMNS = (
    "model", "computed by", "requests", "cached", "tokens asked", "tokens computed", "sharing", "tokens/s",
    "of the limit", "memory", "calls", "cost",
)  # fmt: skip
"""Heads of the table; the first two are text, the others numbers."""
UNKNOWN = "–"


def rows(run: Run) -> list[tuple[str, ...]]:
    """One row of texts under COLUMNS for each model that was asked anything."""
    return [
        (name, run.models[name].path if name in run.models else "", *_cells(traffic))
        for name, traffic in run.traffic.items()
        if traffic.asked
    ]


def _cells(traffic: Traffic) -> tuple[str, ...]:
    known = traffic.tokens_computed > 0
    return (
        f"{traffic.asked:,}",
        f"{traffic.cached:,}",
        f"{traffic.tokens_asked:,}" if known else UNKNOWN,
        f"{traffic.tokens_computed:,}" if known else UNKNOWN,
        sharing(traffic) or UNKNOWN,
        rate(traffic) or UNKNOWN,
        limit(traffic) or UNKNOWN,
        words.number(traffic.peak_bytes, "B") if traffic.peak_bytes else UNKNOWN,
        f"{traffic.calls:,}" if traffic.calls else UNKNOWN,
        cost(traffic) or UNKNOWN,
    )


def cost(traffic: Traffic) -> str:
    """What a server's answers cost, in the currency of its price; empty where the suite names none."""
    return "" if traffic.cost is None else f"{traffic.cost:.4g}"


def sharing(traffic: Traffic) -> str:
    """How many tokens were asked for each that was computed, as in `16.9×`; empty where that is not known."""
    if not traffic.tokens_computed or not traffic.tokens_asked:
        return ""
    return f"{traffic.tokens_asked / traffic.tokens_computed:.1f}×"


def rate(traffic: Traffic) -> str:
    """Computed tokens a second, of the time that answering took; empty where that is not known."""
    if not traffic.tokens_computed or not traffic.seconds:
        return ""
    return f"{traffic.tokens_computed / traffic.seconds:,.0f}"


def limit(traffic: Traffic) -> str:
    """Share of the machine's own matrix-multiplication rate; empty where it was not measured."""
    return "" if traffic.limit_share is None else f"{traffic.limit_share:.0%}"


def sentences(run: Run) -> list[tuple[str, str]]:
    """(model, one line) for each model whose effort is known, or whose answers were all there already."""
    found = [(name, _sentence(traffic)) for name, traffic in run.traffic.items()]
    return [(name, text) for name, text in found if text]


def _sentence(traffic: Traffic) -> str:
    if traffic.cached and not traffic.computed:
        return f"all {traffic.cached:,} answers came from the cache"
    if traffic.calls:
        parts = [f"{traffic.calls:,} calls of its server"]
        parts += [f"{traffic.prompt_tokens:,} tokens read and {traffic.new_tokens:,} written"]
        parts += [f"cost {found}" for found in (cost(traffic),) if found]
        parts += [f"{traffic.cached:,} of {traffic.distinct:,} answers from the cache"] if traffic.cached else []
        return ", ".join(parts)
    if not traffic.tokens_computed:
        return ""
    parts = [f"{traffic.tokens_asked:,} tokens asked, {traffic.tokens_computed:,} computed"]
    parts += [f"{found} shared" for found in (sharing(traffic),) if found]
    parts += [f"{found} tokens/s" for found in (rate(traffic),) if found]
    parts += [f"{found} of this machine's limit" for found in (limit(traffic),) if found]
    parts += [f"{words.number(traffic.peak_bytes, 'B')} of memory on top"] if traffic.peak_bytes else []
    parts += [f"{traffic.cached:,} of {traffic.distinct:,} answers from the cache"] if traffic.cached else []
    return ", ".join(parts)
