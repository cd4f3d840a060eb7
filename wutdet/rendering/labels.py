"""The labels of copies: those of the frames, with what the scenario leaves of each ship."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Final

import polars as pl

from wutdet.dataset import Dataset
from wutdet.dataset.coco import write_coco
from wutdet.rendering.frame_job import FrameRecord

_CLEAR: Final = "clear"


def write_labels(
    dataset: Dataset,
    scenario: str,
    place: int,
    records: Sequence[FrameRecord],
    folder: Path,
    ignore_below: float | None,
) -> dict[str, Path]:
    """Write `annotations/instances_{split}.json`, as `wutdet.dataset.coco.write_coco` does.

    Args:
        dataset: whose labels they are.
        scenario: of the copies.
        place: of the scenario in the records.
        records: of the frames that were copied, in table order.
        folder: of the scenario.
        ignore_below: ships with less contrast left become crowds; None: none do. In clear weather none do either.
    """
    names = pl.DataFrame(
        {"image_id": [record.image_id for record in records], "copy": [record.copy_name for record in records]},
        schema={"image_id": pl.Int64, "copy": pl.String},
    )
    images = (
        dataset.images.join(names, on="image_id", how="inner", maintain_order="left")
        .with_columns(file_name="copy", scenario=pl.lit(scenario))
        .select(dataset.images.columns)
    )
    boxes = dataset.boxes.join(names.select("image_id"), on="image_id", how="semi", maintain_order="left")
    left = chain.from_iterable(record.transmittance[place] for record in records)
    contrast = chain.from_iterable(record.contrast[place] for record in records)
    boxes = boxes.with_columns(
        pl.Series("transmittance", list(left), dtype=pl.Float64),
        pl.Series("contrast", list(contrast), dtype=pl.Float64),
    )
    if ignore_below is not None and scenario != _CLEAR:
        boxes = boxes.with_columns(iscrowd=pl.col("iscrowd") | (pl.col("contrast") < ignore_below))
    return write_coco(images, boxes, folder)
