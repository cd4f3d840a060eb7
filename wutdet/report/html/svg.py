"""Small plots as inline SVG: a frame with axes, lines with bands, and markers that say their value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from wutdet.report.html.markup import Markup, tag

_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 10.0, 12.0, 40.0  # room for numbers and names, in units of the view box
_STEPS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25)
_MOST_STEPS: Final = 5
_RADIUS: Final = 4.0
COLOURS: Final = 6
"""Of lines; the seventh has the first one's colour, and is dashed."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot's scales: where a pair of values stands."""

    x_range: tuple[float, float]
    top: float
    """Of the y axis, which begins at 0."""
    step: float
    width: float = 340.0
    height: float = 230.0

    def x(self, value: float) -> float:
        """The column of a value."""
        low, high = self.x_range
        return _LEFT + (value - low) / ((high - low) or 1.0) * (self.width - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        """The row of a value."""
        return self.height - _BOTTOM - value / self.top * (self.height - _TOP - _BOTTOM)


def make_plot(xs: Sequence[float], largest: float, width: float = 340.0) -> Plot:
    """A plot that holds these values of x, and y from 0 to at least the largest."""
    step = next((step for step in _STEPS if step * _MOST_STEPS >= largest), 0.25)
    top = max(step, math.ceil(round(largest / step, 6)) * step)
    return Plot((min(xs), max(xs)), top, step, width)


def draw(plot: Plot, title: str, description: str, *parts: Markup) -> Markup:
    """The picture, which screen readers hear as its title and description."""
    return tag(
        "svg",
        *parts,
        viewBox=f"0 0 {plot.width:g} {plot.height:g}",
        role="img",
        aria_label=f"{title}. {description}",
    )


def axes(plot: Plot, x_ticks: Sequence[tuple[float, str]], x_name: str, y_name: str) -> Markup:
    """Grid, numbers and names."""
    parts = []
    for place in range(round(plot.top / plot.step) + 1):
        value = place * plot.step
        row = plot.y(value)
        parts.append(_line(plot.x(plot.x_range[0]), row, plot.x(plot.x_range[1]), row, "grid"))
        parts.append(tag("text", f"{value:g}", x=_LEFT - 6, y=_at(row + 4), text_anchor="end"))
    for value, name in x_ticks:
        column = plot.x(value)
        parts.append(tag("text", name, x=_at(column), y=_at(plot.height - _BOTTOM + 16), text_anchor="middle"))
    middle = (plot.x(plot.x_range[0]) + plot.x(plot.x_range[1])) / 2
    parts.append(tag("text", x_name, x=_at(middle), y=_at(plot.height - 6), text_anchor="middle"))
    row = (plot.y(0) + plot.y(plot.top)) / 2
    turned = f"rotate(-90 11 {_at(row)})"
    parts.append(tag("text", y_name, x=11, y=_at(row), text_anchor="middle", transform=turned))
    return tag("g", *parts, class_="axes")


def line(plot: Plot, points: Sequence[tuple[float, float]], colour: int) -> Markup:
    """A line through points."""
    path = " ".join(f"{_at(plot.x(x))},{_at(plot.y(y))}" for x, y in points)
    return tag("polyline", points=path, class_=f"line {colour_class(colour)}")


def band(plot: Plot, ends: Sequence[tuple[float, float, float]], colour: int) -> Markup:
    """The area between (x, low, high) of each point; cut off at the top of the plot."""
    there = [f"{_at(plot.x(x))},{_at(plot.y(min(high, plot.top)))}" for x, _, high in ends]
    back = [f"{_at(plot.x(x))},{_at(plot.y(max(low, 0.0)))}" for x, low, _ in reversed(ends)]
    return tag("polygon", points=" ".join(there + back), class_=f"band {colour_class(colour)}")


def marker(plot: Plot, x: float, y: float, colour: int, says: str, **data: str | float) -> Markup:
    """A point that says its value when the pointer rests on it, and carries it as data."""
    column, row, r = plot.x(x), plot.y(y), _RADIUS
    shapes = (
        ((-r, 0), (0, -r), (r, 0), (0, r)),
        ((-r, -r), (r, -r), (r, r), (-r, r)),
        ((-r, r), (0, -r), (r, r)),
        ((-r, -r), (r, -r), (0, r)),
    )
    numbers = {f"data_{name}": repr(value) if isinstance(value, float) else value for name, value in data.items()}
    css = f"point {colour_class(colour)}"
    if colour % (len(shapes) + 1) == 0:
        return tag("circle", tag("title", says), cx=_at(column), cy=_at(row), r=r, class_=css, **numbers)
    corners = shapes[colour % (len(shapes) + 1) - 1]
    path = " ".join(f"{_at(column + dx)},{_at(row + dy)}" for dx, dy in corners)
    return tag("polygon", tag("title", says), points=path, class_=css, **numbers)


def bar(plot: Plot, x: float, low: float, high: float, colour: int) -> Markup:
    """An upright interval."""
    column = plot.x(x)
    return _line(column, plot.y(max(low, 0.0)), column, plot.y(min(high, plot.top)), f"bar {colour_class(colour)}")


def ticks_to(largest: float) -> list[tuple[float, str]]:
    """Round numbers from 0 to at least the largest."""
    power = 10.0 ** math.floor(math.log10(max(largest, 1e-3)))
    step = next(part * power for part in (0.2, 0.5, 1.0, 2.0) if part * power * _MOST_STEPS >= largest)
    count = max(1, math.ceil(round(largest / step, 6)))
    return [(place * step, f"{place * step:g}") for place in range(count + 1)]


def legend(names: Sequence[str]) -> Markup:
    """Which line is whose."""
    plot = Plot((0.0, 1.0), 1.0, 1.0)
    items = []
    for place, name in enumerate(names):
        sample = tag(
            "svg",
            _line(0, 8, 28, 8, f"line {colour_class(place)}"),
            tag("g", marker(plot, 0.0, 1.0, place, name), transform=f"translate({14 - plot.x(0)} {8 - plot.y(1)})"),
            viewBox="0 0 28 16",
            width=28,
            height=16,
            aria_hidden="true",
        )
        items.append(tag("li", sample, " ", name))
    return tag("ul", *items, class_="legend")


def colour_class(place: int) -> str:
    """The classes of the line at this place."""
    return f"c{place % COLOURS}{' dashed' if place >= COLOURS else ''}"


def _line(x1: float, y1: float, x2: float, y2: float, css: str) -> Markup:
    return tag("line", x1=_at(x1), y1=_at(y1), x2=_at(x2), y2=_at(y2), class_=css)


def _at(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
