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
_SAME_SHIP: Final = 0.5  # of a cut box lies in the whole one


def merge(
    of_frame: Detections,
    of_tiles: Sequence[tuple[Window, Detections]],
    *,
    width: int,
    height: int,
    iou: float,
) -> Detections:
    """Detections of a frame and of its tiles, each ship once, best score first.

    A box that touches a border of its tile inside the frame is of a ship that the border may have cut: it is dropped
    where the frame or another tile has a whole box on it. Of what overlaps then, the best score is kept.

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
    cuts = [np.zeros(len(of_frame), bool), *(_cut(found.xyxy, window, width, height) for window, found in of_tiles)]
    stays = ~_replaced(xyxy, source, np.concatenate(cuts))
    xyxy, scores = xyxy[stays], scores[stays]
    kept = suppress(xyxy, scores, iou)
    return Detections(xyxy[kept], scores[kept])


def _cut(xyxy: NDArray[np.float64], window: Window, width: int, height: int) -> NDArray[np.bool_]:
    """Which boxes touch a border of the window that is no border of the frame."""
    cut = np.zeros(len(xyxy), bool)
    if window.left > 0:
        cut |= xyxy[:, 0] <= window.left + _TOUCHING_PX
    if window.top > 0:
        cut |= xyxy[:, 1] <= window.top + _TOUCHING_PX
    if window.right < width:
        cut |= xyxy[:, 2] >= window.right - _TOUCHING_PX
    if window.bottom < height:
        cut |= xyxy[:, 3] >= window.bottom - _TOUCHING_PX
    return cut


def _replaced(xyxy: NDArray[np.float64], source: NDArray[np.intp], cut: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which cut boxes lie, most of them, in a whole box of another source."""
    part, whole = xyxy[cut], xyxy[~cut]
    common = np.minimum(part[:, None, 2:], whole[None, :, 2:]) - np.maximum(part[:, None, :2], whole[None, :, :2])
    area = np.prod(np.clip(part[:, 2:] - part[:, :2], 0, None), axis=1)
    inside = np.prod(np.clip(common, 0, None), axis=2) > _SAME_SHIP * area[:, None]
    replaced = np.zeros(len(xyxy), bool)
    replaced[cut] = (inside & (source[cut][:, None] != source[~cut][None, :])).any(axis=1)
    return replaced
