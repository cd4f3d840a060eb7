"""COCO's greedy matching, over all images and thresholds at once.

Detections choose in order of score; each takes the free ship it overlaps most, a counted one before an ignored one,
the later of two equal ones; a crowd is never used up (pycocotools `COCOeval.evaluateImg`).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from wutdet.metrics.pairs import Pairs

_BLOCK: Final = 1 << 21  # lanes x pairs handled at once

Ints = NDArray[np.int32]
Bools = NDArray[np.bool_]


def least_overlap(threshold: float) -> float:
    """The IoU from which two boxes match at a threshold; pycocotools lets 1 − 1e-10 pass for 1."""
    return min(threshold, 1 - 1e-10)


def first_come(pairs: Pairs, thresholds: NDArray[np.float64], crowd: Bools, rows: int) -> Ints:
    """Match detections that overlap one ship each, which no other such group shares: the best score takes it.

    Args:
        pairs: one row a detection, by detection, detections best score first.
        thresholds: (T,) of IoU.
        crowd: (G,).
        rows: the number of detections.

    Returns:
        (T, rows): the ship each detection takes, −1 for none. Whether a ship is ignored plays no part.
    """
    by_true = np.argsort(pairs.true, kind="stable")
    found, true, iou = pairs.found[by_true], pairs.true[by_true], pairs.iou[by_true]
    taken = np.full((len(thresholds), rows), -1, np.int32)
    for lane, threshold in enumerate(thresholds):
        close = np.flatnonzero(iou >= least_overlap(threshold))
        ship = true[close]
        wins = crowd[ship]
        wins[:1] = True
        wins[1:] |= ship[1:] != ship[:-1]
        taken[lane, found[close[wins]]] = ship[wins]
    return taken


def in_turn(
    pairs: Pairs, group: Ints, thresholds: NDArray[np.float64], ignored: Bools, crowd: Bools, rows: int
) -> Ints:
    """Match detections that may choose: one after the other inside a group, all groups and lanes side by side.

    Args:
        pairs: by detection, then by ship; detections best score first.
        group: (rows,) what keeps detections apart: those of two groups share no ship.
        thresholds: (L,) the IoU threshold of each lane.
        ignored: (L, G) the ships each lane ignores.
        crowd: (G,).
        rows: the number of detections.

    Returns:
        (L, rows): the ship each detection takes, −1 for none.
    """
    lanes = len(thresholds)
    taken = np.full((lanes, rows), -1, np.int32)
    if not len(pairs.found):
        return taken
    starts = np.flatnonzero(np.diff(pairs.found, prepend=-1))
    found = pairs.found[starts]
    counts = np.diff(starts, append=len(pairs.found))
    by_group = np.argsort(group[found], kind="stable")
    sizes = counts[by_group]
    groups = group[found][by_group]
    new_group = np.flatnonzero(np.diff(groups, prepend=groups[0] - 1))
    turn = np.arange(len(groups)) - np.repeat(new_group, np.diff(new_group, append=len(groups)))
    block = (np.cumsum(sizes) * lanes // _BLOCK)[new_group]  # whole groups only
    block = np.repeat(block, np.diff(new_group, append=len(groups)))
    order = np.lexsort((np.arange(len(groups)), turn, block))
    cuts = np.flatnonzero((np.diff(turn[order], prepend=-1) != 0) | (np.diff(block[order], prepend=-1) != 0))
    free = np.ones((lanes, len(crowd)), bool)
    overlap = np.array([least_overlap(threshold) for threshold in thresholds])[:, None]
    for chosen in np.split(by_group[order], cuts[1:]):
        lengths = counts[chosen]
        first = np.cumsum(lengths) - lengths
        segment = np.repeat(np.arange(len(chosen)), lengths)
        pair = np.repeat(starts[chosen] - first, lengths) + np.arange(len(segment))
        choice = _choose(pairs.iou[pair], pairs.true[pair], first, segment, overlap, free, ignored)
        lane, place = np.nonzero(choice >= 0)
        ship = choice[lane, place]
        taken[lane, found[chosen[place]]] = ship
        free[lane, ship] = crowd[ship]
    return taken


def _choose(
    iou: NDArray[np.float64],
    ship: Ints,
    first: NDArray[np.int64],
    segment: NDArray[np.int64],
    overlap: NDArray[np.float64],
    free: Bools,
    ignored: Bools,
) -> Ints:
    """(L, S) the ship that each segment of candidates takes in each lane, −1 for none."""
    worth = ((iou >= overlap) & free[:, ship]).astype(np.int8)
    worth *= 2 - ignored[:, ship]  # 2 counted, 1 ignored, 0 out of reach
    best_worth = np.maximum.reduceat(worth, first, axis=1)
    value = np.where((worth == best_worth[:, segment]) & (worth > 0), iou, -1.0)
    best = np.maximum.reduceat(value, first, axis=1)
    last = np.where((value == best[:, segment]) & (value >= 0), np.arange(len(iou)), -1)
    pick = np.maximum.reduceat(last, first, axis=1)
    return np.where(pick >= 0, ship[pick], -1).astype(np.int32)
