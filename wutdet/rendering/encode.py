"""Rendered frames as files: PNG, which keeps every pixel, or JPEG, which does not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

ImageFormat = Literal["png", "jpg"]

FORMATS: Final[dict[ImageFormat, str]] = {
    "png": "PNG, lossless: the pixels that a benchmark gives its detector",
    "jpg": "JPEG, quality 95, 4:4:4: a further degradation",
}
"""What each format does to the pixels, for plans."""

_SETTINGS: Final[dict[ImageFormat, Sequence[int]]] = {
    # higher levels take 2 to 4 times as long and save a tenth: compressing takes longer than rendering
    "png": (cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE),
    "jpg": (
        cv2.IMWRITE_JPEG_QUALITY,
        95,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    ),
}


def encode_image(image: NDArray[np.uint8], image_format: ImageFormat) -> bytes:
    """The bytes of an image file; equal pixels give equal bytes.

    Args:
        image: (H, W, 3) uint8 RGB.
        image_format: `png` or `jpg`.
    """
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    return cv2.imencode(f".{image_format}", bgr, list(_SETTINGS[image_format]))[1].tobytes()
