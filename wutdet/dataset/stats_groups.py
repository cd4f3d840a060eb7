"""The numbers of a dataset by split, sequence, camera, scene, condition and scenario."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from wutdet.dataset.tables import UNSPLIT

COCO_SMALL_PX2: Final = 32.0**2
_COLUMNS: Final = ("sequence", "camera", "scene", "condition", "scenario")
_UNKNOWN: Final = "unknown"


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """The frames that share a name."""

    frames: int
    ships: int
    frames_without_ships: int
    small_share: float | None
    """The share of boxes under 32² px in native pixels; None without boxes."""
    median_side_px: float | None
    """Of √area; of two in the middle, their mean."""


def group_rows(
    images: pl.DataFrame, frame: NDArray[np.int64], area_px2: NDArray[np.float64], ships: NDArray[np.int64]
) -> dict[str, dict[str, Group]]:
    """Every group by column and name, names in order; columns that no frame knows are left out.

    Args:
        images: I rows as `IMAGE_SCHEMA`.
        frame: (N,) the row of each box's frame.
        area_px2: (N,) of each box.
        ships: (I,) boxes of each frame.
    """
    boxes = pl.DataFrame({"frame": frame, "area": area_px2})
    rows = pl.DataFrame({"frame": np.arange(len(ships)), "ships": ships})
    return {column: _groups(members, rows, boxes) for column, members in _members(images)}


def _members(images: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """For every column that is known, its groups: a row for each `name` and `frame` in it."""
    row = pl.int_range(images.height, dtype=pl.Int64, eager=True).alias("frame")
    names = images["splits"].explode().drop_nulls().unique().sort()
    if names.len():
        lists = {name: images["splits"].list.contains(name) for name in names}
        lists[UNSPLIT] = lists.get(UNSPLIT, pl.Series([False])) | (images["splits"].list.len() == 0)
        parts = (
            pl.DataFrame({"frame": row.filter(inside)}).with_columns(name=pl.lit(name))
            for name, inside in lists.items()
        )
        yield "split", pl.concat(parts)
    for column in _COLUMNS:
        if images[column].null_count() < images.height:
            yield column, pl.DataFrame({"frame": row, "name": images[column].fill_null(_UNKNOWN)})


def _groups(members: pl.DataFrame, rows: pl.DataFrame, boxes: pl.DataFrame) -> dict[str, Group]:
    frames = (
        members.join(rows, on="frame")
        .group_by("name")
        .agg(pl.len().alias("frames"), pl.col("ships").sum(), (pl.col("ships") == 0).sum().alias("without"))
    )
    sizes = (
        members.join(boxes, on="frame")
        .group_by("name")
        .agg((pl.col("area") < COCO_SMALL_PX2).mean().alias("small"), pl.col("area").clip(0.0).sqrt().median())
    )
    both = frames.join(sizes, on="name", how="left").sort("name")
    return {
        name: Group(frames=frames, ships=ships, frames_without_ships=without, small_share=small, median_side_px=median)
        for name, frames, ships, without, small, median in both.iter_rows()
    }
