"""The sky: a gradient, a sun side and soft clouds in perspective."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wutdet.sample.geometry import View
from wutdet.sample.light import Light
from wutdet.sample.textures import TILE, cloud_field, sample

Image = NDArray[np.float32]


def draw_sky(view: View, light: Light, *, rows: int, time_s: float, offset: tuple[float, float]) -> Image:
    """Return the sky of the top `rows` rows as float32 (rows, W, 3) in 0..1.

    Args:
        view: the camera of this frame.
        light: the light of the sequence.
        rows: how many rows from the top to draw.
        time_s: time since the start of the sequence; clouds drift slowly.
        offset: where in the cloud field this sequence looks, in texels.
    """
    elevation = ((view.level_row - np.arange(rows) - 0.5) / view.focal).clip(0.0)
    azimuth = np.arctan((np.arange(view.width) + 0.5 - view.width / 2) / view.focal) + view.yaw_rad
    base = light.sky(elevation).astype(np.float32)  # (rows, 3)
    sky = np.repeat(base[:, None, :], view.width, axis=1)

    off_sun = (azimuth[None, :] - light.sun_azimuth_rad) ** 2 + (elevation[:, None] - light.sun_elevation_rad) ** 2
    glow = (0.55 * light.direct * np.exp(-off_sun / 0.22)).astype(np.float32)[..., None]
    sky += glow * (light.sun - sky)

    cover, relief = _clouds(elevation, azimuth, light.cloud_cover, offset, time_s)
    shade = light.cloud * (0.93 + 0.07 * relief)
    lit = shade + glow * 0.6 * (light.sun - shade)
    sky += (0.85 * cover) * (lit - sky)
    return np.clip(sky, 0, 1, out=sky)


def _clouds(
    elevation: NDArray[np.float64],
    azimuth: NDArray[np.float64],
    cloud_cover: float,
    offset: tuple[float, float],
    time_s: float,
) -> tuple[Image, Image]:
    """Return share and relief of the clouds (rows, W, 1): a deck in perspective, thinning into the haze below."""
    slant = 1 / (elevation + 0.06)  # a deck at unit height; 0.06 keeps the far clouds from shrinking to nothing
    u = (azimuth[None, :] * slant[:, None] * 22 + offset[0] % TILE + 0.3 * time_s).astype(np.float32)
    v = np.repeat((slant * 30 + offset[1] % TILE).astype(np.float32)[:, None], azimuth.size, axis=1)
    fine = sample(cloud_field(1), u * 3.1, v * 3.1)
    field = sample(cloud_field(0), u, v) + 0.35 * fine
    threshold = 1.1 - 2.2 * cloud_cover
    share = np.clip((field - threshold) / 1.6, 0, 1)
    share = share * share * (3 - 2 * share)
    fade = np.clip(elevation / 0.05, 0, 1).astype(np.float32)[:, None]
    relief = np.clip(0.6 * fine + 0.9 * sample(cloud_field(2), u * 1.3, v * 1.3 + 40), -2.0, 1.2) * fade
    return _column(share * fade), _column(relief)


def _column(field: NDArray[np.floating]) -> Image:
    return np.asarray(field[..., None], dtype=np.float32)
