"""The pixel origin of a part that may hold wrong boxes: decided all the same, with its doubts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wutdet.dataset.audit.findings import Finding, finding
from wutdet.dataset.voc import OriginChoice
from wutdet.dataset.voc_origin import VocOrigin, decide_origin
from wutdet.dataset.voc_scan import RawColumns
from wutdet.errors import DataError

_WHERE: Final = "Annotations"
_PILE: Final = 20
"""So many maxima one pixel short of the side, and none at it, are no accident."""


@dataclass(frozen=True, slots=True)
class ChosenOrigin:
    """The origin that boxes are read with."""

    origin: VocOrigin
    evidence: str
    findings: tuple[Finding, ...]


def choose_origin(scanned: RawColumns, *, choice: OriginChoice, where: Path) -> ChosenOrigin:
    """The origin that a load would decide on; where it would refuse to, the one that spoils the fewest boxes.

    Annotators clip at the frame, so extremes pile up: at 1 and the side where pixels are counted from 1, at 0 and
    the side less 1 where they are counted from 0, at 0 and the side where the end is exclusive. A decision that
    rests on a few boxes against such a pile is reported as doubtful.
    """
    lows, highs, sides = _edges(scanned)
    telling = (lows == 0) | (highs == sides) | (lows == highs)
    edges = np.column_stack([lows, highs, sides])[telling]
    try:
        decision = decide_origin(edges, choice=choice, where=where)
    except DataError as error:
        if choice != "auto":
            return ChosenOrigin(VocOrigin(choice), f"given, although {error.what}", ())
        origin = min(VocOrigin, key=lambda origin: _spoiled(origin, lows, highs, sides))
        message = f"{error.what}; read as {origin.value}, which spoils the fewest boxes"
        return ChosenOrigin(origin, message, (finding("origin-conflict", _WHERE, message),))
    if choice != "auto":
        return ChosenOrigin(decision.origin, decision.evidence, ())
    doubt = _doubt(decision.origin, lows, highs, sides)
    found = (finding("doubtful-origin", _WHERE, doubt),) if doubt else ()
    return ChosenOrigin(decision.origin, decision.evidence, found)


def _edges(scanned: RawColumns) -> tuple[NDArray[np.float64], ...]:
    """(2N,) minima, maxima and frame sides along both axes, of every box in a frame of known size."""
    sizes = scanned.files.select(pl.col("width", "height").cast(pl.Float64).fill_null(np.nan)).to_numpy()
    own = sizes[scanned.objects["file"].to_numpy()]
    both = [
        np.concatenate([scanned.objects[name].to_numpy() for name in names])
        for names in (("xmin", "ymin"), ("xmax", "ymax"))
    ]
    sides = own.T.reshape(-1)
    known = sides >= 1
    return both[0][known], both[1][known], sides[known]


def _spoiled(
    origin: VocOrigin, lows: NDArray[np.float64], highs: NDArray[np.float64], sides: NDArray[np.float64]
) -> int:
    low, high = origin.shifts
    return int(((lows + low < 0) | (highs + high > sides) | (lows + low >= highs + high)).sum())


def _doubt(
    origin: VocOrigin, lows: NDArray[np.float64], highs: NDArray[np.float64], sides: NDArray[np.float64]
) -> str | None:
    zeros, ones = int((lows == 0).sum()), int((lows == 1).sum())
    full, last = int((highs == sides).sum()), int((highs == sides - 1).sum())
    seen = f"{zeros} minima at 0 and {ones} at 1, {full} maxima at the side and {last} one pixel short of it"
    short = full < last if origin is VocOrigin.ZERO_EXCLUSIVE else full == 0 and last >= _PILE
    if origin is VocOrigin.ONE:
        return f"read as 1, but {seen}" if short and ones < last else None
    if ones > zeros or (origin is VocOrigin.ZERO_EXCLUSIVE and short):
        return f"read as {origin.value}, but {seen}"
    return None
