"""A ship in pixels: its faces projected, shaded, sorted and drawn anti-aliased."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, sin
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from wutdet.sample.geometry import View
from wutdet.sample.light import Light
from wutdet.sample.model import ShipModel
from wutdet.sample.textures import TILE, cloud_field, sample

Array = NDArray[np.float64]

_SHIFT: Final = 4  # fixed-point bits of cv2.fillPoly
_WEATHERING: Final = np.float32(0.045)  # how much rust, salt and shadow vary the paint


@dataclass(frozen=True, slots=True)
class Sprite:
    """A ship in one frame.

    Args:
        left: column of the patch in the frame.
        top: row of the patch in the frame.
        pixels: (h, w, 4) float32, premultiplied RGB and alpha, 0..1; the patch lies inside the frame.
        waterline: row where the ship meets the water (continuous).
        range_m: range of its midships.
        cut: whether it reaches beyond the frame.
    """

    left: int
    top: int
    pixels: NDArray[np.float32]
    waterline: float
    range_m: float
    cut: bool

    @property
    def solid(self) -> NDArray[np.bool_]:
        """Pixels that the ship covers at least by half."""
        return np.asarray(self.pixels[..., 3] >= 0.5)

    @property
    def window(self) -> tuple[slice, slice]:
        """Where the patch lies in the frame."""
        h, w = self.pixels.shape[:2]
        return slice(self.top, self.top + h), slice(self.left, self.left + w)


@dataclass(frozen=True, slots=True)
class _Placed:
    """The faces of a ship in camera axes (right, forward, up), flattened: face i owns starts[i]:starts[i+1]."""

    corners: Array
    starts: NDArray[np.int64]
    centres: Array
    normals: Array


def rasterise(
    model: ShipModel, place: tuple[float, float], heading_rad: float, view: View, light: Light
) -> Sprite | None:
    """Draw a ship at (right, range) in metres; None where it lies outside the frame."""
    placed = _place(model, place, heading_rad, view)
    right, ahead, up = placed.corners.T
    if ahead.min() < 5.0:
        return None
    columns, rows = view.column(right, ahead), view.row(ahead, up)
    x0, x1 = int(np.floor(columns.min())) - 1, int(np.ceil(columns.max())) + 1
    y0, y1 = int(np.floor(rows.min())) - 1, int(np.ceil(rows.max())) + 1
    left, top, end, bottom = max(x0, 0), max(y0, 0), min(x1, view.width), min(y1, view.height)
    if left >= end or top >= bottom:
        return None
    scale = _supersampling(max(end - left, bottom - top))
    canvas = np.zeros(((bottom - top) * scale, (end - left) * scale, 4), np.uint8)
    pixels = np.clip(np.stack([columns - left, rows - top], axis=1) * scale - 0.5, -60_000, 60_000)
    fixed = np.round(pixels * (1 << _SHIFT)).astype(np.int32)
    range_m = float(ahead.mean())
    colours = _shaded(model, placed, light, range_m)
    for i in _visible_back_to_front(model, placed, view.height_m):
        r, g, b = colours[i]
        corners = fixed[placed.starts[i] : placed.starts[i + 1]]
        cv2.fillPoly(canvas, [corners], (r, g, b, 255.0), shift=_SHIFT)
    small = cv2.resize(canvas, (end - left, bottom - top), interpolation=cv2.INTER_AREA)
    patch = np.asarray(small, dtype=np.float32) * np.float32(1 / 255)
    middle = float(view.column(right.mean(), range_m))
    _weather(patch, left - middle, top - float(view.row(range_m)), range_m / view.focal)
    return Sprite(
        left=left,
        top=top,
        pixels=patch,
        waterline=float(view.row(range_m)),
        range_m=range_m,
        cut=(left, top, end, bottom) != (x0, y0, x1, y1),
    )


def _place(model: ShipModel, place: tuple[float, float], heading_rad: float, view: View) -> _Placed:
    s, c = sin(heading_rad), cos(heading_rad)
    corners = np.concatenate([f.points for f in model.faces])
    normals = np.stack([f.outward for f in model.faces])
    right = place[0] + corners[:, 0] * s - corners[:, 1] * c
    ahead = place[1] + corners[:, 0] * c + corners[:, 1] * s
    turned = np.column_stack([*view.turned(right, ahead), corners[:, 2]])
    facing = view.turned(normals[:, 0] * s - normals[:, 1] * c, normals[:, 0] * c + normals[:, 1] * s)
    counts = np.array([len(f.points) for f in model.faces])
    starts = np.concatenate([[0], np.cumsum(counts)])
    centres = np.add.reduceat(turned, starts[:-1], axis=0) / counts[:, None]
    return _Placed(turned, starts, centres, np.column_stack([*facing, normals[:, 2]]))


def _supersampling(extent_px: int) -> int:
    if extent_px < 64:
        return 8
    return 4 if extent_px < 500 else 3


def _visible_back_to_front(model: ShipModel, placed: _Placed, height_m: float) -> list[int]:
    """Return the faces to draw: by layer, then solids from far to near; walls that face away are left out."""
    parts = np.array([f.part for f in model.faces])
    layers = np.array([f.layer for f in model.faces])
    walls = np.array([f.surface == "wall" for f in model.faces])
    depth = placed.centres[:, 1]
    total = np.bincount(parts, weights=depth) / np.maximum(np.bincount(parts), 1)
    towards = np.einsum("ij,ij->i", placed.normals, placed.centres - [0.0, 0.0, height_m])
    order = np.lexsort((-depth, -total[parts], layers))
    return [int(i) for i in order if towards[i] < 0 or not walls[i]]


def _shaded(model: ShipModel, placed: _Placed, light: Light, range_m: float) -> list[tuple[float, float, float]]:
    """Return the colour of every face 0..255: Lambert's law, then the air in between."""
    facing = placed.normals @ light.to_sun
    wall = np.array([f.surface == "wall" for f in model.faces])
    cloth = np.array([f.surface == "cloth" for f in model.faces])
    sunlit = np.where(wall, np.maximum(facing, 0.0), np.where(cloth, 0.48, 0.45))[:, None] * light.sun
    skylight = np.where(wall, 0.86 + 0.14 * placed.normals[:, 2], np.where(cloth, 0.93, 0.86))[:, None]
    base = np.array([f.colour for f in model.faces])
    lit = base * (1.15 * light.ambient * skylight + 1.05 * light.direct * sunlit + 0.10)
    haze = light.haze_share(range_m)
    rgb = np.clip((lit + haze * (light.horizon - lit)) * 255, 0, 255)
    return [(float(r), float(g), float(b)) for r, g, b in rgb]


def _weather(patch: NDArray[np.float32], first_column: float, first_row: float, metres: float) -> None:
    """Vary the paint in place: streaks that run down, fixed to the ship."""
    h, w = patch.shape[:2]
    u = (np.arange(w, dtype=np.float32) + np.float32(first_column)) * np.float32(metres * 6)
    v = (np.arange(h, dtype=np.float32) + np.float32(first_row)) * np.float32(metres * 1.5)
    grid = np.broadcast_to(u[None, :] % TILE, (h, w)), np.broadcast_to(v[:, None] % TILE, (h, w))
    streaks = sample(cloud_field(1), np.ascontiguousarray(grid[0]), np.ascontiguousarray(grid[1]))
    gain = 1 + _WEATHERING * np.clip(streaks, -2, 2)
    patch[..., :3] = np.minimum(patch[..., :3] * gain[..., None], patch[..., 3:])
