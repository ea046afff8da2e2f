"""Heat maps, slopes from base to candidate, and reliability diagrams: what people would rather look at than read."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from harness.figure import Heat, Reliability, Slope, Slopes
from harness.report import svg, words

MOST_LINES = 24
"""Slopes that are drawn; the table beside holds all."""
SHADES = 9
QUARTERS = (0, 25, 50, 75, 100)


def shade(figure: Heat, value: float | None) -> str:
    """Class of a cell: the worse its value, the stronger; empty where there is none."""
    if value is None:
        return "nothing"
    low, high = figure.bounds
    share = (value - low) / (high - low) if high > low else 0.0
    bad = 1 - share if figure.better == "higher" else share
    return f"wrong h{round(SHADES * min(1.0, max(0.0, bad)))}"


def fate(figure: Slopes, slope: Slope) -> str:
    """What became of one thing: `lost` or `gained` where the interval of the difference says so, else `kept`."""
    if slope.base is None or slope.candidate is None:
        return "unknown"
    low, high = slope.low, slope.high
    if low is None or high is None or low <= 0 <= high:
        return "kept"
    return "gained" if (low > 0) == (figure.better == "higher") else "lost"


def slopes(figure: Slopes, label: str) -> Markup:
    """One line for each thing, from what the base scores (left) to what the candidate scores (right)."""
    drawn = [item for item in figure.items if item.base is not None and item.candidate is not None][:MOST_LINES]
    ends = [value for item in drawn for value in (item.base, item.candidate) if value is not None]
    axis = svg.Axis(min(ends, default=0.0), max(ends, default=1.0), 4)
    parts = [
        f'<line class="grid" x1="0" x2="100%" y1="{_down(axis, tick)}" y2="{_down(axis, tick)}"/>'
        for tick in axis.ticks
    ]
    for item in sorted(drawn, key=lambda item: fate(figure, item) != "kept"):
        kind = fate(figure, item)
        left, right = _down(axis, item.base or 0.0), _down(axis, item.candidate or 0.0)
        parts.append(f'<line class="slope {kind}" x1="1.5%" x2="98.5%" y1="{left}" y2="{right}"/>')
        parts.append(f'<circle class="base" cx="1.5%" cy="{left}" r="4"/>')
        parts.append(f'<circle class="end {kind}" cx="98.5%" cy="{right}" r="4"/>')
    side = "".join(
        f'<text x="100%" y="{_down(axis, tick)}" dy=".32em" text-anchor="end">'
        f"{escape(words.number(tick, figure.unit, like=axis.high) if figure.unit else words.exact(tick))}</text>"
        for tick in axis.ticks
    )
    below = '<text x="0" y="13">base</text><text x="100%" y="13" text-anchor="end">candidate</text>'
    return _drawing(side, svg.picture(parts, "area slopes", label, 220), below)


def reliability(figure: Reliability, label: str) -> Markup:
    """Accuracy over confidence of each model's bins, with whiskers; the diagonal is perfect calibration."""
    parts = [f'<line class="grid" x1="0" x2="100%" y1="{100 - at}%" y2="{100 - at}%"/>' for at in QUARTERS]
    parts.append('<line class="best" x1="0" y1="100%" x2="100%" y2="0"/>')
    for at, name in enumerate(order(figure)):
        for found in figure.bins[name]:
            x, y = 100 * found.confidence, 100 - 100 * found.accuracy
            low, high = 100 - 100 * found.low, 100 - 100 * found.high
            parts.append(f'<line class="stem s{at % 6}" x1="{x:.2f}%" x2="{x:.2f}%" y1="{low:.2f}%" y2="{high:.2f}%"/>')
            parts.append(f'<circle class="dot s{at % 6}" cx="{x:.2f}%" cy="{y:.2f}%" r="4"/>')
    side = "".join(
        f'<text x="100%" y="{100 - at}%" dy=".32em" text-anchor="end">{at / 100:g}</text>' for at in QUARTERS
    )
    below = "".join(
        f'<text x="{at}%" y="13" text-anchor="{where}">{at / 100:g}</text>'
        for at, where in ((0, "start"), (25, "middle"), (50, "middle"), (75, "middle"), (100, "end"))
    )
    return _drawing(side, svg.picture(parts, "area square", label, 320), below, "squared")


def order(figure: Reliability) -> Sequence[str]:
    """Its models, the candidate first: the first colour is the candidate's everywhere."""
    return sorted(figure.bins, key=lambda name: name != "candidate")


def _down(axis: svg.Axis, value: float) -> str:
    return f"{100 - axis.at(value):.2f}%"


def _drawing(side: str, middle: Markup, below: str, name: str = "") -> Markup:
    return Markup(
        '<div class="drawing {}"><svg class="side" width="100%" height="100%" aria-hidden="true">{}</svg>{}'
        '<svg class="below" width="100%" height="18" aria-hidden="true">{}</svg></div>'
    ).format(name, Markup(side), middle, Markup(below))
