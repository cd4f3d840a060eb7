"""One set of detections from those of a frame and those of its tiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wutdet.detectors.base import Detections
from wutdet.detectors.suppression import suppress
from wutdet.detectors.tiles import Window

_TOUCHING_PX: Final = 2.0
_INSIDE: Final = 0.5  # of a cut box lies in the whole one
_SAME_SPAN: Final = 0.5  # IoU of both along the border that cut, in the tile


def merge(
    of_frame: Detections,
    of_tiles: Sequence[tuple[Window, Detections]],
    *,
    width: int,
    height: int,
    iou: float,
) -> Detections:
    """Detections of a frame and of its tiles, each ship once, best score first.

    A box that touches a border of its tile inside the frame is of a ship that the border may have cut. It is dropped
    where the frame or another tile has that ship whole, with whatever score: a box over it that goes on beyond the
    border, and that spans the same pixels along it. Of what overlaps then, the best score is kept.

    Args:
        of_frame: what was found in the whole frame, native pixels.
        of_tiles: each tile's window, and what was found in it in pixels of the frame.
        width: of the frame, px.
        height: of the frame, px.
        iou: boxes that overlap a better one by more than this are dropped.
    """
    everything = [of_frame, *(found for _, found in of_tiles)]
    xyxy = np.concatenate([found.xyxy for found in everything])
    scores = np.concatenate([found.scores for found in everything])
    source = np.repeat(np.arange(len(everything)), [len(found) for found in everything])
    whole_frame = np.array([0, 0, width, height], np.float64)
    borders = np.array([whole_frame, *(_edges(window) for window, _ in of_tiles)])[source]
    cut = _cut(xyxy, borders, whole_frame)
    stays = ~_replaced(xyxy, source, borders, cut)
    xyxy, scores = xyxy[stays], scores[stays]
    kept = suppress(xyxy, scores, iou)
    return Detections(xyxy[kept], scores[kept])


def _edges(window: Window) -> NDArray[np.float64]:
    return np.array([window.left, window.top, window.right, window.bottom], np.float64)


def _cut(
    xyxy: NDArray[np.float64], borders: NDArray[np.float64], whole_frame: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """(N, 4): which borders of its tile (left, top, right, bottom) each box touches that are none of the frame."""
    inwards = np.array([1.0, 1.0, -1.0, -1.0])
    inside_frame = (borders - whole_frame) * inwards > 0
    return np.asarray(inside_frame & ((xyxy - borders) * inwards <= _TOUCHING_PX))


def _replaced(
    xyxy: NDArray[np.float64], source: NDArray[np.intp], borders: NDArray[np.float64], cut: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which cut boxes are of a ship that another source has whole."""
    is_part = cut.any(axis=1)
    part, whole, border = xyxy[is_part][:, None], xyxy[~is_part][None], borders[is_part][:, None]
    beyond = np.concatenate([whole[..., :2] < border[..., :2], whole[..., 2:] > border[..., 2:]], axis=2)
    same_x, same_y = (_same_span(part, whole, border, axis) for axis in (0, 1))
    crossed = cut[is_part][:, None] & beyond
    agrees = np.stack([same_y, same_x, same_y, same_x], axis=2)  # along a border on the left or right lies y
    same_ship = crossed.any(axis=2) & (agrees | ~crossed).all(axis=2)
    same_ship &= _lies_inside(part, whole) & (source[is_part][:, None] != source[~is_part][None])
    replaced = np.zeros(len(xyxy), bool)
    replaced[is_part] = same_ship.any(axis=1)
    return replaced


def _lies_inside(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether most of a part lies in a whole box."""
    common = np.minimum(part[..., 2:], whole[..., 2:]) - np.maximum(part[..., :2], whole[..., :2])
    area = np.prod(part[..., 2:] - part[..., :2], axis=2)
    return np.asarray(np.prod(np.clip(common, 0, None), axis=2) > _INSIDE * area)


def _same_span(
    part: NDArray[np.float64], whole: NDArray[np.float64], border: NDArray[np.float64], axis: int
) -> NDArray[np.bool_]:
    """Whether a part spans what its tile shows of a whole box, along an axis: 0 is x, 1 is y."""
    first, last = axis, axis + 2
    start = np.maximum(whole[..., first], border[..., first])
    end = np.minimum(whole[..., last], border[..., last])
    common = np.minimum(part[..., last], end) - np.maximum(part[..., first], start)
    both = np.maximum(part[..., last], end) - np.minimum(part[..., first], start)
    return np.asarray(common >= _SAME_SPAN * both)
