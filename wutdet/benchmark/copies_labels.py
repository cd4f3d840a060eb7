"""Whether the labels of rendered copies are still those that the copies were written with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import polars as pl

from wutdet.dataset import Dataset
from wutdet.errors import DataError
from wutdet.rendering.frame_job import FrameRecord
from wutdet.rendering.plan import SourceInfo

_REMEDY: Final = "give the render command again: it writes the labels anew"


def check_labels(folder: Path, labels: Dataset, source: SourceInfo, records: Sequence[FrameRecord]) -> None:
    """Refuse a rendering that was not finished, or whose labels were changed since.

    Of a rendering that left frames out only the frames and their numbers of ships can be compared.

    Args:
        folder: of the scenario that the labels are of.
        labels: as they are read there.
        source: what was rendered.
        records: of the copies that were written.

    Raises:
        DataError: it says in what they differ.
    """
    names = dict(labels.images.select("image_id", "file_name").iter_rows())
    if names != {record.image_id: record.copy_name for record in records}:
        raise DataError("is not finished, or its labels were changed", where=folder, remedy=_REMEDY)
    ships = dict(labels.boxes["image_id"].value_counts().iter_rows())
    for record in records:
        there, then = ships.get(record.image_id, 0), len(record.contrast[0])
        if there != then:
            what = f"its labels were changed: {record.copy_name} has {there} ships, and had {then}"
            raise DataError(what, where=folder, remedy=_REMEDY)
    if len(records) == source.frames and _as_rendered(labels, records).sha256 != source.sha256:
        raise DataError("its labels were changed", where=folder, remedy=_REMEDY)


def _as_rendered(labels: Dataset, records: Sequence[FrameRecord]) -> Dataset:
    """The labels of the frames themselves: under their own names, without what a scenario adds."""
    own = {record.image_id: record.source for record in records}
    return replace(
        labels,
        images=labels.images.with_columns(
            file_name=pl.col("image_id").replace_strict(own, return_dtype=pl.String),
            scenario=pl.lit(None, pl.String),
        ),
        boxes=labels.boxes.with_columns(transmittance=pl.lit(None, pl.Float64), contrast=pl.lit(None, pl.Float64)),
    )
