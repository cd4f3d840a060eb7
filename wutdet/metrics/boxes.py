"""Columns of boxes that metrics are computed from: arrays, so that they may come from anywhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class TrueBoxes:
    """The ships of a set of images; the order of an image's boxes breaks ties between equal overlaps."""

    all_image_ids: NDArray[np.int64]
    """(I,) every image that is scored, also those without ships."""
    image_ids: NDArray[np.int64]
    """(G,) the image of each box."""
    xywh: NDArray[np.float64]
    """(G, 4) 0-based, native pixels."""
    area_px2: NDArray[np.float64]
    """(G,) as the labels give it."""
    iscrowd: NDArray[np.bool_]
    """(G,)."""
    categories: NDArray[np.int64] | None = None
    """(G,); None where there is one class."""
    ignored: NDArray[np.bool_] | None = None
    """(G,) ships that do not count: neither missed nor, when one detection finds them, a false alarm; None: no ship.

    Unlike a crowd such a ship takes one detection, at its ordinary IoU."""


@dataclass(frozen=True, slots=True)
class FoundBoxes:
    """The detections in a set of images, in the order that breaks ties between equal scores."""

    image_ids: NDArray[np.int64]
    """(D,) the image of each box."""
    xywh: NDArray[np.float64]
    """(D, 4) 0-based, native pixels."""
    scores: NDArray[np.float64]
    """(D,)."""
    categories: NDArray[np.int64] | None = None
    """(D,); None where there is one class."""
