"""The colour of dusk: after sunset the sky alone lights the sea, and it is bluer than day."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from wutdet.scenarios.light import LUMINANCE

DUSK_K: Final = 12_000.0
"""Correlated colour temperature of a clear sky after sunset: between overcast (6,500 K) and blue sky (25,000 K)."""

_D65_XY: Final = (0.3127, 0.3290)  # white of sRGB: IEC 61966-2-1
_XYZ_TO_RGB: Final = np.array(  # linear sRGB: IEC 61966-2-1
    [[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]]
)


def daylight_xy(temperature_k: float) -> tuple[float, float]:
    """CIE 1931 chromaticity of daylight (D series) of 7,000 to 25,000 K: CIE 015:2018, section 4.1.2."""
    t = temperature_k
    x = 0.237040 + 0.24748e3 / t + 1.9018e6 / t**2 - 2.0064e9 / t**3
    return x, -3.0 * x * x + 2.870 * x - 0.275


def dusk_gains(shift: float) -> NDArray[np.float64]:
    """(3,) gains of linear red, green and blue: von Kries' scaling from daylight (0) to dusk (1), by `shift`.

    The camera's white balance stays at D65, so a white that `DUSK_K` lights shows that light's own colour, and
    every other colour is scaled with it. Luminance of grey is kept, and is `ev_stops`' affair.
    """
    ratio = _white(*daylight_xy(DUSK_K)) / _white(*_D65_XY)
    luminance = float(LUMINANCE @ ratio)
    gains: NDArray[np.float64] = 1.0 + shift * (ratio / luminance - 1.0)
    return gains


def _white(x: float, y: float) -> NDArray[np.float64]:
    """Linear sRGB of a chromaticity at luminance 1."""
    rgb: NDArray[np.float64] = _XYZ_TO_RGB @ np.array([x / y, 1.0, (1.0 - x - y) / y])
    return rgb
