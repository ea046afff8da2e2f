"""Charts as SVG text: numbers and fixed class names only, so that nothing from outside can get into the markup.

Colours come from the style sheet. Positions are percentages where markers must keep their shape at every width; lines
live in a nested picture that stretches. Texts that a reader needs stand in the HTML beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from markupsafe import Markup, escape

from harness.figure import Curves, Histogram, Interval, Intervals, Series
from harness.report import plain, words
from harness.report.forest import Margin, ticks

MOST_POINTS = 400
"""Of one line; longer ones are thinned, keeping the extremes."""


def forest(margin: Margin | None, state: str, label: str, unit: str = "") -> Markup:
    """One row of the forest plot; the threshold is the middle, and the ends say how far they are from it."""
    if margin is None:
        return Markup('<span class="nothing">not measured</span>')

    def at(value: float) -> float:
        return min(100.0, max(0.0, 50 + 50 * value / margin.span))

    parts = ['<line class="rule" x1="0" x2="100%" y1="16" y2="16"/>']
    if margin.zone:
        parts.append(f'<rect class="zone" x="50%" y="4" width="{min(50.0, at(margin.zone) - 50):.2f}%" height="24"/>')
    low, high = (
        at(-margin.span if margin.low is None else margin.low),
        at(margin.span if margin.high is None else margin.high),
    )
    unknown = " unknown" if margin.low is None or margin.high is None else ""
    parts += _whisker(low, high, 16, f"ci{unknown}")
    if margin.base is not None:
        parts.append(_base_mark(margin.base / margin.span, at(margin.base), 16))
    parts.append(_square(at(margin.value), 16))
    end = words.exact(margin.span, unit)
    parts.append(
        f'<text x="0" y="42">−{escape(end)}</text><text x="100%" y="42" text-anchor="end">+{escape(end)}</text>'
    )
    return picture(parts, f"plot {state}", label, height=46)


def _base_mark(share: float, x: float, y: float) -> str:
    """A hollow circle, or an arrow at the edge that it lies beyond."""
    if abs(share) <= 1:
        return f'<circle class="base" cx="{x:.2f}%" cy="{y}" r="5"/>'
    side = -1 if share < 0 else 1
    edge, tip = ("0%", 9) if side < 0 else ("100%", -9)
    arrow = f"M{tip} {y - 5:g}L{tip + 6 * side} {y:g}L{tip} {y + 5:g}"
    return f'<svg x="{edge}" overflow="visible"><path class="base" d="{arrow}"/></svg>'


def _whisker(low: float, high: float, y: float, name: str) -> list[str]:
    """A line with two caps."""
    caps = [f'<line class="{name}" x1="{x:.2f}%" x2="{x:.2f}%" y1="{y - 5:g}" y2="{y + 5:g}"/>' for x in (low, high)]
    return [f'<line class="{name}" x1="{low:.2f}%" x2="{high:.2f}%" y1="{y:g}" y2="{y:g}"/>', *caps]


def _square(x: float, y: float, half: float = 4.5) -> str:
    return (
        f'<rect class="mark" x="{x:.2f}%" y="{y - half:g}" width="{2 * half:g}" height="{2 * half:g}" '
        f'transform="translate(-{half:g} 0)"/>'
    )


def picture(parts: Iterable[str], name: str, label: str, height: int) -> Markup:
    """A picture as wide as its place, with a label for those who cannot see it."""
    inside = Markup("".join(parts))
    return Markup('<svg class="{}" width="100%" height="{}" role="img" aria-label="{}">{}</svg>').format(
        name, height, plain.visible(label), inside
    )


class Axis:
    """Values → percent of the width, over round numbers."""

    def __init__(self, low: float, high: float, about: int = 5) -> None:
        self.ticks = ticks(low, high, about)
        self.low, self.high = self.ticks[0], self.ticks[-1]

    def at(self, value: float) -> float:
        """Percent of the way from the lowest to the highest tick."""
        return 100 * (value - self.low) / (self.high - self.low)


def interval_axis(figure: Intervals) -> Axis:
    """The axis that all rows of an interval chart share."""
    ends = [end for item in figure.items for end in (item.low, item.value, item.high) if end is not None]
    if figure.threshold is not None:
        ends.append(figure.threshold)
    return Axis(min(ends, default=0.0), max(ends, default=1.0))


def whiskers(items: Sequence[Interval], axis: Axis, threshold: float | None, label: str) -> Markup:
    """One row of an interval chart: each model's value with its whisker, the candidate as a square."""
    height = 20 * max(1, len(items)) + 4
    parts = [
        f'<line class="grid" x1="{axis.at(t):.2f}%" x2="{axis.at(t):.2f}%" y1="0" y2="{height}"/>' for t in axis.ticks
    ]
    if threshold is not None:
        x = axis.at(threshold)
        parts.append(f'<line class="threshold" x1="{x:.2f}%" x2="{x:.2f}%" y1="0" y2="{height}"/>')
    for row, item in enumerate(items):
        y = 12 + 20 * row
        own = "candidate" if item.model in ("candidate", "") else "other"
        if item.low is not None and item.high is not None and item.low != item.high:
            parts += _whisker(axis.at(item.low), axis.at(item.high), y, f"ci {own}")
        if item.value is not None:
            x = axis.at(item.value)
            circle = f'<circle class="base" cx="{x:.2f}%" cy="{y}" r="4.5"/>'
            parts.append(_square(x, y, 4) if own == "candidate" else circle)
    return picture(parts, "whiskers", label, height)


