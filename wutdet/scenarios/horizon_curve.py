"""One candidate horizon at full resolution: where it lies in every strip, and the curve through most of them.

A wide lens bends the horizon: rows off the middle of the frame bulge away from it. On the frames that the finder
was tried on the middle of the line lies up to 1.3 % of the height from its chord, so the fit has a bend, bounded
by what a lens does: none through the middle of the frame, more towards its edge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

STRIPS: Final = 64
PLACES: Final = (np.arange(STRIPS) + 0.5) / STRIPS - 0.5  # middles of the strips, -0.5 to 0.5 of the width

_STEP_PX: Final = 2  # rows averaged on each side of an edge, at 1080 rows
_WIDE_PX: Final = 16  # rows searched on each side of the line of the vote, at 1080 rows
_NARROW_PX: Final = 6  # and then on each side of the curve
_INLIER_PX: Final = 1.5  # at 1080 rows
_STEP_FLOOR: Final = 2.0  # grey levels: a weaker change is no edge
_STEP_CAP: Final = 20.0
_UPPER_SHARE: Final = 0.5  # of the largest step of a strip: a higher edge with as much is the horizon's
_FEWEST: Final = 12  # strips
_PROMISING: Final = 0.3  # of the strips after the first fit
_BEND_PER_ROW: Final = 0.1  # rows that the line may bend for each row between it and the middle of the frame
_BEND_SLACK_PX: Final = 2.0  # at 1080 rows

_THIRD: Final = np.arange(2, 22, 3)
_TRIPLES: Final = np.stack(np.meshgrid(_THIRD, _THIRD + 20, _THIRD + 40, indexing="ij"), axis=-1).reshape(-1, 3)
_POWERS: Final = np.stack([np.ones(STRIPS), PLACES, PLACES**2], axis=1)
_SOLVERS: Final = np.linalg.inv(_POWERS[_TRIPLES])


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve through the edges of most strips.

    Attributes:
        rows: (64,) float64, its row in the middle of each strip.
        on_it: (64,) bool, strips whose edge lies on it to 1.5 px (at 1080 rows; 1 px below 720).
        off_px: (64,) float64, rows by which the edge of each strip lies below it.
        step: (64,) float32, change across that edge in grey levels, along `colour`.
        colour: (3,) float32, unit vector: the change of colour across the curve.
    """

    rows: NDArray[np.float64]
    on_it: NDArray[np.bool_]
    off_px: NDArray[np.float64]
    step: NDArray[np.float32]
    colour: NDArray[np.float32]

    def straight(self) -> tuple[float, float]:
        """Rows at x = 0 and x = width of the straight line nearest to the curve where it was seen."""
        row, slope, _ = _least_squares(self.rows, self.on_it, 2)
        return float(row - slope / 2.0), float(row + slope / 2.0)


def trace(strips: NDArray[np.uint8], left: float, right: float) -> Curve | None:
    """Fit a curve near a line; None where the edges of too few strips lie on one, or it leaves the frame.

    Args:
        strips: (H, 64, 3) uint8: the frame squeezed to 64 strips.
        left, right: rows of the line at x = 0 and x = width.
    """
    rough = _fit(strips, left + (right - left) * (PLACES + 0.5), _WIDE_PX)
    if rough is None or rough.on_it.mean() < _PROMISING:
        return None
    return _fit(strips, rough.rows, _NARROW_PX)


def _fit(strips: NDArray[np.uint8], near: NDArray[np.float64], reach_px: float) -> Curve | None:
    height = strips.shape[0]
    unit = height / 1080.0
    reach, half = max(4, round(reach_px * unit)), max(1, round(_STEP_PX * unit))
    centre = np.rint(near).astype(np.intp)
    if centre.min() < reach + half or centre.max() > height - reach - half:
        return None
    steps = _steps(strips, centre, reach, half)
    colour = _change(steps)
    if colour is None:
        return None
    response = steps @ colour
    peak, found = _upper_peak(response)
    step = response[np.arange(STRIPS), peak]
    row = centre - reach + peak + _sub_pixel(response, peak)
    tolerance = max(1.0, _INLIER_PX * unit)
    rows = _most_agreed(row, found, tolerance, height)
    for _ in range(2):
        on_it = found & (np.abs(rows - row) <= tolerance)
        if on_it.sum() < _FEWEST:
            return None
        rows = _bounded(row, on_it, height)
    off_px = row - rows
    return Curve(rows, found & (np.abs(off_px) <= tolerance), off_px, step, colour)


