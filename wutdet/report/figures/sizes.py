"""The sizes of the ships: a histogram of √area over the named bins."""

from __future__ import annotations

import itertools
from typing import Any, Final

from wutdet.dataset import Dataset
from wutdet.dataset.stats import Stats, compute_stats
from wutdet.report.data_axes import draw_sizes, percent
from wutdet.report.figures.numbers import PlottedPoint
from wutdet.report.figures.style import QUIET, SMALL_PT, new_figure
from wutdet.sizes import default_edges_px

_X_NAME: Final = "√area of the ship, px"
_Y_NAME: Final = "share of ships, %"
_HEIGHT_MM: Final = 55.0


def size_points(stats: Stats, name: str, figure: str) -> list[PlottedPoint]:
    """The share of ships in every bar; `x_low` and `x_high` are its borders."""
    sides = stats.side_px
    borders: list[float | None] = [None, *sides.edges_px, None]
    return [
        PlottedPoint(
            figure=figure,
            panel=name,
            line="ships",
            x_name=_X_NAME,
            x_low=low,
            x_high=high,
            y_name=_Y_NAME,
            y=share,
        )
        for (low, high), share in zip(itertools.pairwise(borders), percent(sides.counts).tolist(), strict=True)
    ]


def size_figure(stats: Stats, width_mm: float) -> Any:
    """The histogram, with the name and the share of every bin above it; dashed: COCO's small, medium and large."""
    figure = new_figure(width_mm, _HEIGHT_MM)
    axes = figure.subplots()
    draw_sizes(axes, stats.side_px, view=(stats.side_px,))
    axes.set_xlabel(f"{_X_NAME} (n = {stats.boxes:,})")
    axes.set_ylabel(_Y_NAME)
    low, high = axes.get_xlim()
    bands = itertools.pairwise((low, *default_edges_px(), high))
    above = {"transform": axes.get_xaxis_transform(), "ha": "center", "va": "bottom"}
    for (left, right), name, share in zip(
        bands, stats.size_bins, percent(tuple(stats.size_bins.values())), strict=True
    ):
        axes.text((left * right) ** 0.5, 1.01, f"{name}\n{share:.0f} %", fontsize=SMALL_PT, color=QUIET, **above)
    return figure


def stats_of(frames: Dataset) -> Stats:
    """What is known of the ships of these frames; no image is read."""
    return compute_stats(frames)
