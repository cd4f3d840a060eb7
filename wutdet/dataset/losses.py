"""What a layout cannot hold of a dataset, said before or after it is written: one line each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import polars as pl

from wutdet.dataset.tables import BOX_EXTRAS, IMAGE_EXTRAS, assign_image_ids

if TYPE_CHECKING:
    from wutdet.dataset.dataset import Dataset

Layout = Literal["coco", "yolo", "voc", "huggingface"]

_AREA_SLACK = 1e-6  # relative: COCO files round boxes and areas each on their own


def losses(dataset: Dataset, to: Layout) -> tuple[str, ...]:
    """What of this dataset does not survive the way to a layout and back; empty when all does."""
    if to not in ("yolo", "voc"):
        return ()
    name = to.upper()
    beside = "is written into elements that wutdet alone reads" if to == "voc" else "is not written"
    return (
        *(f"{name} has no place for {what}; it {beside}" for what in _box_facts(dataset.boxes)),
        *(f"{name} has no {what}; reading numbers them anew" for what in _own_ids(dataset)),
        *(f"frames.csv cannot hold {what}; it reads as unknown" for what in _blank_facts(dataset.images)),
    )


def own_areas(boxes: pl.DataFrame) -> pl.Series:
    """Which boxes (a bool each) have an area that is not their width times their height."""
    sides_px2 = (boxes["xmax"] - boxes["xmin"]) * (boxes["ymax"] - boxes["ymin"])
    return (boxes["area_px2"] - sides_px2).abs() > _AREA_SLACK * sides_px2


def _box_facts(boxes: pl.DataFrame) -> Iterator[str]:
    counts = {
        "an area other than width × height": int(own_areas(boxes).sum()),
        "iscrowd": int(boxes["iscrowd"].sum()),
        **{name: boxes.height - boxes[name].null_count() for name in BOX_EXTRAS},
    }
    return (f"{what} ({_count(number, 'box', 'boxes')})" for what, number in counts.items() if number)


def _own_ids(dataset: Dataset) -> Iterator[str]:
    images, boxes = dataset.images, dataset.boxes
    ruled = pl.Series(assign_image_ids(images["file_name"].to_list()), dtype=pl.Int64)
    other = int((images["image_id"] != ruled).sum())
    if other:
        yield f"image ids ({_count(other, 'frame has one', 'frames have one')} that is not its number by the rule)"
    if not (boxes["box_id"] == pl.int_range(1, boxes.height + 1, eager=True)).all():
        yield f"box ids ({_count(boxes.height, 'box', 'boxes')})"


def _blank_facts(images: pl.DataFrame) -> Iterator[str]:
    for name in IMAGE_EXTRAS:
        number = int((images[name] == "").sum())
        if number:
            yield f"a blank {name} ({_count(number, 'frame', 'frames')})"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
