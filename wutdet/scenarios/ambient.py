"""What weather depends on besides its severity: the sun, the wind, the shutter, the sensor."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Final

from wutdet.errors import ConfigError

_LIMITS: Final[dict[str, tuple[float, float]]] = {
    "sun_azimuth_deg": (-180.0, 180.0),
    "sun_elevation_deg": (0.0, 90.0),
    "wind_m_s": (0.0, 60.0),
    "crosswind_m_s": (-60.0, 60.0),
    "exposure_s": (1e-5, 1.0),
    "fog_banks": (0.0, 1.0),
    "shot_variance": (0.0, 1.0),
    "read_variance": (0.0, 1.0),
    "colour_shift": (0.0, 1.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambient:
    """The circumstances of a frame's weather; None is drawn from the frame's key.

    Args:
        sun_azimuth_deg: of the glint's sun, from the middle column of the frame to the right.
        sun_elevation_deg: above the horizon.
        wind_m_s: over the sea, 12.5 m up: it sets how rough the water is (Cox & Munk 1954).
        crosswind_m_s: sideways, to the right, relative to the camera: it slants the rain.
        exposure_s: of the shutter: a longer one makes rain streaks longer and fainter.
        fog_banks: spread of the fog's density, as a share of its mean; 0 is an even fog.
        shot_variance: a, per unit of signal, of the noise variance a·x + b in linear light.
        read_variance: b. Both defaults are a small surveillance sensor at high gain: white at 1,000
            photo-electrons, a read noise of 3.
        colour_shift: how far low light turns from the frame's own colours (0) to those of dusk (1).

    Raises:
        ConfigError: a value is not a number within its limits.
    """

    sun_azimuth_deg: float | None = None
    sun_elevation_deg: float | None = None
    wind_m_s: float = 5.0
    crosswind_m_s: float | None = None
    exposure_s: float = 1.0 / 200.0
    fog_banks: float = 0.0
    shot_variance: float = 1.0e-3
    read_variance: float = 9.0e-6
    colour_shift: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        for field in fields(self):
            value = getattr(self, field.name)
            low, high = _LIMITS[field.name]
            if value is not None and not (math.isfinite(value) and low <= value <= high):
                raise ConfigError(
                    f"{field.name} is {value}", where="ambient", remedy=f"give a number from {low:g} to {high:g}"
                )
