"""Which boxes are none of a ship in their frame, on columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wutdet.dataset.audit.findings import Finding, box_text, finding
from wutdet.dataset.audit.labels import Labels

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

EDGES: Final = ("xmin", "ymin", "xmax", "ymax")
NEAR_IOU: Final = 0.95
HUGE_SHARE: Final = 0.95
_SLACK_PX: Final = 1e-6  # as the loader has it: x + w of a COCO box may pass the edge by a rounding error
_MOST_NEIGHBOURS: Final = 1000  # of a box, in the order of xmin; a frame with more is no photograph


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with each of N boxes. Of the first four kinds a box has at most one."""

    endless: Mask
    """A side is not finite."""
    degenerate: Mask
    outside: Mask
    """No part of it is in the frame."""
    over_edge: Mask
    """A part of it is in the frame, a part is not."""
    sub_pixel: Mask
    huge: Mask
    equals: NDArray[np.int64]
    """The first box of the frame with the same edges; -1 where it is the first."""
    near: NDArray[np.int64]
    """A box of the frame that covers nearly the same pixels and stands earlier; -1 without."""
    near_iou: Floats

    @property
    def hopeless(self) -> Mask:
        """Where no repair knows the ship."""
        return self.endless | self.degenerate | self.outside


def find_faults(frame: NDArray[np.int64], edges: Floats, sides: Floats, ship: Mask) -> Faults:
    """Look at every box.

    Args:
        frame: (N,) the frame of each box.
        edges: (N, 4) xyxy, 0-based, native pixels.
        sides: (N, 2) width and height of the frame; NaN where they are not known.
        ship: (N,) which boxes may repeat one another.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        lengths = edges[:, 2:] - edges[:, :2]
        endless = _either(~np.isfinite(edges))
        degenerate = ~endless & _either(lengths <= 0)
        whole = ~endless & ~degenerate
        outside = whole & _either((edges[:, 2:] <= 0) | (edges[:, :2] >= sides))
        seen = whole & ~outside
        over_edge = seen & _either((edges[:, :2] < -_SLACK_PX) | (edges[:, 2:] > sides + _SLACK_PX))
        sub_pixel = seen & _either(lengths < 1 - _SLACK_PX)
        inside = clip(edges, sides)
        covered = np.prod(inside[:, 2:] - inside[:, :2], axis=1)
        huge = seen & (covered > HUGE_SHARE * np.prod(sides, axis=1))
    equals = _first_equal(frame, edges, seen & ship)
    near, near_iou = _near_equal(frame, edges, seen & ship & (equals < 0))
    return Faults(endless, degenerate, outside, over_edge, sub_pixel, huge, equals, near, near_iou)


def clip(edges: Floats, sides: Floats) -> Floats:
    """(N, 4) boxes within frames of (N, 2) width and height; an unknown side clips nothing."""
    limits = np.where(np.isnan(sides), np.inf, sides)
    low = np.maximum(edges[:, :2], 0.0)
    return np.hstack([low, np.minimum(edges[:, 2:], limits)])


def frame_sides(labels: Labels) -> Floats:
    """(F, 2) width and height of every frame as the labels have them; NaN where they do not say."""
    return labels.frames.select(pl.col("width", "height").cast(pl.Float64).fill_null(np.nan)).to_numpy()


def check_boxes(labels: Labels) -> Iterator[Finding]:
    """A finding for every fault of every box, and for every frame without ships."""
    boxes = labels.boxes
    frame = boxes["frame"].to_numpy()
    edges = boxes.select(EDGES).to_numpy()
    sides = frame_sides(labels)[frame]
    names = labels.frames["name"].to_list()
    faults = find_faults(frame, edges, sides, repeatable(boxes))

    def at(mask: Mask, code: str, said: str) -> Iterator[Finding]:
        for row in np.flatnonzero(mask).tolist():
            box, (width, height) = edges[row], sides[row]
            message = said.format(box=box_text(box), frame=f"{width:g}x{height:g} frame")
            yield finding(code, names[frame[row]], message, box)

    yield from at(faults.endless, "degenerate-box", "box {box} is not finite")
    yield from at(faults.degenerate, "degenerate-box", "box {box} is empty")
    yield from at(faults.outside, "box-outside", "box {box} lies outside the {frame}")
    yield from at(faults.over_edge, "box-over-edge", "box {box} reaches out of the {frame}")
    yield from at(faults.sub_pixel, "sub-pixel-box", "box {box} has a side under 1 px")
    yield from at(faults.huge, "huge-box", f"box {{box}} covers more than {HUGE_SHARE:.0%} of the {{frame}}")
    yield from at(faults.equals >= 0, "duplicate-box", "box {box} is there twice")
    for row in np.flatnonzero(faults.near >= 0).tolist():
        other = edges[faults.near[row]]
        message = f"boxes {box_text(other)} and {box_text(edges[row])} have IoU {faults.near_iou[row]:.3f}"
        yield finding("near-duplicate-box", names[frame[row]], message, edges[row])


def repeatable(boxes: pl.DataFrame) -> Mask:
    """Which boxes repeat another when they are equal: single ships."""
    return (boxes["ship"] & ~boxes["crowd"]).to_numpy()


def _either(mask: Mask) -> Mask:
    """(N,) from (N, 2) or (N, 4): whether any of a row is so."""
    held: Mask = np.any(mask, axis=1)
    return held


def _first_equal(frame: NDArray[np.int64], edges: Floats, asked: Mask) -> NDArray[np.int64]:
    """For each box the first with the same frame and edges, where that is another; else -1."""
    first = np.full(len(frame), -1, np.int64)
    rows = np.flatnonzero(asked)
    keys = np.column_stack([edges[rows], frame[rows]])
    order = np.lexsort(keys.T)  # stable: among equals the first stays first
    ranked = keys[order]
    repeats = np.concatenate([[False], (ranked[1:] == ranked[:-1]).all(axis=1)]) if len(rows) else np.empty(0, bool)
    start = np.maximum.accumulate(np.where(repeats, 0, np.arange(len(rows))))
    first[rows[order[repeats]]] = rows[order[start[repeats]]]
    return first


def _near_equal(frame: NDArray[np.int64], edges: Floats, asked: Mask) -> tuple[NDArray[np.int64], Floats]:
    """For each box at most one earlier box with IoU above `NEAR_IOU`, and that IoU.

    Sorted by frame and xmin, two such boxes are few places apart: their left sides differ by at most a
    twentieth of the first's width. So each place is compared with the next, the one after, and so on while
    any pair is close enough; a box that has found its like is done.
    """
    near = np.full(len(frame), -1, np.int64)
    iou = np.full(len(frame), np.nan)
    rows = np.flatnonzero(asked)
    rows = rows[np.lexsort((rows, edges[rows, 0], frame[rows]))]
    reach_px = (edges[rows, 2] - edges[rows, 0]) * (1 / NEAR_IOU - 1)
    places = np.arange(len(rows))
    for step in range(1, _MOST_NEIGHBOURS):
        places = places[places + step < len(rows)]
        first, second = rows[places], rows[places + step]
        close = (frame[first] == frame[second]) & (edges[second, 0] - edges[first, 0] <= reach_px[places])
        places, first, second = places[close], first[close], second[close]
        if not len(places):
            break
        overlap = _iou(edges[first], edges[second])
        hit = overlap > NEAR_IOU
        early, late = np.minimum(first, second)[hit], np.maximum(first, second)[hit]
        near[late], iou[late] = early, overlap[hit]
        places = places[near[first] < 0]
    return near, iou


def _iou(a: Floats, b: Floats) -> Floats:
    """Intersection over union of (N, 4) with (N, 4) boxes."""
    low, high = np.maximum(a[:, :2], b[:, :2]), np.minimum(a[:, 2:], b[:, 2:])
    shared = np.prod(np.maximum(high - low, 0.0), axis=1)
    areas = np.prod(a[:, 2:] - a[:, :2], axis=1) + np.prod(b[:, 2:] - b[:, :2], axis=1)
    iou: Floats = shared / (areas - shared)
    return iou
