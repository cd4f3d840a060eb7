"""The camera: a pinhole above a curved sea.

The world is seen in camera axes: X metres to the right, D metres forward (the range), Z metres above the
sea. Columns and rows are continuous pixel coordinates: the first pixel covers 0..1.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin, sqrt, tan
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

HEIGHT_M: Final = 15.0  # the project's nominal camera; the one of WUTDet is unknown
HFOV_DEG: Final = 60.0
EARTH_RADIUS_M: Final = 6_371_000.0


def focal_px(width_px: int) -> float:
    """Return the focal length in pixels: f = (W / 2) / tan(hfov / 2)."""
    return width_px / 2 / tan(radians(HFOV_DEG / 2))


@dataclass(frozen=True, slots=True)
class View:
    """Where the camera looks from in one frame; roll is 0.

    Args:
        width: image width in pixels.
        height: image height in pixels.
        level_row: row of the true horizontal (what a small pitch of the camera moves).
        height_m: camera height above the sea (nominal height and heave).
        yaw_rad: turn to the right of the sequence's mean course.
    """

    width: int
    height: int
    level_row: float
    height_m: float
    yaw_rad: float

    @property
    def focal(self) -> float:
        """Focal length in pixels."""
        return focal_px(self.width)

    @property
    def horizon_range_m(self) -> float:
        """Range of the visible sea horizon: sqrt(2 R h)."""
        return sqrt(2 * EARTH_RADIUS_M * self.height_m)

    @property
    def horizon_row(self) -> float:
        """Row of the visible sea horizon: sqrt(2 h / R) below the true horizontal."""
        return self.level_row + self.focal * sqrt(2 * self.height_m / EARTH_RADIUS_M)

    def row(self, range_m: Array | float, z_m: Array | float = 0.0) -> Array:
        """Return the row of a point z_m above the sea: depression (h - z) / d + d / (2 R)."""
        d = np.asarray(range_m, dtype=np.float64)
        depression = (self.height_m - np.asarray(z_m, dtype=np.float64)) / d + d / (2 * EARTH_RADIUS_M)
        return np.asarray(self.level_row + self.focal * depression, dtype=np.float64)

    def column(self, right_m: Array | float, range_m: Array | float) -> Array:
        """Return the column of a point at X = right_m, D = range_m."""
        slant = np.asarray(right_m, dtype=np.float64) / np.asarray(range_m, dtype=np.float64)
        return np.asarray(self.width / 2 + self.focal * slant, dtype=np.float64)

    def turned(self, right_m: Array, range_m: Array) -> tuple[Array, Array]:
        """Turn points from the axes of the mean course into those of the camera."""
        c, s = cos(self.yaw_rad), sin(self.yaw_rad)
        return right_m * c - range_m * s, right_m * s + range_m * c

    def sea_range(self, rows: Array) -> Array:
        """Return the range in metres of the sea seen at rows below the horizon (the inverse of `row`).

        With a = depression, h / d + d / (2 R) = a has the near solution d = R (a - sqrt(a² - 2 h / R)).
        """
        a = (rows - self.level_row) / self.focal
        root = np.sqrt(np.maximum(a * a - 2 * self.height_m / EARTH_RADIUS_M, 0.0))
        return np.asarray(EARTH_RADIUS_M * (a - root))
