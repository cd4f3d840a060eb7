"""Straight lines that could be a horizon: every roll and row of a small picture, and a vote over strips."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_REACH: Final = 2  # rows averaged on each side of a line
_MAX_SLOPE: Final = 0.14  # 8 degrees
_SLOPES: Final = 49
_CANDIDATES: Final = 400  # lines whose strips are counted
_DISTINCT_ROWS: Final = 10  # both ends together
_STEP_FLOOR: Final = 2.0  # grey levels: a weaker change is no evidence
_STEP_CAP: Final = 20.0  # grey levels: one stark edge (a mast, a roof) must not outvote many


def vote_for_lines(coarse: NDArray[np.float32], aspect: float, most: int) -> list[tuple[float, float]]:
    """The lines across which most strips change colour in the same way, below something smooth; best first.

    Args:
        coarse: (rows, strips, 3) float32 RGB: the frame squeezed to a few strips.
        aspect: width over height of the frame.
        most: how many lines at most; they differ by ten rows and more, both ends together.

    Returns:
        Rows, in rows of `coarse`, at x = 0 and x = width.
    """
    rows, strips = coarse.shape[:2]
    steps = _steps(coarse)
    size = np.sqrt((steps**2).sum(axis=2))
    capped = steps * (np.minimum(size, _STEP_CAP) / np.maximum(size, 1e-6))[:, :, None]
    unrest = np.cumsum(size.mean(axis=1)) / np.arange(1, rows + 2)  # mean change above a row
    drop = _MAX_SLOPE * rows * aspect
    tilts = np.linspace(-drop, drop, _SLOPES)
    shift = np.rint(np.multiply.outer(tilts, (np.arange(strips) + 0.5) / strips - 0.5)).astype(int)
    mean = _mean_along(capped, shift)
    strength = np.sqrt((mean**2).sum(axis=2)) / (1.0 + unrest)
    flat = strength.ravel()
    best = np.argpartition(-flat, min(_CANDIDATES, flat.size - 1))[:_CANDIDATES]
    tilt_index, row = np.divmod(best, rows + 1)
    along = capped[np.clip(row[:, None] + shift[tilt_index], 0, rows), np.arange(strips)]
    direction = mean.reshape(-1, 3)[best]
    norm = np.sqrt((direction**2).sum(axis=1))
    agree = np.einsum("lsc,lc->ls", along, direction) > _STEP_FLOOR * norm[:, None]
    score = flat[best] * agree.mean(axis=1) ** 2
    return _distinct(row - tilts[tilt_index] / 2.0, row + tilts[tilt_index] / 2.0, score, most)


def _distinct(
    left: NDArray[np.float64], right: NDArray[np.float64], score: NDArray[np.float32], most: int
) -> list[tuple[float, float]]:
    """The best lines, each far from those before it; of equal scores the highest and then the most level."""
    order = np.lexsort((np.abs(right - left), left + right, -score))
    left, right, score = left[order], right[order], score[order]
    free = score > 0.0
    lines: list[tuple[float, float]] = []
    while len(lines) < most and free.any():
        first = int(np.argmax(free))
        lines.append((float(left[first]), float(right[first])))
        free &= np.abs(left - left[first]) + np.abs(right - right[first]) > _DISTINCT_ROWS
    return lines


def _steps(coarse: NDArray[np.float32]) -> NDArray[np.float32]:
    """(rows + 1, strips, 3): mean colour of two rows below each row edge, less that of two above."""
    sums = np.zeros((coarse.shape[0] + 1, *coarse.shape[1:]), np.float32)
    np.cumsum(coarse, axis=0, out=sums[1:])
    steps = np.zeros_like(sums)
    middle = slice(_REACH, sums.shape[0] - _REACH)
    steps[middle] = (sums[2 * _REACH :] - 2.0 * sums[middle] + sums[: -2 * _REACH]) / _REACH
    return steps


def _mean_along(steps: NDArray[np.float32], shift: NDArray[np.intp]) -> NDArray[np.float32]:
    """(tilts, rows, 3): mean over the strips of the steps along each line; no step outside the frame.

    Args:
        steps: (rows, strips, 3).
        shift: (tilts, strips): rows by which a line through the middle of a row lies lower in each strip.
    """
    rows, strips = steps.shape[:2]
    pad = int(np.abs(shift).max())
    padded = np.zeros((strips, rows + 2 * pad, 3), np.float32)
    padded[:, pad : pad + rows] = steps.transpose(1, 0, 2)
    windows = np.lib.stride_tricks.sliding_window_view(padded.reshape(strips, -1), rows * 3, axis=1)
    total = np.zeros((len(shift), rows * 3), np.float32)
    for strip in range(strips):
        total += windows[strip, (pad + shift[:, strip]) * 3]
    total /= np.float32(strips)
    return total.reshape(len(shift), rows, 3)
