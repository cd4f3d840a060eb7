"""A number against the weather in its own units: a panel a kind, a line a run, and where half is lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from wutdet.report.figures.numbers import PlottedPoint
from wutdet.report.figures.style import QUIET, draw_legend, grid_of, legend_mm, line_style, new_figure
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
            points += _half(run, axis, metric, figure)
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


def value_of(cell: CellScores, metric: str) -> float | None:
    """A number of a cell; None where the cell has none of that name."""
    try:
        return cell.number(metric)
    except KeyError:
        return None


def _half(run: ReportRun, axis: WeatherAxis, metric: str, figure: str) -> list[PlottedPoint]:
    found = next((item for item in run.scores.robustness if item.metric == metric), None)
    clear = run.cell("clear")
    if found is None or clear is None or not found.half_value.get(axis.kind):
        return []
    value, dose, words = value_of(clear, metric), found.half.get(axis.kind), found.half_value[axis.kind]
    inside = dose is not None and not words.startswith(("milder than", "beyond"))  # else it is bounded only
    ends = found.intervals.get(f"half.{axis.kind}") if inside else None
    x_low, x_high = (None if end is None else axis.of_dose(end) for end in ends or (None, None))
    words_low, words_high = found.half_interval.get(axis.kind, ("", "")) if inside else ("", "")
    return [
        PlottedPoint(
            figure=figure,
            panel=axis.kind,
            line=run.name,
            mark="half",
            x_name=axis.label,
            x=axis.of_dose(dose) if inside and dose is not None else None,
            x_low=x_low,
            x_high=x_high,
            y_name=metric,
            y=None if value is None else value / 2,
            words=words,
            words_low=words_low,
            words_high=words_high,
        )
    ]


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
            _draw_half(axes, point, axis, colour)


def _draw_half(axes: Any, point: PlottedPoint, axis: WeatherAxis, colour: str) -> None:
    """A cross with its interval, up to the border where it is bounded; a hollow triangle at the border if all is."""
    style = {"color": colour, "markersize": 5, "linestyle": "none", "clip_on": False, "zorder": 5}
    if point.x is None:
        marker = "<" if _is_milder(point.words) else ">"
        axes.plot([_border(axis, point.words)], [point.y], marker=marker, markerfacecolor="white", **style)
        return
    if point.words_low and point.words_high:
        known = [end for end in (point.x_low, point.x_high) if end is not None]
        low = _border(axis, point.words_low) if point.x_low is None else point.x_low
        high = _border(axis, point.words_high) if point.x_high is None else point.x_high
        axes.plot([low, high], [point.y, point.y], color=colour, linewidth=0.7, zorder=4)
        axes.plot(known, [point.y] * len(known), color=colour, linestyle="none", marker="|", zorder=4)
    axes.plot([point.x], [point.y], marker="x", markeredgewidth=1.2, **style)


def _border(axis: WeatherAxis, words: str) -> float:
    """Where the weather that was run ends, on the side that a bound tells of."""
    return axis.values[0] if _is_milder(words) else axis.values[-1]


def _is_milder(words: str) -> bool:
    return words.startswith("milder")


def _handles(names: Sequence[str], points: Sequence[PlottedPoint]) -> list[Any]:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], label=name, **line_style(place)) for place, name in enumerate(names)]
    marked = [point for point in points if point.mark == "half" and point.y is not None]
    if any(point.x is not None for point in marked):
        handles.append(Line2D([], [], marker="x", linestyle="none", color=QUIET, label="half is lost"))
    hollow: dict[str, Any] = {"linestyle": "none", "color": QUIET, "markerfacecolor": "white"}
    for marker, word, label in (("<", "milder", "half is lost in milder weather"), (">", "beyond", "half is not lost")):
        if any(point.words.startswith(word) for point in marked):
            handles.append(Line2D([], [], marker=marker, label=label, **hollow))
    return handles
