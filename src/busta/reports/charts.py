"""Charts as inline SVG: axes, lines, bands, bars and points, which read without colour and without a script.

A chart says what is drawn in the units of its axes; `svg` draws it at a width. Every entry of ``tips``
becomes a spot that a pointer or the arrow keys can reach.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = ["Axis", "Band", "Bars", "Chart", "Layer", "Line", "Points", "Sheet", "Tip", "key", "nice", "svg"]

_LETTER, _WIDE = 7.2, 11.5
"""Width of a letter of a label, and of a sign such as %, in the chart's own units; the style sheet sets its size."""
_TOP, _BOTTOM, _RIGHT = 30.0, 44.0, 16.0
_SHAPES = {
    "circle": "M0 -4.5A4.5 4.5 0 1 1 0 4.5A4.5 4.5 0 1 1 0 -4.5Z",
    "square": "M-4 -4H4V4H-4Z",
    "diamond": "M0 -5.5L5.5 0L0 5.5L-5.5 0Z",
    "triangle": "M0 -5L5 4H-5Z",
}


@dataclass(frozen=True, slots=True)
class Axis:
    """From where to where, what it measures, and which values are written at it."""

    low: float
    high: float
    title: str
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points; NaN breaks it. Without a name it is not in the key.

    ``tone`` is a class of the style sheet, which gives colour and dashes; ``shape`` marks every ``every``-th point.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    tone: str
    shape: str | None = None
    every: int = 1


@dataclass(frozen=True, slots=True)
class Band:
    """The area between two lines."""

    name: str
    x: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    tone: str


@dataclass(frozen=True, slots=True)
class Points:
    """Marks with whiskers, upright or (``across``) lying; without an end of its whisker a point has none.

    ``shift`` moves them to the right by units of the drawing, off others that stand at the same place.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    tone: str
    shape: str = "circle"
    across: bool = False
    shift: float = 0.0


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars from 0 to ``length`` between two ends, upright or (``across``) lying."""

    name: str
    start: Sequence[float]
    end: Sequence[float]
    length: Sequence[float]
    tone: str
    across: bool = False


Layer = Line | Band | Points | Bars


@dataclass(frozen=True, slots=True)
class Tip:
    """What is said of a spot."""

    x: float
    y: float
    words: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of texts; the first column names the rows."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart and the table behind it.

    Attributes:
        name: Unique in the page, fit for an ``id``.
        title: What is shown.
        words: What a reader who does not see it should know.
        x: Axis from left to right.
        y: Axis from bottom to top.
        layers: Drawn in this order.
        tips: Spots in order of reading.
        sheet: The figures.
        height: Of the drawing, in units of a 720 wide one.
    """

    name: str
    title: str
    words: str
    x: Axis
    y: Axis
    layers: tuple[Layer, ...]
    tips: tuple[Tip, ...]
    sheet: Sheet
    height: float = 340.0
    grid_x: bool = field(default=False)


def nice(low: float, high: float, form: Callable[[float], str], most: int = 6) -> tuple[tuple[float, str], ...]:
    """At most about so many round values within both ends, steps of 1, 2 or 5 times a power of ten.

    >>> [label for _, label in nice(-0.7, 2.1, "{:.1f}".format)]
    ['-0.5', '0.0', '0.5', '1.0', '1.5', '2.0']
    """
    span = high - low
    if not (math.isfinite(span) and span > 0):
        return ((low, form(low)),)
    raw = span / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * unit for unit in (1, 2, 5, 10) if power * unit >= raw * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    count = math.floor(high / step + 1e-9) - first + 1
    return tuple(((first + i) * step, form((first + i) * step)) for i in range(count))


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where values of the axes stand in the drawing."""

    chart: Chart
    width: float
    height: float
    left: float

    @property
    def bottom(self) -> float:
        return self.height - _BOTTOM

    def x(self, value: float) -> float:
        axis = self.chart.x
        return self.left + (value - axis.low) / (axis.high - axis.low) * (self.width - _RIGHT - self.left)

    def y(self, value: float) -> float:
        axis = self.chart.y
        return self.bottom - (value - axis.low) / (axis.high - axis.low) * (self.bottom - _TOP)

    def spot(self, x: float, y: float) -> str:
        return f"{self.x(x):.1f} {self.y(y):.1f}"


