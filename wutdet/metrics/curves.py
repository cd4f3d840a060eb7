"""Precision-recall curves that can be read under any weights of the images: slices and bootstrap replicates.

A replicate gives every image (or sequence) a whole weight; a curve then needs only running sums of weights. Between two
hits that no false alarm parts precision can only rise, so it is looked up at the last hit of each such run alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wutdet.metrics.greedy import Bools, Ints
from wutdet.metrics.matching import Matches

RECALL_POINTS: Final = np.linspace(0.0, 1.0, 101)
"""Where COCO reads precision."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curve:
    """One IoU threshold: which of the family's near detections are hits, and where precision is looked up."""

    hit: Bools
    """(n,) up to the last hit."""
    counted: Bools | None
    """(n,) whether each is a hit or a false alarm; None: all are."""
    last_hit: NDArray[np.intp]
    """(K,) the last hit of each run of hits without a false alarm between, as a place in `hit`."""
    far_alarms: NDArray[np.intp]
    """(K,) how many of the family's far detections stand before it."""


@dataclass(frozen=True, slots=True)
class CurveFamily:
    """The curves of one size range, one an IoU threshold."""

    ship_unit: Ints
    """(G,) the unit of each ship of the range."""
    near_unit: Ints
    """(N,) the unit of each detection that overlaps a ship and counts on some curve, best score first."""
    far_unit: Ints
    """(F,) the unit of each detection of the range that overlaps no ship, as far as any curve looks."""
    curves: tuple[Curve, ...]


@dataclass(frozen=True, slots=True)
class Readings:
    """What B weightings of one family give; NaN where no ship of the range has any weight."""

    ships: NDArray[np.int64]
    """(B,) weighted count of ships."""
    precision: Floats
    """(B, T, 101) interpolated precision at COCO's recall points."""
    recall: Floats
    """(B, T) of all detections."""


def curve_family(
    matches: Matches,
    size_range: int,
    thresholds: Sequence[int],
    *,
    unit: Ints | None = None,
    max_dets: int | None = 100,
    category: int | None = None,
) -> CurveFamily:
    """The curves of a size range.

    Args:
        matches: from `match`.
        size_range: its place in `matches.ranges`.
        thresholds: places in `matches.thresholds`.
        unit: (I,) what each image is weighted with, such as its sequence; the image itself by default.
        max_dets: how many detections of an image (and class) count; None: all.
        category: the class; None: all of them as one.
    """
    unit = np.arange(len(matches.image_ids), dtype=np.int32) if unit is None else unit
    counts = np.ones(len(matches.found_rank), bool) if max_dets is None else matches.found_rank < max_dets
    ships = matches.true_in[size_range]
    if category is not None:
        counts &= matches.found_category == category
        ships = ships & (matches.true_category == category)
    far = counts & matches.found_in[size_range]
    far[matches.candidate] = False
    flags = [matches.hits_and_alarms(size_range, threshold) for threshold in thresholds]
    near = np.zeros(len(matches.candidate), bool)
    for hits, alarms in flags:
        near |= hits | alarms
    near &= counts[matches.candidate]
    near_found = matches.candidate[near]
    far_before = np.cumsum(far, dtype=np.intp)[near_found]
    curves = [_curve(hits[near], alarms[near], far_before) for hits, alarms in flags]
    deepest = max((int(curve.far_alarms[-1]) for curve in curves if len(curve.far_alarms)), default=0)
    found_unit = unit[matches.found_image]
    far_unit = found_unit[np.flatnonzero(far)[:deepest]]
    return CurveFamily(unit[matches.true_image[ships]], found_unit[near_found], far_unit, tuple(curves))


