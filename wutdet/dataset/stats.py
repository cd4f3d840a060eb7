"""What is in a dataset, in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from wutdet.dataset.stats_groups import COCO_SMALL_PX2, Group, group_rows
from wutdet.dataset.stats_values import Quantiles, Sides, box_sides, position_counts, quantiles_of
from wutdet.errors import ConfigError
from wutdet.sizes import bin_names, default_edges_px

if TYPE_CHECKING:
    from wutdet.dataset.dataset import Dataset

DEFAULT_IMGSZ: Final = 640
GRID: Final = (18, 32)
"""Rows and columns of the grid in which positions are counted."""


class Stats(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of a dataset; `info --json` is this struct, with null for what is unknown.

    Every box counts, crowds too. Areas are those the labels state, in native pixels, as the scores have them. At
    network scale a frame's longer side is `imgsz` px. Quantiles: see `Quantiles`.
    """

    images: int
    boxes: int
    frames_without_ships: int
    splits: dict[str, int]
    """Frames of each split; a frame may be in several, or in none."""
    size_bins: dict[str, int]
    """Boxes by √area, borders as in configs/sizes.yaml; a box on a border is in the bin above it."""
    coco_small_share: float | None
    """The share of boxes under 32² px; None without boxes."""
    width_px: tuple[int, int] | None
    height_px: tuple[int, int] | None
    voc_origin: str | None
    voc_evidence: str
    sequences: int | None
    """None where no frame names its sequence."""
    cameras: int | None
    problems: list[str]
    crowd_boxes: int
    """How many of the boxes are crowds, which scores leave out."""
    imgsz: int
    network_size_bins: dict[str, int]
    network_small_share: float | None
    image_sizes: dict[str, int]
    """Frames by `widthxheight`, the most common first."""
    ships_per_frame: Quantiles | None
    frames_by_ships: dict[int, int]
    """How many frames have so many boxes; numbers that no frame has are left out."""
    side_px: Sides
    """√area."""
    network_side_px: Sides
    aspect: Quantiles | None
    """Width by height of boxes."""
    horizon: Quantiles | None
    """The horizon's row as a share of the frame's height, over the frames that know it."""
    rows_below_horizon: Quantiles | None
    """From the horizon to the lower edge of a box, in native px, over the boxes of such frames."""
    positions: list[list[int]]
    """Boxes by where their centre is in the frame: `GRID` cells of equal size, the top row first."""
    sequence_frames: Quantiles | None
    """Frames of a sequence."""
    groups: dict[str, dict[str, Group]]
    """By `split`, `sequence`, `camera`, `scene`, `condition`, `scenario` (those that any frame knows) and name.

    Frames that do not say are `unknown` (`unsplit` for splits). A frame in two splits counts in both.
    """


def compute_stats(dataset: Dataset, *, imgsz: int = DEFAULT_IMGSZ) -> Stats:
    """The numbers of these frames; the order of frames and boxes does not matter.

    Args:
        dataset: may be empty.
        imgsz: the longer side of the network's input, in px.

    Raises:
        ConfigError: `imgsz` is under 1.
    """
    if imgsz < 1:
        raise ConfigError(f"{imgsz} px", where="imgsz", remedy="give the network's input size, such as 640")
    images, boxes = dataset.images, dataset.boxes
    frame = _frame_of(boxes["image_id"].to_numpy(), images["image_id"].to_numpy())
    width, height = (images[side].to_numpy().astype(np.float64) for side in ("width", "height"))
    horizon = images["horizon_row"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    xmin, ymin, xmax, ymax = (boxes[edge].to_numpy() for edge in ("xmin", "ymin", "xmax", "ymax"))
    area_px2 = boxes["area_px2"].to_numpy()
    scale = imgsz / np.maximum(width, height)
    at_network_px2 = area_px2 * scale[frame] ** 2
    ships = np.bincount(frame, minlength=images.height)
    centres = (xmin + xmax) / (2 * width[frame]), (ymin + ymax) / (2 * height[frame])
    return Stats(
        images=images.height,
        boxes=boxes.height,
        frames_without_ships=int((ships == 0).sum()),
        splits=dataset.splits,
        size_bins=_size_bins(area_px2),
        coco_small_share=_small_share(area_px2),
        width_px=_range(images["width"]),
        height_px=_range(images["height"]),
        voc_origin=dataset.voc_origin,
        voc_evidence=dataset.voc_evidence,
        sequences=images["sequence"].drop_nulls().n_unique() or None,
        cameras=images["camera"].drop_nulls().n_unique() or None,
        problems=[problem.message for problem in dataset.problems],
        crowd_boxes=int(boxes["iscrowd"].sum()),
        imgsz=imgsz,
        network_size_bins=_size_bins(at_network_px2),
        network_small_share=_small_share(at_network_px2),
        image_sizes=_image_sizes(images),
        ships_per_frame=quantiles_of(ships.astype(np.float64)),
        frames_by_ships=dict(zip(*(part.tolist() for part in np.unique(ships, return_counts=True)), strict=True)),
        side_px=box_sides(area_px2),
        network_side_px=box_sides(at_network_px2),
        aspect=quantiles_of((xmax - xmin) / (ymax - ymin)),
        horizon=quantiles_of(horizon / height),
        rows_below_horizon=quantiles_of(ymax - horizon[frame]),
        positions=position_counts(*centres, GRID),
        sequence_frames=_sequence_frames(images["sequence"]),
        groups=group_rows(images, frame, area_px2, ships),
    )


def _frame_of(image_ids: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.int64]:
    """(N,) the row of each box's frame; every box has one."""
    order = np.argsort(known, kind="stable")
    place: NDArray[np.int64] = order[np.searchsorted(known[order], image_ids)]
    return place


def _size_bins(area_px2: NDArray[np.float64]) -> dict[str, int]:
    edges_px = default_edges_px()
    place = np.searchsorted(np.square(edges_px), area_px2, side="right")
    names = bin_names(edges_px)
    return dict(zip(names, np.bincount(place, minlength=len(names)).tolist(), strict=True))


def _small_share(area_px2: NDArray[np.float64]) -> float | None:
    return float((area_px2 < COCO_SMALL_PX2).mean()) if len(area_px2) else None


def _range(column: pl.Series) -> tuple[int, int] | None:
    values = column.to_numpy()
    return (int(values.min()), int(values.max())) if len(values) else None


def _image_sizes(images: pl.DataFrame) -> dict[str, int]:
    counts = images.group_by("width", "height").len("frames").sort("frames", "width", "height", descending=True)
    return {f"{width}x{height}": frames for width, height, frames in counts.iter_rows()}


def _sequence_frames(sequence: pl.Series) -> Quantiles | None:
    lengths = sequence.drop_nulls().value_counts(name="frames")["frames"]
    return quantiles_of(lengths.to_numpy().astype(np.float64))
