"""Find the sea horizon in one frame, without a network: strips, a vote over lines, robust fits, or None.

The frame is cut into vertical strips and each strip averaged across. Of all lines with a roll of up to eight
degrees those are kept across which most strips change colour in the same way, below something smooth (the
sky). They are fitted at full resolution; of those on which the strips agree the highest wins, for beaches and
piers lie below the horizon. Where the strips do not agree on a line (a port, a street, fog, noise) there is no
answer. The idea of strongest vertical gradients with a robust line is old; the settings are ours.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from wutdet.scenarios.horizon import Horizon
from wutdet.scenarios.light import Image

_STRIPS: Final = 64
_COARSE_STRIPS: Final = 32
_ROWS: Final = 216  # of the coarse search
_REACH: Final = 2  # coarse rows averaged on each side of a line
_MAX_SLOPE: Final = 0.14  # 8 degrees
_SLOPES: Final = 49
_CANDIDATES: Final = 400  # lines whose strips are counted
_LINES: Final = 6  # that differ, and are fitted
_UPPER_SHARE: Final = 0.2  # of the best score: a higher line with as much wins, beaches and piers lie below
_DISTINCT_ROWS: Final = 10  # coarse rows, both ends together
_FINE_STEP: Final = 2  # full-resolution rows averaged on each side, at 1080 rows
_STEP_FLOOR: Final = 2.0  # grey levels: a weaker change is no evidence
_STEP_CAP: Final = 20.0  # grey levels: one stark edge (a mast, a roof) must not outvote many
_FINE_REACH: Final = 8  # full-resolution rows searched on each side of the coarse line, at 1080 rows
_INLIER_PX: Final = 1.5  # at 1080 rows
_MIN_CONFIDENCE: Final = 0.5


def find_horizon(image: Image) -> Horizon | None:
    """The visible sea horizon of a frame, or None when no line is convincing.

    Args:
        image: (H, W, 3) uint8 RGB.

    Returns:
        A line whose `confidence` is the share of strips that agree with it to 1.5 px (at 1080 rows), >= 0.5;
        None below that, and for frames smaller than 48 x 32.
    """
    height, width = image.shape[:2]
    if height < 32 or width < 48:
        return None
    strips = cv2.resize(image, (_STRIPS, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    coarse = cv2.resize(strips, (_COARSE_STRIPS, min(_ROWS, height)), interpolation=cv2.INTER_AREA)
    scale = height / coarse.shape[0]
    steps = _steps(np.asarray(strips), max(1, round(_FINE_STEP * height / 1080.0)))
    fitted: list[tuple[float, Horizon]] = []
    for left, right, score in _vote(np.asarray(coarse), width / height):
        line = _fit(steps, left * scale, right * scale, width)
        if line is not None:
            fitted.append((score * line.confidence**2, line))
    if not fitted:
        return None
    enough = _UPPER_SHARE * max(score for score, _ in fitted)
    return min((line for score, line in fitted if score >= enough), key=lambda h: h.row_left + h.row_right)


def _steps(strips: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    """(rows + 1, strips, 3): mean colour of `reach` rows below each row edge, less that of as many above."""
    sums = np.zeros((strips.shape[0] + 1, *strips.shape[1:]), np.float32)
    np.cumsum(strips, axis=0, out=sums[1:])
    steps = np.zeros_like(sums)
    middle = slice(reach, sums.shape[0] - reach)
    steps[middle] = (sums[2 * reach :] - 2.0 * sums[middle] + sums[: -2 * reach]) / reach
    return steps


def _vote(coarse: NDArray[np.float32], aspect: float) -> list[tuple[float, float, float]]:
    """The best few lines that differ: rows at x = 0 and x = width in coarse pixels, and their score."""
    rows, strips = coarse.shape[:2]
    steps = _steps(coarse, _REACH)
    size = np.sqrt((steps**2).sum(axis=2))
    capped = steps * (np.minimum(size, _STEP_CAP) / np.maximum(size, 1e-6))[:, :, None]
    unrest = np.cumsum(size.mean(axis=1)) / np.arange(1, rows + 2)  # mean change above a row
    drop = _MAX_SLOPE * rows * aspect
    tilts = np.linspace(-drop, drop, _SLOPES)
    shift = np.rint(np.multiply.outer(tilts, (np.arange(strips) + 0.5) / strips - 0.5)).astype(int)
    mean = _mean_along(capped, shift)
    strength = np.sqrt((mean**2).sum(axis=2)) / (1.0 + unrest)
    best = np.argsort(-strength, axis=None)[:_CANDIDATES]
    tilt_index, row = np.divmod(best, rows + 1)
    along = capped[np.clip(row[:, None] + shift[tilt_index], 0, rows), np.arange(strips)]
    direction = mean.reshape(-1, 3)[best]
    norm = np.sqrt((direction**2).sum(axis=1))
    agree = np.einsum("lsc,lc->ls", along, direction) > _STEP_FLOOR * norm[:, None]
    score = strength.ravel()[best] * agree.mean(axis=1) ** 2
    lines: list[tuple[float, float, float]] = []
    for line in np.argsort(-score, kind="stable"):
        left, right = row[line] - tilts[tilt_index[line]] / 2.0, row[line] + tilts[tilt_index[line]] / 2.0
        if all(abs(left - a) + abs(right - b) > _DISTINCT_ROWS for a, b, _ in lines) and score[line] > 0.0:
            lines.append((float(left), float(right), float(score[line])))
        if len(lines) == _LINES:
            break
    return lines


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


def _fit(all_steps: NDArray[np.float32], left: float, right: float, width: int) -> Horizon | None:
    """Fit the line to the strongest step of every strip near the coarse line."""
    height = all_steps.shape[0] - 1
    unit = height / 1080.0
    reach = max(4, round(_FINE_REACH * unit))
    middles = (np.arange(_STRIPS) + 0.5) / _STRIPS
    centre = np.rint(left + (right - left) * middles).astype(int)
    edges = centre[:, None] + np.arange(-reach, reach + 1)[None, :]
    if edges.min() < 2 or edges.max() > height - 2:
        return None
    steps = all_steps[edges, np.arange(_STRIPS)[:, None]]
    mean = steps.mean(axis=0)
    direction = mean[int(np.argmax((mean**2).sum(axis=1)))]
    norm = float(np.sqrt((direction**2).sum()))
    if norm < _STEP_FLOOR / 2.0:
        return None
    response = steps @ (direction / norm)
    peak = np.argmax(response, axis=1)
    strong = response[np.arange(_STRIPS), peak] > _STEP_FLOOR
    row = edges[np.arange(_STRIPS), peak] + _sub_pixel(response, peak)
    slope, offset = _robust_line(middles[strong], row[strong], max(1.0, _INLIER_PX * unit))
    inlier = strong & (np.abs(offset + slope * middles - row) <= max(1.0, _INLIER_PX * unit))
    confidence = float(inlier.mean())
    if confidence < _MIN_CONFIDENCE or abs(slope) > 1.2 * _MAX_SLOPE * width:
        return None
    return Horizon(float(offset), float(offset + slope), confidence)


def _sub_pixel(response: NDArray[np.float32], peak: NDArray[np.intp]) -> NDArray[np.float64]:
    """Offset, in (-0.5, 0.5), of the top of the parabola through each peak and its two neighbours."""
    inner = np.clip(peak, 1, response.shape[1] - 2)
    strip = np.arange(response.shape[0])
    above, at, below = response[strip, inner - 1], response[strip, inner], response[strip, inner + 1]
    bend = above - 2.0 * at + below
    offset = np.where(bend < -1e-6, 0.5 * (above - below) / np.minimum(bend, -1e-6), 0.0)
    return np.where(inner == peak, np.clip(offset, -0.5, 0.5), 0.0).astype(np.float64)


def _robust_line(x: NDArray[np.float64], row: NDArray[np.float64], inlier_px: float) -> tuple[float, float]:
    """Slope and offset: the pair of points with most inliers, then least squares over those."""
    if x.size < 4:
        return 0.0, float("inf")
    first, second = np.triu_indices(x.size, k=max(1, x.size // 4))
    slope = (row[second] - row[first]) / (x[second] - x[first])
    offset = row[first] - slope * x[first]
    inliers = np.abs(offset[:, None] + slope[:, None] * x[None, :] - row[None, :]) <= inlier_px
    keep = inliers[int(np.argmax(inliers.sum(axis=1)))]
    fitted_slope, fitted_offset = np.polyfit(x[keep], row[keep], 1)
    return float(fitted_slope), float(fitted_offset)
