"""What is in a dataset, in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import polars as pl

if TYPE_CHECKING:
    from wutdet.dataset.dataset import Dataset

SIZE_BINS: Final = {
    "<8": (0.0, 8.0),
    "8-16": (8.0, 16.0),
    "16-32": (16.0, 32.0),
    "32-96": (32.0, 96.0),
    ">96": (96.0, float("inf")),
}
"""Half-open intervals [low, high) of √area in native pixels."""


class Info(msgspec.Struct, frozen=True):
    """The counts of a dataset; `info --json` is this struct."""

    images: int
    boxes: int
    frames_without_ships: int
    splits: dict[str, int]
    size_bins: dict[str, int]
    coco_small_share: float | None
    """The share of boxes under 32² px; None without boxes."""
    width_px: tuple[int, int]
    height_px: tuple[int, int]
    voc_origin: str | None
    voc_evidence: str
    sequences: int | None
    """None where no frame names its sequence."""
    cameras: int | None
    problems: list[str]


def compute_info(dataset: Dataset) -> Info:
    """Count images, boxes, splits and sizes; areas are box areas in native pixels."""
    side_px = dataset.boxes.select(
        ((pl.col("xmax") - pl.col("xmin")) * (pl.col("ymax") - pl.col("ymin"))).sqrt()
    ).to_series()
    bins = {name: int(((side_px >= low) & (side_px < high)).sum()) for name, (low, high) in SIZE_BINS.items()}
    images = dataset.images
    with_ships = dataset.boxes["image_id"].n_unique()
    small = int((dataset.boxes["area_px2"] < 32**2).sum())
    return Info(
        images=images.height,
        boxes=dataset.boxes.height,
        frames_without_ships=images.height - with_ships,
        splits=dataset.splits,
        size_bins=bins,
        coco_small_share=small / dataset.boxes.height if dataset.boxes.height else None,
        width_px=_range(images["width"]),
        height_px=_range(images["height"]),
        voc_origin=dataset.voc_origin,
        voc_evidence=dataset.voc_evidence,
        sequences=images["sequence"].drop_nulls().n_unique() or None,
        cameras=images["camera"].drop_nulls().n_unique() or None,
        problems=[problem.message for problem in dataset.problems],
    )


def _range(column: pl.Series) -> tuple[int, int]:
    values = column.to_list()
    return (min(values), max(values))
