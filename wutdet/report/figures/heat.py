"""AP50 by size of ship and scenario: a table whose cells are shaded by what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from wutdet.report.figures.contrast import readable_on
from wutdet.report.figures.numbers import PlottedPoint
from wutdet.report.figures.style import LABEL_PT, SMALL_PT, new_figure, short
from wutdet.report.html.runs import ReportRun
from wutdet.report.number_text import UNKNOWN, plain

_Y_NAME: Final = "AP50"
_NAMES_SHARE: Final = 0.33  # of the width, at most
_ROW_MM: Final = 4.2
_AROUND_MM: Final = 14.0  # the axis below


def heat_points(run: ReportRun, figure: str) -> list[PlottedPoint]:
    """AP50 of every scenario and size bin."""
    points = []
    for cell in run.scores.cells:
        for name, item in cell.bins.items():
            low, high = cell.intervals.get(f"bins.{name}.AP50", (None, None))
            points.append(
                PlottedPoint(
                    figure=figure,
                    panel=run.name,
                    line=name,
                    scenario=cell.name,
                    x_name="√area, px",
                    y_name=_Y_NAME,
                    y=item.AP50,
                    y_low=low,
                    y_high=high,
                    words=f"{item.ships} ships",
                )
            )
    return points


def heat_figure(run: ReportRun, points: Sequence[PlottedPoint], width_mm: float) -> Any:
    """The figure of these points."""
    bins = list(dict.fromkeys(point.line for point in points))
    scenarios = [cell.name for cell in run.scores.cells]
    values = np.full((len(scenarios), len(bins)), np.nan)
    for point in points:
        if point.y is not None:
            values[scenarios.index(point.scenario), bins.index(point.line)] = point.y
    figure = new_figure(width_mm, len(scenarios) * _ROW_MM + _AROUND_MM)
    axes = figure.subplots()
    axes.grid(visible=False)
    axes.set_facecolor("#F2F2F2")  # behind what is unknown
    image = axes.imshow(np.ma.masked_invalid(values), cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        unknown = bool(np.isnan(value))
        text = UNKNOWN if unknown else f"{value:.2f}"
        colour = "black" if unknown else readable_on(image.cmap(image.norm(value))[:3])
        axes.text(column, row, text, ha="center", va="center_baseline", fontsize=SMALL_PT, color=colour)
    ships = {name: item.ships for name, item in run.clear.bins.items()}
    axes.set_xticks(range(len(bins)), [f"{plain(name)}\n({ships.get(name, 0):,})" for name in bins])
    axes.set_yticks(range(len(scenarios)), [short(name, _NAMES_SHARE * width_mm) for name in scenarios])
    figure.supxlabel(f"{_Y_NAME} by √area, px (number of ships)", fontsize=LABEL_PT)
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    _part_kinds(axes, [cell.scenario for cell in run.scores.cells])
    return figure


def _part_kinds(axes: Any, kinds: Sequence[str]) -> None:
    """A white rule between kinds."""
    for row in range(1, len(kinds)):
        if kinds[row] != kinds[row - 1]:
            axes.axhline(row - 0.5, color="white", linewidth=2)
