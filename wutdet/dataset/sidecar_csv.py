"""The cells of a CSV file, as people and spreadsheets write them, and one canonical way to write them."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

import polars as pl

from wutdet.errors import DataError

_MOST_BYTES: Final = 256 * 2**20  # a row for each of a million frames takes less
_DELIMITERS: Final = (",", ";", "\t")
_SAVE: Final = "save it as CSV UTF-8"


def read_cells(path: Path, *, numbers: Collection[str]) -> pl.DataFrame:
    """The cells as text, under the names of the first line in small letters.

    Commas, semicolons or tabs part the cells, as in the first line; blank lines mean nothing, and a row may
    end early.

    Args:
        path: a UTF-8 file, with or without a mark of byte order.
        numbers: columns in which, between semicolons, a comma is a decimal point.

    Raises:
        DataError: the file cannot be read, is not UTF-8, has stray quotes, or a row is longer than the first.
    """
    text = _text(path)
    first = text.lstrip().partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)  # a comma where none is there
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True)
    try:
        rows = _rows(reader, path)
        names = [name.strip().lower() for name in next(rows, [])]
        cells = list(zip(*rows, strict=True)) or [()] * len(names)
    except csv.Error as error:
        raise DataError(f"line {reader.line_num}: {error}", where=path, remedy='quote cells as "…"') from None
    named = [name for name in names if name]
    if not named:
        raise DataError("is empty", where=path, remedy="give it a first line such as image,scene,condition")
    for name in named:
        if named.count(name) > 1:
            raise DataError(f"has two columns {name[:40]!r}", where=path, remedy="keep one")
    table = pl.DataFrame({n: pl.Series(c, dtype=pl.String) for n, c in zip(names, cells, strict=True) if n})
    if delimiter != ";":
        return table
    return table.with_columns(pl.col(name).str.replace(",", ".", literal=True) for name in named if name in numbers)


def encode_cells(table: pl.DataFrame) -> bytes:
    """The table as UTF-8 CSV: commas, quotes where needed, a line feed after every row, numbers in full."""
    lines = [table.columns, *zip(*(_written(column) for column in table), strict=True)]
    return "".join(",".join(map(_quoted, line)) + "\n" for line in lines).encode()


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise DataError("is larger than 256 MiB", where=path, remedy="check what the file is")
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", where=path, remedy="check the path") from None
    except UnicodeDecodeError:
        raise DataError("is not UTF-8 text", where=path, remedy=_SAVE) from None


def _rows(lines: Iterator[list[str]], path: Path) -> Iterator[list[str]]:
    """Every line that is not blank, as long as the first."""
    width = 0
    for row in lines:
        if width and len(row) == width:
            yield row
            continue
        if not any(cell.strip() for cell in row):
            continue
        width = width or len(row)
        if any(cell.strip() for cell in row[width:]):
            what = f"the row of {row[0][:40]!r} has more cells than the first line"
            raise DataError(what, where=path, remedy='remove them, or quote cells that hold the separator as "…"')
        yield row[:width] + [""] * (width - len(row))


def _written(column: pl.Series) -> list[str]:
    if not column.dtype.is_float():
        return column.fill_null("").to_list()
    return ["" if number is None else repr(number).removesuffix(".0") for number in column]


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if any(sign in cell for sign in ',;\t"\r\n') else cell
