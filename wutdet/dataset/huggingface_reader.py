"""Read a HuggingFace dataset of the form that `huggingface.py` writes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from wutdet.dataset.checks import check_box, check_file_name, check_size, is_ship
from wutdet.dataset.dataset import Dataset
from wutdet.dataset.facts import FACTS
from wutdet.dataset.files import new_folder, write_aside
from wutdet.dataset.huggingface import import_exchange
from wutdet.dataset.tables import BOX_EXTRAS, UNSPLIT, BoxRecord, FrameRecord, build_tables
from wutdet.errors import DataError, FrameError

_NEEDED: Final = ("image", "width", "height", "objects")
_NEEDED_OF_BOXES: Final = ("bbox", "category")


def from_huggingface(
    source: Mapping[str, Any],
    image_dir: str | Path,
    *,
    classes: Mapping[str, str] | None = None,
    name: str = "huggingface",
) -> Dataset:
    """The dataset that a `datasets.DatasetDict` holds; its images are written under `image_dir`, byte for byte.

    Needed are `image`, `width`, `height` and `objects` with `bbox` (COCO's xywh) and `category` (a `ClassLabel`); the
    other fields of `wutdet.dataset.huggingface.features` are read where they are there.

    Args:
        source: a `datasets.Dataset` for every split; `unsplit` is none.
        image_dir: a new or empty folder.
        classes: names that count as ship besides `ship`, or are dropped (mapped to "").
        name: of the dataset.

    Raises:
        MissingExtraError: `datasets` is not installed.
        DataError: a field is missing, a frame is there twice with different boxes, or `image_dir` is in use.
        FrameError: a frame is bad.
    """
    hf = import_exchange("datasets")
    for split, part in source.items():
        _check_fields(part, split)
    folder = new_folder(Path(image_dir))
    frames: dict[str, FrameRecord] = {}
    for split, part in source.items():
        names = part.features["objects"]["category"].feature.names
        splits = () if split == UNSPLIT else (str(split),)
        for number, row in enumerate(part.cast_column("image", hf.Image(decode=False))):
            where = f"{name}, split {split}, row {number}"
            frame = _frame(row, names, classes or {}, splits, where)
            other = frames.get(frame.file_name)
            if other is None:
                _write_image(row["image"], folder / frame.file_name, where)
            elif dataclasses.replace(other, splits=splits) != frame:
                what = f"{frame.file_name!r} is there twice, with different boxes or facts"
                raise DataError(what, where=where, remedy="read the splits one by one")
            else:
                frame = dataclasses.replace(frame, splits=tuple(sorted({*other.splits, *splits})))
            frames[frame.file_name] = frame
    return Dataset(*build_tables(frames.values()), folder, name)


def _check_fields(part: Any, split: str) -> None:
    missing = [field for field in _NEEDED if field not in part.features]
    objects = part.features.get("objects")
    missing += [] if missing else [f"objects.{field}" for field in _NEEDED_OF_BOXES if field not in objects]
    if not missing and not hasattr(getattr(objects["category"], "feature", None), "names"):
        missing = ["class names of objects.category"]
    if missing:
        remedy = "give what wutdet writes, or convert to COCO with the tool that made it"
        raise DataError(f"has no {', '.join(missing)}", where=f"split {split}", remedy=remedy)


def _frame(
    row: Mapping[str, Any], names: list[str], classes: Mapping[str, str], splits: tuple[str, ...], where: str
) -> FrameRecord:
    file_name = row.get("file_name") or Path(row["image"]["path"] or "").name
    check_file_name(file_name, where=where)
    width, height = row["width"] or 0, row["height"] or 0
    check_size(width, height, where=where)
    boxes = []
    objects = row["objects"]
    told = [field for field in ("id", "area", "iscrowd", *BOX_EXTRAS) if objects.get(field)]
    for place, (bbox, category) in enumerate(zip(objects["bbox"], objects["category"], strict=True)):
        if not is_ship(names[category], classes, where=where):
            continue
        x, y, w, h = bbox
        check_box(x, y, x + w, y + h, width=width, height=height, where=where)
        facts = {field: objects[field][place] for field in told if objects[field][place] is not None}
        box_id, area_px2 = facts.pop("id", 0), facts.pop("area", w * h)
        boxes.append(BoxRecord(x, y, x + w, y + h, area_px2=area_px2, box_id=box_id, **facts))
    extras = {field: row.get(field) for field in FACTS}
    return FrameRecord(file_name, width, height, tuple(boxes), splits=splits, image_id=row.get("image_id"), **extras)


def _write_image(image: Mapping[str, Any], target: Path, where: str) -> None:
    """Put the bytes of an image at `target`.

    Raises:
        FrameError: it has none, and the file that it names cannot be read.
    """
    data = image["bytes"]
    if data is None:
        try:
            data = Path(image["path"] or "").read_bytes()
        except OSError:
            raise FrameError("its image is not there", where=where, remedy="restore it") from None
    target.parent.mkdir(parents=True, exist_ok=True)
    write_aside(target, data)
