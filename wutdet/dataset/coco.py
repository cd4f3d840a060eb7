"""Read and write COCO JSON: the interchange format, in one canonical form.

Canonical means: fixed key order, images and annotations sorted by id, boxes as xywh rounded to a millionth of
a pixel, whole numbers without a fraction, extras only where they are known. Reading a canonical file and
writing it again gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import polars as pl

from wutdet.dataset.checks import ReportFrame, check_box, check_file_name, check_size, is_ship
from wutdet.dataset.files import write_aside
from wutdet.dataset.tables import (
    BOX_EXTRAS,
    CATEGORY,
    IMAGE_EXTRAS,
    UNSPLIT,
    BoxRecord,
    FrameRecord,
)
from wutdet.errors import DataError, FrameError

Id = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""What a column of ids can hold."""


class CocoImage(msgspec.Struct, omit_defaults=True, kw_only=True):
    """One image; the optional fields are this project's extension."""

    id: Id
    file_name: str
    width: int
    height: int
    camera: str | None = None
    sequence: str | None = None
    scene: str | None = None
    condition: str | None = None
    scenario: str | None = None
    horizon_row: float | None = None


class CocoAnnotation(msgspec.Struct, kw_only=True):
    """One box; `bbox` is [x, y, width, height], 0-based, in native pixels."""

    id: Id
    image_id: Id
    category_id: int
    bbox: tuple[float, float, float, float]
    area: float | None = None
    iscrowd: int = 0
    transmittance: float | None = None
    contrast: float | None = None


class CocoCategory(msgspec.Struct, kw_only=True):
    """A class and its number."""

    id: int
    name: str


class CocoFile(msgspec.Struct, kw_only=True):
    """A COCO detection file; unknown fields are ignored."""

    images: list[CocoImage]
    annotations: list[CocoAnnotation] = []
    categories: list[CocoCategory] = []


def split_of(path: Path) -> tuple[str, ...]:
    """The split that a file name states: `instances_val.json` → ("val",), any other name → ()."""
    name = path.stem.removeprefix("instances_")
    return () if name in (path.stem, UNSPLIT, "all") else (name,)


def read_coco(path: Path, *, classes: Mapping[str, str], report: ReportFrame) -> list[FrameRecord]:
    """Read one COCO file.

    Args:
        path: the JSON file; its name states the split (see `split_of`).
        classes: category names that count as ship besides `ship`, or are dropped (mapped to "").
        report: called with each bad frame, which is then left out.

    Raises:
        DataError: the file is not COCO JSON, two images share an id, or an annotation belongs to no image.
    """
    try:
        coco = msgspec.json.decode(path.read_bytes(), type=CocoFile)
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", where=path, remedy="check the path") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"not COCO JSON ({error})", where=path, remedy="check the file") from None
    grouped: dict[int, list[CocoAnnotation]] = {image.id: [] for image in coco.images}
    if len(grouped) < len(coco.images):
        raise DataError("two images have the same id", where=path, remedy="give every image an id of its own")
    for annotation in coco.annotations:
        if annotation.image_id not in grouped:
            what = f"annotation {annotation.id} belongs to image {annotation.image_id}, which is not there"
            raise DataError(what, where=path, remedy="remove it, or add the image")
        grouped[annotation.image_id].append(annotation)
    names = {category.id: category.name for category in coco.categories}
    frames: list[FrameRecord] = []
    for image in coco.images:
        where = f"{path.name}, image {image.id} ({image.file_name!r})"
        try:
            frames.append(_frame(image, grouped[image.id], names, classes, split_of(path), where))
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
        if not is_ship(names.get(item.category_id, f"category {item.category_id}"), classes, where=where):
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
    extras = {name: getattr(image, name) for name in (*IMAGE_EXTRAS, "horizon_row")}
    return FrameRecord(
        image.file_name, image.width, image.height, tuple(boxes), splits=splits, image_id=image.id, **extras
    )


def encode_coco(images: pl.DataFrame, boxes: pl.DataFrame) -> bytes:
    """The canonical COCO JSON of these tables, one image or annotation a line."""
    image_lines = [
        msgspec.json.encode(
            {name: _tidy(value) for name, value in row.items() if name != "splits" and value is not None}
        )
        for row in images.rename({"image_id": "id"}).iter_rows(named=True)
    ]
    box_lines = [msgspec.json.encode(_annotation(row)) for row in boxes.sort("box_id").iter_rows(named=True)]
    category = msgspec.json.encode({"id": 1, "name": CATEGORY, "supercategory": "vessel"})
    return b"".join(
        (
            b'{"info":{"description":"ships as COCO, boxes in native pixels"},\n"images":[\n',
            b",\n".join(image_lines),
            b'\n],\n"annotations":[\n',
            b",\n".join(box_lines),
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


def _annotation(row: Mapping[str, object]) -> dict[str, object]:
    xmin, ymin, xmax, ymax = (float(str(row[name])) for name in ("xmin", "ymin", "xmax", "ymax"))
    fields: dict[str, object] = {
        "id": row["box_id"],
        "image_id": row["image_id"],
        "category_id": 1,
        "iscrowd": int(bool(row["iscrowd"])),
        "bbox": [_tidy(round(value, 6)) for value in (xmin, ymin, xmax - xmin, ymax - ymin)],
        "area": _tidy(row["area_px2"]),
    }
    return fields | {name: row[name] for name in BOX_EXTRAS if row[name] is not None}


def _tidy(value: object) -> object:
    """Whole floats as integers, so that a pixel box reads as one."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
