"""Sun glint: how brightly each pixel of the sea mirrors the sun, and which facets of it sparkle."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from wutdet.scenarios.keyed import generator
from wutdet.scenarios.light import FloatArray
from wutdet.scenarios.ranges import dip_rad, sea_range_m

if TYPE_CHECKING:
    from wutdet.scenarios.scene import Scene

WIND_M_S: Final = 5.0  # a moderate breeze's lower end: whitecaps are few
_LOWEST_SINE: Final = 0.08  # of the depression: nearer the horizon waves hide each other, the law diverges
_GRID: Final = 8  # pixels between points of the smooth field
_TEXTURE: Final = 1024  # points along a side of the repeated field of facets: a power of two
_FACET_M: Final = 0.12  # metres between its points
_NEAR_SPREAD: Final = 1.3  # of the logarithm of a facet's light, where single facets are seen
_FAR_SPREAD: Final = 0.8  # where a pixel averages many
_SPREAD_RANGE_M: Final = 600.0


@dataclass(frozen=True, slots=True)
class Sun:
    """Where the sun stands: azimuth from the frame's middle column, to the right, and elevation; radians."""

    azimuth_rad: float
    elevation_rad: float


def draw_sun(rng: np.random.Generator, hfov_deg: float) -> Sun:
    """A sun within the middle 70 % of the view, 12 to 35 degrees high."""
    azimuth = rng.uniform(-0.35, 0.35) * math.radians(hfov_deg)
    return Sun(azimuth, math.radians(rng.uniform(12.0, 35.0)))


def slope_variance(wind_m_s: float) -> float:
    """Mean-square slope of the sea, σ² = 0.003 + 0.00512·U, U in m/s at 12.5 m (Cox & Munk 1954)."""
    return 0.003 + 0.00512 * wind_m_s


def slope_density(tangent_squared: NDArray[np.float64], wind_m_s: float) -> NDArray[np.float64]:
    """p = e^(−tan²β/σ²) / (πσ²): density of facets of slope tan β, isotropic (Cox & Munk 1954)."""
    variance = slope_variance(wind_m_s)
    return np.exp(-tangent_squared / variance) / (math.pi * variance)


def mirror_density(
    azimuth_rad: NDArray[np.float64], depression_rad: NDArray[np.float64], sun: Sun, wind_m_s: float
) -> NDArray[np.float64]:
    """Relative radiance of glint seen at an azimuth and depression: p / (4·sin(depression)·cos⁴β).

    β is the tilt of the facet that mirrors the sun into the lens, the bisector of the two directions
    (Cox & Munk 1954); sin(depression) is held from below near the horizon. Arrays broadcast.
    """
    sine = np.sin(depression_rad)
    turn = azimuth_rad - sun.azimuth_rad
    # unit vectors from the water to the lens and to the sun; x towards the sun's azimuth
    lens_x, lens_y = -np.cos(depression_rad) * np.cos(turn), -np.cos(depression_rad) * np.sin(turn)
    x = lens_x + math.cos(sun.elevation_rad)
    y = lens_y + np.zeros_like(x)
    z = sine + math.sin(sun.elevation_rad)
    tangent_squared = (x**2 + y**2) / z**2
    cosine_squared = 1.0 / (1.0 + tangent_squared)
    density = slope_density(tangent_squared, wind_m_s)
    return density / (4.0 * np.maximum(sine, _LOWEST_SINE) * cosine_squared**2)


@lru_cache(maxsize=1)
def _facets() -> FloatArray:
    """(1024, 1024) float32 of unit variance that wraps around: ripples on longer waves."""
    rng = generator("wutdet", "facets")
    total = np.zeros((_TEXTURE, _TEXTURE), np.float32)
    for sigma, share in ((0.7, 0.8), (6.0, 0.45), (24.0, 0.4)):
        pad = int(4 * sigma) + 1
        white = np.pad(rng.standard_normal((_TEXTURE, _TEXTURE), dtype=np.float32), pad, mode="wrap")
        wave = np.asarray(cv2.GaussianBlur(white, (0, 0), 1.6 * sigma, sigmaY=sigma))[pad:-pad, pad:-pad]
        total += np.float32(share) * wave / wave.std()
    total /= total.std()
    return total


