"""Each ship stands at one range; its box also holds what is behind it, which does not."""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from wutdet.scenarios.light import Image, Plane
from wutdet.scenarios.ranges import RangeLevels

_MARGIN_SHARE: Final = 0.17  # of the box's √area: over it the range runs back to that of the sea
_MARGIN_PX: Final = (2.0, 24.0)
_SAME_GREY: Final = 6.0  # a pixel this near to an even background is background …
_TEXTURE_SIGMAS: Final = 2.0  # … and nearer than this many standard deviations to a textured one
_FADE_GREY: Final = 16.0  # so much farther off it is all ship

_BUSY_GREY: Final = 16.0  # standard deviation from which a row behind the ship is too busy to tell it apart
_BRIDGED_SHARE: Final = 0.06  # of the height: gaps to fill in busy rows, and to join parts over in any
_SPILL_PX: Final = 4.0  # a large ship reaches no farther out of its box: beyond, what is unlike is coast
_BEHIND_SHARE: Final = 0.25
_LARGE_PX: Final = 24.0  # √area from which parts of a ship that look like the background would show as holes


def paint_ships(
    plane: Plane,
    image: Image,
    boxes: NDArray[np.float64],
    ranges_m: NDArray[np.float64],
    levels: RangeLevels,
) -> Plane:
    """Give the pixels of each ship the level of its range, in place; nearer ships cover farther ones.

    In a box, what looks like the background to its left and right in the same row (sky, coast or sea between
    masts) keeps its own range; where background looks like the ship, nothing is to be seen of either. In a
    large box the ship is the largest connected part that is unlike the background, with the holes in
    it. Around the box the level runs back to that of the sea. So before sea, sky and plain coast neither a
    rectangle nor a rim shows; before a town a ship is not told apart everywhere.

    Args:
        plane: (H, W) uint8 range level, changed.
        image: (H, W, 3) uint8 RGB.
        boxes: (N, 4) xyxy.
        ranges_m: (N,) range of each ship.
        levels: what the levels mean.

    Returns:
        (H, W) uint8: how much of each pixel is ship, 255 all of it.
    """
    height, width = plane.shape
    cover = np.zeros((height, width), np.uint8)
    ship_levels = levels.level(ranges_m)
    far_to_near = np.argsort(-ranges_m, kind="stable")
    for place, index in enumerate(far_to_near):
        xmin, ymin, xmax, ymax = boxes[index].tolist()
        size = math.sqrt(max(0.0, (xmax - xmin) * (ymax - ymin)))
        margin = min(max(_MARGIN_SHARE * size, _MARGIN_PX[0]), _MARGIN_PX[1])
        x0, x1 = max(0, math.floor(xmin - margin)), min(width, math.ceil(xmax + margin))
        y0, y1 = max(0, math.floor(ymin - margin)), min(height, math.ceil(ymax + margin))
        if x1 <= x0 or y1 <= y0:
            continue
        large = size > _LARGE_PX
        spill = min(margin, _SPILL_PX) if large else margin
        weight = np.multiply.outer(_ramp(y0, y1, ymin, ymax, spill), _ramp(x0, x1, xmin, xmax, spill))
        pixels = image[y0:y1, x0:x1]
        unlike, busy = _otherness(pixels, math.floor(xmin) - x0, x1 - math.ceil(xmax), large)
        for left, top, right, bottom in _behind(boxes[index], boxes[far_to_near[:place]]):
            unlike[max(0, top - y0) : max(0, bottom - y0), max(0, left - x0) : max(0, right - x0)] = 0.0
        weight *= _body(unlike, busy) if large else unlike
        patch = plane[y0:y1, x0:x1]
        patch[:] = patch + weight * (np.float32(ship_levels[index]) - patch) + np.float32(0.5)
        covered = cover[y0:y1, x0:x1]
        np.maximum(covered, (weight * np.float32(255.0)).astype(np.uint8), out=covered)
    return cover


