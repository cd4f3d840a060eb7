"""Airlight: the colour that everything takes on when the air between is thick enough."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from wutdet.scenarios.horizon import Horizon
from wutdet.scenarios.light import LINEAR, LUMINANCE, Image

_BAND: Final = 0.04  # height of a band, as a share of the frame's height
_BANDS: Final = 12  # searched upward from the horizon: a wooded shore can fill a quarter of the frame
_GAP_PX: Final = 1.0  # above the horizon, so that no sea is counted
_SATURATED: Final = 250  # 8-bit value from which a pixel is glare
_COAST: Final = 0.6  # a band darker than this share of the brightest one is coast, not sky
_COLUMNS: Final = 128  # sampled across the frame
_ROWS: Final = 16  # sampled of a band
_MIN_PIXELS: Final = 64


def find_airlight(image: Image, horizon: Horizon, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3,) float64 linear RGB: per-channel median of a band just above the horizon, glare and ships left out.

    Where hills or houses stand on the horizon the band is dark and is not what haze looks like: then the
    lowest band above it counts that is nearly as bright as the brightest. Without any sky in the frame the
    brightest tenth of the frame stands in.

    Args:
        image: (H, W, 3) uint8 RGB.
        horizon: the visible horizon.
        boxes: (N, 4) xyxy of the ships.
    """
    height, width = image.shape[:2]
    columns = np.linspace(0.5, width - 0.5, min(width, _COLUMNS)).astype(np.intp)
    depth = max(2, round(_BAND * height))
    bottom = np.floor(horizon.row_at(columns + 0.5, width) - _GAP_PX).astype(np.intp)
    medians = []
    for band in range(_BANDS):
        up = np.linspace(band * depth + 1, (band + 1) * depth, min(depth, _ROWS)).astype(np.intp)
        rows = bottom[None, :] - up[:, None]
        sky = _usable(image, rows, np.broadcast_to(columns, rows.shape), boxes)
        if sky.shape[0] >= _MIN_PIXELS:
            medians.append(LINEAR[np.median(sky, axis=0).astype(np.intp)].astype(np.float64))
    if not medians:
        return _brightest(image)
    brightness = np.array(medians) @ LUMINANCE
    return np.asarray(medians[int(np.argmax(brightness >= _COAST * brightness.max()))])


def _usable(
    image: Image, rows: NDArray[np.intp], columns: NDArray[np.intp], boxes: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """(n, 3) pixels inside the frame that are neither glare nor in a ship's box."""
    keep = (rows >= 0) & (rows < image.shape[0])
    rows, columns = rows[keep], columns[keep]
    pixels: NDArray[np.uint8] = image[rows, columns]
    keep = pixels.max(axis=1, initial=0) < _SATURATED
    for xmin, ymin, xmax, ymax in boxes:
        keep &= ~((columns + 1 > xmin) & (columns < xmax) & (rows + 1 > ymin) & (rows < ymax))
    return np.asarray(pixels[keep])


def _brightest(image: Image) -> NDArray[np.float64]:
    step = max(1, min(image.shape[:2]) // 128)
    linear = LINEAR[image[::step, ::step].reshape(-1, 3)].astype(np.float64)
    brightness = linear @ LUMINANCE
    return np.asarray(np.median(linear[brightness >= np.quantile(brightness, 0.9)], axis=0))
