"""Find the sea horizon in one frame, without a network, or say that there is none to be sure of.

The frame is cut into vertical strips and each strip averaged across. Of all lines with a roll of up to eight
degrees a few are kept across which most strips change colour in the same way, below something smooth. Each is
traced at full resolution, with the bend that a wide lens gives it. The highest on which half of the strips lie
decides: below a horizon there are beaches, piers and streaks of water, above it there is nothing like it. It is
a horizon where in enough strips it is sky or a far coast that stands above it and water that lies below.
Ports, streets, woods down to the water, fog and noise fail one or the other, and there is no answer.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from wutdet.scenarios.horizon import Horizon
from wutdet.scenarios.horizon_curve import STRIPS, Curve, trace
from wutdet.scenarios.horizon_vote import vote_for_lines
from wutdet.scenarios.horizon_witness import may_be_land, stands_on_land, witnesses
from wutdet.scenarios.light import Image

_COARSE_STRIPS: Final = 32
_COARSE_ROWS: Final = 216
_LINES: Final = 6  # of the vote that are traced
_LINE_LIKE: Final = 0.5  # of the strips must lie on a curve for it to decide
_FEWEST: Final = 0.4  # of the strips must witness to it
_LARGEST_PART: Final = 0.6  # of those that lie on it
_SAME_LINE: Final = 0.02  # of the height: curves whose middles are as near are tries at the same line

Line = tuple[float, float]
"""Rows at x = 0 and x = width."""


def find_horizon(image: Image) -> Horizon | None:
    """The visible sea horizon of a frame, or None when no line is convincing.

    Args:
        image: (H, W, 3) uint8 RGB.

    Returns:
        The straight line nearest to what is seen of it. Its `confidence` grows from 0.5 to 1 with the share of the
        64 strips, from 40 % to all, in which an edge lies on it to 1 px (at 1080 rows; a lens may bend it) with sky
        or a far coast above and water below. None for less, and for frames smaller than 48 x 32.
    """
    height, width = image.shape[:2]
    if height < 32 or width < 48:
        return None
    strips = np.asarray(cv2.resize(image, (STRIPS, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    small = cv2.resize(strips, (_COARSE_STRIPS, min(_COARSE_ROWS, height)), interpolation=cv2.INTER_AREA)
    scale = height / small.shape[0]
    lines = vote_for_lines(small.astype(np.float32), width / height, _LINES)
    lines = sorted(((left * scale, right * scale) for left, right in lines), key=sum)
    tries, lower = _highest(strips, lines)
    if not tries:
        return None
    shares = [float(witnesses(image, strips, curve).mean()) for curve in tries]
    share, best = max(shares), tries[int(np.argmax(shares))]
    if share < max(_FEWEST, _LARGEST_PART * float(best.on_it.mean())) or _is_a_ridge(strips, best, lower):
        return None
    return Horizon(*best.straight(), 0.5 + 0.5 * (share - _FEWEST) / (1.0 - _FEWEST))


def _highest(strips: NDArray[np.uint8], lines: list[Line]) -> tuple[list[Curve], list[Line]]:
    """The highest curve on which half of the strips lie, other tries at the same line, and the lines below them."""
    reach = _SAME_LINE * strips.shape[0]
    tries: list[Curve] = []
    for index, (left, right) in enumerate(lines):
        if tries and (left + right) / 2.0 > float(tries[0].rows.mean()) + reach:
            return tries, lines[index:]
        curve = trace(strips, left, right)
        if curve is not None and curve.on_it.mean() >= _LINE_LIKE:
            tries.append(curve)
    return tries, []


def _is_a_ridge(strips: NDArray[np.uint8], upper: Curve, lines: list[Line]) -> bool:
    """Whether dark land reaches from the curve down to the shore that one of the lines below it may be."""
    if not may_be_land(strips, upper):
        return False
    shores = (trace(strips, left, right) for left, right in lines)
    likely = (shore for shore in shores if shore is not None and shore.on_it.mean() >= _LINE_LIKE)
    return any(stands_on_land(strips, upper, shore) for shore in likely)
