"""How much of each ship is left to see: its contrast against what surrounds it."""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from wutdet.scenarios.light import LINEAR, LUMINANCE, Image

_RING_SHARE: Final = 0.5  # width of the ring, as a share of the box's √area
_RING_PX: Final = (2, 32)


def box_contrast(image: Image, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) float64: |mean luminance in the box − mean luminance of the ring around it|, in linear light.

    A difference, not a ratio: 0 is gone, 1 is white on black. The ring is half the box's √area wide, 2 to
    32 px. NaN where the box or its ring has no pixel in the frame.

    Args:
        image: (H, W, 3) uint8 RGB.
        boxes: (N, 4) xyxy, 0-based continuous pixels.
    """
    return np.array([_one(image, *box) for box in boxes.tolist()], dtype=np.float64).reshape(len(boxes))


def _one(image: Image, xmin: float, ymin: float, xmax: float, ymax: float) -> float:
    height, width = image.shape[:2]
    x0, x1 = max(0, math.floor(xmin)), min(width, math.ceil(xmax))
    y0, y1 = max(0, math.floor(ymin)), min(height, math.ceil(ymax))
    if x1 <= x0 or y1 <= y0:
        return math.nan
    ring = round(min(max(_RING_SHARE * math.sqrt((x1 - x0) * (y1 - y0)), _RING_PX[0]), _RING_PX[1]))
    left, above = max(0, x0 - ring), max(0, y0 - ring)
    outer = image[above : min(height, y1 + ring), left : min(width, x1 + ring)]
    inner_pixels, outer_pixels = (x1 - x0) * (y1 - y0), outer.shape[0] * outer.shape[1]
    if outer_pixels == inner_pixels:
        return math.nan
    linear = np.asarray(cv2.LUT(outer, LINEAR.reshape(1, 256)))
    inner_sum = np.array(cv2.sumElems(linear[y0 - above : y1 - above, x0 - left : x1 - left])[:3]) @ LUMINANCE
    outer_sum = np.array(cv2.sumElems(linear)[:3]) @ LUMINANCE
    ring_mean = (outer_sum - inner_sum) / (outer_pixels - inner_pixels)
    return float(abs(inner_sum / inner_pixels - ring_mean))
