"""Recall against something known of each ship: how much of it the fog leaves, how far below the horizon it lies."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wutdet.errors import ConfigError, DataError
from wutdet.metrics.greedy import Ints
from wutdet.metrics.matching import Matches

TRANSMITTANCE_EDGES: Final = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Share of a ship's light that the weather leaves."""
CONTRAST_EDGES: Final = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""A ship's contrast against its surround in linear light; of 1,787 ships in clear real frames 84 % lie below 0.1."""
HORIZON_EDGES_PX: Final = (-math.inf, 0.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, math.inf)
"""Rows from the horizon down to the ship's waterline, in native pixels."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RecallBy:
    """The ships of every bin, and those found, by unit. K bins, U units."""

    labels: tuple[str, ...]
    ships: NDArray[np.int64]
    """(K + 1, U); the last row holds the ships that are in no bin."""
    hits: NDArray[np.int64]
    """(K + 1, U) the ships that were found."""


def prepare_recall_by(
    matches: Matches, values: Floats, edges: Sequence[float], *, iou: float, score: float, unit: Ints | None = None
) -> RecallBy:
    """Count ships, and ships found at one score, in bins of a value.

    Bins hold their lower edge and not their upper one; the last holds both. A ship whose value is NaN (no horizon was
    found) or outside the edges is in no bin. Crowds are no ships. Matches are those of the size range `all`.

    Args:
        matches: from `match`.
        values: (G,) the value of each ship, in the order of the `TrueBoxes` that were matched.
        edges: rising; the outer ones may be infinite.
        iou: IoU threshold.
        score: detections from this score on are accepted; NaN accepts none.
        unit: (I,) what each image is weighted with, such as its sequence; the image itself by default.

    Raises:
        ConfigError: fewer than two edges, or they do not rise.
        DataError: there are fewer values than ships.
        KeyError: the range `all` or the IoU threshold was not matched for.
    """
    if len(edges) < 2 or not all(low < high for low, high in itertools.pairwise(edges)):
        raise ConfigError(f"bins from {tuple(edges)}", where="edges", remedy="give two or more numbers that rise")
    if len(values) <= matches.true_row.max(initial=-1):
        what = f"{len(values)} values for {matches.true_row.max() + 1} ships or more"
        raise DataError(what, where="values", remedy="give one for each ship, NaN where unknown")
    unit = np.arange(len(matches.image_ids), dtype=np.int32) if unit is None else unit
    size_range, threshold = matches.range_index("all"), matches.threshold_index(iou)
    hits, _ = matches.hits_and_alarms(size_range, threshold)
    hits &= matches.found_score[matches.candidate] >= score
    found = matches.matched(size_range, threshold)[hits]
    cells = (len(edges), int(unit.max(initial=-1)) + 1)
    cell = _bins(values[matches.true_row], edges) * cells[1] + unit[matches.true_image]
    ships = np.bincount(cell[matches.true_in[size_range]], minlength=cells[0] * cells[1])
    return RecallBy(
        bin_labels(edges), ships.reshape(cells), np.bincount(cell[found], minlength=ships.size).reshape(cells)
    )


def read_recall_by(prepared: RecallBy, weights: Ints) -> dict[str, Floats]:
    """Recall in every bin under B weightings at once.

    Args:
        prepared: from `prepare_recall_by`.
        weights: (B, U) int32, not negative: the weight of each unit.

    Returns:
        (B,) each: `recall@0.1-0.2` (NaN without ships) and `ships@0.1-0.2`, the weighted count of ships, for every
        bin as `bin_labels` names it, and `ships@none`, those in no bin.
    """
    columns = weights[:, : prepared.ships.shape[1]].astype(np.float64)
    ships, hits = columns @ prepared.ships.T, columns @ prepared.hits.T
    with np.errstate(invalid="ignore"):
        recall = hits / ships
    by_bin = {f"recall@{label}": values for label, values in zip(prepared.labels, recall.T[:-1], strict=True)}
    return by_bin | {f"ships@{label}": count for label, count in zip((*prepared.labels, "none"), ships.T, strict=True)}


def bin_labels(edges: Sequence[float]) -> tuple[str, ...]:
    """`(-inf, 0, 2, inf)` → `("<0", "0-2", ">2")`."""
    return tuple(_label(low, high) for low, high in itertools.pairwise(edges))


def _label(low: float, high: float) -> str:
    if math.isinf(low):
        return f"<{high:g}"
    return f">{low:g}" if math.isinf(high) else f"{low:g}-{high:g}"


def _bins(values: Floats, edges: Sequence[float]) -> NDArray[np.int64]:
    """(G,) the bin of each value; K where it has none."""
    last = len(edges) - 1
    place = np.searchsorted(edges, values, side="right") - 1
    place[values == edges[-1]] = last - 1
    place[~((values >= edges[0]) & (values <= edges[-1]))] = last
    return place