def _behind(ship: NDArray[np.float64], farther: NDArray[np.float64]) -> list[list[int]]:
    """Boxes in whole pixels of the ships farther off that show in a ship's box and fill less than a quarter of it."""
    low, high = np.maximum(farther[:, :2], ship[:2]), np.minimum(farther[:, 2:], ship[2:])
    common = np.maximum(high - low, 0.0).prod(axis=1)
    seen = (common > 0.0) & (common < _BEHIND_SHARE * (ship[2:] - ship[:2]).prod())
    edges = np.concatenate([np.floor(farther[seen, :2]), np.ceil(farther[seen, 2:])], axis=1)
    return [[int(edge) for edge in box] for box in edges.tolist()]


def _ramp(start: int, stop: int, low: float, high: float, margin: float) -> NDArray[np.float32]:
    """1 on pixels that touch [low, high), falling linearly to 0 `margin` pixels outside."""
    left = np.arange(start, stop, dtype=np.float32)
    outside = np.maximum(np.maximum(low - (left + 1.0), left - high), 0.0)
    return np.asarray(np.clip(1.0 - outside / margin, 0.0, 1.0), dtype=np.float32)


def _otherness(patch: Image, left: int, right: int, large: bool) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """(h, w) float32 from 0, like the background of its row, to 1, unlike it; and (h, 1) bool, the busy rows.

    The background runs linearly from the mean of the `left` columns to that of the `right` ones. Across a `large`
    box it is all between the two, since a coast need not change evenly. Where a side is outside the frame, the
    other stands for both; without either everything counts as ship.
    """
    if left <= 0 and right <= 0:
        return np.ones(patch.shape[:2], np.float32), np.zeros((len(patch), 1), np.bool_)
    width = patch.shape[1]
    west = patch[:, :left] if left > 0 else patch[:, width - right :]
    east = patch[:, width - right :] if right > 0 else west
    first, last = west.mean(axis=1, dtype=np.float32), east.mean(axis=1, dtype=np.float32)
    if large:
        low, high = np.minimum(first, last)[:, None], np.maximum(first, last)[:, None]
    else:
        share = np.linspace(0.0, 1.0, width, dtype=np.float32)[None, :, None]
        low = high = first[:, None] + (last - first)[:, None] * share
    difference = np.maximum(low - patch, patch - high).max(axis=2)
    texture = np.maximum(west.std(axis=1, dtype=np.float32), east.std(axis=1, dtype=np.float32)).max(axis=1)[:, None]
    same = _SAME_GREY + _TEXTURE_SIGMAS * texture
    unlike = np.clip((difference - same) / _FADE_GREY, 0.0, 1.0)
    return np.asarray(unlike, dtype=np.float32), np.asarray(texture > _BUSY_GREY, dtype=np.bool_)


def _body(unlike: NDArray[np.float32], busy: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(h, w) float32: the largest connected part that is unlike the background, its holes filled, edges soft.

    What else is unlike it in the box (another ship, the foot of a hill, wave crests) is not this ship's. The
    edge softens by what its pixels look like, not by a blur: plain sea beside a mast stays sea.
    """
    kernel = np.ones((3, 3), np.uint8)
    bridge = np.ones((max(3, int(_BRIDGED_SHARE * len(unlike))), 1), np.uint8)
    solid = cv2.morphologyEx((unlike > 0.5).astype(np.uint8), cv2.MORPH_OPEN, kernel)
    solid = np.where(busy, cv2.morphologyEx(solid, cv2.MORPH_CLOSE, bridge), solid)
    joined = cv2.morphologyEx(cv2.dilate(solid, kernel), cv2.MORPH_CLOSE, bridge)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    if len(stats) < 2:
        return unlike
    part = ((labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())) & (solid > 0)).astype(np.uint8)
    part = cv2.morphologyEx(part, cv2.MORPH_CLOSE, kernel)
    outlines, _ = cv2.findContours(part, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cv2.drawContours(np.zeros_like(part), outlines, -1, 1, cv2.FILLED)
    return np.asarray(np.maximum(filled, cv2.dilate(filled, kernel) * unlike), dtype=np.float32)
