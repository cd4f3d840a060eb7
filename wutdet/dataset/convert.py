"""Write a dataset, images included, in another layout."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from wutdet.dataset.coco import write_coco
from wutdet.dataset.dataset import Dataset
from wutdet.dataset.files import Placement, new_folder, place_image
from wutdet.dataset.yolo import write_yolo


def convert(
    dataset: Dataset,
    out: Path,
    *,
    to: Literal["coco", "yolo"],
    placement: Placement,
    advance: Callable[[int], None] | None = None,
) -> list[Path]:
    """Write the dataset under `out`, a new or empty folder; returns the files to open.

    COCO: `images/` and `annotations/instances_{split}.json`. YOLO: `images/`, `labels/` and `data.yaml`.
    """
    if to == "yolo":
        return [write_yolo(dataset, out, placement=placement, advance=advance)]
    new_folder(out)
    for frame in dataset:
        place_image(frame.path, out / "images" / frame.name, placement)
        if advance is not None:
            advance(1)
    return list(write_coco(dataset.images, dataset.boxes, out).values())
