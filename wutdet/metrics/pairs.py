"""Which detections overlap which ships: the only step that touches boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_CHUNK_PAIRS: Final = 1 << 19  # candidates compared at once: a few MB a column, which caches hold


@dataclass(frozen=True, slots=True)
class Pairs:
    """Detections and ships of one image and class that overlap; by detection, then by ship."""

    found: NDArray[np.int32]
    """(P,) row of the detection."""
    true: NDArray[np.int32]
    """(P,) row of the ship."""
    iou: NDArray[np.float64]
    """(P,) intersection over union; over the detection's area where the ship is a crowd."""


def overlapping_pairs(
    found_group: NDArray[np.int32],
    found_xywh: NDArray[np.float64],
    true_group: NDArray[np.int32],
    true_xywh: NDArray[np.float64],
    true_iscrowd: NDArray[np.bool_],
    *,
    least_iou: float,
) -> Pairs:
    """Every pair of one group whose IoU is at least `least_iou`, in the arithmetic of pycocotools' maskApi.c.

    Args:
        found_group: (D,) the image (and class) of each detection.
        found_xywh: (D, 4).
        true_group: (G,) likewise, rising.
        true_xywh: (G, 4).
        true_iscrowd: (G,).
        least_iou: above 0.
    """
    groups = int(max(found_group.max(initial=-1), true_group.max(initial=-1))) + 1
    ships = np.bincount(true_group, minlength=groups)
    first = np.cumsum(ships) - ships
    candidates = ships[found_group]
    chunk_ends = np.searchsorted(
        np.cumsum(candidates), np.arange(1, candidates.sum() // _CHUNK_PAIRS + 1) * _CHUNK_PAIRS
    )
    found_columns, true_columns = _columns(found_xywh), _columns(true_xywh)
    pieces = []
    for start, stop in zip([0, *chunk_ends.tolist()], [*chunk_ends.tolist(), len(found_group)], strict=True):
        counts = candidates[start:stop]
        found = np.repeat(np.arange(start, stop, dtype=np.int32), counts)
        shift = first[found_group[start:stop]] - (np.cumsum(counts) - counts)
        true = np.repeat(shift.astype(np.int32), counts)
        true += np.arange(len(true), dtype=np.int32)
        pieces.append(_overlaps(found, true, found_columns, true_columns, true_iscrowd, least_iou))
    return Pairs(*(np.concatenate(column) for column in zip(*pieces, strict=True)))


_Columns = tuple[NDArray[np.float64], ...]


def _columns(xywh: NDArray[np.float64]) -> _Columns:
    x, y, width, height = (np.ascontiguousarray(column) for column in xywh.T)
    with np.errstate(over="ignore"):
        return x, y, x + width, y + height, width * height


def _overlaps(
    found: NDArray[np.int32],
    true: NDArray[np.int32],
    found_columns: _Columns,
    true_columns: _Columns,
    iscrowd: NDArray[np.bool_],
    least_iou: float,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    fx, fy, fr, fb, farea = found_columns
    tx, ty, tr, tb, tarea = true_columns
    width = np.minimum(fr[found], tr[true]) - np.maximum(fx[found], tx[true])
    kept = np.flatnonzero(width > 0)
    found, true, width = found[kept], true[kept], width[kept]
    height = np.minimum(fb[found], tb[true]) - np.maximum(fy[found], ty[true])
    kept = np.flatnonzero(height > 0)
    found, true, common = found[kept], true[kept], width[kept] * height[kept]
    area = farea[found]
    with np.errstate(over="ignore", invalid="ignore"):
        iou = common / np.where(iscrowd[true], area, area + tarea[true] - common)
    kept = np.flatnonzero(iou >= least_iou)
    return found[kept], true[kept], iou[kept]
