"""Light of a sequence: colours of sky, sun and water by time of day (display values 0..1)."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin
from typing import Final

import numpy as np
from numpy.typing import NDArray

Colour = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Light:
    """What lights a sequence; azimuths are relative to the mean course of the camera."""

    horizon: Colour
    zenith: Colour
    sun: Colour
    water: Colour
    cloud: Colour
    ambient: float
    direct: float
    sun_azimuth_rad: float
    sun_elevation_rad: float
    cloud_cover: float
    haze_per_m: float

    @property
    def to_sun(self) -> NDArray[np.float64]:
        """Unit vector towards the sun in camera axes (right, forward, up)."""
        c = cos(self.sun_elevation_rad)
        return np.array([c * sin(self.sun_azimuth_rad), c * cos(self.sun_azimuth_rad), sin(self.sun_elevation_rad)])

    def sky(self, elevation_rad: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the cloudless sky colour (..., 3) at elevations of any shape."""
        share = 1 - np.exp(-np.maximum(elevation_rad, 0.0) / 0.28)
        return np.asarray(self.horizon + (self.zenith - self.horizon) * share[..., None], dtype=np.float64)

    def haze_share(self, range_m: float) -> float:
        """Return the share of airlight at a range: 1 - exp(-beta d)."""
        return float(1 - np.exp(-self.haze_per_m * range_m))


# horizon, zenith, sun, water, cloud colours; ambient, direct; sun elevation in degrees; cloud cover
_HOURS: Final = {
    "morning": ("d9cdbf", "6f93b8", "ffe0b0", "1e3a44", "f1e4d6", 0.52, 0.55, 14, 0.42),
    "noon": ("c9d9e4", "4c85c0", "fffaf0", "123f50", "f6f8fa", 0.55, 0.55, 55, 0.45),
    "evening": ("e9bd92", "6a7897", "ffc27a", "1d2a35", "d9a98a", 0.45, 0.50, 7, 0.50),
    "overcast": ("cdd0d1", "9ea7ae", "e8e8e6", "2c3f42", "a9b0b5", 0.78, 0.14, 40, 0.85),
    "bright": ("d5dfe4", "7fa6cb", "fff6e6", "24505a", "fbfbf8", 0.58, 0.50, 32, 0.30),
}
HOURS: Final = tuple(_HOURS)


def _rgb(code: str) -> Colour:
    return np.asarray(np.frombuffer(bytes.fromhex(code), dtype=np.uint8) / 255, dtype=np.float32)


def light_of(hour: str, rng: np.random.Generator) -> Light:
    """Return the light of one of HOURS with the small variation of a real day."""
    horizon, zenith, sun, water, cloud, ambient, direct, elevation_deg, cover = _HOURS[hour]
    gain = np.float32(rng.uniform(0.93, 1.05))
    tint = rng.uniform(-0.012, 0.012, 3).astype(np.float32)
    side = 1.0 if rng.random() < 0.5 else -1.0
    return Light(
        horizon=np.clip(_rgb(horizon) * gain + tint, 0, 1),
        zenith=np.clip(_rgb(zenith) * gain + tint, 0, 1),
        sun=_rgb(sun),
        water=np.clip(_rgb(water) * np.float32(rng.uniform(0.8, 1.25)) + tint, 0, 1),
        cloud=np.clip(_rgb(cloud) * gain + tint, 0, 1),
        ambient=ambient,
        direct=direct,
        sun_azimuth_rad=side * radians(rng.uniform(18, 150)),
        sun_elevation_rad=radians(elevation_deg * rng.uniform(0.8, 1.2)),
        cloud_cover=float(np.clip(cover + rng.uniform(-0.15, 0.15), 0, 1)),
        haze_per_m=2.996 / rng.uniform(18_000, 40_000),  # clear air: 5 % contrast left at 18 to 40 km
    )
