"""What the first bytes of a file say it is."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Final, Literal

from wutdet.errors import DataError
from wutdet.parts.tar_archive import Packing
from wutdet.parts.transfer_error import PageError, QuotaError

PAGE_BYTES: Final = 256 * 1024
"""As much of a page as is looked at."""

_PAGE: Final = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype\s+html|html|head|body|title|script|!--)", re.IGNORECASE)
_QUOTA: Final = re.compile(r"quota exceeded|too many users have viewed or downloaded|had many accesses", re.IGNORECASE)
_PACKED: Final[tuple[tuple[bytes, Packing], ...]] = ((b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ\0", "xz"))


def is_page(head: bytes) -> bool:
    """Whether the first bytes are those of an HTML page."""
    return _PAGE.match(head) is not None


def says_quota(text: str) -> bool:
    """Whether a page or an error of Google Drive's says that its limit of downloads is reached."""
    return _QUOTA.search(text) is not None


def page_error(head: bytes, where: object) -> PageError:
    """The error for a page that came in place of an archive."""
    if says_quota(head.decode("utf-8", "replace")):
        return QuotaError("its download quota is spent", where=where, remedy="try again tomorrow")
    remedy = "check the address in a browser, or give another with --url"
    return PageError("sends a web page and not the archive", where=where, remedy=remedy)


def kind_of(path: Path) -> Literal["zip"] | Packing:
    """`zip`, or how a tar is packed ("" when it is not), by the bytes and not by the name.

    Raises:
        PageError: it is a web page, saved under the archive's name.
        DataError: it is neither zip nor tar, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(PAGE_BYTES)
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", where=path, remedy="check the path") from None
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    for magic, packing in _PACKED:
        if head.startswith(magic):
            return packing
    if head[257:262] == b"ustar" or path.suffix == ".tar":
        return ""
    if is_page(head):
        raise page_error(head, path)
    if zipfile.is_zipfile(path):  # behind a program that unpacks it
        return "zip"
    remedy = "give a .zip, .tar, .tar.gz, .tar.bz2 or .tar.xz, or unpack it and give the folder"
    raise DataError("is empty" if not head else "is neither a zip nor a tar archive", where=path, remedy=remedy)
