"""Many values as a few numbers: quantiles, a histogram of sizes, a grid of positions."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_SHARES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
SIDE_EDGES_PX: Final = tuple(2.0 ** (step / 4) for step in range(4 * 11 + 1))
"""1 to 2048 px in quarters of an octave, so that 8, 16 and 32 px are among them."""


class Quantiles(msgspec.Struct, frozen=True, kw_only=True):
    """How `n` values spread.

    The q-quantile stands at place q · (n − 1) of the values in order, counted from 0; between two places it is
    interpolated linearly (rule 7 of Hyndman and Fan, 1996).
    """

    n: int
    mean: float
    min: float
    p5: float
    p25: float
    median: float
    p75: float
    p95: float
    max: float


class Sides(msgspec.Struct, frozen=True, kw_only=True):
    """√area of boxes, in px."""

    quantiles: Quantiles | None
    edges_px: tuple[float, ...]
    """n rising borders, evenly spaced in the logarithm."""
    counts: tuple[int, ...]
    """n + 1 numbers of boxes: below the first border, from each border to the next, from the last border on."""


def quantiles_of(values: Floats) -> Quantiles | None:
    """The spread of the values (N,) that are finite; None where none is."""
    ordered = np.sort(values[np.isfinite(values)])  # in order, so that the mean does not depend on it
    if not len(ordered):
        return None
    p5, p25, median, p75, p95 = np.quantile(ordered, _SHARES).tolist()
    low, high = float(ordered[0]), float(ordered[-1])
    mean = float(ordered.mean())
    return Quantiles(n=len(ordered), mean=mean, min=low, p5=p5, p25=p25, median=median, p75=p75, p95=p95, max=high)


def box_sides(area_px2: Floats) -> Sides:
    """√area of boxes (N,), as quantiles and as a histogram; an area below 0 counts as 0."""
    clipped = np.maximum(area_px2, 0.0)
    place = np.searchsorted(np.square(SIDE_EDGES_PX), clipped, side="right")
    counts = np.bincount(place, minlength=len(SIDE_EDGES_PX) + 1)
    return Sides(quantiles=quantiles_of(np.sqrt(clipped)), edges_px=SIDE_EDGES_PX, counts=tuple(counts.tolist()))


def position_counts(x: Floats, y: Floats, grid: tuple[int, int]) -> list[list[int]]:
    """How many of the points (N,), as shares of the frame's width and height, lie in each cell of (rows, columns)."""
    rows, columns = grid
    row = np.clip((y * rows).astype(np.int64), 0, rows - 1)
    column = np.clip((x * columns).astype(np.int64), 0, columns - 1)
    counted: list[list[int]] = np.bincount(row * columns + column, minlength=rows * columns).reshape(grid).tolist()
    return counted
