"""The visible sea horizon: a straight line, given or found."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wutdet.errors import DataError


@dataclass(frozen=True, slots=True)
class Horizon:
    """A line across the frame, in continuous pixel rows (row 430.0 is the top edge of pixel row 430).

    Args:
        row_left: its row at x = 0.
        row_right: its row at x = image width.
        confidence: 0 to 1; 1 for a line that was given. Rows may lie outside the frame.

    Raises:
        DataError: a row is not a finite number.
    """

    row_left: float
    row_right: float
    confidence: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a line that is nowhere."""
        if not (math.isfinite(self.row_left) and math.isfinite(self.row_right)):
            raise DataError(
                f"the horizon rows are {self.row_left} and {self.row_right}",
                where="horizon",
                remedy="give finite pixel rows, or none to have the horizon found",
            )

    @classmethod
    def level(cls, row: float) -> Horizon:
        """A horizon without tilt."""
        return cls(float(row), float(row))

    @property
    def is_level(self) -> bool:
        """Whether both ends lie on one row."""
        return self.row_left == self.row_right

    def row_at(self, x: ArrayLike, width: int) -> NDArray[np.float64]:
        """The row, float64, of the line at the continuous columns `x` of an image `width` pixels wide."""
        share = np.asarray(x, dtype=np.float64) / width
        return self.row_left + (self.row_right - self.row_left) * share

    def cos_roll(self, width: int) -> float:
        """Pixels across the line for each pixel down: the cosine of the camera's roll."""
        return width / math.hypot(width, self.row_right - self.row_left)
