"""Coasts: layered hills, with a town, port cranes or a lighthouse on the nearest layer."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from wutdet.sample.geometry import View
from wutdet.sample.light import Light
from wutdet.sample.textures import TILE, cloud_field, sample

Image = NDArray[np.float32]
_SUPER = 4  # supersampling of buildings and cranes


@dataclass(frozen=True, slots=True)
class Hills:
    """One layer of hills.

    Args:
        range_m: range of its shore.
        height_m: typical height of its crest.
        colour: (3,) of its slopes in full light, 0..1.
        left_rad: where it starts, as azimuth; before it the crest sinks into the sea.
        right_rad: where it ends.
        wave_m: length of its hills along the shore.
        offset: where in the noise field its crest is read, in texels.
    """

    range_m: float
    height_m: float
    colour: NDArray[np.float32]
    left_rad: float
    right_rad: float
    wave_m: float
    offset: tuple[float, float]

    def crest_m(self, azimuth: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the crest height in metres at azimuths; <= 0 is sea."""
        along = np.tan(azimuth) * self.range_m
        u = (along / self.wave_m * 60 + self.offset[0] % TILE).astype(np.float32)[None, :]
        v = np.full_like(u, self.offset[1] % TILE)
        broad = sample(cloud_field(2), u, v)[0].astype(np.float64)
        fine = sample(cloud_field(3), u * 5, v)[0].astype(np.float64)
        woods = sample(cloud_field(1), u * 23, v)[0].astype(np.float64)
        crest = self.height_m * (0.75 + 0.38 * broad + 0.09 * fine + 0.025 * woods)
        ends = np.minimum(azimuth - self.left_rad, self.right_rad - azimuth)
        slope = np.clip(ends * self.range_m / (self.height_m * 5), -0.2, 1)
        return np.asarray(np.maximum(crest, 0.16 * self.height_m) * slope)


@dataclass(frozen=True, slots=True)
class Building:
    """A flat shape on the shore: `outline` (n, 2) of metres along the shore and above the sea."""

    range_m: float
    along_m: float
    outline: NDArray[np.float64]
    colour: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Coast:
    """All land of a sequence, far layers first."""

    hills: tuple[Hills, ...] = ()
    buildings: tuple[Building, ...] = ()


def draw_coast(image: Image, view: View, light: Light, coast: Coast) -> bool:
    """Draw land over a picture of sky and sea in place; return whether it hides all of the sea horizon."""
    if not coast.hills:
        return False
    azimuth = np.arctan((np.arange(view.width) + 0.5 - view.width / 2) / view.focal) + view.yaw_rad
    hidden = np.zeros(view.width, dtype=bool)
    for hills in coast.hills:
        hidden |= _draw_hills(image, view, light, hills, azimuth)
    _draw_buildings(image, view, light, coast.buildings)
    return bool(hidden.all())


def _draw_hills(
    image: Image, view: View, light: Light, hills: Hills, azimuth: NDArray[np.float64]
) -> NDArray[np.bool_]:
    crest = hills.crest_m(azimuth)
    top = view.row(hills.range_m, np.maximum(crest, 0.0))
    base = float(view.row(hills.range_m)) if hills.range_m < view.horizon_range_m else view.horizon_row
    top = np.where(crest > 0, np.minimum(top, base), base)
    first, last = max(int(top.min()), 0), min(int(np.ceil(base)) + 1, view.height)
    if first >= last:
        return np.zeros(view.width, dtype=bool)
    rows = np.arange(first, last, dtype=np.float64)[:, None]
    cover = np.clip(rows + 1 - top[None, :], 0, 1) * np.clip(base - rows, 0, 1)
    image[first:last] += cover[..., None].astype(np.float32) * (
        _slopes(view, light, hills, azimuth, rows, top, base) - image[first:last]
    )
    return np.asarray(top < view.horizon_row - 1)


def _slopes(
    view: View,
    light: Light,
    hills: Hills,
    azimuth: NDArray[np.float64],
    rows: NDArray[np.float64],
    top: NDArray[np.float64],
    base: float,
) -> Image:
    """Return the colours of the slopes (rows, W, 3): relief and woods, paled by the air in between."""
    metres = hills.range_m / view.focal
    along = np.tan(azimuth)[None, :] * hills.range_m
    below = (rows - top[None, :]) * metres
    texel = 90.0 / hills.wave_m
    u = (along * texel + below * texel * 0.8 + hills.offset[1] % TILE).astype(np.float32)
    v = (below * texel * 2.5 + hills.offset[0] % TILE).astype(np.float32)
    relief = sample(cloud_field(1), u, v) * 0.7 + sample(cloud_field(3), u * 5, v * 5) * 0.6
    shade = 0.60 + 0.40 * light.direct + 0.24 * relief
    colour = hills.colour * shade[..., None]
    shore = np.clip(1 - (base - rows) * metres / 7.0, 0, 1).astype(np.float32)[..., None]
    colour += 0.5 * shore * (np.array([0.50, 0.46, 0.40], np.float32) - colour)  # rocks and sand
    haze = np.float32(light.haze_share(hills.range_m))
    air = np.float32(0.72) * light.horizon + np.float32(0.26) * light.zenith  # distance is bluish
    return np.asarray(colour + haze * (air - colour), dtype=np.float32)


def _draw_buildings(image: Image, view: View, light: Light, buildings: tuple[Building, ...]) -> None:
    if not buildings:
        return
    shapes = []
    for b in buildings:
        x, d = view.turned(b.along_m + b.outline[:, 0], np.full(len(b.outline), b.range_m))
        shapes.append(np.stack([view.column(x, d), view.row(d, b.outline[:, 1])], axis=1))
    rows = np.concatenate([s[:, 1] for s in shapes])
    first, last = max(int(rows.min()) - 1, 0), min(int(rows.max()) + 2, view.height)
    if first >= last:
        return
    canvas = np.zeros(((last - first) * _SUPER, view.width * _SUPER, 4), np.uint8)
    for b, s in zip(buildings, shapes, strict=True):
        haze = light.haze_share(b.range_m)
        lit = b.colour * (0.75 * light.ambient + 0.8 * light.direct)
        rgb = np.clip((lit + haze * (light.horizon - lit)) * 255, 0, 255)
        points = np.round((s - [0, first]) * _SUPER * 16).astype(np.int32)
        cv2.fillPoly(canvas, [points], (float(rgb[0]), float(rgb[1]), float(rgb[2]), 255.0), shift=4)
    patch = cv2.resize(canvas, (view.width, last - first), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    image[first:last] = image[first:last] * (1 - patch[..., 3:]) + patch[..., :3]
