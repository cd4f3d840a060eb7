"""One image file: its header and its end, and the whole of it where these leave a doubt."""

from __future__ import annotations

import hashlib
import io
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image, UnidentifiedImageError
from PIL.Image import open as open_image  # bound now: ultralytics replaces it by one that looks for more packages

from wutdet.dataset.images import check_header, decode_image
from wutdet.errors import FrameError

_HEAD_BYTES: Final = 65_536
_TAIL_BYTES: Final = 4096  # cameras pad a JPEG with some bytes after its end marker
_KINDS: Final = {
    ".jpg": ("JPEG", "MPO"),
    ".jpeg": ("JPEG", "MPO"),
    ".png": ("PNG",),
    ".bmp": ("BMP",),
    ".tif": ("TIFF",),
    ".tiff": ("TIFF",),
    ".webp": ("WEBP",),
}
_ENDS: Final = {"JPEG": b"\xff\xd9", "MPO": b"\xff\xd9", "PNG": b"IEND"}
_GREY: Final = ("1", "L", "LA", "I", "I;16", "I;16B", "I;16L", "F")
_CMYK: Final = ("CMYK", "YCCK")
_ORIENTATION: Final = 0x0112
_TURNED: Final = (5, 6, 7, 8)  # EXIF orientations that swap the sides
_LARGE_PIXELS: Final = 80_000_000  # beyond, the header is asked again by the rule of the loader
_NO_IMAGE: Final = (Image.DecompressionBombError, UnidentifiedImageError, OSError, ValueError, SyntaxError, ImportError)


@dataclass(frozen=True, slots=True)
class ImageLook:
    """What one file is."""

    faults: tuple[tuple[str, str], ...]
    """Codes and messages."""
    size: tuple[int, int] | None
    """Width and height of the picture as it is stored; None where the file is none or not whole."""
    orientation: int
    """By EXIF; 1 is upright."""
    fingerprint: bytes
    """Of length, head and tail: equal files have equal ones."""

    @property
    def turned_size(self) -> tuple[int, int] | None:
        """Width and height as a reader that obeys EXIF sees them."""
        return self.size[::-1] if self.size is not None and self.orientation in _TURNED else self.size


@dataclass(frozen=True, slots=True)
class _Header:
    kind: str
    mode: str
    size: tuple[int, int]
    orientation: int


def look_at(path: Path, *, decode: bool) -> ImageLook:
    """Look at an image file; whatever is wrong with it is in the answer.

    A JPEG whose data break off before an end marker that is there passes for whole: decoders fill it with
    grey and report nothing.

    Args:
        path: the file.
        decode: decode every file strictly, not only those whose header or end leave a doubt.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
            length = file.seek(0, os.SEEK_END)
            file.seek(max(0, length - _TAIL_BYTES))
            tail = file.read()
    except FileNotFoundError:
        return _bad("missing-image", "the image is missing")
    except OSError as error:
        return _bad("unreadable-image", f"cannot be read ({error.strerror})")
    fingerprint = hashlib.blake2b(b"%d " % length + head + tail, digest_size=16).digest()
    header = _header(head)
    ended = header is not None and _ENDS.get(header.kind, b"\0no end known") in tail
    if header is None or not ended or decode:
        whole = _look_whole(path, header, ended)
        if isinstance(whole, ImageLook):
            return whole
        header = whole
        ended = _ENDS.get(header.kind, b"") in tail
    faults = list(_oddities(path, header))
    if not ended:
        faults.append(("no-end-marker", f"decodes, but its last {_TAIL_BYTES} bytes hold no end marker"))
    return ImageLook(tuple(faults), header.size, header.orientation, fingerprint)


def _bad(code: str, message: str) -> ImageLook:
    return ImageLook(((code, message),), None, 1, b"")


def _header(data: bytes) -> _Header | None:
    """What the header says; None where it says nothing, or so much that the loader's rule must be asked."""
    try:
        with open_image(io.BytesIO(data)) as image:
            kind = image.format or ""
            orientation = _orientation(image) if kind in ("JPEG", "MPO") else 1
            header = _Header(kind, image.mode, image.size, orientation)
    except _NO_IMAGE:
        return None
    return None if header.size[0] * header.size[1] > _LARGE_PIXELS else header


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except (OSError, ValueError, SyntaxError, KeyError, TypeError, IndexError, struct.error):
        return 1  # EXIF that cannot be read turns nothing
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _look_whole(path: Path, header: _Header | None, ended: bool) -> _Header | ImageLook:
    """Decode a file as strictly as can be; its header where it is whole, else what is wrong."""
    try:
        data = path.read_bytes()
        check_header(data, path)
        with open_image(io.BytesIO(data)) as image:
            image.load()
            kind = image.format or ""
            found = _Header(kind, image.mode, image.size, _orientation(image) if kind in ("JPEG", "MPO") else 1)
        decode_image(path)
    except FrameError as error:
        return _bad("unreadable-image", error.what)
    except _NO_IMAGE:
        if header is not None and header.kind in _ENDS and not ended:
            return _bad("truncated-image", "truncated image")
        return _bad("unreadable-image", "cannot be decoded as an image")
    return found


def _oddities(path: Path, header: _Header) -> list[tuple[str, str]]:
    found = []
    expected = _KINDS.get(path.suffix.lower())
    if expected is not None and header.kind not in expected:
        found.append(
            ("wrong-file-kind", f"holds {header.kind or 'another kind of'} data under the suffix {path.suffix}")
        )
    if header.mode in _GREY:
        found.append(("grayscale-image", f"has no colour (mode {header.mode})"))
    if header.mode in _CMYK:
        found.append(("cmyk-image", f"is in colours of print (mode {header.mode})"))
    if header.orientation != 1:
        found.append(("exif-rotated", f"EXIF orientation {header.orientation}: some tools turn it, the boxes not"))
    return found
