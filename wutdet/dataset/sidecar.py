"""Facts about frames that labels do not carry: a table `frames.csv` beside the part, joined by file name."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import polars as pl

from wutdet.dataset.tables import IMAGE_EXTRAS, FrameRecord
from wutdet.errors import DataError

SIDECAR_NAME: Final = "frames.csv"
_KEY: Final = "image"


def add_sidecar(frames: Sequence[FrameRecord], path: Path) -> list[FrameRecord]:
    """The frames with what the sidecar table says of them.

    The table has a column `image` (file name) and any of `camera, sequence, scene, condition, scenario,
    horizon_row`; other columns are left alone. Blank cells and absent rows say nothing.

    Raises:
        DataError: the table cannot be parsed, lacks `image`, names an image twice, or has an endless horizon row.
    """
    if not path.is_file():
        return list(frames)
    schema = {_KEY: pl.String(), **dict.fromkeys(IMAGE_EXTRAS, pl.String()), "horizon_row": pl.Float64()}
    try:
        table = pl.read_csv(path, schema_overrides=schema)
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).split("\n")[0]
        raise DataError(f"not a readable table ({reason})", where=path, remedy="correct it") from None
    if _KEY not in table.columns:
        raise DataError(f"has no column '{_KEY}'", where=path, remedy="name the file-name column so")
    if table[_KEY].is_duplicated().any():
        raise DataError("names an image twice", where=path, remedy="keep one row an image")
    if "horizon_row" in table.columns and not table["horizon_row"].is_finite().all():
        raise DataError("has a horizon_row that is not finite", where=path, remedy="correct it, or leave it blank")
    known = [name for name in (*IMAGE_EXTRAS, "horizon_row") if name in table.columns]
    rows = {row[_KEY]: row for row in table.select(_KEY, *known).iter_rows(named=True)}
    joined = []
    for frame in frames:
        row = rows.get(frame.file_name, {})
        told = {name: row[name] for name in known if row.get(name) is not None}
        joined.append(dataclasses.replace(frame, **told))
    return joined
