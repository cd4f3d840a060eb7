"""Recall against false alarms per image: a panel a run, a line a scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from wutdet.metrics.matching import Matches
from wutdet.metrics.operating import FPPI, IOUS, prepare_operating, read_operating
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
from wutdet.report.html.runs import ReportRun, typical_cells
from wutdet.scoring.scores import CellScores

IOU: Final = IOUS[0]

_X_NAME: Final = "false alarms per image"
_Y_NAME: Final = f"recall, IoU {IOU:g}"
_NARROWEST_MM: Final = 52.0
_PANEL_MM: Final = 44.0
_AXIS_MM: Final = 5.0  # of the x axis, below all
_BESIDE_MM: Final = 10.0  # of a panel, that its y axis takes
_STEPS: Final = 20  # rates a decade
_RATES: Final = tuple(float(f"{10 ** (exponent / _STEPS):.6g}") for exponent in range(-2 * _STEPS, _STEPS + 1))


def operating_points(
    runs: Sequence[ReportRun], recorded: Mapping[str, Mapping[str, Matches]], figure: str
) -> list[PlottedPoint]:
    """What the scores state at their three rates, with intervals; where detections are at hand, the rates between.

    Args:
        runs: whose typical cells are shown.
        recorded: matches by run and scenario.
        figure: the stem of its file.
    """
    points: list[PlottedPoint] = []
    for run in runs:
        for cell in typical_cells(run.scores):
            points += _stated(run, cell, figure)
            matches = recorded.get(run.name, {}).get(cell.name)
            if matches is not None:
                points += _between(run, cell, matches, figure)
    return points


def operating_figure(runs: Sequence[ReportRun], points: Sequence[PlottedPoint], width_mm: float) -> Any:
    """The figure of these points."""
    from matplotlib.lines import Line2D

    scenarios = list(dict.fromkeys(point.line for point in points))
    rows, columns = grid_of(len(runs), width_mm, _NARROWEST_MM)
    figure = new_figure(width_mm, rows * _PANEL_MM + _AXIS_MM + legend_mm(scenarios, width_mm))
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for axes, run in zip(grid.flat, runs, strict=False):
        for place, scenario in enumerate(scenarios):
            _draw_line(axes, [item for item in points if item.panel == run.name and item.line == scenario], place)
        axes.set_xscale("log")
        _tick(axes)
        axes.set_ylim(-0.02, 1.02)
        if len(runs) > 1:
            axes.set_title(short(run.name, width_mm / columns - _BESIDE_MM, LETTER_MM), loc="left")
    for axes in grid[:, 0]:
        axes.set_ylabel(_Y_NAME)
    for axes in grid.flat[len(runs) :]:
        axes.set_visible(False)
    figure.supxlabel(_X_NAME, fontsize=LABEL_PT)
    handles = [Line2D([], [], label=name, **line_style(place)) for place, name in enumerate(scenarios)]
    draw_legend(figure, handles, width_mm)
    return figure


def _tick(axes: Any) -> None:
    """Plain numbers in place of powers."""
    low, high = axes.get_xlim()
    ticks = [rate for rate in (0.01, 0.1, 1.0, 10.0) if low <= rate <= high]
    axes.set_xticks(ticks, [f"{rate:g}" for rate in ticks])
    axes.minorticks_off()


def _stated(run: ReportRun, cell: CellScores, figure: str) -> list[PlottedPoint]:
    return [
        _point(run, cell, figure, rate, cell.operating.get(_key(rate)), cell.intervals.get(_key(rate))) for rate in FPPI
    ]


def _between(run: ReportRun, cell: CellScores, matches: Matches, figure: str) -> list[PlottedPoint]:
    rates = [rate for rate in _RATES if rate not in FPPI]
    once = np.ones((1, len(matches.image_ids)), np.int32)
    read = read_operating(prepare_operating(matches, fppi=rates, ious=(IOU,)), once)
    found = [float(read[_key(rate)][0]) for rate in rates]
    return [
        _point(run, cell, figure, rate, None if np.isnan(value) else value)
        for rate, value in zip(rates, found, strict=True)
    ]


def _point(
    run: ReportRun,
    cell: CellScores,
    figure: str,
    rate: float,
    value: float | None,
    interval: tuple[float, float] | None = None,
) -> PlottedPoint:
    low, high = interval or (None, None)
    return PlottedPoint(
        figure=figure,
        panel=run.name,
        line=cell.name,
        scenario=cell.name,
        x_name=_X_NAME,
        x=rate,
        y_name=_Y_NAME,
        y=value,
        y_low=low,
        y_high=high,
    )


def _draw_line(axes: Any, points: Sequence[PlottedPoint], place: int) -> None:
    style = line_style(place)
    marker = style.pop("marker")
    known = sorted((item for item in points if item.y is not None), key=lambda item: item.x or 0.0)
    axes.plot([item.x for item in known], [item.y for item in known], **style)
    stated = [item for item in known if item.x in FPPI]
    axes.plot(
        [item.x for item in stated], [item.y for item in stated], marker=marker, color=style["color"], linestyle="none"
    )
    ends = [item for item in stated if item.y_low is not None]
    nudge = 1 + 0.03 * place  # so that the intervals of lines stand beside each other
    axes.vlines(
        [(item.x or 0.0) * nudge for item in ends],
        [item.y_low for item in ends],
        [item.y_high for item in ends],
        color=style["color"],
        linewidth=0.6,
    )


def _key(rate: float) -> str:
    return f"recall@fppi={rate:g},iou={IOU:g}"
