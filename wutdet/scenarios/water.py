"""Where a frame shows water, and not sky, ship or shore."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from wutdet.scenarios.light import Plane

if TYPE_CHECKING:
    from wutdet.scenarios.scene import Scene


_WATER_BESIDE_SHIP: Final = np.clip(4.0 * (192.0 - np.arange(256)), 0.0, 255.0).astype(np.uint8)
"""Of the cover by ships, which reaches a little over their edge: up to half of it is all water."""


def first_water_row(scene: Scene) -> int:
    """The first row with a pixel centre below the horizon; the image height when there is none."""
    height, width = scene.image.shape[:2]
    line = scene.horizon.row_at(np.array([0.5, width - 0.5]), width)
    return int(np.clip(math.ceil(float(line.min()) - 0.5), 0, height))


def water_plane(scene: Scene, top: int) -> Plane:
    """(H − top, W) uint8: 255 on water, 0 on sky and ships, between them at a ship's soft edge."""
    height, width = scene.image.shape[:2]
    water = np.array(cv2.LUT(scene.ship_cover[top:], _WATER_BESIDE_SHIP), dtype=np.uint8)
    line = scene.horizon.row_at(np.arange(width) + 0.5, width)
    last = min(height - top, math.ceil(float(line.max()) - 0.5) - top)
    if last > 0:
        rows = np.arange(top, top + last) + 0.5
        water[:last][rows[:, None] < line[None, :]] = 0
    return water
