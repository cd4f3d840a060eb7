"""What a table of facts about frames may say: its columns, their words and their limits."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Final

import polars as pl

from wutdet.errors import DataError

SCENES: Final = ("port", "anchorage", "navigation", "berthing", "unknown")
CONDITIONS: Final = ("clear", "fog", "glare", "rain", "dark", "unknown")

SIDECAR_SCHEMA: Final = pl.Schema(
    {
        "image": pl.String(),
        "camera": pl.String(),
        "sequence": pl.String(),
        "scene": pl.String(),
        "condition": pl.String(),
        "scenario": pl.String(),
        "horizon_row": pl.Float64(),
        "score": pl.Float64(),
        "by": pl.String(),
    }
)
"""The table's columns: `score` (0 to 1) and `by` (a person, or the program) are about the condition."""

NUMBERS: Final = tuple(name for name, kind in SIDECAR_SCHEMA.items() if kind == pl.Float64())
_TEXTS: Final = tuple(name for name in SIDECAR_SCHEMA if name not in NUMBERS)
_WORDS: Final = {"scene": SCENES, "condition": CONDITIONS}
_CORRECT: Final = "correct it, or leave the cell blank"
_SHOWN: Final = 40  # letters of a bad cell


def check_sidecar(raw: pl.DataFrame, *, where: object) -> pl.DataFrame:
    """The table as `SIDECAR_SCHEMA`, with null for what is blank or lacking.

    Spaces around a cell mean nothing, nor do capitals in a scene or a condition. Other columns and rows that say
    nothing at all are dropped.

    Args:
        raw: cells as text, or with the types of a Parquet file.
        where: what errors name.

    Raises:
        DataError: there is no column `image`, a row names no image or one that another row names, a word is
            unknown, a number is none or is out of its limits, or a score has no condition.
    """
    if "image" not in raw.columns:
        raise DataError("has no column 'image'", where=where, remedy="name the file-name column so")
    told = {name: _typed(raw[name], name, where) for name in SIDECAR_SCHEMA if name in raw.columns}
    lacking = {name: pl.lit(None, kind).alias(name) for name, kind in SIDECAR_SCHEMA.items() if name not in told}
    table = pl.DataFrame(told).with_columns(*lacking.values()).select(SIDECAR_SCHEMA.names())
    table = table.filter(~pl.all_horizontal(pl.all().is_null()))
    _check_images(table, where)
    for name, words in _WORDS.items():
        table = table.with_columns(pl.col(name).str.to_lowercase())
        for image, word in _first(table, name, pl.col(name).is_not_null() & ~pl.col(name).is_in(list(words))):
            what = f"the {name} of {_quoted(image)} is {_quoted(word)}"
            raise DataError(what, where=where, remedy=f"write {_nearest(word, words)} (known: {', '.join(words)})")
    _check_numbers(table, where)
    return table


def _typed(cells: pl.Series, name: str, where: object) -> pl.Series:
    kind = cells.dtype
    texts = kind in (pl.String, pl.Categorical, pl.Enum, pl.Null) or (kind.is_integer() and name in _TEXTS)
    if not texts and not (name in NUMBERS and kind.is_numeric()):
        wanted = "numbers" if name in NUMBERS else "text"
        raise DataError(f"the column '{name}' holds {kind}, not {wanted}", where=where, remedy="write it anew")
    if not texts:
        return cells.cast(pl.Float64)
    text = cells.cast(pl.String).str.strip_chars()
    text = text.set(text == "", None).alias(name)
    if name in _TEXTS:
        for word in text.filter(text.str.contains("\0", literal=True)).head(1):
            raise DataError(f"{_quoted(word)} in column '{name}' holds a NUL", where=where, remedy="correct it")
        return text
    numbers = text.cast(pl.Float64, strict=False)
    for word in text.filter(text.is_not_null() & numbers.is_null()).head(1):
        raise DataError(f"the {name} {_quoted(word)} is no number", where=where, remedy=_CORRECT)
    return numbers


def _check_images(table: pl.DataFrame, where: object) -> None:
    if table["image"].null_count():
        row = table["image"].is_null().arg_max()
        raise DataError(f"row {(row or 0) + 1} names no image", where=where, remedy="fill in its file name")
    twice = table["image"].filter(table["image"].is_duplicated())
    if twice.len():
        raise DataError(f"names an image twice ({_quoted(twice[0])})", where=where, remedy="keep one row an image")


def _check_numbers(table: pl.DataFrame, where: object) -> None:
    for image, row in _first(table, "horizon_row", ~pl.col("horizon_row").is_finite()):
        what = f"the horizon_row of {_quoted(image)} is {row}, which is not finite"
        raise DataError(what, where=where, remedy=_CORRECT)
    for image, score in _first(table, "score", ~pl.col("score").is_between(0.0, 1.0)):
        what = f"the score of {_quoted(image)} is {score:g}, not within 0 to 1"
        raise DataError(what, where=where, remedy=_CORRECT)
    for image, _ in _first(table, "score", pl.col("score").is_not_null() & pl.col("condition").is_null()):
        what = f"{_quoted(image)} has a score but no condition"
        raise DataError(what, where=where, remedy="name the condition, or leave the score blank")


def _first(table: pl.DataFrame, name: str, bad: pl.Expr) -> list[tuple[str, object]]:
    """The image and the cell of the first bad row, if there is one; an unknown is not bad."""
    return list(table.filter(bad.fill_null(value=False)).select("image", name).head(1).iter_rows())


def _nearest(word: object, words: Sequence[str]) -> str:
    return difflib.get_close_matches(str(word)[:_SHOWN], words, n=1, cutoff=0.0)[0]


def _quoted(cell: object) -> str:
    text = str(cell)
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
