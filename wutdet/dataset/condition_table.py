"""Conditions that the program guessed, as the sidecar table that every verb joins with --sidecar."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import polars as pl

from wutdet._version import __version__
from wutdet.dataset.sidecar import write_sidecar
from wutdet.errors import ConfigError

AUTHOR: Final = f"wutdet {__version__}"
"""What the column `by` says: the program guessed."""

_SUFFIXES: Final = (".csv", ".parquet")
_DIGITS: Final = 4  # of a score


def condition_table(guesses: Iterable[tuple[str, str, float]]) -> pl.DataFrame:
    """The table `image, condition, score, by` of (file name, condition, score of 0 to 1), sorted by image."""
    rows = [(name, condition, round(score, _DIGITS), AUTHOR) for name, condition, score in guesses]
    schema = {"image": pl.String, "condition": pl.String, "score": pl.Float64, "by": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("image")


def check_new_file(path: Path, suffixes: tuple[str, ...] = _SUFFIXES) -> None:
    """Refuse, before any work is done, a file that could not be written or that would replace another.

    Raises:
        ConfigError: the suffix is none of these, the file is there already, or its folder is not.
    """
    if path.suffix.lower() not in suffixes:
        raise ConfigError(f"is none of {', '.join(suffixes)}", where=path, remedy="name such a file")
    if path.exists():
        raise ConfigError("is there already", where=path, remedy="choose another name or delete it")
    if not path.absolute().parent.is_dir():
        raise ConfigError("its folder does not exist", where=path, remedy="make the folder first")


def write_conditions(table: pl.DataFrame, path: Path) -> None:
    """Write the table aside and rename it; see `write_sidecar` for the errors."""
    write_sidecar(table, path)
