"""The sea: wave slopes on a curved sea turn each pixel's view into a share of sky and of water."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, sin
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from wutdet.sample.geometry import View
from wutdet.sample.light import Light
from wutdet.sample.textures import TILE, WAVES_PER_TILE, Field, sample, wave_field

Image = NDArray[np.float32]

# wave length in metres, share of the slope spread, drift in m/s
_OCTAVES: Final = (
    (0.13, 0.30, 0.2),
    (0.34, 0.42, 0.4),
    (0.9, 0.52, 0.8),
    (2.4, 0.56, 1.6),
    (7.0, 0.46, 2.8),
    (24.0, 0.27, 4.5),
    (90.0, 0.13, 2.0),
    (420.0, 0.12, 1.0),
)
_STEEPEST: Final = 0.9  # end of the colour table, radians
_ANGLES, _TILTS = 96, 256  # size of the colour table


@dataclass(frozen=True, slots=True)
class SeaState:
    """Waves of a sequence.

    Args:
        slope: spread of the wave slopes (Cox-Munk: sqrt(0.003 + 0.00512 U) is 0.09 at 1 m/s, 0.23 at 10 m/s);
            what the waves here resolve is about half of it.
        wind_rad: where the waves run, 0 away from the camera.
        foam: share of crests that break, 0..1.
        offset: where in the wave field this sequence looks, in texels.
    """

    slope: float
    wind_rad: float
    foam: float
    offset: tuple[float, float]


def draw_sea(view: View, light: Light, state: SeaState, *, top_row: int, time_s: float) -> Image:
    """Return the sea from top_row to the bottom as float32 (H - top_row, W, 3) in 0..1."""
    rows = np.arange(top_row, view.height) + 0.5
    range_m = view.sea_range(np.maximum(rows, view.horizon_row + 0.25))
    slopes = _slopes(view, state, range_m, time_s)
    grazing = view.height_m / range_m
    bias = 0.25 * state.slope  # near grazing, facets that lean to the viewer fill the view
    tilt = slopes + (grazing + bias).astype(np.float32)[:, None]
    tilt = np.float32(0.5) * (tilt + np.sqrt(tilt * tilt + np.float32(3 * state.slope**2)))  # none is seen from behind
    sea = _colours(light, tilt, grazing)
    _add_foam(sea, slopes, state)
    _add_sun_path(sea, view, light, slopes, grazing, state)
    haze = (1 - np.exp(-light.haze_per_m * range_m)).astype(np.float32)[:, None, None]
    sea += 0.8 * haze * (light.horizon - sea)
    return np.clip(sea, 0, 1, out=sea)


def _slopes(view: View, state: SeaState, range_m: NDArray[np.float64], time_s: float) -> Field:
    """Return slopes towards the viewer (rows, W): every octave fades where a pixel is longer than its waves."""
    out = np.zeros((range_m.size, view.width), np.float32)
    footprint_m = range_m**2 / (view.height_m * view.focal)  # length of sea under one pixel row
    across = ((np.arange(view.width) + 0.5 - view.width / 2) / view.focal).astype(np.float32)
    for i, (length_m, share, drift_m_s) in enumerate(_OCTAVES):
        weight = share * state.slope * np.exp(-((footprint_m / (0.55 * length_m)) ** 2))
        first = int(np.searchsorted(weight > 0.02 * share * state.slope, True))
        if first >= range_m.size:
            continue
        angle = state.wind_rad + view.yaw_rad + (0.35 if i % 2 else -0.3)
        scale = TILE / WAVES_PER_TILE / length_m  # texels a metre
        d = range_m[first:, None].astype(np.float32)
        x = d * across[None, :]
        turn, tilt = np.float32(scale * cos(angle)), np.float32(scale * sin(angle))
        shift_u = np.float32((state.offset[0] * (i + 1)) % TILE)
        shift_v = np.float32((state.offset[1] * (i + 1) - drift_m_s * time_s * scale) % TILE)
        field = sample(wave_field(i % 3), x * turn - d * tilt + shift_u, x * tilt + d * turn + shift_v)
        out[first:] += field * weight[first:].astype(np.float32)[:, None]
    return out


def _colours(light: Light, tilt: Field, grazing: NDArray[np.float64]) -> Image:
    """Look colours up: Schlick's reflectance of water mixes the mirrored sky and the water's own colour."""
    angles = np.linspace(0, max(float(grazing.max()), 1e-3), _ANGLES)
    tilts = np.linspace(0, _STEEPEST, _TILTS)
    mirrored = np.maximum(2 * tilts[None, :] - angles[:, None], 0.0)
    reflectance = 0.02 + 0.98 * (1 - np.sin(tilts)) ** 5
    sky = light.sky(mirrored) * 0.97
    water = light.water * (0.78 + 0.75 * tilts[:, None])
    table = (sky * reflectance[None, :, None] + water[None] * (1 - reflectance)[None, :, None]).astype(np.float32)
    u = np.clip(tilt, 0, _STEEPEST) * np.float32((_TILTS - 1) / _STEEPEST)
    v = np.repeat((grazing / angles[-1] * (_ANGLES - 1)).astype(np.float32)[:, None], tilt.shape[1], axis=1)
    return np.asarray(cv2.remap(table, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), dtype=np.float32)


def _add_foam(sea: Image, slopes: Field, state: SeaState) -> None:
    """Whiten the steepest crests in place."""
    if state.foam <= 0:
        return
    share = np.clip((slopes / np.float32(state.slope) - (3.3 - state.foam)) * 0.6, 0, 0.5)[..., None]
    sea += share * (np.float32(0.9) - sea)


def _add_sun_path(
    sea: Image, view: View, light: Light, slopes: Field, grazing: NDArray[np.float64], state: SeaState
) -> None:
    """Add glints where facets of likely slope mirror the sun (a Gaussian slope model, clamped at the horizon)."""
    azimuth = np.arctan((np.arange(view.width) + 0.5 - view.width / 2) / view.focal) + view.yaw_rad
    away = azimuth - light.sun_azimuth_rad
    spread = 2.2 * state.slope + 0.05
    needed = (light.sun_elevation_rad - grazing) / 2
    likely = np.exp(-((needed / spread) ** 2))[:, None] * np.exp(-((away / (spread + 0.08)) ** 2))[None, :]
    if likely.max() < 0.02:
        return
    glint = np.clip(slopes / np.float32(state.slope) * 0.7 + 0.45, 0, 1.6) ** 2
    share = np.clip(likely.astype(np.float32) * glint * np.float32(light.direct), 0, 0.9)[..., None]
    sea += share * (light.sun - sea)
