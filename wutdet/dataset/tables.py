"""The two tables of a dataset, and how they are built from plain records.

Images, one row a frame, sorted by `image_id`; boxes, one row a ship, sorted by image and then by `box_id`.
Boxes are xyxy in native pixels, 0-based and continuous: a box over pixel columns a..b is `xmin=a, xmax=b+1`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

import polars as pl

CATEGORY: Final = "ship"
"""WUTDet has one class; every box of a dataset is a ship."""

UNSPLIT: Final = "unsplit"
"""The name under which frames that no split lists are exported."""

IMAGE_EXTRAS: Final = ("camera", "sequence", "scene", "condition", "scenario")
IMAGE_FACTS: Final = {
    **dict.fromkeys(IMAGE_EXTRAS, pl.String()),
    "horizon_row": pl.Float64(),
    "condition_score": pl.Float64(),
    "condition_by": pl.String(),
}
"""What may be known of a frame besides its labels; a score (0 to 1) and who gave it are about the condition."""
BOX_EXTRAS: Final = ("transmittance", "contrast")

IMAGE_SCHEMA: Final = pl.Schema(
    {
        "image_id": pl.Int64(),
        "file_name": pl.String(),
        "width": pl.Int64(),
        "height": pl.Int64(),
        "splits": pl.List(pl.String()),
        **IMAGE_FACTS,
    }
)
BOX_SCHEMA: Final = pl.Schema(
    {
        "box_id": pl.Int64(),
        "image_id": pl.Int64(),
        "xmin": pl.Float64(),
        "ymin": pl.Float64(),
        "xmax": pl.Float64(),
        "ymax": pl.Float64(),
        "area_px2": pl.Float64(),
        "iscrowd": pl.Boolean(),
        **dict.fromkeys(BOX_EXTRAS, pl.Float64()),
    }
)


@dataclass(frozen=True, slots=True)
class BoxRecord:
    """One ship as a reader found it; `box_id` 0 asks for a new id."""

    xmin: float
    ymin: float
    xmax: float
    ymax: float
    area_px2: float
    box_id: int = 0
    iscrowd: bool = False
    transmittance: float | None = None
    contrast: float | None = None


@dataclass(frozen=True, slots=True)
class FrameRecord:
    """One frame as a reader found it, with its ships."""

    file_name: str
    width: int
    height: int
    boxes: tuple[BoxRecord, ...]
    splits: tuple[str, ...] = ()
    image_id: int | None = None
    camera: str | None = None
    sequence: str | None = None
    scene: str | None = None
    condition: str | None = None
    scenario: str | None = None
    horizon_row: float | None = None
    condition_score: float | None = None
    condition_by: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A frame that was left out, and why."""

    image: str
    message: str


def assign_image_ids(file_names: Sequence[str]) -> list[int]:
    """Image ids by the project's rule, in the order given.

    `int(stem)` when every stem is a number and no two are equal, else 1..n by sorted name.
    """
    stems = [name.rsplit("/", 1)[-1].rsplit(".", 1)[0] for name in file_names]
    if all(stem.isascii() and stem.isdigit() and len(stem) <= 18 for stem in stems):
        ids = [int(stem) for stem in stems]
        if len(set(ids)) == len(ids):
            return ids
    rank = {name: place for place, name in enumerate(sorted(file_names), start=1)}
    return [rank[name] for name in file_names]


@dataclass(frozen=True, slots=True)
class Columns:
    """Frames and ships in the order they were read, before ids are settled."""

    images: pl.DataFrame
    """As `IMAGE_SCHEMA`; `image_id` is what the file gave, null where it gave none."""
    boxes: pl.DataFrame
    """As `BOX_SCHEMA`, but `frame`, the row in `images`, takes the place of `image_id`; in the order read."""


def build_tables(frames: Iterable[FrameRecord]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The images and boxes tables of these frames; see `number_tables` for their ids."""
    return number_tables(columns_of(frames))


def columns_of(frames: Iterable[FrameRecord]) -> Columns:
    """These frames as columns."""
    records = list(frames)
    images = {name: column(records, name, kind) for name, kind in IMAGE_SCHEMA.items() if name != "splits"}
    images["splits"] = splits_column([record.splits for record in records])
    boxes = [box for record in records for box in record.boxes]
    ships = {name: column(boxes, name, kind) for name, kind in BOX_SCHEMA.items() if name != "image_id"}
    own_frame = [row for row, record in enumerate(records) for _ in record.boxes]
    ships["frame"] = pl.Series(own_frame, dtype=pl.Int64)
    return Columns(pl.DataFrame(images).select(IMAGE_SCHEMA.names()), pl.DataFrame(ships))


def column(items: Iterable[object], field: str, kind: pl.DataType) -> pl.Series:
    """One field of every item as a column."""
    return pl.Series(list(map(attrgetter(field), items)), dtype=kind)


def splits_column(splits: Sequence[tuple[str, ...]]) -> pl.Series:
    """The column of splits: the few different ones once, and each row's taken from them (much faster than a list)."""
    place = {names: number for number, names in enumerate(dict.fromkeys(splits))}
    different = pl.Series("splits", [list(names) for names in place], IMAGE_SCHEMA["splits"])
    return different.gather([place[names] for names in splits])


def number_tables(columns: Columns) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The images and boxes tables of these columns.

    Ids the reader gave are kept when all frames have one and no two are equal; otherwise the project's rule
    assigns them. Box ids are kept when none is 0 and no two are equal; otherwise they are 1..n in table order.
    """
    image_ids, names = columns.images["image_id"], columns.images["file_name"]
    if image_ids.null_count() or image_ids.n_unique() < image_ids.len():
        image_ids = pl.Series("image_id", assign_image_ids(names.to_list()), pl.Int64)
    images = columns.images.with_columns(image_ids).sort("image_id", maintain_order=True)
    own_image = image_ids.gather(columns.boxes["frame"])
    boxes = columns.boxes.with_columns(own_image).select(BOX_SCHEMA.names()).sort("image_id", maintain_order=True)
    box_ids = boxes["box_id"]
    if (box_ids == 0).any() or box_ids.n_unique() < box_ids.len():
        return images, boxes.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("box_id"))
    return images, boxes.sort("image_id", "box_id")
