"""Read a good COCO file in bulk: columns instead of an object for every frame and box.

The rules are those of `checks.py`. What a rule says about many equal values is asked once; where every value
differs, a screen picks out those that plainly pass, and the rule itself decides about the others. Nothing is
reported from here: a file with anything bad in it is left to `read_coco`, which goes frame by frame.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wutdet.dataset.checks import check_box, check_file_name, check_size, is_ship
from wutdet.dataset.coco_file import CocoAnnotation, CocoFile, CocoImage, decode_coco, split_of
from wutdet.dataset.tables import BOX_EXTRAS, BOX_SCHEMA, IMAGE_SCHEMA, Columns, column, splits_column
from wutdet.errors import FrameError

_PART: Final = r"[^./\\:\x00-\x1f\x7f][^/\\:\x00-\x1f\x7f]*"
_PLAIN_NAME: Final = rf"^{_PART}(?:/{_PART})*$"  # no part of it begins with a dot, is empty or holds an odd sign


class _NotPlainError(Exception):
    """This file needs the reader that goes frame by frame."""


def read_columns(files: Sequence[Path], *, classes: Mapping[str, str]) -> Columns | None:
    """Read COCO files in which every frame is good and no file name is there twice.

    Args:
        files: the JSON files; the name of each states its split (see `split_of`).
        classes: category names that count as ship besides `ship`, or are dropped (mapped to "").

    Returns:
        What `read_coco` and `columns_of` make of the same files; None where a frame is bad, an id is there
        twice, or frames must be merged.

    Raises:
        DataError: a file cannot be read or is not COCO JSON.
    """
    try:
        parts = [_columns(decode_coco(file), classes, split_of(file)) for file in files]
    except (FrameError, _NotPlainError):
        return None
    starts = np.cumsum([0, *(part.images.height for part in parts)])
    images = pl.concat([part.images for part in parts])
    if images["file_name"].n_unique() < images.height:
        return None
    moved = (part.boxes.with_columns(pl.col("frame") + start) for part, start in zip(parts, starts, strict=False))
    return Columns(images, pl.concat(moved))


def _columns(coco: CocoFile, classes: Mapping[str, str], splits: tuple[str, ...]) -> Columns:
    """The columns of one file; its structs die with this call, before any table is built.

    Raises:
        FrameError: a frame is bad.
        _NotPlainError: two images share an id, or an annotation belongs to no image.
    """
    for width, height in {(image.width, image.height) for image in coco.images}:
        check_size(width, height, where="")
    images = _image_columns(coco.images, splits)
    coco.images.clear()  # the largest files are read with little memory to spare
    _check_file_names(images["file_name"])
    own_image = column(coco.annotations, "image_id", BOX_SCHEMA["image_id"])
    rows = _rows_of(own_image.to_numpy(), images["image_id"].to_numpy())
    names = coco.class_names()
    used = {item.category_id for item in coco.annotations}
    ships = {number for number in used if is_ship(names[number], classes, where="")}
    if ships == used:
        return Columns(images, _box_columns(coco.annotations, rows, images))
    kept = np.array([item.category_id in ships for item in coco.annotations], np.bool_)
    return Columns(images, _box_columns(list(compress(coco.annotations, kept)), rows[kept], images))


def _image_columns(images: Sequence[CocoImage], splits: tuple[str, ...]) -> pl.DataFrame:
    named = {name: "id" if name == "image_id" else name for name in IMAGE_SCHEMA if name != "splits"}
    columns = {name: column(images, field, IMAGE_SCHEMA[name]) for name, field in named.items()}
    columns["splits"] = splits_column([splits] * len(images))
    return pl.DataFrame(columns).select(IMAGE_SCHEMA.names())


def _box_columns(annotations: Sequence[CocoAnnotation], rows: NDArray[np.int64], images: pl.DataFrame) -> pl.DataFrame:
    numbers = (number for item in annotations for number in item.bbox)
    x, y, w, h = np.fromiter(numbers, np.float64, 4 * len(annotations)).reshape(-1, 4).T
    with np.errstate(over="ignore"):  # an edge at infinity is refused below
        xyxy = (x, y, x + w, y + h)
    _check_boxes(xyxy, images["width"].to_numpy()[rows], images["height"].to_numpy()[rows])
    return pl.DataFrame(
        {
            "box_id": column(annotations, "id", BOX_SCHEMA["box_id"]),
            "frame": rows,
            **dict(zip(("xmin", "ymin", "xmax", "ymax"), xyxy, strict=True)),
            "area_px2": column(annotations, "area", BOX_SCHEMA["area_px2"]).fill_null(pl.Series(w * h)),
            "iscrowd": np.array([item.iscrowd == 1 for item in annotations], np.bool_),
            **{name: column(annotations, name, BOX_SCHEMA[name]) for name in BOX_EXTRAS},
        }
    )


def _check_boxes(xyxy: tuple[NDArray[np.float64], ...], width: NDArray[np.int64], height: NDArray[np.int64]) -> None:
    """Refuse what `check_box` refuses; it is asked about every box that is not plainly inside its frame."""
    xmin, ymin, xmax, ymax = xyxy
    plain = (xmin >= 0) & (xmin < xmax) & (xmax <= width) & (ymin >= 0) & (ymin < ymax) & (ymax <= height)
    doubtful = [edge[~plain].tolist() for edge in (xmin, ymin, xmax, ymax, width, height)]
    for a, b, c, d, w, h in zip(*doubtful, strict=True):
        check_box(a, b, c, d, width=w, height=h, where="")


def _check_file_names(names: pl.Series) -> None:
    """Refuse what `check_file_name` refuses; it is asked about every name that is not plainly safe."""
    for name in names.filter(~names.str.contains(_PLAIN_NAME)):
        check_file_name(name, where="")


def _rows_of(image_ids: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each of `image_ids` (N,) stands in `known` (I,).

    Raises:
        _NotPlainError: `known` has an id twice, or lacks one.
    """
    order = np.argsort(known, kind="stable")
    ranked = known[order]
    place = np.searchsorted(ranked, image_ids)
    if (ranked[1:] == ranked[:-1]).any() or (place == len(known)).any() or (ranked[place] != image_ids).any():
        raise _NotPlainError
    return order[place]
