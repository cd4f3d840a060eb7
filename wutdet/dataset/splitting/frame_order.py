"""The order in which frames were taken, as far as their names tell: a series and a number in it.

`0000020` is number 20 of the series ``, `bow_cam-0017` is number 17 of `bow_cam-`, `quay` is a series of its own.
Frames of one series whose numbers differ by one usual step were taken one after the other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

import numpy as np
from numpy.typing import NDArray

MOST_DIGITS: Final = 18  # such numbers fit 64 bits
_NUMBERED: Final = re.compile(rf"(.*?)([0-9]{{1,{MOST_DIGITS}}})", re.DOTALL)

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FrameOrder:
    """Where every frame stands; rows are those of the names given."""

    stems: tuple[str, ...]
    series: Places
    """(N,) index of the frame's series in `series_names`."""
    series_names: tuple[str, ...]
    numbers: Places
    """(N,) the number at the end of the stem; 0 where there is none."""
    rows: Places
    """(N,) rows in order of series and number."""
    usual_step: int
    """The most frequent difference between neighbours of a series; 0 where no two frames have one."""


def stem_of(file_name: str) -> str:
    """The name under which split lists hold a frame."""
    return PurePosixPath(file_name).stem


def split_stem(stem: str) -> tuple[str, int]:
    """Series and number of a stem; a stem without a number at its end is a series of its own, number 0."""
    match = _NUMBERED.fullmatch(stem)
    return (match[1], int(match[2])) if match else (stem, 0)


def order_frames(file_names: Sequence[str]) -> FrameOrder:
    """The order of these frames."""
    stems = tuple(map(stem_of, file_names))
    parts = [split_stem(stem) for stem in stems]
    names = tuple(sorted({series for series, _ in parts}))
    place = {name: index for index, name in enumerate(names)}
    series = np.array([place[name] for name, _ in parts], np.int64)
    numbers = np.array([number for _, number in parts], np.int64)
    rows = np.lexsort((numbers, series))
    return FrameOrder(stems, series, names, numbers, rows, _usual_step(series[rows], numbers[rows]))


def _usual_step(series: Places, numbers: Places) -> int:
    gaps = np.diff(numbers)[np.diff(series) == 0]
    steps, counts = np.unique(gaps[gaps > 0], return_counts=True)
    return int(steps[counts.argmax()]) if len(steps) else 0