def _steps(strips: NDArray[np.uint8], centre: NDArray[np.intp], reach: int, half: int) -> NDArray[np.float32]:
    """(64, 2 reach + 1, 3): mean colour of `half` rows below each row edge near `centre`, less that above."""
    rows = centre[:, None] + np.arange(-reach - half, reach + half)
    band = strips[rows, np.arange(STRIPS)[:, None]].astype(np.float32)
    sums = np.zeros((STRIPS, band.shape[1] + 1, 3), np.float32)
    np.cumsum(band, axis=1, out=sums[:, 1:])
    steps = sums[:, 2 * half :] - 2.0 * sums[:, half:-half] + sums[:, : -2 * half]
    return np.asarray(steps / half, dtype=np.float32)


def _change(steps: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """The direction in which most strips change, where they agree best; None where nothing changes."""
    size = np.sqrt((steps**2).sum(axis=2))
    mean = (steps * (np.minimum(size, _STEP_CAP) / np.maximum(size, 1e-6))[:, :, None]).mean(axis=0)
    strength = np.sqrt((mean**2).sum(axis=1))
    best = int(np.argmax(strength))
    return np.asarray(mean[best] / strength[best]) if strength[best] > _STEP_FLOOR / 4.0 else None


def _upper_peak(response: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Per strip the highest peak with half the largest response, and whether there is one."""
    enough = np.maximum(_UPPER_SHARE * response.max(axis=1), _STEP_FLOOR)[:, None]
    inner = response[:, 1:-1]
    peaks = (inner >= response[:, :-2]) & (inner > response[:, 2:]) & (inner >= enough)
    return peaks.argmax(axis=1) + 1, peaks.any(axis=1)


def _sub_pixel(response: NDArray[np.float32], peak: NDArray[np.intp]) -> NDArray[np.float64]:
    """Offset, in [-0.5, 0.5], of the top of the parabola through each peak and its two neighbours."""
    strip = np.arange(STRIPS)
    above, at, below = response[strip, peak - 1], response[strip, peak], response[strip, peak + 1]
    bend = np.minimum(above - 2.0 * at + below, -1e-6)
    return np.clip(0.5 * (above - below) / bend, -0.5, 0.5).astype(np.float64)


def _most_agreed(
    row: NDArray[np.float64], found: NDArray[np.bool_], tolerance: float, height: int
) -> NDArray[np.float64]:
    """Of the curves through three strips that a lens could make, the one on which most strips lie."""
    terms = np.einsum("tij,tj->ti", _SOLVERS, row[_TRIPLES])
    allowed = found[_TRIPLES].all(axis=1) & (_bent(terms.T, height) == terms[:, 2])
    curves = terms @ _POWERS.T
    count = ((np.abs(curves - row) <= tolerance) & found).sum(axis=1)
    rows: NDArray[np.float64] = curves[int(np.argmax(np.where(allowed, count, -1)))]
    return rows


def _bounded(row: NDArray[np.float64], on_it: NDArray[np.bool_], height: int) -> NDArray[np.float64]:
    """Least squares through the strips of a mask; where no lens bends so, with the nearest bend that one can have."""
    terms = _least_squares(row, on_it, 3)
    bend = float(_bent(terms, height))
    if bend != terms[2]:
        middle, slope, _ = _least_squares(row - bend * PLACES**2, on_it, 2)
        terms = np.array([middle, slope, bend], np.float64)
    rows: NDArray[np.float64] = _POWERS @ terms
    return rows


def _bent(terms: NDArray[np.float64], height: int) -> NDArray[np.float64]:
    """The quadratic term, clipped: lines above the middle sag at their ends, those below rise there."""
    slack = 4.0 * _BEND_SLACK_PX * height / 1080.0
    towards = 4.0 * _BEND_PER_ROW * (height / 2.0 - terms[0])
    return np.asarray(np.clip(terms[2], np.minimum(towards, 0.0) - slack, np.maximum(towards, 0.0) + slack))


def _least_squares(row: NDArray[np.float64], on_it: NDArray[np.bool_], terms: int) -> NDArray[np.float64]:
    """(3,): row at the middle, slope and quadratic term; the last is 0 for two terms."""
    powers = _POWERS[on_it, :terms]
    solved = np.zeros(3)
    solved[:terms] = np.linalg.solve(powers.T @ powers, powers.T @ row[on_it])
    return solved
