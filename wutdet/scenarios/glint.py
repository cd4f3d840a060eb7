"""Sun glint: how brightly each part of the sea mirrors the sun into the lens."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from wutdet.scenarios.ranges import dip_rad

if TYPE_CHECKING:
    from wutdet.scenarios.ambient import Ambient
    from wutdet.scenarios.scene import Scene

_LOWEST_SINE: Final = 0.08  # of the depression: nearer the horizon waves hide each other, the law diverges
_REFRACTION: Final = 1.34  # index of sea water in visible light
_GRID_PX: Final = (8, 16)  # rows and columns between points of the field
_MIDDLE: Final = 0.35  # of the view to either side: where a drawn sun stands
_DRAWN_ELEVATION_DEG: Final = (12.0, 35.0)


@dataclass(frozen=True, slots=True)
class Sun:
    """Where the sun stands: azimuth from the frame's middle column, to the right, and elevation; radians."""

    azimuth_rad: float
    elevation_rad: float


def find_sun(rng: np.random.Generator, ambient: Ambient, hfov_deg: float) -> Sun:
    """The sun of `ambient`; what it leaves open is drawn: in the middle 70 % of the view, 12 to 35 degrees high.

    Both are drawn in any case, so that giving one does not move the other.
    """
    azimuth_deg = rng.uniform(-_MIDDLE, _MIDDLE) * hfov_deg
    elevation_deg = rng.uniform(*_DRAWN_ELEVATION_DEG)
    if ambient.sun_azimuth_deg is not None:
        azimuth_deg = ambient.sun_azimuth_deg
    if ambient.sun_elevation_deg is not None:
        elevation_deg = ambient.sun_elevation_deg
    return Sun(math.radians(azimuth_deg), math.radians(elevation_deg))


def slope_variance(wind_m_s: float) -> float:
    """Mean-square slope of the sea, σ² = 0.003 + 0.00512·U, U in m/s at 12.5 m (Cox & Munk 1954)."""
    return 0.003 + 0.00512 * wind_m_s


def reflectance(cos_incidence: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of unpolarised light that water mirrors at an angle of incidence, in [0, 1] (Fresnel)."""
    cos_within = np.sqrt(1.0 - (1.0 - cos_incidence**2) / _REFRACTION**2)
    across = (cos_incidence - _REFRACTION * cos_within) / (cos_incidence + _REFRACTION * cos_within)
    along = (_REFRACTION * cos_incidence - cos_within) / (_REFRACTION * cos_incidence + cos_within)
    share: NDArray[np.float64] = (across**2 + along**2) / 2.0
    return share


def log_mirror_density(
    azimuth_rad: NDArray[np.float64], depression_rad: NDArray[np.float64], sun: Sun, wind_m_s: float
) -> NDArray[np.float64]:
    """Logarithm of the relative radiance of glint at an azimuth and depression: ρ(ω)·p / (4·sin(depression)·cos⁴β).

    ω is half the angle between lens and sun as seen from the water, and ρ its `reflectance`. β is the tilt of the
    facet that mirrors the sun into the lens, the bisector of the two directions, and p = e^(−tan²β/σ²) / (πσ²) the
    density of such facets (Cox & Munk 1954, isotropic). sin(depression) is held from below near the horizon. Arrays
    broadcast; depressions are above 0. A logarithm, because away from the sun the density is smaller than any number.
    """
    sine = np.sin(depression_rad)
    turn = azimuth_rad - sun.azimuth_rad
    level = np.cos(depression_rad) * np.cos(turn)
    # unit vectors from the water to the lens and to the sun; x towards the sun's azimuth
    x = math.cos(sun.elevation_rad) - level
    y = np.cos(depression_rad) * np.sin(turn)
    z = sine + math.sin(sun.elevation_rad)
    tangent_squared = (x**2 + y**2) / z**2
    variance = slope_variance(wind_m_s)
    log_density = -tangent_squared / variance - math.log(math.pi * variance)
    cos_double = math.sin(sun.elevation_rad) * sine - math.cos(sun.elevation_rad) * level
    mirrored = np.log(reflectance(np.sqrt((1.0 + cos_double) / 2.0)))
    shadowed = np.log(4.0 * np.maximum(sine, _LOWEST_SINE))
    field: NDArray[np.float64] = log_density + mirrored - shadowed + 2.0 * np.log1p(tangent_squared)
    return field


def glint_field(scene: Scene, sun: Sun, top: int) -> NDArray[np.float32]:
    """(rows, columns) float32: `log_mirror_density` of the frame's rows from `top` down, on a coarse grid."""
    height, width = scene.image.shape[:2]
    focal_px = scene.camera.focal_px(width)
    rows, columns = max(2, (height - top) // _GRID_PX[0]), max(2, width // _GRID_PX[1])
    x = (np.arange(columns) + 0.5) * (width / columns)
    y = top + (np.arange(rows) + 0.5) * ((height - top) / rows)
    below = np.subtract.outer(y, scene.horizon.row_at(x, width)) * scene.horizon.cos_roll(width)
    below *= scene.camera.cos_azimuth(x, width)
    depression = dip_rad(scene.camera.height_m) + np.arctan(np.maximum(below, 0.0) / focal_px)
    azimuth = np.arctan((x - width / 2.0) / focal_px)[None, :]
    return log_mirror_density(azimuth, depression, sun, scene.ambient.wind_m_s).astype(np.float32)
