"""A number against the weather in its own units: a panel a kind, a line a run, and where half is lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from wutdet.report.figures.half import draw_half, half_handles, half_points
from wutdet.report.figures.numbers import PlottedPoint, value_of
from wutdet.report.figures.style import draw_legend, grid_of, legend_mm, line_style, new_figure
from wutdet.report.figures.weather_axis import WeatherAxis, cell_value, weather_axis
from wutdet.report.html.runs import ReportRun
from wutdet.report.table import KEPT_RECALL
from wutdet.scoring.scores import CellScores

_NARROWEST_MM: Final = 38.0
_PANEL_MM: Final = 40.0  # high
_AXIS_MM: Final = 8.0  # of a panel's width that its y axis takes
_LONG_NAMES: Final = {KEPT_RECALL: "recall kept"}


def severity_points(runs: Sequence[ReportRun], metric: str, figure: str) -> list[PlottedPoint]:
    """The curves of every kind and run, clear first, each followed by where half is lost."""
    points: list[PlottedPoint] = []
    for kind, axis in weather_axes(runs).items():
        for run in runs:
            cells = [cell for cell in run.scores.cells if cell.severity and cell.scenario == kind]
            if not cells:
                continue
            clear = [cell for cell in run.scores.cells if cell.severity == 0]
            ordered = sorted(cells, key=lambda cell: cell.severity or 0)
            points += [_point(run, cell, axis, metric, figure) for cell in (*clear[:1], *ordered)]
            points += half_points(run, axis, metric, figure)
    return points


def weather_axes(runs: Sequence[ReportRun]) -> dict[str, WeatherAxis]:
    """The axis of every kind that some run has by itself."""
    cells = [cell for run in runs for cell in run.scores.cells if cell.severity]
    kinds = dict.fromkeys(cell.scenario for cell in cells)
    return {kind: weather_axis(kind, [cell for cell in cells if cell.scenario == kind]) for kind in kinds}


def severity_figure(runs: Sequence[ReportRun], points: Sequence[PlottedPoint], metric: str, width_mm: float) -> Any:
    """The figure of these points."""
    axes_of = weather_axes(runs)
    rows, columns = grid_of(len(axes_of), width_mm, _NARROWEST_MM)
    names = [run.name for run in runs]
    handles = _handles(names, points)
    above_mm = legend_mm([handle.get_label() for handle in handles], width_mm)
    figure = new_figure(width_mm, rows * _PANEL_MM + above_mm)
    grid = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for place, (axes, (kind, axis)) in enumerate(zip(grid.flat, axes_of.items(), strict=False)):
        for number, name in enumerate(names):
            of_line = [point for point in points if point.panel == kind and point.line == name]
            _draw_line(axes, of_line, axis, number)
        axis.apply(axes, width_mm / columns - _AXIS_MM)
        if place % columns == 0:
            axes.set_ylabel(_LONG_NAMES.get(metric, metric))
    grid.flat[0].set_ylim(bottom=0)  # of all: they share it
    for axes in grid.flat[len(axes_of) :]:
        axes.set_visible(False)
    draw_legend(figure, handles, width_mm)
    return figure


def _point(run: ReportRun, cell: CellScores, axis: WeatherAxis, metric: str, figure: str) -> PlottedPoint:
    low, high = cell.intervals.get(metric, (None, None))
    return PlottedPoint(
        figure=figure,
        panel=axis.kind,
        line=run.name,
        scenario=cell.name,
        x_name=axis.label,
        x=cell_value(cell, axis.rule) if cell.severity else None,
        y_name=metric,
        y=value_of(cell, metric),
        y_low=low,
        y_high=high,
        words=cell.value,
    )


def _draw_line(axes: Any, points: Sequence[PlottedPoint], axis: WeatherAxis, number: int) -> None:
    style = line_style(number)
    colour = style["color"]
    curve = [point for point in points if point.mark == "point"]
    xs = [axis.clear if point.x is None else point.x for point in curve]
    ys = [float("nan") if point.y is None else point.y for point in curve]
    axes.plot(xs, ys, **style)
    bands = [(x, point.y_low, point.y_high) for x, point in zip(xs, curve, strict=True) if point.y_low is not None]
    if bands:
        axes.fill_between(*zip(*bands, strict=True), color=colour, alpha=0.13, linewidth=0)
    if curve and curve[0].x is None and curve[0].y is not None:  # clear air, as the level to compare with
        axes.axhline(curve[0].y, color=colour, linewidth=0.5, linestyle=(0, (1, 2)), zorder=1)
    for point in points:
        if point.mark == "half" and point.y is not None:
            draw_half(axes, point, axis.ends_of(point.x for point in curve), colour)


def _handles(names: Sequence[str], points: Sequence[PlottedPoint]) -> list[Any]:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], label=name, **line_style(place)) for place, name in enumerate(names)]
    return [*handles, *half_handles(points)]
