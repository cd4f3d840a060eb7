"""The numbers of the COCO table and of every size bin, under any weights of the images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from wutdet.metrics.curves import CurveFamily, Floats, Readings, curve_family, read_curves
from wutdet.metrics.greedy import Ints
from wutdet.metrics.matching import COCO_THRESHOLDS, Matches
from wutdet.sizes import COCO_RANGES, SizeRange

MAX_DETS: Final = 100
"""Detections of an image that COCO counts."""
COCO_NAMES: Final = (
    "AP",
    "AP50",
    "AP75",
    "AP_small",
    "AP_medium",
    "AP_large",
    "AR_1",
    "AR_10",
    "AR_100",
    "AR_small",
    "AR_medium",
    "AR_large",
)
BIN_NUMBERS: Final = ("AP", "AP50", "AP30", "recall")
_LOOSE_IOU: Final = 0.3  # where a pixel more or less does not decide about a tiny ship
_FEW: Final = (1, 10)

Table = dict[str, Floats]
"""Numbers by name, one value a weighting; NaN where there is nothing to measure."""


@dataclass(frozen=True, slots=True)
class CocoTable:
    """What the COCO table is read off."""

    families: dict[str, CurveFamily]
    """One a COCO range, at COCO's ten IoU thresholds."""
    uncapped: CurveFamily | None
    """All detections of an image counted; None where no image has more than COCO counts."""
    few: dict[int, Floats]
    """(T, U) how many hits among the first 1 and 10 detections of an image each unit has, at each threshold."""


@dataclass(frozen=True, slots=True)
class BinTable:
    """What the size bins are read off: families at IoU 0.3 and COCO's ten thresholds, by bin."""

    prefix: str
    families: dict[str, CurveFamily]


def prepare_coco(matches: Matches, unit: Ints | None = None) -> CocoTable:
    """Gather what the COCO table needs.

    Args:
        matches: from `match`, with COCO's ranges and thresholds.
        unit: (I,) what each image is weighted with; the image itself by default.
    """
    thresholds = _coco_thresholds(matches)
    families = {
        item.name: curve_family(matches, matches.range_index(item.name), thresholds, unit=unit, max_dets=MAX_DETS)
        for item in COCO_RANGES
    }
    everything = matches.range_index("all")
    uncapped = None
    if capped_images(matches):
        uncapped = curve_family(matches, everything, thresholds, unit=unit, max_dets=None)
    few = {most: _first_hits(matches, everything, thresholds, most, unit) for most in _FEW}
    return CocoTable(families, uncapped, few)


def read_coco(table: CocoTable, weights: Ints) -> Table:
    """COCO's twelve numbers, `AP_uncapped`, and the weighted ships of every range (`ships.small`, …).

    Args:
        table: from `prepare_coco`.
        weights: (B, U) int32.
    """
    read = {name: read_curves(family, weights) for name, family in table.families.items()}
    whole = read["all"]
    numbers = {
        "AP": _mean(whole.precision),
        "AP50": whole.precision[:, 0].mean(axis=-1),
        "AP75": whole.precision[:, 5].mean(axis=-1),
        **{f"AP_{name}": _mean(read[name].precision) for name in ("small", "medium", "large")},
        **{f"AR_{most}": _few_recall(whole, few, weights) for most, few in table.few.items()},
        "AR_100": whole.recall.mean(axis=-1),
        **{f"AR_{name}": read[name].recall.mean(axis=-1) for name in ("small", "medium", "large")},
        "AP_uncapped": _mean((read_curves(table.uncapped, weights) if table.uncapped else whole).precision),
    }
    return numbers | {f"ships.{name}": item.ships.astype(float) for name, item in read.items()}


def prepare_bins(matches: Matches, *, at_network_scale: bool = False, unit: Ints | None = None) -> BinTable:
    """Gather what the size bins need: those of the ranges that are not COCO's, or all ranges at network scale."""
    thresholds = [matches.threshold_index(_LOOSE_IOU), *_coco_thresholds(matches)]
    families = {
        item.name: curve_family(matches, place, thresholds, unit=unit, max_dets=MAX_DETS)
        for place, item in enumerate(matches.ranges)
        if item.at_network_scale == at_network_scale and (at_network_scale or not _is_coco(item))
    }
    return BinTable("network_bins" if at_network_scale else "bins", families)


def read_bins(table: BinTable, weights: Ints) -> Table:
    """`bins.<8.AP`, `.AP50`, `.AP30`, `.recall` (at IoU 0.5, of COCO's 100 detections) and `.ships` of every bin."""
    numbers: Table = {}
    for name, family in table.families.items():
        read = read_curves(family, weights)
        values = (
            _mean(read.precision[:, 1:]),
            read.precision[:, 1].mean(axis=-1),
            read.precision[:, 0].mean(axis=-1),
            read.recall[:, 1],
        )
        numbers |= {f"{table.prefix}.{name}.{key}": value for key, value in zip(BIN_NUMBERS, values, strict=True)}
        numbers[f"{table.prefix}.{name}.ships"] = read.ships.astype(float)
    return numbers


def capped_images(matches: Matches) -> int:
    """How many images have more detections than COCO counts."""
    return int(np.count_nonzero(matches.found_rank == MAX_DETS))


def _coco_thresholds(matches: Matches) -> list[int]:
    return [matches.threshold_index(iou) for iou in COCO_THRESHOLDS]


def _is_coco(item: SizeRange) -> bool:
    return item in COCO_RANGES


def _mean(precision: Floats) -> Floats:
    """Over thresholds and recall points together, as pycocotools adds them up."""
    mean: Floats = precision.reshape(len(precision), -1).mean(axis=-1)
    return mean


def _first_hits(matches: Matches, size_range: int, thresholds: list[int], most: int, unit: Ints | None) -> Floats:
    first = matches.found_rank[matches.candidate] < most
    image = matches.found_image[matches.candidate]
    found_unit = image if unit is None else unit[image]
    units = len(matches.image_ids) if unit is None else int(unit.max(initial=-1)) + 1
    hits = (first & matches.hits_and_alarms(size_range, place)[0] for place in thresholds)
    return np.array([np.bincount(found_unit[hit], minlength=units) for hit in hits], np.float64)


def _few_recall(whole: Readings, few: Floats, weights: Ints) -> Floats:
    hits = weights[:, : few.shape[1]].astype(np.float64) @ few.T  # whole numbers, so exact
    with np.errstate(invalid="ignore", divide="ignore"):
        recall: Floats = np.where(whole.ships[:, None] > 0, hits / whole.ships[:, None], np.nan).mean(axis=-1)
    return recall
