"""Read many numbers under many resamples of the sequences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wutdet.metrics.greedy import Ints
from wutdet.metrics.intervals import draw_weights
from wutdet.metrics.numbers import Table

Reader = Callable[[Ints], Table]
"""Weights (B, U) of the units in, numbers (B,) by name out."""

_BLOCK_VALUES: Final = 1 << 19  # weightings x detections read at once: what stays in the caches
_MOST_AT_ONCE: Final = 128


def read_once(readers: Sequence[Reader], units: int) -> dict[str, float]:
    """Every number as it is: each unit counted once."""
    ones = np.ones((1, units), np.int32)
    return {name: float(value[0]) for reader in readers for name, value in reader(ones).items()}


def resample(readers: Sequence[Reader], *, units: int, size: int, replicates: int, seed: int) -> Table:
    """Every number in `replicates` resamples of the units, (R,) each; see `draw_weights`.

    Args:
        readers: that share their units.
        units: how many there are.
        size: about how many detections a reader goes through, to choose how many resamples it reads at once.
        replicates: how many resamples.
        seed: of the draw.
    """
    block = int(np.clip(_BLOCK_VALUES // max(size, units, 1), 1, _MOST_AT_ONCE))
    pieces: dict[str, list[NDArray[np.float64]]] = {}
    for weights in draw_weights(units, replicates, seed, block=block):
        for reader in readers:
            for name, values in reader(weights).items():
                pieces.setdefault(name, []).append(values)
    return {name: np.concatenate(values) for name, values in pieces.items()}
