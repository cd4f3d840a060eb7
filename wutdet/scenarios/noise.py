"""A bank of normal noise, drawn once a process: fresh normals for a frame cost ten times its rendering."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wutdet.scenarios.keyed import generator
from wutdet.scenarios.light import Plane

_BANK_SIZE: Final = 1 << 23  # a 1080p plane four times over
LEVELS_PER_SIGMA: Final = 8.0  # a step of 1/8 adds 0.1 % of variance; 64 levels keep the table in cache
_ZERO_LEVEL: Final = 31.5
_TOP_LEVEL: Final = 63.0


def normal_of_level() -> NDArray[np.float32]:
    """(256,) float32: the standard-normal value of every noise level, in steps of 1/8.

    The bank uses the first 64, −3.94 to 3.94.
    """
    return ((np.arange(256) - _ZERO_LEVEL) / LEVELS_PER_SIGMA).astype(np.float32)


@lru_cache(maxsize=1)
def _bank() -> NDArray[np.uint8]:
    normal = generator("wutdet", "noise bank").standard_normal(_BANK_SIZE, dtype=np.float32)
    normal *= np.float32(LEVELS_PER_SIGMA)
    normal += np.float32(_ZERO_LEVEL + 0.5)
    bank: NDArray[np.uint8] = np.clip(normal, 0.0, _TOP_LEVEL, out=normal).astype(np.uint8)
    bank.flags.writeable = False
    return bank


def normal_plane(rng: np.random.Generator, height: int, width: int) -> Plane:
    """(H, W) uint8 levels of standard-normal noise (see `normal_of_level`), cut from the bank where `rng` says."""
    bank = _bank()
    size = height * width
    if size > bank.size:
        return np.resize(np.roll(bank, -int(rng.integers(0, bank.size))), (height, width))
    start = int(rng.integers(0, bank.size - size + 1))
    return bank[start : start + size].reshape(height, width)
