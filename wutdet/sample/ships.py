"""The kinds of ships that there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from wutdet.sample.boats import fishing, sail, tug
from wutdet.sample.merchant import bulker, container, ferry
from wutdet.sample.model import ShipModel


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of ship.

    Args:
        build: makes one with dimensions and colours of its own.
        share: how often it is met.
        length_m: usual length.
        bulk_m: usual `ShipModel.bulk_m`.
        knots: usual speed.
        anchors: whether it lies still unless it is on passage.
    """

    build: Callable[[np.random.Generator], ShipModel]
    share: float
    length_m: float
    bulk_m: float
    knots: float
    anchors: bool = False


KINDS: Final[dict[str, Kind]] = {
    "container": Kind(container, 0.20, 235, 39, 14, anchors=True),
    "bulker": Kind(bulker, 0.20, 170, 30, 11, anchors=True),
    "tug": Kind(tug, 0.14, 29, 14.5, 8),
    "fishing": Kind(fishing, 0.22, 21, 12, 7),
    "ferry": Kind(ferry, 0.14, 90, 23, 15),
    "sail": Kind(sail, 0.10, 12.5, 16, 5),
}
