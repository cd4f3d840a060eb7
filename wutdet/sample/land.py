"""Coasts by scene: open sea, islands or a closed shore with a town and cranes."""

from __future__ import annotations

from math import pi

import numpy as np
from numpy.typing import NDArray

from wutdet.sample.coast import Building, Coast, Hills

_WOODS = np.array([[0.24, 0.33, 0.22], [0.30, 0.34, 0.24], [0.36, 0.34, 0.27], [0.22, 0.30, 0.24]], np.float32)
_WALLS = np.array(
    [[0.86, 0.84, 0.80], [0.74, 0.66, 0.58], [0.62, 0.62, 0.62], [0.80, 0.74, 0.64], [0.58, 0.44, 0.38]], np.float32
)
_CRANES = np.array([[0.20, 0.36, 0.58], [0.70, 0.25, 0.18], [0.72, 0.72, 0.72]], np.float32)
_OPEN_RANGE_M = 11_000.0


def coast_of(scene: str, rng: np.random.Generator) -> tuple[Coast, float]:
    """Return the coast of a scene and the range in metres up to which the sea is free."""
    if scene in ("port", "berthing"):
        near = rng.uniform(2500, 4000) if scene == "port" else rng.uniform(1500, 2400)
        return _closed_shore(rng, near, cranes=scene == "port" or rng.random() < 0.5), near * 0.9
    if rng.random() < 0.35:
        return Coast(), _OPEN_RANGE_M
    return _islands(rng), _OPEN_RANGE_M


def _hills(rng: np.random.Generator, range_m: float, height_m: float, ends: tuple[float, float]) -> Hills:
    return Hills(
        range_m=range_m,
        height_m=height_m,
        colour=_WOODS[int(rng.integers(len(_WOODS)))],
        left_rad=ends[0],
        right_rad=ends[1],
        wave_m=height_m * rng.uniform(9, 18),
        offset=(rng.uniform(0, 500), rng.uniform(0, 500)),
    )


def _islands(rng: np.random.Generator) -> Coast:
    """Return one to three islands beyond the ships, with open horizon between and beside them."""
    layers = []
    for _ in range(int(rng.integers(1, 4))):
        centre, half = rng.uniform(-0.55, 0.55), rng.uniform(0.06, 0.2)
        range_m = rng.uniform(12_500, 24_000)
        layers.append(_hills(rng, range_m, range_m * rng.uniform(0.008, 0.02), (centre - half, centre + half)))
    layers.sort(key=lambda h: -h.range_m)
    return Coast(hills=tuple(layers))


def _closed_shore(rng: np.random.Generator, near_m: float, *, cranes: bool) -> Coast:
    """Return three layers that close the view, with a town and perhaps cranes on the nearest."""
    far, mid = near_m * rng.uniform(4, 6), near_m * rng.uniform(1.8, 2.6)
    whole = (-pi, pi)
    hills = (
        _hills(rng, far, far * rng.uniform(0.03, 0.05), whole),
        _hills(rng, mid, mid * rng.uniform(0.025, 0.04), whole),
        _hills(rng, near_m, near_m * rng.uniform(0.008, 0.016), whole),
    )
    town = _town(rng, near_m)
    return Coast(
        hills=hills, buildings=(*town, *(_crane_row(rng, near_m) if cranes else ()), *_lighthouse(rng, near_m))
    )


def _rect(x0: float, x1: float, z0: float, z1: float) -> NDArray[np.float64]:
    return np.array([[x0, z0], [x1, z0], [x1, z1], [x0, z1]])


def _town(rng: np.random.Generator, range_m: float) -> list[Building]:
    """Return a quay and houses in clusters along the shore."""
    quay = Building(range_m, 0.0, _rect(-range_m, range_m, 0, 3.5), np.array([0.50, 0.49, 0.47], np.float32))
    houses = [quay]
    for _ in range(int(rng.integers(2, 5))):
        centre = rng.uniform(-0.55, 0.55) * range_m
        for _ in range(int(rng.integers(12, 30))):
            at = centre + rng.normal(0, 0.07) * range_m
            wide, tall, foot = rng.uniform(8, 34), rng.uniform(6, 26), rng.uniform(2, 10)
            wall = _WALLS[int(rng.integers(len(_WALLS)))] * np.float32(rng.uniform(0.7, 1.05))
            houses.append(Building(range_m, at, _rect(-wide / 2, wide / 2, foot, foot + tall), wall))
            if wide > 12:
                roof = np.float32(0.62) * wall
                houses.append(Building(range_m, at, _rect(-wide / 2, wide / 2, foot + tall * 0.78, foot + tall), roof))
    return houses


def _crane_row(rng: np.random.Generator, range_m: float) -> list[Building]:
    """Return quay cranes: legs, girder, boom (often raised) and machine house."""
    colour = _CRANES[int(rng.integers(len(_CRANES)))]
    first = rng.uniform(-0.4, 0.3) * range_m
    parts: list[NDArray[np.float64]] = []
    for i in range(int(rng.integers(3, 8))):
        x = first + i * rng.uniform(70, 110)
        parts += [_rect(x - 12, x - 10, 3, 48), _rect(x + 10, x + 12, 3, 62), _rect(x - 12, x + 12, 18, 20)]
        parts += [_rect(x - 26, x + 14, 44, 47.5), _rect(x - 22, x - 8, 47, 53)]
        if rng.random() < 0.5:
            parts.append(np.array([[x + 11, 45], [x + 14, 45], [x + 36, 92], [x + 34, 92]]))
        else:
            parts += [_rect(x + 12, x + 58, 44, 47), np.array([[x + 11, 62], [x + 12, 60], [x + 45, 46], [x + 45, 48]])]
    return [Building(range_m, 0.0, p, colour) for p in parts]


def _lighthouse(rng: np.random.Generator, range_m: float) -> list[Building]:
    at = rng.uniform(-0.5, 0.5) * range_m
    white, red = np.array([0.9, 0.9, 0.88], np.float32), np.array([0.7, 0.15, 0.12], np.float32)
    tower = np.array([[-4.0, 3], [4.0, 3], [2.5, 27], [-2.5, 27]])
    return [Building(range_m, at, tower, white), Building(range_m, at, _rect(-3, 3, 27, 32), red)]
