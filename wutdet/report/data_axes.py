"""What one panel of a dataset's figures shows; each function draws on the axes it is given."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from wutdet.dataset.stats import Stats
from wutdet.dataset.stats_values import Quantiles, Sides
from wutdet.report.number_text import UNKNOWN
from wutdet.sizes import default_edges_px

# Okabe and Ito's palette (2008): told apart with every common colour vision.
BLUE: Final = "#0072B2"
SKY: Final = "#56B4E9"
VERMILION: Final = "#D55E00"
_GREY: Final = "#8A8A8A"
_BANDS: Final = ("#FFFFFF", "#EFEFEF")
_COCO_PX: Final = (32, 96)
_SHOWN_PX: Final = (4.0, 256.0)  # sizes that are always in view
_TICKS_PX: Final = (1, 2, 4, 8, 16, 32, 96, 256, 512, 1024, 2048)
_FEW_TICKS_PX: Final = (2, 8, 32, 96, 512, 2048)
_MOST_BARS: Final = 80
_DASHES: Final = (0, (4, 2))
_QUIET: Final = {"fontsize": 8, "color": "#333333"}


def draw_sizes(
    axes: Any, sides: Sides, *, view: Sequence[Sides], colour: str = BLUE, whole: Sides | None = None
) -> None:
    """The share of boxes by √area on a logarithmic axis, in percent, over shaded bins and COCO's borders.

    Args:
        axes: its x axis is set too.
        sides: what to draw.
        view: all boxes that the x axis must reach.
        colour: of the filled histogram.
        whole: other boxes to outline behind these.
    """
    axes.set_xscale("log", base=2)
    axes.stairs(percent(sides.counts), _borders_px(sides), fill=True, color=colour, label="ships", zorder=2)
    if whole is not None:
        axes.stairs(percent(whole.counts), _borders_px(whole), color="black", linewidth=0.8, zorder=3)
    edges_px = default_edges_px()
    low, high = min(_SHOWN_PX[0], edges_px[0] / 2), max(_SHOWN_PX[1], edges_px[-1] * 2)
    for item in view:
        if item.quantiles is not None:
            low, high = min(low, item.quantiles.min / 1.2), max(high, item.quantiles.max * 1.2)
    low, high = max(low, _borders_px(sides)[0]), min(high, _borders_px(sides)[-1])
    axes.set_xlim(low, high)
    for place, (left, right) in enumerate(itertools.pairwise((low, *edges_px, high))):
        axes.axvspan(left, right, color=_BANDS[place % 2], zorder=0, linewidth=0)
    for border in _COCO_PX:
        axes.axvline(border, color="black", linewidth=0.9, linestyle=_DASHES, zorder=4)
    axes.set_ylabel("share of ships, %")
    _tidy(axes)
    _ticks_px(axes, _TICKS_PX if whole is None else _FEW_TICKS_PX)


def name_bins(axes: Any, bins: Mapping[str, int]) -> None:
    """Above each band, the name of its bin and the share of boxes in it."""
    low, high = axes.get_xlim()
    bands = itertools.pairwise((low, *default_edges_px(), high))
    above = {"transform": axes.get_xaxis_transform(), "ha": "center", "va": "bottom", **_QUIET}
    for (left, right), name, share in zip(bands, bins, percent(tuple(bins.values())), strict=True):
        axes.text((left * right) ** 0.5, 1.01, f"{name} px\n{share:.1f} %", **above)


def name_scale(axes: Any, scale: str, sides: Sides, small_share: float | None) -> None:
    """Above the names of the bins, what the pixels are, and the median and small share of these boxes."""
    median = UNKNOWN if sides.quantiles is None else f"{sides.quantiles.median:.1f} px"
    small = UNKNOWN if small_share is None else f"{100 * small_share:.0f} %"
    axes.set_title(f"{scale}: median {median}, {small} under 32² px", loc="left", fontsize=9, pad=26)


def draw_frames(axes: Any, stats: Stats, *, whole: Stats | None = None) -> None:
    """The share of frames by their number of ships, in percent; frames without ships in grey, the mean as a line.

    Args:
        axes: where.
        stats: what to draw.
        whole: other frames to outline behind these.
    """
    most = max((whole or stats).frames_by_ships, default=0)
    step = -(-(most + 1) // _MOST_BARS)  # ships to a bar
    starts = np.arange(0, most + 1, step)
    heights = percent(_by_step(stats, starts, step))
    borders = np.append(starts, starts[-1] + step) - 0.5  # a whole number in the middle of its bar
    bars = axes.bar(borders[:-1], heights, step, align="edge", color=BLUE, edgecolor="white", linewidth=0.3, zorder=2)
    if step == 1 and stats.frames_without_ships:
        bars[0].set(facecolor=_GREY, label=f"no ship: {heights[0]:.1f} %")
    if whole is not None:
        axes.stairs(percent(_by_step(whole, starts, step)), borders, color="black", linewidth=0.8, zorder=3)
    if stats.ships_per_frame is not None:
        mean = stats.ships_per_frame.mean
        axes.axvline(mean, color=VERMILION, linewidth=1.2, zorder=4, label=f"mean {mean:.1f}")
        handles = [item for item in (*axes.lines, bars[0]) if not item.get_label().startswith("_")]
        above = {"loc": "lower right", "bbox_to_anchor": (1.0, 0.98), "ncols": 2, "borderaxespad": 0.2}
        axes.legend(handles=handles, frameon=False, fontsize=8, columnspacing=1.0, handlelength=1.2, **above)
    axes.set_xlim(-0.5, max(borders[-1], 5))
    axes.set_xlabel("ships in a frame")
    axes.set_ylabel("share of frames, %")
    _tidy(axes)


def draw_positions(axes: Any, stats: Stats, *, aspect: float) -> None:
    """The share of boxes by the place of their centre, in percent, with its sums along both sides.

    Args:
        axes: the frame, in percent of its width and height.
        stats: what to draw.
        aspect: height by width of the frame.
    """
    shares = percent(tuple(itertools.chain.from_iterable(stats.positions))).reshape(np.shape(stats.positions))
    rows, columns = shares.shape
    image = axes.imshow(np.ma.masked_equal(shares, 0), cmap=_blues(), extent=(0, 100, 100, 0), aspect=aspect, vmin=0)
    axes.set_xlabel("% of the frame's width")
    axes.set_ylabel("% of the frame's height")
    above = axes.inset_axes([0, 1.01, 1, 0.14], sharex=axes)
    above.stairs(shares.sum(axis=0), np.linspace(0, 100, columns + 1), fill=True, color=_GREY)
    beside = axes.inset_axes([1.006, 0, 0.08, 1], sharey=axes)
    beside.stairs(shares.sum(axis=1), np.linspace(0, 100, rows + 1), fill=True, color=_GREY, orientation="horizontal")
    for side in (above, beside):
        side.axis("off")
    if stats.horizon is not None:
        _draw_horizon(axes, stats.horizon)
    axes.set(xlim=(0, 100), ylim=(100, 0))
    label = f"share of ships in a cell of {rows} × {columns}, %"
    bar = axes.figure.colorbar(image, cax=axes.inset_axes([1.11, 0, 0.025, 1]), label=label)
    bar.outline.set_visible(False)


def percent(counts: tuple[int, ...]) -> Any:
    """Each count as a percentage of their sum; zeros where there is none."""
    values = np.array(counts, np.float64)
    return 100 * values / max(values.sum(), 1.0)


def _draw_horizon(axes: Any, horizon: Quantiles) -> None:
    for row, style in ((horizon.median, _DASHES), (horizon.p5, ":"), (horizon.p95, ":")):
        axes.axhline(100 * row, color=VERMILION, linewidth=1.2, linestyle=style)
    axes.lines[0].set_label(f"horizon of n = {horizon.n:,} frames: median; dotted: 5 % and 95 %")
    axes.legend(frameon=False, fontsize=8, loc="lower left")


def _blues() -> Any:
    """From a light blue, so that the least is not taken for nothing."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    return ListedColormap(colormaps["Blues"](np.linspace(0.15, 1.0, 256)))


def _borders_px(sides: Sides) -> list[float]:
    """The borders with one more on either side, a step of the axis away, for what lies outside."""
    step = sides.edges_px[1] / sides.edges_px[0]
    return [sides.edges_px[0] / step, *sides.edges_px, sides.edges_px[-1] * step]


def _by_step(stats: Stats, starts: Any, step: int) -> tuple[int, ...]:
    counts = [0] * len(starts)
    for ships, frames in stats.frames_by_ships.items():
        counts[ships // step] += frames
    return tuple(counts)


def _ticks_px(axes: Any, ticks: Sequence[int]) -> None:
    """Plain numbers in place of powers."""
    low, high = axes.get_xlim()
    shown = [tick for tick in ticks if low <= tick <= high]
    axes.set_xticks(shown, [str(tick) for tick in shown])
    axes.minorticks_off()


def _tidy(axes: Any) -> None:
    axes.grid(axis="y", alpha=0.3, zorder=1)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
