"""Facets: the small slopes of the sea that sparkle, laid out on the water once and seen in perspective."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from wutdet.scenarios.keyed import generator
from wutdet.scenarios.light import Plane, look_up_plane

FACET_STEPS: Final = 16
"""Steps of a facet level per standard deviation."""
FACET_ZERO: Final = 80
"""Level of the mean facet: they reach 5 standard deviations either way."""

_RING: Final = 65536  # facets; their index wraps around as uint16 does
_ROW: Final = 40503  # index from a facet to the one behind it: neighbours in both directions repeat 250 apart or more
_FACET_M: Final = 0.12  # metres between facets
_WAVES: Final = ((0.7, 0.8), (6.0, 0.45), (24.0, 0.4))  # (length along the view, share): ripples on longer waves
_CREST: Final = 1.6  # crests are so many times as long across the view as along it
_UNRELATED_M: Final = 3.0  # rows of the frame so far apart on the water start anywhere: a grid would show rays
_BAND_ROWS: Final = 32


@lru_cache(maxsize=1)
def facet_ring() -> NDArray[np.uint8]:
    """(65536,) uint8 levels of standard-normal facets on a twisted ring.

    The facet at (u, v) metres / 0.12 across and along the view is number u + 40503·v, modulo 65536. The
    waves are white noise under Gaussian filters in both directions, by its Fourier transform.
    """
    rng = generator("wutdet", "facets")
    count = np.arange(_RING // 2 + 1)
    across = 2.0 * np.pi * count / _RING
    along = (count * _ROW) % _RING / _RING
    along = 2.0 * np.pi * np.minimum(along, 1.0 - along)
    total = np.zeros(_RING)
    for length, share in _WAVES:
        passed = np.exp(-0.5 * length**2 * ((_CREST * across) ** 2 + along**2))
        passed[0] = 0.0
        wave = np.fft.irfft(np.fft.rfft(rng.standard_normal(_RING)) * passed, _RING)
        total += share * wave / wave.std()
    levels = np.rint(total / total.std() * FACET_STEPS) + FACET_ZERO
    ring: NDArray[np.uint8] = np.clip(levels, 0.0, 2.0 * FACET_ZERO).astype(np.uint8)
    ring.flags.writeable = False
    return ring


def facets_seen(rng: np.random.Generator, range_m: NDArray[np.float64], focal_px: float, width: int) -> Plane:
    """(rows, W) uint8: facet levels as they lie on the water, one row of the frame at each range."""
    start = int(rng.integers(0, _RING))
    per_px = 1.0 / (focal_px * _FACET_M)
    # an index of 65535 is the last before the wrap; so far off neighbouring pixels are unrelated facets anyway
    seen_m = np.minimum(range_m, 65535.0 / (width * per_px))
    left = np.rint(seen_m * (width / 2.0 * per_px)).astype(np.int64)
    along = (range_m / _FACET_M).astype(np.int64)
    apart = np.abs(np.diff(range_m, append=range_m[-1:])) > _UNRELATED_M
    chance = rng.integers(0, _RING, len(range_m)) * apart
    first = ((start + chance + along * _ROW - left) % _RING).astype(np.uint16)[:, None]
    across = ((np.arange(width) + 0.5) * per_px).astype(np.float32)
    scale = seen_m.astype(np.float32)[:, None]
    ring = facet_ring()
    plane = np.empty((len(range_m), width), np.uint8)
    metres = np.empty((_BAND_ROWS, width), np.float32)
    indices = np.empty((_BAND_ROWS, width), np.uint16)
    for top in range(0, len(range_m), _BAND_ROWS):
        band = slice(top, top + _BAND_ROWS)
        rows = len(scale[band])
        np.multiply(scale[band], across, out=metres[:rows])
        index = indices[:rows]
        index[:] = metres[:rows]
        index += first[band]
        look_up_plane(index, ring, plane[band])
    return plane


def smoothed(coarse: NDArray[np.generic], height: int, width: int) -> NDArray[np.generic]:
    """The (H, W) field between the points of a coarse one, linearly."""
    return np.asarray(cv2.resize(np.asarray(coarse), (width, height), interpolation=cv2.INTER_LINEAR))
