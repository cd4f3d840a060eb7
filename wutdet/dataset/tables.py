"""The two tables of a dataset, and how they are built from plain records.

Images, one row a frame, sorted by `image_id`; boxes, one row a ship, sorted by image and then by `box_id`.
Boxes are xyxy in native pixels, 0-based and continuous: a box over pixel columns a..b is `xmin=a, xmax=b+1`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

CATEGORY: Final = "ship"
"""WUTDet has one class; every box of a dataset is a ship."""

UNSPLIT: Final = "unsplit"
"""The name under which frames that no split lists are exported."""

IMAGE_EXTRAS: Final = ("camera", "sequence", "scene", "condition", "scenario")
BOX_EXTRAS: Final = ("transmittance", "contrast")

IMAGE_SCHEMA: Final = pl.Schema(
    {
        "image_id": pl.Int64(),
        "file_name": pl.String(),
        "width": pl.Int64(),
        "height": pl.Int64(),
        "splits": pl.List(pl.String()),
        **dict.fromkeys(IMAGE_EXTRAS, pl.String()),
        "horizon_row": pl.Float64(),
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


def build_tables(frames: Iterable[FrameRecord]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The images and boxes tables of these frames.

    Ids the reader gave are kept when all frames have one and no two are equal; otherwise the project's rule
    assigns them. The same holds for box ids, which are then 1..n in table order.
    """
    records = list(frames)
    given = [record.image_id for record in records]
    if None in given or len(set(given)) != len(given):
        ids = assign_image_ids([record.file_name for record in records])
    else:
        ids = [image_id for image_id in given if image_id is not None]
    ordered = sorted(zip(ids, records, strict=True), key=lambda pair: pair[0])
    images = pl.DataFrame(
        [_image_row(image_id, record) for image_id, record in ordered], schema=IMAGE_SCHEMA, orient="row"
    )
    return images, _box_table(ordered)


def _image_row(image_id: int, record: FrameRecord) -> tuple[object, ...]:
    extras = [getattr(record, name) for name in IMAGE_EXTRAS]
    return (
        image_id,
        record.file_name,
        record.width,
        record.height,
        list(record.splits),
        *extras,
        record.horizon_row,
    )


def _box_table(ordered: Sequence[tuple[int, FrameRecord]]) -> pl.DataFrame:
    pairs = [(image_id, box) for image_id, record in ordered for box in record.boxes]
    ids = [box.box_id for _, box in pairs]
    if 0 in ids or len(set(ids)) != len(ids):
        ids = list(range(1, len(pairs) + 1))
    rows = [
        (
            box_id,
            image_id,
            box.xmin,
            box.ymin,
            box.xmax,
            box.ymax,
            box.area_px2,
            box.iscrowd,
            box.transmittance,
            box.contrast,
        )
        for box_id, (image_id, box) in zip(ids, pairs, strict=True)
    ]
    return pl.DataFrame(rows, schema=BOX_SCHEMA, orient="row").sort("image_id", "box_id")
