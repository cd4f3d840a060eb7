"""Facts about frames that labels do not carry: a table `frames.csv` or `frames.parquet` beside the data."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

import polars as pl

from wutdet.dataset.files import write_aside
from wutdet.dataset.sidecar_csv import encode_cells, read_cells
from wutdet.dataset.sidecar_match import places_of
from wutdet.dataset.sidecar_rules import NUMBERS, SIDECAR_SCHEMA, check_sidecar
from wutdet.errors import DataError

SIDECAR_NAME: Final = "frames.csv"
SIDECAR_NAMES: Final = (SIDECAR_NAME, "frames.parquet")
_OF_CONDITION: Final = {"condition": "condition", "score": "condition_score", "by": "condition_by"}
_FACTS: Final = {name: _OF_CONDITION.get(name, name) for name in SIDECAR_SCHEMA if name != "image"}
"""The table's columns, and what they are called among images."""
_MOST_ROWS: Final = 10_000_000


def find_sidecar(folder: Path) -> Path | None:
    """The table beside the data: `frames.csv` or `frames.parquet` in this folder, or None.

    Raises:
        DataError: both are there.
    """
    found = [folder / name for name in SIDECAR_NAMES if (folder / name).is_file()]
    if len(found) > 1:
        raise DataError(f"holds {' and '.join(SIDECAR_NAMES)}", where=folder, remedy="keep the one that is right")
    return found[0] if found else None


def read_sidecar(path: Path) -> pl.DataFrame:
    """The table of a CSV or Parquet file as `SIDECAR_SCHEMA`, null where a cell is blank; see `check_sidecar`.

    Raises:
        DataError: the file cannot be read as a table, or says what it may not.
    """
    raw = _read_parquet(path) if _is_parquet(path) else read_cells(path, numbers=NUMBERS)
    return check_sidecar(raw, where=path)


def write_sidecar(table: pl.DataFrame, path: Path) -> None:
    """Write facts about frames as CSV or Parquet, by the path's suffix: equal facts give equal bytes.

    Rows are sorted by image; columns without any value are left out.

    Args:
        table: the images of a dataset (`IMAGE_SCHEMA`), or any of the columns of `SIDECAR_SCHEMA`.
        path: the file; one that is there is replaced.

    Raises:
        DataError: the table says what `read_sidecar` would refuse, the suffix is neither, or the file cannot
            be written.
    """
    ours = {"file_name": "image", **{target: name for name, target in _FACTS.items()}}
    named = table.rename({old: new for old, new in ours.items() if old != new and old in table.columns})
    facts = check_sidecar(named, where=path).sort("image")
    facts = facts.select(name for name in facts.columns if name == "image" or facts[name].null_count() < facts.height)
    if _is_parquet(path):
        buffer = io.BytesIO()
        facts.write_parquet(buffer)
        data = buffer.getvalue()
    else:
        data = encode_cells(facts)
    try:
        write_aside(path, data)
    except OSError as error:
        raise DataError(f"cannot be written ({error.strerror})", where=path, remedy="choose another path") from None


def join_sidecar(images: pl.DataFrame, path: Path) -> pl.DataFrame:
    """The images with what the table of this file says of them; blank cells and absent rows say nothing.

    A row names an image by its file name, with or without folders and suffix. A stated condition brings its
    score and its author with it, or clears them. Rows for images that are not there mean nothing
    (`absent_images` lists them).

    Args:
        images: as `IMAGE_SCHEMA`.
        path: a CSV or Parquet file.

    Returns:
        The same rows and columns, with facts filled in or replaced.

    Raises:
        DataError: the file is no such table, no row of it names any of the images, a name fits two images, or
            two rows name one.
    """
    table = read_sidecar(path)
    place = places_of(images["file_name"], table["image"], where=path)
    if place.null_count() == table.height > 0 and images.height:
        what = f"names none of the images (it has {_some(table['image'])}; the data have {_some(images['file_name'])})"
        raise DataError(what, where=path, remedy="give the table of these data")
    said = table.with_columns(place).drop_nulls("place").select("place", pl.col(list(_FACTS)).name.prefix("said "))
    both = images.with_row_index("place").cast({"place": pl.Int64}).join(said, on="place", how="left").sort("place")
    return both.select(_told(name) for name in images.columns)


def absent_images(images: pl.DataFrame, table: pl.DataFrame) -> list[str]:
    """The names in a table (`SIDECAR_SCHEMA`) that fit none of the images, in the table's order."""
    place = places_of(images["file_name"], table["image"], where="the table")
    return table["image"].filter(place.is_null()).to_list()


def _told(column: str) -> pl.Expr:
    """A column of images after the join: what the table said, else what was there."""
    source = {target: name for name, target in _FACTS.items()}.get(column)
    if source is None:
        return pl.col(column)
    if source in _OF_CONDITION:
        stated = pl.col("said condition").is_not_null()
        return pl.when(stated).then(f"said {source}").otherwise(column).alias(column)
    return pl.coalesce(f"said {source}", column).alias(column)


def _is_parquet(path: Path) -> bool:
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".parquet"):
        raise DataError("is neither .csv nor .parquet", where=path, remedy="name such a file")
    return suffix == ".parquet"


def _read_parquet(path: Path) -> pl.DataFrame:
    try:
        with path.open("rb") as file:
            if file.read(4) != b"PAR1":
                raise DataError("is no Parquet file", where=path, remedy="check what the file is")
        lazy = pl.scan_parquet(path)
        known = [name for name in SIDECAR_SCHEMA if name in lazy.collect_schema()]
        rows = lazy.select(pl.len()).collect().item()
        if rows > _MOST_ROWS:
            raise DataError(f"has {rows:,} rows", where=path, remedy="check what the file is")
        return lazy.select(known).collect()
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", where=path, remedy="check the path") from None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        reason = str(error).split("\n")[0]
        raise DataError(f"not a readable table ({reason})", where=path, remedy="write it anew") from None


def _some(names: pl.Series) -> str:
    shown = ", ".join(repr(name[:40]) for name in names.head(3))
    return f"{shown}, …" if names.len() > 3 else shown
