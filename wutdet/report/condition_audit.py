"""What a person said of a sample of guessed conditions, and how often the guesses were right."""

from __future__ import annotations

import difflib
import math
from pathlib import Path
from statistics import NormalDist
from typing import Final

import msgspec
import polars as pl

from wutdet.dataset.sidecar_csv import read_cells
from wutdet.dataset.sidecar_rules import CONDITIONS
from wutdet.errors import ConfigError, DataError
from wutdet.report.condition_sheet import BY_HAND

_SHOWN: Final = 40  # letters of a bad cell


class Precision(msgspec.Struct, frozen=True, kw_only=True):
    """Of the frames guessed to show one condition: how many a person judged, and how many of these agreed."""

    judged: int
    agreed: int
    precision: float | None
    interval: tuple[float, float] | None


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """Every condition that was guessed, and how many rows nobody judged.

    The sample has as many frames of each condition as of any other, so the precisions stand each for itself;
    their mean over the sample is no figure of the data.
    """

    level: float
    not_judged: int
    conditions: dict[str, Precision]


def read_audit(path: Path, level: float = 0.95) -> Audit:
    """Read the table beside a sheet after a person filled it in.

    A cell `condition_by_hand` that is blank, or `unknown` (the person cannot say either), is not judged. Frames
    guessed `unknown` make no claim and have no precision.

    Args:
        path: a CSV file with the columns `image, condition, condition_by_hand`.
        level: of the Wilson intervals.

    Raises:
        DataError: the file cannot be read, lacks a column, or has a word that is no condition.
        ConfigError: `level` is outside (0, 1).
    """
    cells = read_cells(path, numbers=())
    for column in ("image", "condition", BY_HAND):
        if column not in cells.columns:
            raise DataError(f"has no column '{column}'", where=path, remedy="give the table beside a sheet")
    words = cells.select(
        "image", *(pl.col(name).str.strip_chars().str.to_lowercase() for name in ("condition", BY_HAND))
    )
    for image, guessed, by_hand in words.iter_rows():
        for word in (guessed, by_hand):
            if word and word not in CONDITIONS:
                near = difflib.get_close_matches(word[:_SHOWN], CONDITIONS, n=1, cutoff=0.0)[0]
                what = f"{image[:_SHOWN]!r} is called {word[:_SHOWN]!r}"
                raise DataError(what, where=path, remedy=f"write {near} (known: {', '.join(CONDITIONS)})")
    judged = words.filter(~pl.col(BY_HAND).is_in(["", "unknown"]))
    found = {}
    for name in (name for name in CONDITIONS if name != "unknown"):
        of_name = judged.filter(pl.col("condition") == name)
        agreed = int((of_name["condition"] == of_name[BY_HAND]).sum())
        interval = wilson_interval(agreed, of_name.height, level)
        precision = agreed / of_name.height if of_name.height else None
        if (words["condition"] == name).any():
            found[name] = Precision(judged=of_name.height, agreed=agreed, precision=precision, interval=interval)
    return Audit(level=level, not_judged=words.height - judged.height, conditions=found)


def wilson_interval(successes: int, trials: int, level: float = 0.95) -> tuple[float, float] | None:
    """Wilson's score interval of a share; None without trials.

    (p + z²/2n ± z·√(p(1 − p)/n + z²/4n²)) / (1 + z²/n) (Wilson 1927, *Probable inference, the law of succession, and
    statistical inference*).

    Raises:
        ConfigError: `level` is outside (0, 1).
    """
    if not 0.0 < level < 1.0:
        raise ConfigError(f"the level is {level}", where="level", remedy="give a share between 0 and 1, such as 0.95")
    if not trials:
        return None
    z = NormalDist().inv_cdf(0.5 + level / 2.0)
    share, per_trial = successes / trials, z * z / trials
    middle = share + per_trial / 2.0
    reach = z * math.sqrt(share * (1.0 - share) / trials + per_trial / (4.0 * trials))
    low, high = (middle - reach) / (1.0 + per_trial), (middle + reach) / (1.0 + per_trial)
    return max(0.0, min(low, share)), min(1.0, max(high, share))  # rounding must not put the share outside
