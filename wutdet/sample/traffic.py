"""Ships on the water: which, where, how large they appear, and how they move."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan, cos, pi, sin, sqrt, tan
from typing import Final

import numpy as np

from wutdet.sample.geometry import HEIGHT_M, focal_px
from wutdet.sample.keys import keyed_rng
from wutdet.sample.model import ShipModel
from wutdet.sample.ships import KINDS

# size classes in px of sqrt(box area): share of ships, from, to; about 62 % are under 32, as in WUTDet most are
_SIZES: Final = ((0.09, 4.6, 7.6), (0.23, 8.5, 16.0), (0.30, 16.0, 29.0), (0.27, 35.0, 88.0), (0.11, 102.0, 260.0))
_LARGEST_SHARE: Final = 0.42  # of the image height
_SMALLEST_PX: Final = (4.6, 3.6)  # width and height that a ship should keep
_FARTHEST_M: Final = 10_500.0
_MOTION_SHARE: Final = 0.012  # speed in ranges a second at most: near ships keep pace with the camera
_TRIES: Final = 12


@dataclass(frozen=True, slots=True)
class Track:
    """A ship and how it moves: place at time 0 in camera axes, heading from ahead to the right, speed."""

    model: ShipModel
    right_m: float
    range_m: float
    heading_rad: float
    speed_m_s: float

    def at(self, time_s: float) -> tuple[float, float]:
        """Return (right, range) in metres at a time."""
        way = self.speed_m_s * time_s
        return self.right_m + way * sin(self.heading_rad), self.range_m + way * cos(self.heading_rad)


@dataclass(frozen=True, slots=True)
class Waters:
    """Where ships are placed: frame size (width, height), scene, wind direction, range up to which sea is free."""

    size: tuple[int, int]
    scene: str
    wind_rad: float
    free_range_m: float

    def range_for(self, target_px: float, wide_m: float, tall_m: float) -> float:
        """Return the range at which a ship appears with sqrt(area) target_px."""
        return focal_px(self.size[0]) * sqrt(wide_m * tall_m) / target_px

    def nearest_m(self, wide_m: float) -> float:
        """Return the least range of a ship: its waterline stays in the frame and it stays off by a ship's width."""
        return max(HEIGHT_M * focal_px(self.size[0]) / (0.42 * self.size[1]), 0.8 * wide_m)

    @property
    def farthest_m(self) -> float:
        """The greatest range of a ship."""
        return min(self.free_range_m, _FARTHEST_M)

    def fits(self, target_px: float, wide_m: float, tall_m: float) -> bool:
        """Tell whether a ship can appear that large from a range that is free, and be more than a line."""
        range_m = self.range_for(target_px, wide_m, tall_m)
        px_per_m = focal_px(self.size[0]) / range_m
        return (
            self.nearest_m(wide_m) < range_m < self.farthest_m
            and wide_m * px_per_m > _SMALLEST_PX[0]
            and tall_m * px_per_m > _SMALLEST_PX[1]
        )


def tracks_of(waters: Waters, ships: int, ships_before: int, sequence: int, seed: int) -> tuple[Track, ...]:
    """Return the ships of a sequence, spread over the width of the frame.

    Args:
        waters: where they are.
        ships: how many.
        ships_before: how many earlier sequences hold (sizes run through the whole part evenly).
        sequence: number of the sequence.
        seed: of the part.
    """
    width, height = waters.size
    half = 0.92 * atan(width / 2 / focal_px(width))
    tracks = []
    for i in range(ships):
        rng = keyed_rng(seed, f"ship {i}", sequence)
        azimuth = half * (2 * (i + rng.uniform(0.15, 0.85)) / ships - 1)
        target = min(_target_px(ships_before + i, seed), _LARGEST_SHARE * height)
        tracks.append(_track(rng, waters, azimuth, target))
    return tuple(tracks)


def _target_px(number: int, seed: int) -> float:
    """Return the wanted sqrt(area) of the number-th ship: a golden-ratio walk through the size classes."""
    u = (number * 0.6180339887498949 + float(keyed_rng(seed, "sizes").random())) % 1.0
    for share, low, high in _SIZES:
        if u < share:
            return float(low * (high / low) ** (u / share))
        u -= share
    return _SIZES[-1][2]


def _track(rng: np.random.Generator, waters: Waters, azimuth: float, target_px: float) -> Track:
    """Place one ship so that it appears about as large as wanted; the last try is moved to where there is room."""
    fitting = [n for n, k in KINDS.items() if waters.fits(target_px, 0.85 * k.length_m, k.bulk_m)] or list(KINDS)
    shares = np.array([KINDS[n].share for n in fitting])
    for _ in range(_TRIES):
        name = str(rng.choice(fitting, p=shares / shares.sum()))
        model = KINDS[name].build(rng)
        heading = _heading(rng, name, waters)
        aspect = abs(sin(heading - azimuth))
        wide = model.length_m * aspect + model.beam_m * (1 - aspect)
        if waters.fits(target_px, wide, model.bulk_m):
            break
    wanted = waters.range_for(target_px, wide, model.bulk_m)
    range_m = float(np.clip(wanted, waters.nearest_m(wide), waters.farthest_m))
    still = KINDS[name].anchors and waters.scene != "navigation"
    speed = 0.0 if still else 0.514 * KINDS[name].knots * rng.uniform(0.5, 1.0)  # 0.514 m/s a knot
    return Track(model, range_m * tan(azimuth), range_m, heading, min(speed, _MOTION_SHARE * range_m))


def _heading(rng: np.random.Generator, kind: str, waters: Waters) -> float:
    side = pi / 2 if rng.random() < 0.5 else -pi / 2
    if waters.scene == "anchorage" and KINDS[kind].anchors:
        return waters.wind_rad + rng.normal(0, 0.12)  # anchored ships lie to the wind
    if waters.scene == "berthing" and kind in ("container", "bulker", "ferry"):
        return side + rng.normal(0, 0.08)  # along the quay
    return side + rng.normal(0, 0.5)
