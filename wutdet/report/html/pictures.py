"""Pictures of failures: what surrounds a box, enlarged, with the box marked around and not over its pixels."""

from __future__ import annotations

import base64
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Box = tuple[float, float, float, float]

_WIDTH: Final = 320  # of a picture, px
_HEIGHT: Final = 220
_AROUND: Final = 5.0  # a crop is so many times as wide as its box
_LEAST: Final = 120  # px of the frame
_GAP: Final = 6  # between two pictures
_OFF: Final = 4  # between a box and its mark
_QUALITY: Final = 82
MARKED: Final = (255, 170, 0)
"""RGB of the mark: orange, seen on sea, sky and fog, and by every common colour vision."""
_EDGE: Final = (0, 0, 0)


def picture(frames: list[Image], box: Box) -> bytes:
    """The surroundings of a box in one frame, or in several side by side, as JPEG."""
    parts: list[Image] = []
    for frame in frames:
        if parts:
            parts.append(np.full((_HEIGHT, _GAP, 3), 128, np.uint8))
        parts.append(_crop(frame, box))
    _, data = cv2.imencode(
        ".jpg", cv2.cvtColor(np.concatenate(parts, axis=1), cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
    )
    return data.tobytes()


def data_uri(jpeg: bytes) -> str:
    """A picture as an address that holds it."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"


def _crop(frame: Image, box: Box) -> Image:
    height, width = frame.shape[:2]
    x0, y0, x1, y1 = box
    aspect = _WIDTH / _HEIGHT
    wide = max(_LEAST, _AROUND * (x1 - x0), _AROUND * (y1 - y0) * aspect / 2)
    wide = min(wide, float(width), height * aspect)
    high = wide / aspect
    left = min(max((x0 + x1 - wide) / 2, 0.0), width - wide)
    above = min(max((y0 + y1 - high) / 2, 0.0), height - high)
    scale = _WIDTH / wide
    way = np.array([[scale, 0.0, -left * scale], [0.0, scale, -above * scale]])
    smooth = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    if scale < 1:  # a warp does not average: shrink first
        whole = frame[int(above) : int(above + high), int(left) : int(left + wide)]
        shown = cv2.resize(whole, (_WIDTH, _HEIGHT), interpolation=smooth)
    else:
        shown = cv2.warpAffine(frame, way, (_WIDTH, _HEIGHT), flags=smooth, borderMode=cv2.BORDER_REPLICATE)
    picture = np.ascontiguousarray(shown, dtype=np.uint8)
    corners = (
        round((x0 - left) * scale) - _OFF,
        round((y0 - above) * scale) - _OFF,
        round((x1 - left) * scale) + _OFF,
        round((y1 - above) * scale) + _OFF,
    )
    for colour, thickness in ((_EDGE, 4), (MARKED, 2)):
        cv2.rectangle(picture, corners[:2], corners[2:], colour, thickness)
    return picture
