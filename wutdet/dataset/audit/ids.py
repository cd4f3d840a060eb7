"""Ids of frames: gaps in them, and names that are none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from wutdet.dataset.audit.findings import Finding, finding
from wutdet.dataset.splitting.frame_order import FrameOrder, order_frames

_USUAL_SHARE: Final = 0.5
"""A step is usual when at least so many of the steps are it; otherwise no gap can be told."""
_FEWEST: Final = 3  # frames of a series, before a step can be usual


def check_ids(names: Sequence[str]) -> Iterator[Finding]:
    """Gaps in the numbers of frames, odd names, and numbers that are there twice.

    Args:
        names: of the frames, each once: file names or stems.
    """
    order = order_frames(names)
    sizes = Counter(order.series.tolist())
    if not sizes:
        return
    main, most = sizes.most_common(1)[0]
    if most < _FEWEST:
        if len(names) >= _FEWEST:
            yield finding("ids-not-numeric", names[0], "no three names share what stands before their number")
        return
    if 2 * most >= len(names):
        for row in np.flatnonzero(order.series != main).tolist():
            series = order.series_names[main]
            like = f"{series!r} and a number" if series else "a number"
            yield finding("odd-id", names[row], f"is not {like}, as {most} of {len(names)} names are")
    yield from _steps(order, names)


def _steps(order: FrameOrder, names: Sequence[str]) -> Iterator[Finding]:
    rows = order.rows
    within = np.diff(order.series[rows]) == 0
    steps = np.diff(order.numbers[rows])
    usual = order.usual_step
    moving = within & (steps > 0)
    tell_gaps = usual > 0 and (steps[moving] == usual).mean() >= _USUAL_SHARE
    for place in np.flatnonzero(within & (steps != usual)).tolist():
        before, after = int(rows[place]), int(rows[place + 1])
        step = int(steps[place])
        low, high = order.stems[before], order.stems[after]
        if step == 0:
            yield finding("same-id", names[after], f"is the same number as {names[before]}")
        elif tell_gaps:
            missing = step // usual - 1 if step % usual == 0 else 0
            lack = f": {missing} missing" if missing > 0 else ""
            yield finding("id-gap", names[after], f"{low} to {high} is a step of {step}, the usual is {usual}{lack}")
