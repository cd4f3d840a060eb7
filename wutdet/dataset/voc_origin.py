"""Where the pixels of a VOC file begin: the convention is explicit, or decided from the data and reported."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from wutdet.errors import DataError


class VocOrigin(Enum):
    """How `xmin..xmax` of a VOC file maps to a 0-based half-open interval."""

    ONE = "1"
    """Pascal's own rule, 1-based inclusive: [xmin − 1, xmax)."""
    ZERO = "0"
    """0-based inclusive: [xmin, xmax + 1)."""
    ZERO_EXCLUSIVE = "0x"
    """0-based with an exclusive end: [xmin, xmax)."""

    @property
    def shifts(self) -> tuple[int, int]:
        """What to add to a minimum and to a maximum to get 0-based half-open coordinates."""
        return {"1": (-1, 0), "0": (0, 1), "0x": (0, 0)}[self.value]


@dataclass(frozen=True, slots=True)
class Decision:
    """The origin that is used and what was seen that speaks for it."""

    origin: VocOrigin
    evidence: str


def decide_origin(edges: ArrayLike, *, choice: str, where: Path) -> Decision:
    """Choose the origin from box edges (E, 3): min, max, side of the frame; two rows a box, one an axis.

    A minimum of 0 cannot be 1-based; a maximum equal to the side cannot be 0-based inclusive. Both together
    leave `0x`, unless boxes of a single pixel (min equal to max) would then be empty: that conflicts. Without
    evidence Pascal's own rule holds.

    Raises:
        DataError: the evidence rules out every origin, or the one that was asked for.
    """
    low, high, side = np.asarray(edges, np.float64).reshape(-1, 3).T
    zeros, full, single = (int(seen.sum()) for seen in (low == 0, high == side, low == high))
    seen = f"{zeros} zero minima, {full} maxima at the frame's side, {single} sides of one pixel"
    if choice != "auto":
        origin = VocOrigin(choice)
        impossible = (origin is VocOrigin.ONE and zeros) or (origin is VocOrigin.ZERO and full)
        if impossible:
            raise DataError(
                f"VOC origin {choice} is impossible here ({seen})",
                where=where,
                remedy="choose another --voc-origin, or auto",
            )
        return Decision(origin, f"given ({seen})")
    if zeros and full and single:
        raise DataError(
            f"conflicting evidence about the VOC origin ({seen})",
            where=where,
            remedy="look at a few boxes and give --voc-origin 1, 0 or 0x",
        )
    if zeros and full:
        return Decision(VocOrigin.ZERO_EXCLUSIVE, seen)
    if zeros:
        return Decision(VocOrigin.ZERO, seen)
    return Decision(VocOrigin.ONE, seen)
