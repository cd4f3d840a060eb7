"""Where tiles lie: windows of one size that cover a frame, or the band around its horizon."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from wutdet.scenarios import Horizon


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a frame, in whole pixels; right and bottom are the first outside."""

    left: int
    top: int
    right: int
    bottom: int


def frame_windows(width: int, height: int, tile_px: int, overlap: float) -> list[Window]:
    """Windows that cover a frame, row by row from the top left, all of one size and none beyond the frame.

    A box that is no wider and no higher than the overlap lies whole in one of them.

    Args:
        width: of the frame, px.
        height: of the frame, px.
        tile_px: the side of a tile; a frame that is smaller is taken whole.
        overlap: of neighbours, at least, as a share of `tile_px`: 0 to 0.9.
    """
    across, down = min(tile_px, width), min(tile_px, height)
    common = math.ceil(overlap * tile_px)
    return [
        Window(left, top, left + across, top + down)
        for top in _starts(height, down, common)
        for left in _starts(width, across, common)
    ]


def band_windows(
    horizon: Horizon, width: int, height: int, band: tuple[float, float], tile_px: int, overlap: float
) -> list[Window]:
    """Windows that cover the band around a horizon, from the left, all of one size and none beyond the frame.

    They are as high as the band is where it crosses them, so that little else is looked at, and follow a horizon
    that is not level. A band higher than a tile takes several rows of them.

    Args:
        horizon: the line.
        width: of the frame, px.
        height: of the frame, px.
        band: how far it reaches above and below the line, as shares of the frame's height.
        tile_px: the longest side of a tile.
        overlap: of neighbours, at least, as a share of `tile_px`: 0 to 0.9.

    Returns:
        The windows; none where the band lies outside the frame.
    """
    across = min(tile_px, width)
    above, below = (share * height for share in band)
    drop = abs(horizon.row_right - horizon.row_left) * across / width
    tall = min(math.ceil(above + below + drop) + 2, height)
    common = math.ceil(overlap * tile_px)
    windows = []
    for left in _starts(width, across, common):
        rows = horizon.row_at([left, left + across], width)
        first, last = math.floor(rows.min() - above), math.ceil(rows.max() + below)
        if last <= 0 or first >= height:
            continue
        top = min(max(first, 0), height - tall)
        down = min(tall, tile_px)
        windows += [Window(left, top + row, left + across, top + row + down) for row in _starts(tall, down, common)]
    return windows


def windows_on(windows: Sequence[Window], boxes: NDArray[np.float64]) -> list[Window]:
    """The windows, in their order, in which a box has its centre.

    Args:
        windows: of one frame.
        boxes: (N, 4) xyxy, pixels of the frame.
    """
    x, y = (boxes[:, :2] + boxes[:, 2:]).T / 2
    return [
        window
        for window in windows
        if ((window.left <= x) & (x < window.right) & (window.top <= y) & (y < window.bottom)).any()
    ]


def _starts(length: int, size: int, common: int) -> list[int]:
    """Where pieces of a size start that cover a length evenly, neighbours sharing `common` or more."""
    if size >= length:
        return [0]
    count = math.ceil((length - common) / (size - common))
    return [place * (length - size) // (count - 1) for place in range(count)]
