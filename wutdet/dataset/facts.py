"""Facts about frames beside a layout that has no room for them: the table `frames.csv`, joined by file name."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import polars as pl

from wutdet.dataset.sidecar import SIDECAR_NAME, write_sidecar
from wutdet.dataset.tables import IMAGE_SCHEMA

FACTS: Final = tuple(
    name for name in IMAGE_SCHEMA if name not in ("image_id", "file_name", "width", "height", "splits")
)
"""The columns of images that are facts about a frame, and no part of its labels."""


def write_facts(images: pl.DataFrame, folder: Path) -> Path | None:
    """Write what is known of these frames to `frames.csv` in a folder; nothing known, nothing written.

    Raises:
        DataError: a fact is none that the table may hold (see `read_sidecar`).
    """
    told = [name for name in FACTS if images[name].null_count() < images.height]
    if not told:
        return None
    known = images.filter(pl.any_horizontal(pl.col(told).is_not_null()))
    path = folder / SIDECAR_NAME
    write_sidecar(known.select("file_name", *told), path)
    return path
