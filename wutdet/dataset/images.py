"""Decode a frame, and refuse one that is not whole."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from PIL.Image import open as open_image  # bound now: ultralytics replaces it by one that looks for more packages

from wutdet.errors import FrameError

_TAIL_BYTES: Final = 4096  # cameras pad a JPEG with some bytes after its end marker
_MAX_PIXELS: Final = 178_956_970  # Pillow's own limit, 5 times an 8K frame; held where another library lifts Pillow's
_BOMB: Final = f"claims more than {_MAX_PIXELS // 10**6} megapixels"
_REMEDY: Final = "restore the file, or leave such frames out with --on-error skip"


def decode_image(path: Path) -> NDArray[np.uint8]:
    """Decode an image to RGB uint8 (H, W, 3).

    The pixels are OpenCV's, which detectors are trained on. OpenCV fills the missing rest of a truncated JPEG
    with grey and says nothing, so a JPEG without its end marker is first put through Pillow's strict decoder.

    Raises:
        FrameError: the file is missing, not an image, truncated, or claims more than 178 megapixels.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FrameError(f"cannot be read ({error.strerror})", where=path, remedy=_REMEDY) from None
    check_header(data, path)
    if data[:2] == b"\xff\xd8" and b"\xff\xd9" not in data[-_TAIL_BYTES:]:
        _decode_strictly(data, path)
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if decoded is None:
        raise FrameError("cannot be decoded as an image", where=path, remedy=_REMEDY)
    return cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)


def check_header(data: bytes, path: Path) -> tuple[int, int]:
    """(width, height) by the header alone, before anything is decoded.

    Raises:
        FrameError: it is no image, or claims more than 178 megapixels.
    """
    try:
        with open_image(io.BytesIO(data)) as image:
            width, height = image.size
    except Image.DecompressionBombError:
        raise FrameError(_BOMB, where=path, remedy=_REMEDY) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, ImportError):  # ImportError: ultralytics' opener
        raise FrameError("not an image", where=path, remedy=_REMEDY) from None
    if width * height > _MAX_PIXELS:
        raise FrameError(_BOMB, where=path, remedy=_REMEDY)
    return width, height


def _decode_strictly(data: bytes, path: Path) -> None:
    try:
        with open_image(io.BytesIO(data)) as image:
            image.load()
    except (OSError, ValueError, SyntaxError):
        raise FrameError("truncated image", where=path, remedy=_REMEDY) from None
