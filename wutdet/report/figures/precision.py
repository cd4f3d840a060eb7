"""Precision against recall at IoU 0.5: a panel a scenario, a line a size bin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from wutdet.metrics.curves import RECALL_POINTS, curve_family, read_curves
from wutdet.metrics.matching import Matches
from wutdet.metrics.numbers import MAX_DETS
from wutdet.report.figures.numbers import PlottedPoint
from wutdet.report.figures.style import (
    LABEL_PT,
    LETTER_MM,
    draw_legend,
    grid_of,
    legend_mm,
    line_style,
    new_figure,
    short,
)
from wutdet.report.html.runs import ReportRun

IOU: Final = 0.5

_ALL: Final = "all sizes"
_X_NAME: Final = "recall"
_Y_NAME: Final = f"precision, IoU {IOU:g}"
_NARROWEST_MM: Final = 34.0
_PANEL_MM: Final = 40.0
_AXIS_MM: Final = 4.0  # of the x axis, below all
_BESIDE_MM: Final = 6.0  # of a panel, that its y axis takes
_EVERY: Final = 20  # recall points between markers


def precision_points(run: ReportRun, matches: Mapping[str, Matches], figure: str) -> list[PlottedPoint]:
    """Interpolated precision at COCO's 101 recall points; the mean of a line is the AP50 of its bin.

    Args:
        run: whose bins are read.
        matches: by scenario.
        figure: the stem of its file.
    """
    points = []
    for scenario, found in matches.items():
        for name in ("all", *run.clear.bins):
            points += _line(found, name, scenario, figure)
    return points


def precision_figure(points: Sequence[PlottedPoint], width_mm: float) -> Any:
    """The figure of these points."""
    from matplotlib.lines import Line2D

    scenarios = list(dict.fromkeys(point.panel for point in points))
    lines = list(dict.fromkeys(point.line for point in points))
    rows, columns = grid_of(len(scenarios), width_mm, _NARROWEST_MM)
    figure = new_figure(width_mm, rows * _PANEL_MM + _AXIS_MM + legend_mm(lines, width_mm))
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for axes, scenario in zip(grid.flat, scenarios, strict=False):
        for place, line in enumerate(lines):
            curve = _down_to_zero([point for point in points if (point.panel, point.line) == (scenario, line)])
            if not curve:  # matplotlib cannot lay out a line without points
                continue
            start = 3 * place % _EVERY  # markers of lines that run together stand apart
            xs, ys = [point.x for point in curve], [point.y for point in curve]
            axes.plot(xs, ys, markevery=(start, _EVERY), clip_on=False, **line_style(place))
        axes.set_title(short(scenario, width_mm / columns - _BESIDE_MM, LETTER_MM), loc="left")
        axes.set(xlim=(0, 1), ylim=(0, 1), xticks=(0, 0.5, 1), xticklabels=("0", "0.5", "1"))
    for axes in grid.flat[len(scenarios) :]:
        axes.set_visible(False)
    for place, axes in enumerate(grid.flat[: len(scenarios)]):
        if place + columns >= len(scenarios):
            axes.tick_params(labelbottom=True)
        if place % columns == 0:
            axes.set_ylabel(_Y_NAME)
    figure.supxlabel(_X_NAME, fontsize=LABEL_PT)
    handles = [Line2D([], [], label=name, **line_style(place)) for place, name in enumerate(lines)]
    draw_legend(figure, handles, width_mm)
    return figure


def _down_to_zero(curve: Sequence[PlottedPoint]) -> list[PlottedPoint]:
    """What is known of a curve, without the zeros after the first: beyond them nothing is found."""
    known = [point for point in curve if point.y is not None]
    zeros = (place for place, point in enumerate(known) if point.y == 0)
    return known[: next(zeros, len(known)) + 1]


def _line(matches: Matches, name: str, scenario: str, figure: str) -> list[PlottedPoint]:
    place = matches.range_index(name)
    family = curve_family(matches, place, [matches.threshold_index(IOU)], max_dets=MAX_DETS)
    precision = read_curves(family, np.ones((1, len(matches.image_ids)), np.int32)).precision[0, 0]
    return [
        PlottedPoint(
            figure=figure,
            panel=scenario,
            line=_ALL if name == "all" else f"{name} px",
            scenario=scenario,
            x_name=_X_NAME,
            x=x,
            y_name=_Y_NAME,
            y=None if np.isnan(y) else y,
        )
        for x, y in zip(RECALL_POINTS.tolist(), precision.tolist(), strict=True)
    ]
