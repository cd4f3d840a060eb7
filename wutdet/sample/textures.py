"""Tileable noise fields, made once a process from fixed keys and then only sampled."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from wutdet.sample.keys import keyed_rng

Field = NDArray[np.float32]

TILE: Final = 512  # texels a side
WAVES_PER_TILE: Final = 24  # wave lengths of the wave field that fit a tile


def _shaped(name: str, gain: NDArray[np.float64]) -> Field:
    white = keyed_rng(0, f"texture {name}").standard_normal((TILE, TILE))
    field = np.fft.ifft2(np.fft.fft2(white) * gain).real
    return np.asarray((field - field.mean()) / field.std(), dtype=np.float32)


def _frequencies() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    k = np.fft.fftfreq(TILE, 1 / TILE)
    return np.meshgrid(k, k)


@lru_cache(maxsize=8)
def wave_field(variant: int) -> Field:
    """Return slopes of waves that run along axis 0: zero mean, unit spread, tileable."""
    kx, ky = _frequencies()
    k = np.hypot(kx, ky) + 1e-9
    ring = np.exp(-((np.log(k / WAVES_PER_TILE) / 0.45) ** 2))
    spread = 0.08 + (ky / k) ** 4  # crests mostly across the wind, with some disorder
    return _shaped(f"waves {variant}", ring * spread / np.sqrt(k))


@lru_cache(maxsize=8)
def cloud_field(variant: int) -> Field:
    """Return a fractal field with amplitude ~ k^-1.8: zero mean, unit spread, tileable."""
    kx, ky = _frequencies()
    k = np.hypot(kx, ky)
    return _shaped(f"clouds {variant}", np.where(k > 0, np.maximum(k, 1.0) ** -1.8, 0.0))


@lru_cache(maxsize=2)
def grain_bank(height: int, width: int) -> NDArray[np.int16]:
    """Return sensor noise (height + 64, width + 64, 3) of spread 16 to crop from."""
    rng = keyed_rng(0, f"grain {height} {width}")
    noise = rng.standard_normal((height + 64, width + 64, 3), dtype=np.float32)
    return np.asarray(np.round(noise * 16), dtype=np.int16)


def sample(field: Field, u: Field, v: Field) -> Field:
    """Sample a tileable field at texel coordinates u (columns) and v (rows), bilinear, wrapped.

    OpenCV keeps coordinates in 16 bits, so |u| and |v| stay below 32,000.
    """
    return np.asarray(cv2.remap(field, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP), dtype=np.float32)
