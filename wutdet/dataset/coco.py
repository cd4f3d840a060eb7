"""Read and write COCO JSON: the interchange format, in one canonical form.

Canonical means: fixed key order, images and annotations sorted by id, boxes as xywh rounded to a millionth of
a pixel, whole numbers without a fraction, extras only where they are known. Reading a canonical file and
writing it again gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import starmap
from pathlib import Path

import msgspec
import numpy as np
import polars as pl

from wutdet.dataset.checks import ReportFrame, check_box, check_file_name, check_size, is_ship
from wutdet.dataset.coco_file import CocoAnnotation, CocoImage, decode_coco, split_of
from wutdet.dataset.files import write_aside
from wutdet.dataset.tables import (
    BOX_EXTRAS,
    CATEGORY,
    IMAGE_FACTS,
    UNSPLIT,
    BoxRecord,
    FrameRecord,
)
from wutdet.errors import DataError, FrameError


def read_coco(path: Path, *, classes: Mapping[str, str], report: ReportFrame) -> list[FrameRecord]:
    """Read one COCO file frame by frame, and report the bad ones. `read_columns` reads a good file faster.

    Args:
        path: the JSON file; its name states the split (see `split_of`).
        classes: category names that count as ship besides `ship`, or are dropped (mapped to "").
        report: called with each bad frame, which is then left out.

    Raises:
        DataError: the file is not COCO JSON, two images share an id, or an annotation belongs to no image.
    """
    coco = decode_coco(path)
    grouped: dict[int, list[CocoAnnotation]] = {image.id: [] for image in coco.images}
    if len(grouped) < len(coco.images):
        raise DataError("two images have the same id", where=path, remedy="give every image an id of its own")
    for annotation in coco.annotations:
        if annotation.image_id not in grouped:
            what = f"annotation {annotation.id} belongs to image {annotation.image_id}, which is not there"
            raise DataError(what, where=path, remedy="remove it, or add the image")
        grouped[annotation.image_id].append(annotation)
    names = coco.class_names()
    coco.annotations.clear()  # each frame's are dropped once it is made: a large file fills the memory twice otherwise
    frames: list[FrameRecord] = []
    for image in coco.images:
        where = f"{path.name}, image {image.id} ({image.file_name!r})"
        try:
            frames.append(_frame(image, grouped.pop(image.id), names, classes, split_of(path), where))
        except FrameError as error:
            report(error)
    return frames


def _frame(
    image: CocoImage,
    annotations: Sequence[CocoAnnotation],
    names: Mapping[int, str],
    classes: Mapping[str, str],
    splits: tuple[str, ...],
    where: str,
) -> FrameRecord:
    check_file_name(image.file_name, where=where)
    check_size(image.width, image.height, where=where)
    boxes = []
    for item in annotations:
        if not is_ship(names[item.category_id], classes, where=where):
            continue
        x, y, w, h = item.bbox
        check_box(x, y, x + w, y + h, width=image.width, height=image.height, where=where)
        area_px2 = w * h if item.area is None else item.area
        boxes.append(
            BoxRecord(
                x,
                y,
                x + w,
                y + h,
                area_px2=area_px2,
                box_id=item.id,
                iscrowd=item.iscrowd == 1,
                transmittance=item.transmittance,
                contrast=item.contrast,
            )
        )
    extras = {name: getattr(image, name) for name in IMAGE_FACTS}
    return FrameRecord(
        image.file_name, image.width, image.height, tuple(boxes), splits=splits, image_id=image.id, **extras
    )


def encode_coco(images: pl.DataFrame, boxes: pl.DataFrame) -> bytes:
    """The canonical COCO JSON of these tables, one image or annotation a line."""
    ordered = boxes.sort("box_id")
    x, y = ordered["xmin"], ordered["ymin"]
    boxed = zip(*(_tidy(side, 6) for side in (x, y, ordered["xmax"] - x, ordered["ymax"] - y)), strict=True)
    columns: dict[str, Iterable[object]] = {
        "id": ordered["box_id"],
        "image_id": ordered["image_id"],
        "category_id": pl.repeat(1, ordered.height, eager=True),
        "iscrowd": ordered["iscrowd"].cast(pl.Int8),
        "bbox": boxed,
        "area": ordered["area_px2"],
    }
    extras: dict[str, Iterable[object]] = {
        name: ordered[name] for name in BOX_EXTRAS if ordered[name].null_count() < ordered.height
    }
    category = msgspec.json.encode({"id": 1, "name": CATEGORY, "supercategory": "vessel"})
    return b"".join(
        (
            b'{"info":{"description":"ships as COCO, boxes in native pixels"},\n"images":[\n',
            _lines({name: images[old] for name, old in _image_columns(images).items()}),
            b'\n],\n"annotations":[\n',
            _lines(columns | extras, as_they_are=BOX_EXTRAS),
            b'\n],\n"categories":[',
            category,
            b"]}\n",
        )
    )


def write_coco(images: pl.DataFrame, boxes: pl.DataFrame, out: Path) -> dict[str, Path]:
    """Write `annotations/instances_{split}.json` under `out`; returns the file of each split.

    Frames that no split lists go to `instances_unsplit.json` (or `instances_all.json` when nothing is split).
    A frame in two splits is written to both.
    """
    folder = out / "annotations"
    folder.mkdir(parents=True, exist_ok=True)
    written: dict[str, Path] = {}
    for split, part in split_tables(images).items():
        path = folder / f"instances_{split}.json"
        write_aside(path, encode_coco(part, boxes.join(part.select("image_id"), on="image_id", how="semi")))
        written[split] = path
    return written


def split_tables(images: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The images of each split, with the unlisted ones under `unsplit`, or all under `all`."""
    names = images["splits"].explode().drop_nulls().unique().sort().to_list()
    if not names:
        return {"all": images}
    parts = {name: images.filter(pl.col("splits").list.contains(name)) for name in names}
    rest = images.filter(pl.col("splits").list.len() == 0)
    return {**parts, UNSPLIT: rest} if rest.height else parts


