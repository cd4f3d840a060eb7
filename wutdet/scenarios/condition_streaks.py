"""Evidence of rain in a single frame: streaks that fall across the sky."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from wutdet.scenarios.light import FloatArray, Image

_LENGTH: Final = 15  # px: over which a streak is the same
_ROWS: Final = 96  # px of sky that are looked at
_COLUMNS: Final = 512  # of them, in the middle of the frame
_BLOCKS: Final = 8  # side by side: a mast or a pylon stands in one or two of them
_SLANTS: Final = (-0.3, -0.15, 0.0, 0.15, 0.3)  # sideways per px down, up to 17 degrees
_LEAST_GRADIENT: Final = 0.1  # grey levels: a sky without any has no streaks


def streaks(image: Image, row: float) -> float:
    """How streaky the top of the frame is: about 1 without rain, more with falling streaks.

    Change across, after averaging along a slant over 15 px, over the change along it after averaging across: a
    streak stays the same along its slant. The median of eight blocks side by side, so that a mast says nothing;
    the slant (up to 17° off the plumb line) that gives most.

    Args:
        image: (H, W, 3) uint8 RGB.
        row: of the line, in the image's own pixels; the uppermost 96 rows, as far as they lie above it, and the
            middle 512 columns are looked at.

    Returns:
        1.0 where less than 32 rows or 256 columns of sky are there.
    """
    rows = min(_ROWS, int(row) - 8)
    if rows < 32 or image.shape[1] < 256:
        return 1.0
    left = max(0, (image.shape[1] - _COLUMNS) // 2)
    sky = image[:rows, left : left + _COLUMNS, 1].astype(
        np.float32
    )  # green alone: most of the light, a third of the work
    return max(_streakiness(sky, slant) for slant in _SLANTS)


def _streakiness(sky: FloatArray, slant: float) -> float:
    height, width = sky.shape
    if slant:
        shear = np.array([[1.0, -slant, slant * height / 2.0], [0.0, 1.0, 0.0]])
        sky = np.asarray(cv2.warpAffine(sky, shear, (width, height), borderMode=cv2.BORDER_REPLICATE), np.float32)
    along = cv2.blur(sky, (1, _LENGTH))
    across = cv2.blur(sky, (_LENGTH, 1))
    sideways = np.abs(along[:, 1:] - along[:, :-1])
    downward = np.abs(across[1:] - across[:-1])
    edges = np.linspace(0, width - 1, _BLOCKS + 1).astype(int)
    across_blocks, down_blocks = (_block_means(change, edges) for change in (sideways, downward))
    return float(np.median(np.maximum(across_blocks, _LEAST_GRADIENT) / np.maximum(down_blocks, _LEAST_GRADIENT)))


def _block_means(change: FloatArray, edges: NDArray[np.int_]) -> NDArray[np.float64]:
    """Mean of each block of columns; the last column of all is in none."""
    columns = change.mean(axis=0, dtype=np.float64)[: edges[-1]]
    return np.asarray(np.add.reduceat(columns, edges[:-1]) / np.diff(edges))
