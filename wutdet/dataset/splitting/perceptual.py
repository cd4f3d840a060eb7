"""The perceptual hash of one picture: 64 bits that stay as they are while the picture looks as it does.

The picture is decoded at a fraction of its size (libjpeg skips most of the work) and averaged to 32 x 32; each bit is
the sign of one of 64 low frequencies of its cosine transform, the average left out. Signs do not change with brightness
and contrast. Means and differences of neighbouring cells (aHash, dHash) collide at sea, where sky lies
above water in every frame.

Measured on 329 real frames of seven fixed shore cameras, bits that differ:

    frames 5 s apart, one camera (60 pairs)         mean 3.8, 98 % at most 8, none above 9
    frames of one camera and day, half an hour to hours apart   2 to 40: by the light and the tide
    frames of different cameras (45,000 pairs)      mean 31, sd 4.1, none under 15
    JPEG at quality 30                              at most 3
    half the size                                   at most 6
    30 levels brighter, or 40 % darker              at most 5
    mirrored                                        about 30

A radius of 8 takes pairs that show the same view in much the same light; at 12 a person still sees one place, but other
weather. Of 100,000 unrelated frames (5e9 pairs), a normal tail puts about 100 pairs within 8 bits and 1,300 within 10.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from wutdet.dataset.images import check_header, decode_image
from wutdet.errors import FrameError

HASH_VERSION: Final = 1
"""To be raised when the same picture gets another hash."""
NEAR_BITS: Final = 8
"""Frames whose hashes differ in at most so many bits are near-duplicates; see above."""

_SIDE: Final = 32
_TAIL_BYTES: Final = 4096
_REDUCED: Final = (
    (8 * _SIDE, cv2.IMREAD_REDUCED_GRAYSCALE_8),
    (4 * _SIDE, cv2.IMREAD_REDUCED_GRAYSCALE_4),
    (2 * _SIDE, cv2.IMREAD_REDUCED_GRAYSCALE_2),
)
"""The shorter side in px from which on a JPEG is decoded at an eighth, a quarter, a half."""


def _low_frequencies() -> NDArray[np.intp]:
    """(64,) places in a flat 32 x 32 spectrum; in a wide frame a row's frequency is a lower one than a column's."""
    cost = 0.7 * np.arange(_SIDE)[:, None] + np.arange(_SIDE)[None, :]
    return np.argsort(cost.ravel(), kind="stable")[1:65]


_PLACES: Final = _low_frequencies()


def hash_image(path: Path) -> int:
    """The hash of an image file.

    Raises:
        FrameError: it is missing, no image, cut off, or claims more than 178 megapixels.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FrameError(f"cannot be read ({error.strerror})", where=path, remedy="restore the file") from None
    short_side = min(check_header(data, path))
    is_jpeg = data[:2] == b"\xff\xd8"
    if is_jpeg and b"\xff\xd9" not in data[-_TAIL_BYTES:]:
        decode_image(path)  # which refuses a file that is cut off; OpenCV would fill it with grey
    # only JPEG is reduced by averaging; from other files OpenCV picks pixels
    flag = next((flag for least, flag in _REDUCED if is_jpeg and short_side >= least), cv2.IMREAD_GRAYSCALE)
    try:
        grey = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
    except cv2.error:
        grey = None
    if grey is None:
        raise FrameError("cannot be decoded as an image", where=path, remedy="restore the file")
    return hash_grey(grey.astype(np.uint8, copy=False))


def hash_grey(grey: NDArray[np.uint8]) -> int:
    """The hash of a grey picture (H, W)."""
    small = cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    positive = cv2.dct(small).ravel()[_PLACES] > _FLAT
    return int.from_bytes(np.packbits(positive).tobytes(), "big")


_FLAT: Final = 1e-3  # of grey levels: rounding in a flat picture; the least contrast that 8 bits can hold gives more