def scale_row(axis: Axis, unit: str) -> Markup:
    """The numbers under an interval chart."""
    shown = [words.number(tick, unit, like=axis.high) if unit else words.exact(tick) for tick in axis.ticks]
    parts = [
        f'<text x="{axis.at(tick):.2f}%" y="12" text-anchor="{_anchor(at, len(shown))}">{escape(text)}</text>'
        for at, (tick, text) in enumerate(zip(axis.ticks, shown, strict=True))
    ]
    return Markup(f'<svg class="scale" width="100%" height="16" aria-hidden="true">{"".join(parts)}</svg>')


def _anchor(at: int, count: int) -> str:
    """Labels at the ends stay inside the picture."""
    return "start" if at == 0 else "end" if at == count - 1 else "middle"


def lines(figure: Curves, label: str) -> Markup:
    """The lines of a chart with their axes: three pictures of one grid."""
    xs = [x for series in figure.series for x, _ in series.points] or [0.0, 1.0]
    ys = [y for series in figure.series for _, y in series.points] or [0.0, 1.0]
    across, up = Axis(min(xs), max(xs)), Axis(min(ys), max(ys), 4)
    across.low, across.high = (min(xs), max(xs)) if min(xs) < max(xs) else (across.low, across.high)
    across.ticks = [tick for tick in across.ticks if across.low <= tick <= across.high]
    parts = _grid(up)
    if figure.marker is not None:
        x = across.at(figure.marker)
        parts.append(f'<line class="best" x1="{x:.2f}%" x2="{x:.2f}%" y1="0" y2="100%"/>')
    drawn = "".join(_line(series, across, up, at) for at, series in enumerate(figure.series))
    parts.append(f'<svg viewBox="0 0 100 100" preserveAspectRatio="none" width="100%" height="100%">{drawn}</svg>')
    parts += [
        f'<circle class="dot s{at % 6}" cx="{across.at(x):.2f}%" cy="{100 - up.at(y):.2f}%" r="3"/>'
        for at, series in enumerate(figure.series)
        for x, y in (series.points if len(series.points) <= 40 else [])
    ]
    return _framed(parts, across, up, label)


def _line(series: Series, across: Axis, up: Axis, at: int) -> str:
    points = " ".join(f"{across.at(x):.2f},{100 - up.at(y):.2f}" for x, y in thinned(series.points))
    return f'<polyline class="line s{at % 6}" points="{points}"/>'


def thinned(points: Sequence[tuple[float, float]], most: int = MOST_POINTS) -> list[tuple[float, float]]:
    """At most `most` points: of every run of neighbours the lowest and the highest, so that no spike is lost."""
    if len(points) <= most:
        return list(points)
    width = -(-len(points) // (most // 2))
    kept: list[tuple[float, float]] = []
    for start in range(0, len(points), width):
        run = points[start : start + width]
        ends = {run.index(min(run, key=lambda p: p[1])), run.index(max(run, key=lambda p: p[1]))}
        kept += [run[at] for at in sorted(ends)]
    return kept


def bars(figure: Histogram, label: str) -> Markup:
    """Counts between edges: the candidate filled, other models as outlines."""
    most = max((n for counts in figure.counts.values() for n in counts), default=0)
    edges = [*figure.edges]
    across, up = Axis(edges[0], edges[-1]), Axis(0, max(1, most), 4)
    across.low, across.high = edges[0], edges[-1]
    across.ticks = [tick for tick in across.ticks if across.low <= tick <= across.high]
    parts, steps = _grid(up), []
    order = sorted(figure.counts, key=lambda name: name != "candidate")
    for name in order:
        heights = [100 - up.at(n) for n in figure.counts[name]]
        sides = [(across.at(a), across.at(b)) for a, b in pairwise(edges)]
        path = " ".join(f"L{a:.2f} {y:.2f}L{b:.2f} {y:.2f}" for (a, b), y in zip(sides, heights, strict=True))
        kind = "filled" if name == "candidate" else f"outline s{order.index(name) % 6}"
        steps.append(f'<path class="{kind}" d="M{sides[0][0]:.2f} 100{path}L{sides[-1][1]:.2f} 100"/>')
    drawn = "".join(steps)
    parts.append(f'<svg viewBox="0 0 100 100" preserveAspectRatio="none" width="100%" height="100%">{drawn}</svg>')
    return _framed(parts, across, up, label, figure.unit)


def _grid(up: Axis) -> list[str]:
    return [
        f'<line class="grid" x1="0" x2="100%" y1="{100 - up.at(tick):.2f}%" y2="{100 - up.at(tick):.2f}%"/>'
        for tick in up.ticks
    ]


def _framed(parts: Sequence[str], across: Axis, up: Axis, label: str, unit: str = "") -> Markup:
    """A drawing with the numbers of its two axes beside it."""
    side = "".join(
        f'<text x="100%" y="{100 - up.at(tick):.2f}%" dy="{_shift(at, len(up.ticks))}" text-anchor="end">'
        f"{escape(words.exact(tick))}</text>"
        for at, tick in enumerate(up.ticks)
    )
    below = "".join(
        f'<text x="{across.at(tick):.2f}%" y="13" text-anchor="{_anchor(at, len(across.ticks))}">'
        f"{escape(words.number(tick, unit, like=across.high) if unit else words.exact(tick))}</text>"
        for at, tick in enumerate(across.ticks)
    )
    return Markup(
        '<div class="drawing"><svg class="side" width="100%" height="100%" aria-hidden="true">{}</svg>{}'
        '<svg class="below" width="100%" height="18" aria-hidden="true">{}</svg></div>'
    ).format(Markup(side), picture(parts, "area", label, 220), Markup(below))


def _shift(at: int, count: int) -> str:
    """The lowest and highest number stay inside the picture."""
    return "0" if at == 0 else ".75em" if at == count - 1 else ".32em"
