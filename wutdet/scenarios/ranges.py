"""How far away everything in a frame is: sea by its row, each ship by its waterline, the sky by convention."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from wutdet.scenarios.camera import Camera
from wutdet.scenarios.horizon import Horizon
from wutdet.scenarios.light import Plane, look_up_plane

EARTH_RADIUS_M: Final = 6_371_000.0  # IUGG mean radius

FARTHEST_M: Final = 3_000.0
"""Nothing is drawn farther than this: sky, clouds, coast, and the sea and ships beyond it.

A uniform fog that filled an endless path would leave no sky at any visibility; real fog is a layer, and the
path through it ends. At 3 km the sky keeps 11 % of its contrast at a visibility of 4 km (faint clouds and
coast) and loses all of it from 1 km down; and sea and sky meet at one value, so the horizon shows no seam.
"""

_STEPS_PER_PX: Final = 16  # of the table of levels by distance below the horizon
_COLUMNS_PX: Final = 8  # from one column to the next of ranges under a level horizon
_TOP_LEVEL: Final = 255


def dip_rad(height_m: float) -> float:
    """How far the visible sea horizon lies below the true horizontal: √(2h/R)."""
    return math.sqrt(2.0 * height_m / EARTH_RADIUS_M)


def sea_range_m(below_px: NDArray[np.float64], camera: Camera, width: int) -> NDArray[np.float64]:
    """Range in metres of the sea `below_px` pixels below the *visible* horizon, over a curved earth.

    θ = √(2h/R) + Δy/f is the depression below the true horizontal, and d = R(θ − √(θ² − 2h/R)) is where that
    ray first meets the parabola d²/2R by which the sea drops away. At Δy = 0 it is the horizon, √(2hR).
    On or above the horizon (Δy <= 0) the horizon's own range is returned. Nothing is capped here.

    Args:
        below_px: pixels below the visible horizon in the middle column, any shape; of a pixel in another column
            times the `cos_azimuth` of that.
        camera: height and field of view.
        width: image width in pixels.
    """
    dip = dip_rad(camera.height_m)
    theta = dip + np.maximum(below_px, 0.0) / camera.focal_px(width)
    # R(θ − √(θ² − 2h/R)) = 2h / (θ + √(θ² − 2h/R)), without the difference of near-equal numbers
    return 2.0 * camera.height_m / (theta + np.sqrt(np.maximum(theta**2 - dip**2, 0.0)))


def ship_ranges_m(boxes: NDArray[np.float64], horizon: Horizon, camera: Camera, width: int) -> NDArray[np.float64]:
    """Range in metres of each ship: that of its waterline, the bottom edge of its box, at most `FARTHEST_M`.

    Args:
        boxes: (N, 4) float64 xyxy, 0-based continuous pixels.
        horizon: the visible sea horizon.
        camera: height and field of view.
        width: image width in pixels.

    Returns:
        (N,) float64. A ship whose foot is at or above the horizon stands at `FARTHEST_M`.
    """
    middles = (boxes[:, 0] + boxes[:, 2]) / 2.0
    below = (boxes[:, 3] - horizon.row_at(middles, width)) * horizon.cos_roll(width)
    below *= camera.cos_azimuth(middles, width)
    return np.minimum(sea_range_m(below, camera, width), FARTHEST_M)


@dataclass(frozen=True, slots=True)
class RangeLevels:
    """256 ranges from `nearest_m` to `farthest_m` in equal ratios.

    A frame spans about two decades of range, so neighbours differ by some 2 %: at worst 0.004 of
    transmittance to the nearest level, under one grey level after encoding.
    """

    nearest_m: float
    farthest_m: float = FARTHEST_M

    @property
    def _per_log(self) -> float:
        return _TOP_LEVEL / math.log(self.farthest_m / self.nearest_m)

    def level(self, range_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Fractional levels, float64 in [0, 255], of ranges in metres."""
        return np.clip(np.log(range_m / self.nearest_m) * self._per_log, 0.0, float(_TOP_LEVEL))

    def ranges_m(self) -> NDArray[np.float64]:
        """(256,) float64: the range of every level."""
        return self.nearest_m * np.exp(np.arange(_TOP_LEVEL + 1) / self._per_log)


def sea_levels(levels: RangeLevels, horizon: Horizon, camera: Camera, height: int, width: int) -> Plane:
    """(H, W) uint8: the range level of sea and sky at every pixel centre, without ships.

    Under a level horizon a range changes so slowly along a row that columns between are interpolated.
    """
    below_px = np.arange(65536) / _STEPS_PER_PX
    table = np.rint(levels.level(np.minimum(sea_range_m(below_px, camera, width), FARTHEST_M))).astype(np.uint8)
    plane = np.full((height, width), table[0], np.uint8)
    count = math.ceil(width / _COLUMNS_PX) if horizon.is_level else width
    x = (np.arange(count) + 0.5) * (width / count)
    line = horizon.row_at(x, width)
    top = int(np.clip(math.floor(float(line.min())), 0, height))
    if top < height:
        steps = _STEPS_PER_PX * horizon.cos_roll(width) * camera.cos_azimuth(x, width)
        below = np.multiply.outer(np.arange(top, height, dtype=np.float32) + np.float32(0.5), steps.astype(np.float32))
        below -= (line * steps - 0.5).astype(np.float32)  # half a step more: what follows rounds down
        np.clip(below, 0.0, 65535.0, out=below)
        known = look_up_plane(below.astype(np.uint16), table)
        cv2.resize(known, (width, height - top), dst=plane[top:], interpolation=cv2.INTER_LINEAR)
    return plane
