"""Which image a name in a table means."""

from __future__ import annotations

from typing import Final

import polars as pl

from wutdet.errors import DataError

_FOLDERS: Final = r"(?s)^.*/"
_SUFFIX: Final = r"([^/])\.[^./]*$"


def places_of(file_names: pl.Series, names: pl.Series, *, where: object) -> pl.Series:
    """Where each name stands among the images: `place` (Int64), null where no image is called so.

    The whole file name goes first, then the name without its folders, without its suffix, and without both.

    Args:
        file_names: of the images, each once.
        names: as a table has them, each once, without outer spaces.
        where: what errors name.

    Raises:
        DataError: a name fits two images, or two names fit one.
    """
    full = file_names.str.strip_chars()
    base, stem = full.str.replace(_FOLDERS, ""), full.str.replace(_SUFFIX, "$1")
    places = pl.DataFrame({"name": names}).with_columns(pl.lit(None, pl.Int64).alias("place"))
    for keys in (full, base, stem, stem.str.replace(_FOLDERS, "")):
        if not places["place"].null_count():
            break
        places = places.with_columns(pl.coalesce("place", _fit(keys, places, file_names, where)))
    known = places.drop_nulls("place")
    twice = known.filter(known["place"].is_duplicated()).sort("place", maintain_order=True)
    if twice.height:
        a, b = twice["name"].head(2)
        raise DataError(f"names an image twice ({a!r} and {b!r})", where=where, remedy="keep one row an image")
    return places["place"]


def _fit(keys: pl.Series, places: pl.DataFrame, file_names: pl.Series, where: object) -> pl.Series:
    """The place of the one image with this key, for the names without a place."""
    images = pl.DataFrame({"name": keys}).with_row_index("image")
    fits = images.group_by("name").agg(pl.col("image").min(), pl.col("image").max().alias("other"))
    asked = places.with_row_index("row").filter(pl.col("place").is_null()).join(fits, on="name").sort("row")
    doubtful = asked.filter(pl.col("image") != pl.col("other"))
    if doubtful.height:
        name, first, other = doubtful.select("name", "image", "other").row(0)
        what = f"{name!r} may be {file_names[first]!r} or {file_names[other]!r}"
        raise DataError(what, where=where, remedy="write the whole file name")
    rows = pl.DataFrame({"row": pl.int_range(places.height, eager=True, dtype=pl.UInt32)})
    return rows.join(asked.select("row", "image"), on="row", how="left").sort("row")["image"].cast(pl.Int64)