def glint_field(scene: Scene) -> tuple[FloatArray, int]:
    """Logarithm of each pixel's glint, and the first pixel row that it covers.

    Returns:
        field: (H − top, W) float32; −inf above the horizon and on ships.
        top: row of the field's first line; the image height when the frame shows no water.
    """
    height, width = scene.image.shape[:2]
    line = np.asarray(scene.horizon.row_at(np.arange(width) + 0.5, width))
    top = int(np.clip(math.ceil(float(line.min()) - 0.5), 0, height))
    if top == height:
        return np.zeros((0, width), np.float32), top
    rng = generator(scene.key, "glare", scene.seed)
    sun = draw_sun(rng, scene.camera.hfov_deg)
    field = _smooth_field(scene, sun, top)
    rows = np.arange(top, height) + 0.5
    middle = float(scene.horizon.row_at(width / 2, width))
    range_m = sea_range_m(np.asarray(rows - middle, dtype=np.float64), scene.camera, width)
    spread = _FAR_SPREAD + (_NEAR_SPREAD - _FAR_SPREAD) * np.exp(-range_m / _SPREAD_RANGE_M)
    sparkle = _facets_seen(range_m, scene.camera.focal_px(width), width, rng)
    sparkle *= np.asarray(spread, dtype=np.float32)[:, None]
    field += sparkle
    _mask(field, scene, line, top)
    return field, top


def _facets_seen(range_m: NDArray[np.float64], focal_px: float, width: int, rng: np.random.Generator) -> FloatArray:
    """(rows, W) float32: the field of facets as it lies on the water, one row of the frame at each range."""
    start = rng.integers(0, _TEXTURE, 2)
    across = ((np.arange(width) - width / 2.0) / (focal_px * _FACET_M)).astype(np.float32)
    column = np.multiply.outer(range_m.astype(np.float32), across).astype(np.int32)
    column += np.int32(start[0])
    column &= np.int32(_TEXTURE - 1)
    row = (range_m / _FACET_M + start[1]).astype(np.int32) & np.int32(_TEXTURE - 1)
    column += (row * _TEXTURE)[:, None]
    seen: FloatArray = _facets().ravel()[column]
    return seen


def _smooth_field(scene: Scene, sun: Sun, top: int) -> FloatArray:
    height, width = scene.image.shape[:2]
    focal_px = scene.camera.focal_px(width)
    shape = (max(2, (height - top) // _GRID), max(2, width // _GRID))
    x = (np.arange(shape[1]) + 0.5) * (width / shape[1])
    y = top + (np.arange(shape[0]) + 0.5) * ((height - top) / shape[0])
    below = np.subtract.outer(y, scene.horizon.row_at(x, width)) * scene.horizon.cos_roll(width)
    depression = dip_rad(scene.camera.height_m) + np.arctan(np.maximum(below, 0.0) / focal_px)
    azimuth = np.arctan((x - width / 2.0) / focal_px)[None, :]
    coarse = np.log(mirror_density(azimuth, depression, sun, WIND_M_S)).astype(np.float32)
    return np.array(cv2.resize(coarse, (width, height - top), interpolation=cv2.INTER_LINEAR))


def _mask(field: FloatArray, scene: Scene, line: NDArray[np.float64], top: int) -> None:
    """Take sky and ships out of the field, in place."""
    last = min(field.shape[0], math.ceil(float(line.max()) - 0.5) - top)
    if last > 0:
        rows = np.arange(top, top + last) + 0.5
        field[:last][rows[:, None] < line[None, :]] = -np.inf
    field[scene.ship_cover[top:] > 127] = -np.inf
