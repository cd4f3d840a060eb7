"""Whether what lies above a curve could be sky or a far coast, and what lies below it water: strip by strip."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from wutdet.scenarios.horizon_curve import PLACES, STRIPS, Curve
from wutdet.scenarios.light import Image

_NEAR_PX: Final = 1.0  # at 1080 rows
_NEAR_FLOOR_PX: Final = 0.7
_RIDGE_SHARE: Final = 0.25  # of the strips
_LOWEST: Final = 0.03  # of the height: a shore as near to the ridge may be another try at the same line
_TALLEST: Final = 0.12  # of the height: what is dark farther down is water, and its lower end a beach
_LAND: Final = (-0.020, -0.006)  # shares of the height: a coast that stands taller than 0.6 % is no far one
_ABOVE: Final = (-0.012, -0.003)
_BELOW: Final = (0.003, 0.012)
_SKY: Final = (-0.120, -0.080)
_DARK: Final = 0.66  # of the sky's grey level; air as clear as 30 km lifts a black coast 5 km off to about this
_LASTING: Final = 0.2  # of the step at the edge that must last over 0.3 to 1.2 %: else it is a streak or a thin line
_LASTING_FLOOR: Final = 2.0  # grey levels
_ROUGH: Final = 2.2  # grey levels between columns of water, over those of the sky
_ROUGH_PER_NOISE: Final = 1.5
_ROUGH_PER_BOAT: Final = 0.7  # boats on the line are as rough above it as below, woods against the sky are not
_MOST_FOR_BOATS: Final = 2.0
_UNEVEN: Final = 3.0  # grey levels by which water may differ from the mean of its neighbours left and right
_COLUMNS: Final = 8  # looked at in each strip
_ROWS: Final = 6  # averaged in each band
_SKY_ROWS: Final = 15
_LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32)


def witnesses(image: Image, strips: NDArray[np.uint8], curve: Curve) -> NDArray[np.bool_]:
    """(64,) bool: strips whose edge lies on the curve to 1 px, with sky or far coast above it and water below.

    Args:
        image: (H, W, 3) uint8 RGB.
        strips: (H, 64, 3) uint8: the same, squeezed.
    """
    near = np.abs(curve.off_px) <= max(_NEAR_FLOOR_PX, _NEAR_PX * strips.shape[0] / 1080.0)
    seen = _no_near_coast(strips, curve) & _lasts(strips, curve) & _smooth_water(image, strips, curve)
    return np.asarray(curve.on_it & near & seen)


def may_be_land(strips: NDArray[np.uint8], curve: Curve) -> bool:
    """Whether it is as dark below the curve as land that stands close."""
    return bool((_dark_below(strips, curve) & curve.on_it).mean() >= _RIDGE_SHARE)


def stands_on_land(strips: NDArray[np.uint8], upper: Curve, lower: Curve) -> bool:
    """Whether dark land reaches from one curve down to another: the upper is then a ridge, the lower its shore."""
    shore = _light(strips, lower.rows, _LAND) < _DARK * _sky_light(strips, upper.rows)
    down = (lower.rows - upper.rows) / strips.shape[0]
    both = upper.on_it & lower.on_it & (down > _LOWEST) & (down < _TALLEST)
    return bool((_dark_below(strips, upper) & shore & both).mean() >= _RIDGE_SHARE)


def _dark_below(strips: NDArray[np.uint8], curve: Curve) -> NDArray[np.bool_]:
    return _light(strips, curve.rows, _BELOW) < _DARK * _sky_light(strips, curve.rows)


def _no_near_coast(strips: NDArray[np.uint8], curve: Curve) -> NDArray[np.bool_]:
    """Whether it is nowhere near as dark above the curve as land that stands close."""
    return _light(strips, curve.rows, _LAND) >= _DARK * _sky_light(strips, curve.rows)


def _lasts(strips: NDArray[np.uint8], curve: Curve) -> NDArray[np.bool_]:
    """Whether the colour stays changed below the edge, and in most strips in the same direction."""
    change = (_band(strips, curve.rows, _BELOW) - _band(strips, curve.rows, _ABOVE)) @ curve.colour
    sign = np.sign(np.median(change[curve.on_it]))
    return np.asarray(sign * change >= np.maximum(_LASTING_FLOOR, _LASTING * curve.step))


def _smooth_water(image: Image, strips: NDArray[np.uint8], curve: Curve) -> NDArray[np.bool_]:
    """Whether it is as even from column to column below the edge as water far out, noise allowed for."""
    rough_above = _roughness(image, curve.rows, _LAND)
    noise = float(np.median(_roughness(image, curve.rows, _SKY)))
    rough = _roughness(image, curve.rows, _BELOW)
    below = _light(strips, curve.rows, _BELOW)
    padded = np.concatenate([below[:1], below, below[-1:]])
    uneven = np.abs(below - (padded[:-2] + padded[2:]) / 2.0)
    allowance = _ROUGH_PER_NOISE * noise + np.clip(_ROUGH_PER_BOAT * (rough_above - noise), 0.0, _MOST_FOR_BOATS)
    return np.asarray((rough <= _ROUGH + allowance) & (uneven <= _UNEVEN + allowance))


def _sky_light(strips: NDArray[np.uint8], rows: NDArray[np.float64]) -> NDArray[np.float32]:
    """(64,): median grey level from the top of the frame to just above the curve."""
    upto = np.maximum(rows - 0.01 * strips.shape[0], 1.0)
    looked_at = (upto[:, None] * ((np.arange(_SKY_ROWS) + 0.5) / _SKY_ROWS)).astype(np.intp)
    grey = strips[looked_at, np.arange(STRIPS)[:, None]] @ _LUMA
    return np.asarray(np.sort(grey, axis=1)[:, _SKY_ROWS // 2])


def _light(strips: NDArray[np.uint8], rows: NDArray[np.float64], shares: tuple[float, float]) -> NDArray[np.float32]:
    """(64,): mean grey level of each strip between two distances from the curve."""
    return np.asarray(_band(strips, rows, shares) @ _LUMA)


def _band(strips: NDArray[np.uint8], rows: NDArray[np.float64], shares: tuple[float, float]) -> NDArray[np.float32]:
    """(64, 3): mean colour of each strip between two distances from the curve."""
    band = strips[_band_rows(rows, shares, strips.shape[0]), np.arange(STRIPS)[:, None]]
    return np.asarray(band.mean(axis=1, dtype=np.float32))


def _roughness(image: Image, rows: NDArray[np.float64], shares: tuple[float, float]) -> NDArray[np.float32]:
    """(64,): mean difference of green between columns side by side, each averaged down the band."""
    height, width = image.shape[:2]
    inside = (np.arange(_COLUMNS) + 0.5) / _COLUMNS - 0.5
    column = ((PLACES[:, None] + 0.5 + inside[None, :] / STRIPS) * width).astype(np.intp)
    band = image[_band_rows(rows, shares, height)[:, :, None], column[:, None, :], 1]
    return np.asarray(np.abs(np.diff(band.mean(axis=1, dtype=np.float32), axis=1)).mean(axis=1))


def _band_rows(rows: NDArray[np.float64], shares: tuple[float, float], height: int) -> NDArray[np.intp]:
    """(64, 6): pixel rows spread evenly between two distances from the curve, kept inside the frame."""
    offsets = np.linspace(shares[0] * height, shares[1] * height, _ROWS)
    return np.clip(np.floor(rows[:, None] + offsets), 0, height - 1).astype(np.intp)