def read_curves(family: CurveFamily, weights: Ints) -> Readings:
    """Read a family under B weightings at once.

    Args:
        family: from `curve_family`.
        weights: (B, U) int32, not negative: the weight of each unit.
    """
    weights = narrow(weights)
    ships = np.take(weights, family.ship_unit, axis=1).sum(axis=1, dtype=np.int64)
    near = np.take(weights, family.near_unit, axis=1)
    near_sums, far_sums = _sums(near), running_sums(weights, family.far_unit)
    needed = needed_hits(ships)
    precision = np.empty((len(weights), len(family.curves), len(RECALL_POINTS)))
    recall = np.empty((len(weights), len(family.curves)))
    for place, curve in enumerate(family.curves):
        upto = near[:, : len(curve.hit)]
        hits = _sums(upto * curve.hit.view(np.uint8))
        hits_at = np.take(hits, curve.last_hit, axis=1)
        counted = near_sums if curve.counted is None else _sums(upto * curve.counted.view(np.uint8))
        counted_at = np.take(counted, curve.last_hit, axis=1)
        counted_at += np.take(far_sums, curve.far_alarms, axis=1)
        precision[:, place] = interpolated(hits_at, counted_at, needed)
        with np.errstate(invalid="ignore"):
            recall[:, place] = (hits[:, -1] if hits.shape[1] else 0) / ships
    precision[ships == 0] = np.nan
    return Readings(ships, precision, recall)


def narrow(weights: Ints) -> Ints:
    """The weights in a byte each where they fit, which halves the time that it takes to look them up."""
    return weights.astype(np.uint8) if weights.max(initial=0) < 256 else weights


def _curve(hits: Bools, alarms: Bools, far_before: NDArray[np.intp]) -> Curve:
    at = np.flatnonzero(hits)
    alarms_before = np.cumsum(alarms, dtype=np.int32)[at]
    far = far_before[at]
    last = np.ones(len(at), bool)
    last[:-1] = (np.diff(alarms_before) != 0) | (np.diff(far) != 0)
    length = int(at[-1]) + 1 if len(at) else 0
    counted = (hits | alarms)[:length]
    return Curve(hits[:length], None if counted.all() else counted, at[last], far[last])


def _sums(values: Ints) -> Ints:
    """(B, n) sums of the first 1, 2, … n values of each row."""
    return np.cumsum(values, axis=1, dtype=np.int32)


def running_sums(weights: Ints, unit: Ints) -> Ints:
    """(B, n + 1) sums of the weights of the first 0, 1, … n units."""
    sums = np.zeros((len(weights), len(unit) + 1), np.int32)
    np.cumsum(np.take(weights, unit, axis=1), axis=1, dtype=np.int32, out=sums[:, 1:])
    return sums


def needed_hits(ships: NDArray[np.int64]) -> NDArray[np.int64]:
    """(B, 101) the fewest hits whose share of the ships reaches each recall point, as floats divide."""
    total = np.maximum(ships, 1)[:, None]
    needed = np.ceil(RECALL_POINTS * total).astype(np.int64)
    needed -= (needed > 0) & ((needed - 1) / total >= RECALL_POINTS)
    needed += needed / total < RECALL_POINTS
    return needed


def interpolated(hits: Ints, counted: Ints, needed: NDArray[np.int64]) -> Floats:
    """(B, 101) the best precision from each recall point on; 0 beyond the last hit.

    Args:
        hits: (B, K) running hits, rising along each row.
        counted: (B, K) running hits and false alarms.
        needed: (B, 101) from `needed_hits`, the first column 0.
    """
    rows, length = hits.shape
    if not length:
        return np.zeros(needed.shape)
    precision = hits / (counted + np.spacing(1))
    apart = (np.arange(rows) * (max(int(hits.max()), int(needed.max())) + 1))[:, None]  # keeps rows from mixing
    start = np.searchsorted((hits + apart).ravel(), (needed + apart).ravel()).reshape(needed.shape)
    row_end = (np.arange(1, rows + 1) * length)[:, None]
    reached = start < row_end
    best = np.maximum.reduceat(precision.ravel(), np.minimum(start, row_end - 1).ravel()).reshape(needed.shape)
    from_here_on: Floats = np.maximum.accumulate(best[:, ::-1], axis=1)[:, ::-1]
    return np.where(reached, from_here_on, 0.0)  # what is beyond the last hit holds the last run, which counts before
