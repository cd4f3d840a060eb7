"""Blocks of frames taken one after another, cut where the scene changes or time is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wutdet.dataset.splitting.frame_order import FrameOrder
from wutdet.dataset.splitting.neighbours import count_bits

CUT_BITS: Final = 16
"""Frames one after another whose hashes differ in more bits show another scene.

In 240 rendered frames of a swaying ship (seed 5, 2 s apart) 95 % of neighbours in a sequence differ in at most 12 bits,
those across its ends in 21 to 34; of 45,000 pairs of real frames of different cameras six differ in at most 16."""
LEAST_FRAMES: Final = 10
"""A change of scene ends no shorter block: a camera that turns would leave nothing but cuts, and the guard gaps at
them would cost most of the frames."""

Places = NDArray[np.int64]


def cut_blocks(
    order: FrameOrder,
    sequences: Sequence[str | None],
    bits: NDArray[np.uint64],
    known: NDArray[np.bool_],
    *,
    cut_bits: int = CUT_BITS,
    least_frames: int = LEAST_FRAMES,
) -> Places:
    """The block of every frame.

    In the order of series and number a new block begins where the series changes, where the number rises by more than
    the usual step, and where the named sequence changes. Inside frames without a named sequence it also begins where
    the hash differs in more than `cut_bits` bits from the last one known, once the block has `least_frames` frames.

    Args:
        order: of the N frames.
        sequences: N names of sequences; None where there is none.
        bits: (N,) hashes.
        known: (N,) bool; frames without a hash never begin a scene.
        cut_bits: in bits.
        least_frames: of a block that a change of scene may end.

    Returns:
        (N,) int64, numbered from 0 in the order of the frames.
    """
    rows = order.rows
    if not len(rows):
        return np.empty(0, np.int64)
    begins = _interrupted(order, sequences)
    begins |= _changed(begins, sequences, rows, bits, known, cut_bits, least_frames)
    blocks = np.empty(len(rows), np.int64)
    blocks[rows] = np.cumsum(begins) - 1
    return blocks


def _interrupted(order: FrameOrder, sequences: Sequence[str | None]) -> NDArray[np.bool_]:
    """(N,) in order: where series, sequence or time is interrupted; the first frame begins."""
    series, numbers = order.series[order.rows], order.numbers[order.rows]
    place = {name: index for index, name in enumerate(dict.fromkeys(sequences))}
    named = np.array([place[name] for name in sequences], np.int64)[order.rows]
    begins = np.ones(len(series), np.bool_)
    begins[1:] = (np.diff(series) != 0) | (np.diff(numbers) > order.usual_step) | (np.diff(named) != 0)
    return begins


def _changed(
    begins: NDArray[np.bool_],
    sequences: Sequence[str | None],
    rows: Places,
    bits: NDArray[np.uint64],
    known: NDArray[np.bool_],
    cut_bits: int,
    least_frames: int,
) -> NDArray[np.bool_]:
    """(N,) in order: where the scene changes inside an uninterrupted run of frames without a named sequence."""
    ordered, sure = bits[rows], known[rows]
    places = np.arange(len(rows))
    last_known = np.maximum.accumulate(np.where(sure, places, -1))
    before = np.concatenate([[-1], last_known[:-1]])
    run = np.maximum.accumulate(np.where(begins, places, 0))
    comparable = sure & (before >= run) & np.array([name is None for name in sequences], np.bool_)[rows]
    differ = comparable & (count_bits(ordered ^ ordered[before]) > cut_bits)
    changed = np.zeros(len(rows), np.bool_)
    start = -least_frames
    for place in np.flatnonzero(differ).tolist():
        start = max(start, int(run[place]))
        if place - start >= least_frames:
            changed[place], start = True, place
    return changed
