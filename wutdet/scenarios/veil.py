"""The veil that fog and rain draw over the distance: Koschmieder's law in linear light."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wutdet.scenarios.light import LINEAR, encode


def transmittance(extinction_per_m: float, range_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of light that survives a path: e^(−βd) (Beer–Lambert)."""
    return np.exp(-extinction_per_m * range_m)


def veil_table(
    extinction_per_m: float, ranges_m: NDArray[np.float64], airlight: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """(3, 256, 256) uint8: per channel, every pixel value seen through the air of every range level.

    I = J·t + A·(1 − t), t = e^(−βd) (Koschmieder 1924), in linear light, encoded back to sRGB.

    Args:
        extinction_per_m: β, per metre.
        ranges_m: (256,) range of each level.
        airlight: (3,) linear RGB.
    """
    t = transmittance(extinction_per_m, ranges_m).astype(np.float32)[None, :, None]
    return encode(LINEAR * t + airlight.astype(np.float32)[:, None, None] * (1.0 - t))
