"""A dataset as pictures: sizes of ships, ships in a frame, where they stand, and the splits side by side."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal

import polars as pl

from wutdet.dataset import Dataset
from wutdet.dataset.files import write_aside
from wutdet.dataset.stats import DEFAULT_IMGSZ, Stats, compute_stats
from wutdet.dataset.tables import UNSPLIT
from wutdet.errors import DataError
from wutdet.report.data_axes import BLUE, SKY, draw_frames, draw_positions, draw_sizes, name_bins, name_scale
from wutdet.report.number_text import plain

Suffix = Literal["png", "svg"]

_DPI: Final = 150
_TITLE: Final = {"fontsize": 10, "parse_math": False}
_LONGEST: Final = 40  # letters of a name in a title
_FIRST_SPLITS: Final = ("train", "val", "test")
_MOST_SPLITS: Final = 6
_STAMPS: Final = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}


def draw_data_figures(dataset: Dataset, out: Path, *, imgsz: int = DEFAULT_IMGSZ, suffix: Suffix = "png") -> list[Path]:
    """Draw every figure that the data have something for; equal data give equal bytes.

    Args:
        dataset: its frames and boxes; no image is read.
        out: a folder, made if needed; figures of these names that are there are replaced.
        imgsz: the longer side of the network's input, in px.
        suffix: the kind of file.

    Returns:
        `sizes`, `positions` (where there are ships), `ships_per_frame` and `splits` (where there are splits).

    Raises:
        DataError: there is no frame, or a file cannot be written.
    """
    if not len(dataset):
        raise DataError("has no frame to draw", where=dataset.name, remedy="choose frames that are there")
    stats = compute_stats(dataset, imgsz=imgsz)
    name = dataset.name if dataset.split_name is None else f"{dataset.name} ({dataset.split_name})"
    figures: dict[str, Callable[[], Any]] = {}
    if stats.boxes:
        figures["sizes"] = lambda: size_figure(stats, name)
        figures["positions"] = lambda: position_figure(stats, name)
    figures["ships_per_frame"] = lambda: frame_figure(stats, name)
    if stats.splits:
        figures["splits"] = lambda: split_figure(stats, split_stats(dataset, imgsz=imgsz), name)
    try:
        out.mkdir(parents=True, exist_ok=True)
        return [_save(draw(), out / f"{stem}.{suffix}", suffix) for stem, draw in figures.items()]
    except OSError as error:
        raise DataError(f"cannot be written ({error.strerror})", where=out, remedy="choose another folder") from None


def split_stats(dataset: Dataset, *, imgsz: int = DEFAULT_IMGSZ) -> dict[str, Stats]:
    """The numbers of each split: train, val and test first, frames of no split last."""
    names = sorted(dataset.splits, key=lambda name: (name not in _FIRST_SPLITS, name != "train", name == "test", name))
    parts = {name: dataset.split(name) for name in names}
    rest = dataset.filter(pl.col("splits").list.len() == 0)
    if len(rest) and parts:
        parts.setdefault(UNSPLIT, rest)
    return {name: compute_stats(part, imgsz=imgsz) for name, part in parts.items()}


def size_figure(stats: Stats, name: str) -> Any:
    """√area of ships, in the frame and as the network sees it, over the named bins and COCO's borders."""
    figure = _figure(7, 6)
    panels = (
        ("native", stats.side_px, stats.size_bins, stats.coco_small_share, BLUE),
        (f"at {stats.imgsz} px", stats.network_side_px, stats.network_size_bins, stats.network_small_share, SKY),
    )
    for axes, (scale, sides, bins, small, colour) in zip(figure.subplots(2, 1, sharey=True), panels, strict=True):
        draw_sizes(axes, sides, colour=colour, view=(stats.side_px, stats.network_side_px))
        name_bins(axes, bins)
        name_scale(axes, scale, sides, small)
        axes.set_xlabel("√area, px")
    note = f"n = {stats.boxes:,}; dashed: COCO's small | medium | large"
    figure.suptitle(f"Sizes of ships in {_short(name)} ({note})", **_TITLE)
    return figure


def frame_figure(stats: Stats, name: str) -> Any:
    """How many frames have how many ships."""
    figure = _figure(7, 3.2)
    draw_frames(figure.subplots(), stats)
    ships = f"n = {stats.images:,} frames, {stats.frames_without_ships:,} without ships"
    figure.suptitle(f"Ships in a frame of {_short(name)} ({ships})", **_TITLE)
    return figure


def position_figure(stats: Stats, name: str) -> Any:
    """Where in the frame the centres of ships are, with the rows of the horizon where they are known."""
    width, height = map(int, next(iter(stats.image_sizes)).split("x"))
    aspect = min(max(height / width, 0.3), 2.0)  # of the commonest frame, within what a page holds
    figure = _figure(7, 1.3 + 5.2 * aspect)
    draw_positions(figure.subplots(), stats, aspect=aspect)
    figure.suptitle(f"Where ships stand in {_short(name)} (centres of boxes, n = {stats.boxes:,})", **_TITLE)
    return figure


def split_figure(whole: Stats, parts: dict[str, Stats], name: str) -> Any:
    """Sizes and ships in a frame, a column a split, before the outline of the whole."""
    shown = dict(list(parts.items())[:_MOST_SPLITS])
    figure = _figure(max(2.6 * len(shown) + 0.6, 6), 5)
    grid = figure.subplots(2, len(shown), squeeze=False, sharey="row")
    for (sizes, frames), (split, stats) in zip(grid.T, shown.items(), strict=True):
        draw_sizes(sizes, stats.side_px, whole=whole.side_px, view=(whole.side_px,))
        draw_frames(frames, stats, whole=whole)
        counts = f"{stats.images:,} frames, {stats.boxes:,} ships"
        sizes.set_title(f"{_short(split)}\n{counts}", fontsize=9, parse_math=False)
        sizes.set_xlabel("√area, native px")
    for axes in grid[:, 1:].flat:
        axes.set_ylabel("")
    more = f", {len(shown)} of {len(parts)}" if len(parts) > len(shown) else ""
    counts = f"n = {whole.images:,} frames, {whole.boxes:,} ships; black: all of them"
    figure.suptitle(f"Splits of {_short(name)}{more} ({counts})", **_TITLE)
    return figure


def _short(name: str) -> str:
    """A name from outside as part of a title."""
    shown = plain(name)
    return shown if len(shown) <= _LONGEST else shown[:_LONGEST] + "…"


def _figure(width_inches: float, height_inches: float) -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure: Any = Figure(figsize=(width_inches, height_inches), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _save(figure: Any, path: Path, suffix: Suffix) -> Path:
    from matplotlib import rc_context

    buffer = io.BytesIO()
    with rc_context({"svg.hashsalt": "wutdet"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a name in letters that the font lacks
        figure.savefig(buffer, format=suffix, metadata=_STAMPS[suffix])
    write_aside(path, buffer.getvalue())
    return path
