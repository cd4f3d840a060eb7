"""Fog: extinction from visibility."""

from __future__ import annotations

import math
from typing import Final

CONTRAST_THRESHOLD: Final = 0.05  # of the meteorological optical range (WMO-No. 8, chapter 9)


def fog_extinction_per_m(mor_m: float) -> float:
    """β = ln 20 / MOR: at the meteorological optical range 5 % of the light is left (Koschmieder; WMO-No. 8)."""
    return -math.log(CONTRAST_THRESHOLD) / mor_m
