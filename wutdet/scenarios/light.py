"""Light: sRGB to linear and back, and tables over (pixel value, level) that carry every effect.

An effect is computed in linear light for every pair of an 8-bit pixel value and an 8-bit level of some
field (range, opacity, added light, noise), 65,536 pairs, and then looked up for all pixels at once. So the
physics is exact up to the 256 levels of the field, and costs one look-up a pixel.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Plane = NDArray[np.uint8]
FloatArray = NDArray[np.float32]

LUMINANCE: Final = np.array([0.2126, 0.7152, 0.0722])  # of linear RGB: Rec. ITU-R BT.709

_BAND_ROWS: Final = 64
_FEW: Final = 0.15  # of the pixels: looking up so many one by one takes as long as looking up all
_VALUES: Final = np.arange(256, dtype=np.uint8)
_ENCODE_STEPS: Final = 65535  # an index step is at most 0.05 grey levels, in the darkest tones


def srgb_to_linear(value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear light in [0, 1] of sRGB values in [0, 1]: IEC 61966-2-1."""
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """SRGB values in [0, 1] of linear light in [0, 1]: IEC 61966-2-1."""
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


LINEAR: Final[FloatArray] = srgb_to_linear(np.arange(256) / 255.0).astype(np.float32)
"""Linear light, float32 in [0, 1], of every 8-bit sRGB value."""

_ENCODED: Final[Image] = np.rint(255.0 * linear_to_srgb(np.arange(_ENCODE_STEPS + 1) / float(_ENCODE_STEPS))).astype(
    np.uint8
)


def encode(linear: FloatArray) -> NDArray[np.uint8]:
    """8-bit sRGB of linear light of any shape; light outside [0, 1] is clipped, as a sensor does."""
    index = np.clip(linear, 0.0, 1.0) * np.float32(_ENCODE_STEPS) + np.float32(0.5)
    encoded: NDArray[np.uint8] = _ENCODED[index.astype(np.uint16)]
    return encoded


@dataclass(frozen=True, slots=True)
class Layer:
    """One effect on a frame.

    Attributes:
        levels: the level plane (H, W) uint8 of the red, green and blue channel; one plane may serve all three.
        tables: (3, 256 levels, 256 values) uint8, or (1, 256, 256) when the channels share one.
    """

    levels: tuple[Plane, Plane, Plane]
    tables: NDArray[np.uint8]

    @classmethod
    def even(cls, plane: Plane, tables: NDArray[np.uint8]) -> Layer:
        """A layer whose channels share one plane of levels."""
        return cls((plane, plane, plane), tables)

    def table(self, channel: int) -> NDArray[np.uint8]:
        """(65536,) uint8: the table of one channel."""
        return np.ascontiguousarray(self.tables[channel % len(self.tables)]).reshape(65536)

    def touches(self, rows: slice) -> NDArray[np.intp] | None:
        """The pixels of some rows that the layer may change, in reading order; None where these are not few."""
        plane = self.levels[0][rows]
        if any(other is not self.levels[0] for other in self.levels) or not (self.tables[:, 0] == _VALUES).all():
            return None
        return np.flatnonzero(plane != 0) if cv2.countNonZero(plane) < _FEW * plane.size else None


def recolour(image: Image, layers: Sequence[Layer]) -> Image:
    """The (H, W, 3) uint8 image, new, that the layers give one after the other.

    Done in bands of rows, so that everything between the two images stays in the processor's cache.
    """
    height, width = image.shape[:2]
    tables = [[layer.table(channel) for channel in range(3)] for layer in layers]
    values = [np.empty((_BAND_ROWS, width), np.uint8) for _ in range(3)]
    pairs = np.empty((_BAND_ROWS, width, 2), np.uint8)
    out = np.empty_like(image)
    for top in range(0, height, _BAND_ROWS):
        bottom = min(top + _BAND_ROWS, height)
        band = [plane[: bottom - top] for plane in values]
        cv2.split(image[top:bottom], band)
        index = pairs[: bottom - top]
        for layer, of_channel in zip(layers, tables, strict=True):
            touched = layer.touches(slice(top, bottom))
            if touched is not None:
                _look_up_few(band, layer.levels[0][top:bottom], touched, of_channel)
                continue
            for plane, level, table in zip(band, layer.levels, of_channel, strict=True):
                cv2.merge(_low_byte_first(plane, level[top:bottom]), index)
                look_up_plane(index.view(np.uint16)[:, :, 0], table, plane)
        cv2.merge(band, out[top:bottom])
    return out


def _look_up_few(
    band: Sequence[Plane], level: Plane, touched: NDArray[np.intp], tables: Sequence[NDArray[np.uint8]]
) -> None:
    """Look up the touched pixels of every channel, in place."""
    row_of_table = level.ravel()[touched].astype(np.intp) << 8
    for plane, table in zip(band, tables, strict=True):
        values = plane.reshape(-1)
        values[touched] = table[row_of_table | values[touched]]


def _low_byte_first(low: Plane, high: Plane) -> list[Plane]:
    return [low, high] if sys.byteorder == "little" else [high, low]


def look_up_plane(index: NDArray[np.uint16], table: NDArray[np.uint8], out: Plane | None = None) -> Plane:
    """The (H, W) uint8 plane of a (65536,) uint8 table at (H, W) uint16 indices; written to `out` if given."""
    plane = np.empty(index.shape, np.uint8) if out is None else out
    if _WIDE_LUT:
        cv2.LUT(index, table.reshape(1, 65536), dst=plane)
    else:
        plane[:] = table[index]
    return plane


def _has_wide_lut() -> bool:
    """Whether this OpenCV looks up 16-bit indices; older releases do 8-bit only."""
    try:
        cv2.LUT(np.zeros((1, 1), np.uint16), np.zeros((1, 65536), np.uint8))
    except cv2.error:
        return False
    return True


_WIDE_LUT: Final = _has_wide_lut()
