"""Where in the frame a false alarm stands: on the water, on the land band along the horizon, or in the sky."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

WATER: Final = 0
LAND: Final = 1
SKY: Final = 2
UNKNOWN: Final = 3
BAND_NAMES: Final = ("water", "land", "sky", "unknown")
"""The names of the bands, by their numbers."""
TOLERANCE_SHARE: Final = 0.02
"""Half the height of the land band, as a share of the frame's height.

A camera 15 m high and 60° wide, on frames of 1920 x 1080, sees the waterline of what stands 1 km away 21 px below its
visible horizon, 2.0 % of the height: coasts, quays and skylines are mostly farther. A roll of 1° lifts and lowers the
ends of the horizon by 17 px, 1.6 %, which a single horizon row for the frame does not know."""


def foot_band(bottom_px: ArrayLike, horizon_px: ArrayLike, tolerance_px: ArrayLike) -> NDArray[np.int8]:
    """The band in which the foot of each box stands.

    More than the tolerance below the horizon is water, more than that above it sky. Between them is the land band:
    what stands on the horizon, such as coast, quay and skyline. Ships far out have their feet there too.

    Args:
        bottom_px: lower edge of each box, in continuous rows from the top of the frame.
        horizon_px: row of the horizon, in the same rows; NaN where there is none. It may lie outside the frame.
        tolerance_px: how far from the horizon the land band reaches, usually `TOLERANCE_SHARE` of the frame's height.

    Returns:
        int8 of the shape to which the arguments broadcast: `WATER`, `LAND`, `SKY`, or `UNKNOWN` where one of them is
        not finite.
    """
    bottom, horizon, tolerance = (np.asarray(column, np.float64) for column in (bottom_px, horizon_px, tolerance_px))
    with np.errstate(invalid="ignore", over="ignore"):
        below_px = bottom - horizon
    known = np.isfinite(bottom) & np.isfinite(horizon) & np.isfinite(tolerance)
    band = np.select([~known, below_px > tolerance, below_px < -tolerance], [UNKNOWN, WATER, SKY], LAND)
    return np.asarray(band, np.int8)
