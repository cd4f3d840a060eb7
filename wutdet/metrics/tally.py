"""Count detections under any weights, from the best one down to any place, without going through all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wutdet.metrics.greedy import Ints

_BLOCK: Final = 512  # detections between two rows of counts, at least
_BLOCK_PER_UNIT: Final = 2  # and so many for every unit, so that the counts take no more room than the detections

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tally:
    """Some of the D detections, best score first, ready to be counted under any weights of the units.

    n detections in J blocks of K, U units. Counts per unit at the start of each block make a weighted count the
    product of two short rows plus what stands inside one block, however long the list is.
    """

    place: Ints
    """(n + 1,) places among all detections, rising; the last is D."""
    unit: Ints
    """(J, K) the unit of each; U beyond the n-th."""
    before: Floats
    """(J, U + 1) how many of each unit stand before the block: whole numbers, as floats for the matrix product."""


def make_tally(places: Places | Ints, found_unit: Ints, units: int) -> Tally:
    """The tally of the detections at these rising places; `found_unit` is the unit, below `units`, of each of all D."""
    count = len(places)
    block = max(min(count, max(_BLOCK, _BLOCK_PER_UNIT * units)), 1)
    blocks = count // block + 1
    unit = np.full(blocks * block, units, np.int32)
    unit[:count] = found_unit[places]
    cell = np.repeat(np.arange(blocks) * (units + 1), block)[:count] + unit[:count]
    before = np.zeros((blocks, units + 1))
    inside = np.bincount(cell, minlength=before.size).reshape(before.shape)
    np.cumsum(inside[:-1], axis=0, out=before[1:])
    return Tally(np.append(places, len(found_unit)).astype(np.int32), unit.reshape(blocks, block), before)


def weight_before(tally: Tally, weights: Floats, accepted: Places) -> Floats:
    """(B, P) the weight of those of a tally that stand before (B, P) places among all detections."""
    block, rest = np.divmod(np.searchsorted(tally.place, accepted), tally.unit.shape[1])
    counted = np.arange(tally.unit.shape[1]) < rest[..., None]
    part: Floats = np.where(counted, _inside(tally, weights, block), 0.0).sum(axis=-1)
    return _before(tally, weights, block) + part


def place_beyond(tally: Tally, weights: Floats, limit: Floats) -> Ints:
    """(B, P) the place of the detection that lifts the running weight above (B, P) limits from 0 up; D: none does."""
    blocks, width = tally.unit.shape
    block, end = np.zeros(limit.shape, np.int64), np.full(limit.shape, blocks)
    for _ in range((blocks - 1).bit_length()):  # halves the blocks that come into question
        middle = (block + end) // 2
        below = _before(tally, weights, middle) <= limit
        block, end = np.where(below, middle, block), np.where(below, end, middle)
    running = _before(tally, weights, block)[..., None] + np.cumsum(_inside(tally, weights, block), axis=-1)
    row = block * width + (running <= limit[..., None]).sum(axis=-1)
    place: Ints = tally.place[np.minimum(row, len(tally.place) - 1)]
    return place


def _before(tally: Tally, weights: Floats, block: Places) -> Floats:
    """(B, P) the weight that stands before (B, P) blocks."""
    weight: Floats = np.matmul(tally.before[block], weights[:, :, None])[..., 0]
    return weight


def _inside(tally: Tally, weights: Floats, block: Places) -> Floats:
    """(B, P, K) the weight of each detection of (B, P) blocks."""
    values: Floats = weights[np.arange(len(weights))[:, None, None], tally.unit[block]]
    return values
