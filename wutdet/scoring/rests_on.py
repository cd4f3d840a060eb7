"""Which ships a number rests on, by sequence: those of its size, or those with its property."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from wutdet.metrics.matching import Matches
from wutdet.metrics.numbers import BIN_NUMBERS
from wutdet.metrics.operating import FPPI, IOUS
from wutdet.metrics.recall_by import RecallBy
from wutdet.sizes import COCO_RANGES, SizeRange

Counts = NDArray[np.int64]
"""(U,) ships of each sequence."""


def ships_by_range(matches: Matches, unit: NDArray[np.int32], units: int) -> dict[SizeRange, Counts]:
    """The ships of each size.

    Args:
        matches: the ships, and the ranges they were matched in.
        unit: (I,) the sequence of each image.
        units: how many there are.
    """
    return {
        item: np.bincount(unit[matches.true_image[matches.true_in[row]]], minlength=units)
        for row, item in enumerate(matches.ranges)
    }


def by_number(ships: Mapping[SizeRange, Counts], by_property: Mapping[str, RecallBy]) -> dict[str, Counts]:
    """The ships behind each number that does not rest on all of them, by its name.

    Args:
        ships: by size.
        by_property: what `recall_by` is read off, by property.
    """
    of_sizes = {name: counts for item, counts in ships.items() for name in _numbers_of_size(item)}
    of_properties = {
        f"recall_by.{name}.recall@{label}": counts
        for name, prepared in by_property.items()
        for label, counts in zip(prepared.labels, prepared.ships[:-1], strict=True)
    }
    return of_sizes | of_properties


def _numbers_of_size(item: SizeRange) -> Iterator[str]:
    """As the readers of `wutdet.metrics` call them."""
    if item.name == "all":
        return
    if item.at_network_scale:
        yield from (f"network_bins.{item.name}.{number}" for number in BIN_NUMBERS)
    elif item in COCO_RANGES:
        yield from (f"AP_{item.name}", f"AR_{item.name}")
    else:
        yield from (f"bins.{item.name}.{number}" for number in BIN_NUMBERS)
        points = [f"{rate:g},iou={iou:g},size={item.name}" for rate in FPPI for iou in IOUS]
        yield from (f"recall@{label}={point}" for label in ("fppi", "clear_fppi") for point in points)
