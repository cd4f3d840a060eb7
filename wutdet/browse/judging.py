"""What became of every detection and every ship, read off the matching that the scores are read off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wutdet.metrics import FoundBoxes, TrueBoxes
from wutdet.metrics.matching import BACKGROUND_IOU, match
from wutdet.sizes import COCO_RANGES

IOU: Final = 0.5
UNJUDGED, TP, FP, FN, IGNORED = range(5)
WORDS: Final = (None, "tp", "fp", "fn", "ignored")
"""By verdict. A crowd, a ship that the scores ignore, and the detection that found one, are `ignored`."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdicts of one scenario on D detections and G ships, in the order they were given."""

    found: NDArray[np.int8]
    """(D,) `TP`, `FP`, `IGNORED`; `UNJUDGED` below the threshold."""
    found_ship: Ints
    """(D,) the ship that each detection found, −1 for none."""
    found_iou: Floats
    """(D,) with that ship; NaN without one. With a crowd it is over the detection's own area, as in COCO."""
    true: NDArray[np.int8]
    """(G,) `TP`, `FN`, `IGNORED`; `UNJUDGED` in frames that were not looked at."""
    true_found: Ints
    """(G,) the detection that found each ship, −1 for none."""
    background: NDArray[np.bool_]
    """(D,) the false alarms that overlap no ship."""

    def counts(self) -> tuple[int, int, int]:
        """How many `tp`, `fp` and `fn` there are."""
        return int((self.found == TP).sum()), int((self.found == FP).sum()), int((self.true == FN).sum())


def judge(true: TrueBoxes, found: FoundBoxes, threshold: float, *, iou: float = IOU) -> Judged:
    """Match the detections from a score on, as COCO does and as every score of a run is computed.

    Args:
        true: the ships; those of images that `all_image_ids` does not list are not judged.
        found: the detections.
        threshold: the lowest score that is accepted.
        iou: from which a detection finds a ship.
    """
    accepted = np.flatnonzero(found.scores >= threshold)
    part = FoundBoxes(found.image_ids[accepted], found.xywh[accepted], found.scores[accepted])
    matches = match(true, part, thresholds=(iou,), ranges=COCO_RANGES[:1])
    verdict = np.full(len(found.scores), UNJUDGED, np.int8)
    ship_of = np.full(len(found.scores), -1, np.int64)
    overlap = np.full(len(found.scores), np.nan)
    rows = accepted[matches.found_row]
    verdict[rows] = FP
    ships = matches.matched(0, 0)
    paired = np.flatnonzero(ships >= 0)
    by, of = rows[matches.candidate[paired]], matches.true_row[ships[paired]]
    counts = matches.true_in[0, ships[paired]]
    verdict[by] = np.where(counts, TP, IGNORED)
    ship_of[by] = of
    overlap[by] = _overlaps(found.xywh[by], true.xywh[of], true.iscrowd[of])
    of_true = np.full(len(true.image_ids), UNJUDGED, np.int8)
    of_true[matches.true_row] = np.where(matches.true_in[0], FN, IGNORED)
    of_true[of[counts]] = TP
    found_by = np.full(len(true.image_ids), -1, np.int64)
    found_by[of[counts]] = by[counts]
    background = verdict == FP
    background[rows[matches.candidate[matches.candidate_iou >= BACKGROUND_IOU]]] = False
    return Judged(verdict, ship_of, overlap, of_true, found_by, background)


def _overlaps(found: Floats, true: Floats, crowd: NDArray[np.bool_]) -> Floats:
    """(N,) the IoU of pairs of xywh boxes; over the detection's area where the ship is a crowd."""
    low = np.maximum(found[:, :2], true[:, :2])
    high = np.minimum(found[:, :2] + found[:, 2:], true[:, :2] + true[:, 2:])
    common = np.maximum(high - low, 0.0).prod(axis=1)
    area = found[:, 2:].prod(axis=1)
    shares: Floats = common / np.where(crowd, area, area + true[:, 2:].prod(axis=1) - common)
    return shares