def svg(chart: Chart, width: float = 720.0, suffix: str = "") -> Markup:
    """The chart as an SVG element of that width, with a title and a description for those who do not see it."""
    height = chart.height * (1 if width > 500 else 0.85)  # noqa: PLR2004 - a narrow screen is low, too
    longest = max((_width(label) for _, label in chart.y.ticks), default=0)
    frame = _Frame(chart, width, height, 12 + longest)
    name = f"{chart.name}{suffix}"
    parts = [
        *_axes(frame),
        *(part for layer in chart.layers for part in _drawn(layer, frame, name)),
        Markup('<circle class="ring" r="7" cx="-20" cy="-20"/>'),
        *(_hit(tip, frame) for tip in chart.tips if not math.isnan(tip.x + tip.y)),
    ]
    head = Markup(
        '<svg class="chart" role="img" tabindex="0" viewBox="0 0 {w:.0f} {h:.0f}" aria-labelledby="{n}-t {n}-d">'
        '<title id="{n}-t">{title}</title><desc id="{n}-d">{words}</desc>{hatch}'
    ).format(w=width, h=height, n=name, title=chart.title, words=chart.words, hatch=_hatch(name))
    return head + Markup("").join(parts) + Markup("</svg>")


def key(layer: Layer) -> Markup:
    """A small sample of how a layer is drawn, for the key beside its name."""
    tone = escape(layer.tone)
    match layer:
        case Band() | Bars():
            mark = Markup('<rect class="{} {}" x="1" y="3" width="32" height="10"/>').format(_kind(layer), tone)
            mark += (
                Markup('<path class="hatch" d="M3 13L13 3M12 13L22 3M21 13L31 3"/>') if tone == "luck" else Markup("")
            )
        case Line(shape=shape):
            mark = Markup('<path class="line {}" d="M1 8H33"/>').format(tone) + _shape(shape, 17, 8, layer.tone)
        case _:
            mark = Markup('<path class="whisker {}" d="M4 8H30"/>').format(tone)
            mark += _shape(layer.shape, 17, 8, layer.tone)
    return Markup('<svg class="sample" viewBox="0 0 34 16" aria-hidden="true">{}</svg>').format(mark)


def _hatch(name: str) -> Markup:
    """Slanted lines, by which a band is told from another without colour."""
    return Markup(
        '<defs><pattern id="{}-h" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<path class="hatch" d="M0 0V7"/></pattern></defs>'
    ).format(name)


def _axes(frame: _Frame) -> Iterator[Markup]:
    """Grid, labels that have room, and what the axes measure."""
    chart, right, bottom = frame.chart, frame.width - _RIGHT, frame.bottom
    for value, label in chart.y.ticks:
        at = frame.y(value)
        if not chart.grid_x:
            yield Markup('<path class="grid" d="M{:.1f} {:.1f}H{:.1f}"/>').format(frame.left, at, right)
        yield _text("end", frame.left - 8, at + 4, label)
    for value, middle, label in _apart(frame):
        end = _TOP if chart.grid_x else bottom + 5
        yield Markup('<path class="grid" d="M{:.1f} {:.1f}V{:.1f}"/>').format(frame.x(value), bottom, end)
        yield _text("middle", middle, bottom + 20, label)
    yield Markup('<path class="axis" d="M{:.1f} {:.1f}H{:.1f}"/>').format(frame.left, bottom, right)
    yield _text("start", 0, 14, chart.y.title, "label")
    yield _text("end", right, frame.height - 4, chart.x.title, "label")


def _apart(frame: _Frame) -> list[tuple[float, float, str]]:
    """Every so many of the ticks, that their labels do not touch: value, middle of the label, label."""
    ticks = frame.chart.x.ticks
    for step in range(1, len(ticks) + 1):
        row = [(value, *_placed(frame, value, label), label) for value, label in ticks[::step]]
        if all(one[1] + one[2] + _LETTER <= other[1] - other[2] for one, other in pairwise(row)):
            return [(value, middle, label) for value, middle, _, label in row]
    return []


def _placed(frame: _Frame, value: float, label: str) -> tuple[float, float]:
    """Middle and half the width of a label, moved to lie in the drawing."""
    half = _width(label) / 2
    return min(max(frame.x(value), half), frame.width - half), half


def _width(label: str) -> float:
    return sum(_WIDE if letter in "%+\N{MINUS SIGN}" else _LETTER for letter in label)