def _image_columns(images: pl.DataFrame) -> dict[str, str]:
    """COCO's names of the columns of images, in order, and ours; columns that say nothing are left out."""
    told = [name for name in images.columns if name != "splits" and images[name].null_count() < images.height]
    return {"id" if name == "image_id" else name: name for name in told}


def _lines(columns: Mapping[str, Iterable[object]], as_they_are: Collection[str] = ()) -> bytes:
    """Columns as JSON, one object a row without what is blank; whole floats as integers, but for `as_they_are`."""
    keys = {f"field_{place}": name for place, name in enumerate(columns)}
    row = msgspec.defstruct("Row", [(field, object, None) for field in keys], rename=keys, omit_defaults=True, gc=False)
    values = [
        _tidy(column) if isinstance(column, pl.Series) and name not in as_they_are else column
        for name, column in columns.items()
    ]
    lines = msgspec.json.Encoder().encode_lines(starmap(row, zip(*values, strict=True)))
    return lines.removesuffix(b"\n").replace(b"\n", b",\n")  # a string has no line break of its own in JSON


def _tidy(column: pl.Series, decimals: int | None = None) -> list[object]:
    """The values of a column, rounded if asked for; whole floats as integers, so that a pixel box reads as one."""
    if not column.dtype.is_float():
        return column.to_list()
    numbers = column.to_numpy()  # NaN where null
    if np.all((numbers == np.round(numbers)) & (np.abs(numbers) < 2.0**53)):
        return column.cast(pl.Int64).to_list()
    floats = column.to_list() if decimals is None else [round(value, decimals) for value in column.to_list()]
    return [int(value) if value is not None and value.is_integer() else value for value in floats]
