"""`curves`: lines over a common axis, as inline SVG."""

import math
from collections.abc import Mapping, Sequence

from vitral.report.keys import color, keys
from vitral.report.scale import tick_text, ticks
from vitral.report.words import escaped, shown

Point = tuple[float, float]

_WIDTH, _HEIGHT = 480, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 468, 12, 236
_MOST_POINTS = 400
_MOST_DOTS = 60


def curves(series: Mapping[str, Sequence[Point]], *, title: str, x_label: str = "", y_label: str = "") -> str:
    """Draw lines over a common axis.

    A value that is not finite breaks its line. A long line is thinned to its local extremes.

    Args:
        series: name -> points (x, y) in ascending x; empty lines are left out.
        title: caption of the figure.
        x_label: name of the horizontal axis, with its unit.
        y_label: name of the vertical axis, with its unit.
    Returns:
        HTML of one figure.
    """
    drawn = {name: _thinned(points) for name, points in series.items()}
    finite = [p for points in drawn.values() for p in points if math.isfinite(p[0]) and math.isfinite(p[1])]
    caption = f"<figcaption>{escaped(title)}</figcaption>"
    if not finite:
        return f'<figure class="chart">{caption}<p class="quiet">Nothing to draw yet.</p></figure>'
    x_low, x_high = min(p[0] for p in finite), max(p[0] for p in finite)
    if x_low == x_high:
        x_low, x_high = x_low - 0.5, x_high + 0.5
    y_ticks = ticks(min(p[1] for p in finite), max(p[1] for p in finite))
    frame = _Frame(x_low, x_high, y_ticks[0], y_ticks[-1])
    kept = {name: points for name, points in drawn.items() if any(math.isfinite(p[1]) for p in points)}
    lines = "".join(_line(frame, name, points, color(i)) for i, (name, points) in enumerate(kept.items()))
    return (
        f'<figure class="chart">{caption}{keys(kept)}'
        f'<div class="wide"><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{escaped(_told(title, kept))}">'
        f"{_axes(frame, y_ticks, x_label, y_label)}{lines}</svg></div></figure>"
    )


class _Frame:
    """From values to places in the drawing."""

    def __init__(self, x_low: float, x_high: float, y_low: float, y_high: float) -> None:
        self.x_low, self.x_high, self.y_low, self.y_high = x_low, x_high, y_low, y_high

    def x(self, value: float) -> float:
        return _LEFT + (value - self.x_low) / (self.x_high - self.x_low) * (_RIGHT - _LEFT)

    def y(self, value: float) -> float:
        return _BOTTOM - (value - self.y_low) / (self.y_high - self.y_low) * (_BOTTOM - _TOP)


def _axes(frame: _Frame, y_ticks: list[float], x_label: str, y_label: str) -> str:
    parts: list[str] = []
    step = y_ticks[1] - y_ticks[0]
    for value in y_ticks:
        y = frame.y(value)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(_text(tick_text(value, step), _LEFT - 8, y + 4, "end"))
    inside = ticks(frame.x_low, frame.x_high, count=6)
    step = inside[1] - inside[0]
    for value in inside:
        if frame.x_low <= value <= frame.x_high:
            parts.append(_text(tick_text(value, step), frame.x(value), _BOTTOM + 18, "middle"))
    parts.append(_text(x_label, (_LEFT + _RIGHT) / 2, _HEIGHT - 6, "middle"))
    turned = _text(y_label, 0, 0, "middle")
    parts.append(f'<g transform="translate(11 {(_TOP + _BOTTOM) / 2}) rotate(-90)">{turned}</g>')
    return "".join(parts)


def _text(text: str, x: float, y: float, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escaped(text)}</text>'


def _line(frame: _Frame, name: str, points: Sequence[Point], style: str) -> str:
    path, pen_down, dots = [], False, []
    for x, y in points:
        if not (math.isfinite(x) and math.isfinite(y)):
            pen_down = False
            continue
        path.append(f"{'L' if pen_down else 'M'}{frame.x(x):.1f} {frame.y(y):.1f}")
        pen_down = True
        dots.append((x, y))
    if len(dots) > _MOST_DOTS:
        dots = dots[-1:]
    circles = "".join(
        f'<circle cx="{frame.x(x):.1f}" cy="{frame.y(y):.1f}" r="2.6"><title>'
        f"{escaped(name)}: {escaped(shown(float(y)))} at {escaped(f'{x:g}')}</title></circle>"
        for x, y in dots
    )
    return f'<g class="{style}"><path d="{"".join(path)}"/>{circles}</g>'


def _thinned(points: Sequence[Point]) -> Sequence[Point]:
    """At most `_MOST_POINTS` points: the lowest and the highest of each stretch."""
    if len(points) <= _MOST_POINTS:
        return points
    stretch = math.ceil(len(points) / (_MOST_POINTS // 2))
    kept: list[Point] = []
    for start in range(0, len(points), stretch):
        part = range(start, min(start + stretch, len(points)))
        finite = [i for i in part if math.isfinite(points[i][1])] or [start]
        ends = {min(finite, key=lambda i: points[i][1]), max(finite, key=lambda i: points[i][1])}
        kept += [points[i] for i in sorted(ends)]
    return kept


def _told(title: str, series: Mapping[str, Sequence[Point]]) -> str:
    """The drawing in words, for someone who hears the page."""
    ends = []
    for name, points in series.items():
        finite = [y for _, y in points if math.isfinite(y)]
        ends.append(f"{name} from {shown(float(finite[0]))} to {shown(float(finite[-1]))}")
    return f"Line chart. {title}: {'; '.join(ends)}."