def _text(anchor: str, x: float, y: float, words: str, kind: str = "tick") -> Markup:
    return Markup('<text class="{}" text-anchor="{}" x="{:.1f}" y="{:.1f}">{}</text>').format(kind, anchor, x, y, words)


def _kind(layer: Layer) -> str:
    return type(layer).__name__.lower()


def _drawn(layer: Layer, frame: _Frame, name: str) -> Iterator[Markup]:
    match layer:
        case Band():
            yield from _band(layer, frame, name)
        case Bars():
            yield from _bars(layer, frame)
        case Line():
            yield from _line(layer, frame)
        case _:
            yield from _points(layer, frame)


def _runs(*columns: Sequence[float]) -> Iterator[list[tuple[float, ...]]]:
    """The rows in stretches without a NaN."""
    run: list[tuple[float, ...]] = []
    for row in zip(*columns, strict=True):
        if any(math.isnan(value) for value in row):
            if run:
                yield run
            run = []
        else:
            run.append(row)
    if run:
        yield run


def _line(layer: Line, frame: _Frame) -> Iterator[Markup]:
    path = "".join("M" + "L".join(frame.spot(x, y) for x, y in run) for run in _runs(layer.x, layer.y))
    yield Markup('<path class="line {}" d="{}"/>').format(layer.tone, path)
    if layer.shape:
        rows = [row for run in _runs(layer.x, layer.y) for row in run]
        for x, y in rows[layer.every - 1 :: layer.every]:
            yield _shape(layer.shape, frame.x(x), frame.y(y), layer.tone)


def _band(layer: Band, frame: _Frame, name: str) -> Iterator[Markup]:
    for run in _runs(layer.x, layer.low, layer.high):
        there = [frame.spot(x, low) for x, low, _ in run]
        back = [frame.spot(x, high) for x, _, high in reversed(run)]
        area = f"M{'L'.join(there + back)}Z"
        yield Markup('<path class="band {}" d="{}"/>').format(layer.tone, area)
        if layer.tone == "luck":
            yield Markup('<path fill="url(#{}-h)" d="{}"/>').format(name, area)


def _bars(layer: Bars, frame: _Frame) -> Iterator[Markup]:
    for start, end, length in zip(layer.start, layer.end, layer.length, strict=True):
        corners = ((0.0, start), (length, end)) if layer.across else ((start, 0.0), (end, length))
        (x0, y0), (x1, y1) = ((frame.x(x), frame.y(y)) for x, y in corners)
        yield Markup('<rect class="bars {}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
            layer.tone, min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)
        )


def _points(layer: Points, frame: _Frame) -> Iterator[Markup]:
    for x, y, low, high in zip(layer.x, layer.y, layer.low, layer.high, strict=True):
        if math.isnan(x + y):
            continue
        if not math.isnan(low + high):
            ends = ((low, y), (high, y)) if layer.across else ((x, low), (x, high))
            yield _whisker([(frame.x(a) + layer.shift, frame.y(b)) for a, b in ends], layer)
        yield _shape(layer.shape, frame.x(x) + layer.shift, frame.y(y), layer.tone)


def _whisker(ends: Iterable[tuple[float, float]], layer: Points) -> Markup:
    """A line with a short stroke across at either end."""
    (x0, y0), (x1, y1) = ends
    stroke = "v8m0 -4" if layer.across else "h8m-4 0"
    back = (0, -4) if layer.across else (-4, 0)
    first, last = ((x + back[0], y + back[1]) for x, y in ((x0, y0), (x1, y1)))
    path = f"M{first[0]:.1f} {first[1]:.1f}{stroke}L{x1:.1f} {y1:.1f}M{last[0]:.1f} {last[1]:.1f}{stroke}"
    return Markup('<path class="whisker {}" d="{}"/>').format(layer.tone, path)


def _shape(shape: str | None, x: float, y: float, tone: str) -> Markup:
    if shape is None:
        return Markup("")
    place = f"translate({x:.1f} {y:.1f})"
    return Markup('<path class="mark {}" transform="{}" d="{}"/>').format(tone, place, _SHAPES[shape])


def _hit(tip: Tip, frame: _Frame) -> Markup:
    return Markup('<circle class="hit" r="7" cx="{:.1f}" cy="{:.1f}"><title>{}</title></circle>').format(
        frame.x(tip.x), frame.y(tip.y), tip.words
    )
