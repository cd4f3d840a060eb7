"""Fog banks: fog that thins and thickens over the sea, with the visibility right on average."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from wutdet.scenarios.keyed import generator
from wutdet.scenarios.light import Layer, Plane
from wutdet.scenarios.ranges import FARTHEST_M, RangeLevels, sea_range_m
from wutdet.scenarios.ships import paint_ships
from wutdet.scenarios.veil import veil_table

if TYPE_CHECKING:
    from wutdet.scenarios.scene import Scene

_WAVES: Final = 12
_LENGTH_M: Final = (300.0, 2000.0)  # of the waves, from bank to bank
_AZIMUTHS: Final = 64  # across the view
_RANGES: Final = np.linspace(0.0, FARTHEST_M, 65)


@dataclass(frozen=True, slots=True)
class Banks:
    """The density of one frame's fog over the sea around the camera, as a share of its mean.

    ρ = e^(σ·g) / mean, g = √(2/K)·Σ cos(k·r + φ) over K plane waves: a field of variance near 1. With
    σ² = ln(1 + s²) the standard deviation of ρ is s.

    Attributes:
        waves_per_m: (K, 2) float64 wave vectors k, across and along the middle of the view.
        phases: (K,) float64 radians.
        sigma: of the logarithm of the density.
        mean: of e^(σ·g) over the paths of the view, so that a path's mean density is 1 on average.
    """

    waves_per_m: NDArray[np.float64]
    phases: NDArray[np.float64]
    sigma: float
    mean: float

    def density(self, azimuth_rad: NDArray[np.float64], range_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """ρ at azimuths (to the right of the middle column) and ranges; arrays broadcast."""
        x, y = range_m * np.sin(azimuth_rad), range_m * np.cos(azimuth_rad)
        field = np.zeros(np.broadcast_shapes(x.shape, y.shape))
        for (across, along), phase in zip(self.waves_per_m, self.phases, strict=True):
            field += np.cos(across * x + along * y + phase)
        density: NDArray[np.float64] = np.exp(self.sigma * math.sqrt(2.0 / len(self.phases)) * field) / self.mean
        return density

    def path_m(self, azimuth_rad: NDArray[np.float64], range_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """∫ρ dr from the lens to each range, metres of mean fog.

        Args:
            azimuth_rad: (A,) of each path.
            range_m: (R, A): R ranges along each path, 0 to `FARTHEST_M`.
        """
        density = self.density(azimuth_rad[:, None], _RANGES[None, :])
        pieces = (density[:, 1:] + density[:, :-1]) / 2.0 * np.diff(_RANGES)
        whole = np.concatenate([np.zeros((len(density), 1)), np.cumsum(pieces, axis=1)], axis=1)
        columns = [np.interp(range_m[:, i], _RANGES, whole[i]) for i in range(len(whole))]
        return np.stack(columns, axis=1) if columns else np.zeros(range_m.shape)


def draw_banks(rng: np.random.Generator, spread: float, hfov_deg: float) -> Banks:
    """Banks of a relative standard deviation `spread` (0 to 1), in all directions and 300 to 2,000 m long."""
    length_m = np.exp(rng.uniform(math.log(_LENGTH_M[0]), math.log(_LENGTH_M[1]), _WAVES))
    heading = rng.uniform(0.0, 2.0 * math.pi, _WAVES)
    waves = (2.0 * math.pi / length_m)[:, None] * np.stack([np.sin(heading), np.cos(heading)], axis=1)
    phases = rng.uniform(0.0, 2.0 * math.pi, _WAVES)
    sigma = math.sqrt(math.log1p(spread**2))
    view = np.radians(hfov_deg) * ((np.arange(_AZIMUTHS) + 0.5) / _AZIMUTHS - 0.5)
    loose = Banks(waves, phases, sigma, 1.0)
    ends = loose.path_m(view, np.full((1, _AZIMUTHS), FARTHEST_M))
    return Banks(waves, phases, sigma, float(ends.mean()) / FARTHEST_M)


@dataclass(frozen=True, slots=True)
class Air:
    """Air that is not the same everywhere: how much of it lies before each pixel and each ship.

    Attributes:
        plane: (H, W) uint8 level of the path to every pixel, in metres of mean air.
        levels: what the levels mean.
        ship_path_m: (N,) float64, the same of each ship, at its waterline and middle column.
    """

    plane: Plane
    levels: RangeLevels
    ship_path_m: NDArray[np.float64]

    def layer(self, extinction_per_m: float, airlight: NDArray[np.float64]) -> Layer:
        """The veil of this air at a mean extinction."""
        return Layer.even(self.plane, veil_table(extinction_per_m, self.levels.ranges_m(), airlight))


def fog_air(scene: Scene) -> Air | None:
    """The air of the frame's fog banks, the same at every severity; None where the fog is even."""
    return scene.remember("fog air", lambda: _banked_air(scene)) if scene.ambient.fog_banks > 0.0 else None


def _banked_air(scene: Scene) -> Air:
    height, width = scene.image.shape[:2]
    focal_px = scene.camera.focal_px(width)
    rng = generator(scene.key, "fog", scene.seed)
    banks = draw_banks(rng, scene.ambient.fog_banks, scene.camera.hfov_deg)
    x = (np.arange(_AZIMUTHS) + 0.5) * (width / _AZIMUTHS)
    below_px = np.subtract.outer(np.arange(height) + 0.5, scene.horizon.row_at(x, width))
    below_px *= scene.horizon.cos_roll(width) * scene.camera.cos_azimuth(x, width)
    range_m = np.minimum(sea_range_m(below_px, scene.camera, width), FARTHEST_M)
    path_m = banks.path_m(np.arctan((x - width / 2.0) / focal_px), range_m)
    middle = (scene.boxes[:, 0] + scene.boxes[:, 2]) / 2.0
    ship_path_m = banks.path_m(np.arctan((middle - width / 2.0) / focal_px), scene.ship_range_m[None, :])[0]
    every = np.concatenate([path_m.ravel(), ship_path_m])
    levels = RangeLevels(float(every.min()), float(every.max()))
    coarse = np.rint(levels.level(path_m)).astype(np.uint8)
    plane = np.array(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
    paint_ships(plane, scene.image, scene.boxes, ship_path_m, levels)
    return Air(plane, levels, ship_path_m)
