"""Write a dataset, images included, in another layout."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from wutdet.dataset.coco import write_coco
from wutdet.dataset.dataset import Dataset
from wutdet.dataset.files import Placement, new_folder, place_image
from wutdet.dataset.huggingface import write_huggingface
from wutdet.dataset.losses import Layout
from wutdet.dataset.voc_writer import WriteOrigin, write_voc
from wutdet.dataset.yolo import write_yolo


def convert(
    dataset: Dataset,
    out: Path,
    *,
    to: Layout,
    placement: Placement,
    origin: WriteOrigin = "1",
    advance: Callable[[int], None] | None = None,
) -> list[Path]:
    """Write the dataset under `out`, a new or empty folder; returns what to open.

    COCO: `images/` and `annotations/instances_{split}.json`. YOLO: `images/`, `labels/` and `data.yaml`. VOC: `voc/`,
    with pixels counted from `origin`. HuggingFace: `data/*.parquet`, which hold the images (`placement` says nothing
    there). See `losses` for what a layout cannot hold.
    """
    if to == "yolo":
        return [write_yolo(dataset, out, placement=placement, advance=advance)]
    if to == "voc":
        return [write_voc(dataset, out, placement=placement, origin=origin, advance=advance)]
    if to == "huggingface":
        return [write_huggingface(dataset, out, advance=advance)]
    new_folder(out)
    for frame in dataset:
        place_image(frame.path, out / "images" / frame.name, placement)
        if advance is not None:
            advance(1)
    return list(write_coco(dataset.images, dataset.boxes, out).values())
