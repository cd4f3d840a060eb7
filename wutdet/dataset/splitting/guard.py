"""Guard gaps: frames left out so that frames of different splits lie apart in time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wutdet.dataset.splitting.frame_order import FrameOrder


def guard_gaps(order: FrameOrder, splits: NDArray[np.int64], reach: int) -> NDArray[np.bool_]:
    """Which frames fall into a guard gap.

    A frame is left out when a later frame of its series (a larger number) is in another split and at most `reach`
    away. So any two frames that are left, of one series and in different splits, differ by more than `reach`; where
    ids step evenly, a gap takes `reach / step` frames before the cut and none behind it.

    Args:
        order: of the N frames.
        splits: (N,) int64 split of every frame, -1 for none.
        reach: in numbers of the series.

    Returns:
        (N,) bool.
    """
    rows = order.rows[splits[order.rows] >= 0]
    series, numbers, chosen = order.series[rows], order.numbers[rows], splits[rows]
    places = np.arange(len(rows))
    changes = np.ones(len(rows), np.bool_)
    changes[1:] = chosen[1:] != chosen[:-1]
    starts = np.append(np.flatnonzero(changes), len(rows))
    following = starts[np.searchsorted(starts, places, side="right")]  # the first place of the next run of one split
    there = following < len(rows)
    other = np.where(there, following, 0)
    gap = np.zeros(len(splits), np.bool_)
    gap[rows] = there & (series[other] == series) & (numbers[other] - numbers <= reach)
    return gap
