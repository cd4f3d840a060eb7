"""The size of an image as it decodes, from its header wherever that tells it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

from PIL.Image import open as open_image  # bound now: ultralytics replaces it by one that looks for more packages

from wutdet.dataset.images import check_header, decode_image
from wutdet.errors import FrameError

_HEAD_BYTES: Final = 16_384
_ORIENTATION: Final = 274
_ON_ITS_SIDE: Final = (5, 6, 7, 8)
_EXIF_MARKS: Final = (b"eXIf", b"EXIF", b"Exif")  # of PNG, WebP and JPEG
_TIFF_STARTS: Final = (b"II*\0", b"MM\0*")


def read_image_size(path: Path) -> tuple[int, int]:
    """(width, height) of the picture that decoding gives: EXIF may turn it by a quarter.

    A JPEG costs its header. Whether OpenCV turns other kinds differs by its version, so those with EXIF are decoded.

    Raises:
        FrameError: the file is missing, no image, or claims more than 178 megapixels.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_HEAD_BYTES)
            if data[:2] != b"\xff\xd8":
                data += file.read()
            try:
                size = check_header(data, path)
            except FrameError:  # a header may be longer than that
                data += file.read()
                size = check_header(data, path)
    except OSError as error:
        remedy = "restore the file, or leave such frames out with --on-error skip"
        raise FrameError(f"cannot be read ({error.strerror})", where=path, remedy=remedy) from None
    if not data.startswith(_TIFF_STARTS) and not any(mark in data for mark in _EXIF_MARKS):
        return size
    if data[:2] == b"\xff\xd8":
        return size[::-1] if _is_turned(data) else size
    height, width = decode_image(path).shape[:2]
    return width, height


def _is_turned(data: bytes) -> bool:
    try:
        with open_image(io.BytesIO(data)) as image:
            return image.getexif().get(_ORIENTATION) in _ON_ITS_SIDE
    except (OSError, ValueError, SyntaxError):
        return False
