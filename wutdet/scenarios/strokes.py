"""Many short, straight, faint strokes, added up on a plane: what a drop covers while the shutter is open.

OpenCV's anti-aliased lines are wider than they are asked to be, replace what they cross instead of adding to
it, and cost a Python object each. Here a stroke is split into samples, one for each row (or column) that it
passes, and all samples are added at once, so the light of a stroke is what it should be to 0.1 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from wutdet.scenarios.light import Plane

PARTS: Final = 16  # of a level: what strokes are added up in
_BITS: Final = 12  # of the fractional part of positions and widths
_ONE: Final = 1 << _BITS
_WIDEST_PX: Final = 32
_SAMPLES_AT_ONCE: Final = 1 << 16

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Strokes:
    """Strokes laid out on the pixels of a plane; positions count from its first pixel, row after row.

    A stroke is *steep* when it is taller than wide: then a sample is a row, and aside of it are columns.

    Attributes:
        steep: (N,) bool.
        start: (N,) int64: first pixel of the first sample.
        turn: (N,) int64, 1 or −1: where a flat stroke runs, to the right or to the left; 1 for steep ones.
        aside, slope: (N,) int64: by how much the first sample lies aside of `start`, and each next one of the
            one before, in 1/`_ONE` px.
        samples: (N,) int64, from 1 on.
        whole, rest: (N,) int64: width aside, whole pixels (from 1 on) and 1/`_ONE` px.
        parts: (N,) int64: 1/`PARTS` levels that it adds to a pixel it covers.
    """

    steep: NDArray[np.bool_]
    start: Integers
    turn: Integers
    aside: Integers
    slope: Integers
    samples: Integers
    whole: Integers
    rest: Integers
    parts: Integers

    def __len__(self) -> int:
        """How many strokes there are."""
        return len(self.start)

    def __getitem__(self, which: NDArray[np.bool_] | NDArray[np.intp] | slice) -> Strokes:
        """Some of the strokes."""
        return Strokes(*(getattr(self, name)[which] for name in Strokes.__slots__))


def lay_out(
    ends: NDArray[np.float64],
    width_px: NDArray[np.float64],
    levels: NDArray[np.float64],
    height: int,
    width: int,
) -> Strokes:
    """Strokes on a plane of `height` x `width` pixels.

    What leaves the plane at one side comes in at the other: as much as would come in from outside. A stroke
    longer than the plane's shorter side is drawn that long, and accordingly stronger.

    Args:
        ends: (N, 2, 2) float64: (x, y) of the upper end and of the lower one, continuous pixels.
        width_px: (N,) float64, across the stroke; drawn from 1 to 32 px aside of it.
        levels: (N,) float64: what a pixel gets that the stroke covers all over.
        height, width: of the plane.
    """
    run = ends[:, 1] - ends[:, 0]
    across, down = run[:, 0], run[:, 1]
    steep = down >= np.abs(across)
    turn = np.where(steep | (across >= 0.0), 1, -1)
    major, minor = np.where(steep, down, np.abs(across)), np.where(steep, across, down)
    slope = minor / np.maximum(major, 1e-9)
    first = np.where(steep, ends[:, 0, 1], turn * ends[:, 0, 0])
    pixel = np.rint(first)
    samples = np.clip(np.rint(major), 1, min(height, width))
    samples += levels * major > 255.0 * samples  # what a pixel cannot hold goes to one more
    cut = np.clip(
        width_px * np.sqrt(1.0 + slope**2), 1.0, float(_WIDEST_PX)
    )  # through the stroke, along the minor axis
    middle = np.where(steep, ends[:, 0, 0], ends[:, 0, 1]) + slope * (pixel + 0.5 - first)
    edge = middle - cut / 2.0
    line = np.where(turn > 0, pixel, -pixel - 1.0)
    row, column = np.where(steep, line, np.floor(edge)), np.where(steep, np.floor(edge), line)
    whole = np.floor(cut)
    return Strokes(
        steep=steep,
        start=(np.mod(row, height) * width + np.mod(column, width)).astype(np.int64),
        turn=turn.astype(np.int64),
        aside=((edge - np.floor(edge)) * _ONE).astype(np.int64),
        slope=np.rint(slope * _ONE).astype(np.int64),
        samples=samples.astype(np.int64),
        whole=whole.astype(np.int64),
        rest=((cut - whole) * _ONE).astype(np.int64),
        parts=np.rint(levels * (major / samples) * PARTS).astype(np.int64),
    )


def draw_strokes(strokes: Strokes, height: int, width: int) -> Plane:
    """(H, W) uint8: the sum of the levels of all strokes at every pixel, at most 255."""
    size = height * width
    rows = int((strokes.samples + strokes.whole).max(initial=0)) + 2
    field = np.zeros(width + size + rows * width, np.uint16)  # a row before and some behind, for what leaves
    for steep in (True, False):
        for whole in range(1, _WIDEST_PX + 1):
            group = np.flatnonzero((strokes.steep == steep) & (strokes.whole == whole))
            if not group.size:
                continue
            at_once = max(1, _SAMPLES_AT_ONCE // int(strokes.samples[group].max()))
            for first in range(0, group.size, at_once):
                part = strokes[group[first : first + at_once]]
                _add(field[width:], part, width if steep else 1, 1 if steep else width, whole)
    plane = field[width : width + size]
    plane[-width:] += field[:width]
    for first in range(width + size, field.size, size):
        behind = field[first : first + size]
        plane[: behind.size] += behind
    return np.asarray(cv2.convertScaleAbs(plane.reshape(height, width), alpha=1.0 / PARTS), dtype=np.uint8)


def _add(field: NDArray[np.uint16], strokes: Strokes, along: int, aside: int, whole: int) -> None:
    """Add strokes that are all steep or all flat, and `whole` pixels wide besides their rest, in place.

    `along` and `aside` are the distances in `field` from a pixel to the next sample and to the next aside.
    """
    samples = strokes.samples
    before = np.cumsum(samples) - samples
    place = np.arange(int(samples.sum())) - np.repeat(before, samples)
    offset = np.repeat(strokes.aside, samples) + place * np.repeat(strokes.slope, samples)
    place *= along if aside == 1 else np.repeat(strokes.turn, samples)
    pixel = np.repeat(strokes.start, samples) + place + (offset >> _BITS) * aside
    share = offset & (_ONE - 1)  # of the stroke's edge pixel that lies outside of it
    full = np.repeat(strokes.parts, samples)
    rest = np.repeat(strokes.parts * strokes.rest >> _BITS, samples)
    # a stroke of `whole` pixels and one of `whole` + 1, mixed so that the width is right
    edge, tail = full * share >> _BITS, rest * share >> _BITS
    np.add.at(field, pixel, (full - edge).astype(np.uint16))
    for column in range(1, whole):
        np.add.at(field, pixel + column * aside, full.astype(np.uint16))
    np.add.at(field, pixel + whole * aside, (edge + rest - tail).astype(np.uint16))
    np.add.at(field, pixel + (whole + 1) * aside, tail.astype(np.uint16))
