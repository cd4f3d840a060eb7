"""The areas of boxes that may have been edited."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_ROUNDING_PX: Final = 2e-6
"""By which an extent may differ when nobody resized the box: its edges come back to a millionth of a pixel."""

Floats = NDArray[np.float64]


def areas_px2(xyxy: Floats, written_xyxy: Floats, written_px2: Floats) -> Floats:
    """(N,) the areas of boxes: a labelled area is kept when its box is shifted, and scales with a box that is resized.

    Args:
        xyxy: (N, 4) the boxes now, in native pixels.
        written_xyxy: (N, 4) as they were written; NaN for a box of which that is not known: it has width times height.
        written_px2: (N,) the areas that they had; NaN likewise.
    """
    extent, before = xyxy[:, 2:] - xyxy[:, :2], written_xyxy[:, 2:] - written_xyxy[:, :2]
    own_px2 = extent.prod(axis=1)
    shifted = (np.abs(extent - before) <= _ROUNDING_PX).all(axis=1) & ~np.isnan(written_px2)
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = own_px2 * (written_px2 / before.prod(axis=1))  # to the last bit width times height where it was
    return np.where(shifted, written_px2, np.where(np.isfinite(scaled), scaled, own_px2))
