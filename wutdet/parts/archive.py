"""What every archive is reduced to: members with safe names, and a way to read each."""

from __future__ import annotations

import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from wutdet.errors import DataError
from wutdet.parts.names import fault_of, shown

MOST_MEMBERS: Final = 500_000  # all of WUTDet is 201,152 files
MOST_RATIO: Final = 100  # JPEGs do not shrink, XML does so about 10 times; deflate can reach 1,032
SMALL_MEMBER_BYTES: Final = 2**20  # below this a member may be all blanks
SMALL_TOTAL_BYTES: Final = 16 * 2**20

_BY_HAND: Final = "if you trust the archive, unpack it yourself and import the folder"


class DamagedError(DataError):
    """The archive is cut short or damaged: another copy of it may be good."""


class HostileError(DataError):
    """The archive holds what no honest part holds. No byte of the member was written."""


class TooMuchAtOnceError(Exception):
    """A header claims more than is read into memory at once."""


BROKEN: Final = (
    zipfile.BadZipFile,
    tarfile.TarError,
    TooMuchAtOnceError,
    NotImplementedError,
    ValueError,
    OverflowError,
    EOFError,
    RecursionError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
    OSError,
)
"""What the standard library raises while it reads a broken archive."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive, by its checked name."""

    path: str
    """With `/`, without `.` steps."""
    size_bytes: int
    """As declared; reading stops there."""
    crc32: int | None
    """None where the format has no checksum (tar)."""
    entry: Any
    """The format's own."""


@dataclass(frozen=True, slots=True)
class Archive:
    """An open archive."""

    path: Path
    members: tuple[Member, ...]
    """In the order in which they are quickest to read."""
    open: Callable[[Member], BinaryIO]


class CappedReader(io.BufferedReader):
    """A stream that refuses to read much at once, so that a header that claims gigabytes takes no memory."""

    def __init__(self, raw: Any, most_bytes: int) -> None:
        super().__init__(raw)
        self._most_bytes = most_bytes

    def read(self, size: int | None = -1, /) -> bytes:
        """As any stream does.

        Raises:
            TooMuchAtOnceError: more than the limit would be read.
        """
        wanted = self._most_bytes + 1 if size is None or size < 0 else size
        if size == wanted > self._most_bytes:
            raise TooMuchAtOnceError("a header claims an impossible size")
        data = super().read(wanted)
        if len(data) > self._most_bytes:
            raise TooMuchAtOnceError("a header claims an impossible size")
        return data


def checked_path(archive: Path, name: str) -> str:
    """A member's name as a safe path, without the `./` in front and the `/` behind that folders have.

    Raises:
        HostileError: the name is not safe.
    """
    path = name.removesuffix("/")
    while path.startswith("./"):
        path = path[2:]
    if path in ("", "."):
        return ""
    fault = fault_of(path)
    if fault:
        raise refused(archive, name, fault)
    return path


def check_count(archive: Path, count: int) -> None:
    """Hold the number of members within the limit.

    Raises:
        HostileError: there are more.
    """
    if count > MOST_MEMBERS:
        raise HostileError(f"holds more than {MOST_MEMBERS} members", where=archive, remedy=_BY_HAND)


def check_total(archive: Path, unpacked_bytes: int) -> None:
    """Hold what an archive declares to unpack to within a multiple of its own size.

    Raises:
        HostileError: it would grow more than any honest part.
    """
    packed_bytes = archive.stat().st_size
    if unpacked_bytes > SMALL_TOTAL_BYTES + MOST_RATIO * packed_bytes:
        what = f"would grow from {bytes_text(packed_bytes)} to at least {bytes_text(unpacked_bytes)}"
        raise HostileError(what, where=archive, remedy=_BY_HAND)


def check_member(archive: Path, name: str, *, packed_bytes: int, unpacked_bytes: int) -> None:
    """Hold one member's growth within the limit.

    Raises:
        HostileError: it would grow more than any honest member.
    """
    if unpacked_bytes > SMALL_MEMBER_BYTES + MOST_RATIO * packed_bytes:
        raise refused(archive, name, f"would grow from {bytes_text(packed_bytes)} to {bytes_text(unpacked_bytes)}")


def refused(archive: Path, name: str, why: str) -> HostileError:
    """The error that a member causes."""
    return HostileError(f"the member {shown(name)} {why}", where=archive, remedy=_BY_HAND)


def damaged(archive: Path, why: object, name: str = "") -> DamagedError:
    """The error that a broken archive causes, with the member where one is known."""
    text = " ".join(str(why).split()) or type(why).__name__
    what = f"the member {shown(name)} is damaged ({text})" if name else f"is cut short or damaged ({text})"
    return DamagedError(what, where=archive, remedy="get the archive again")


def bytes_text(size_bytes: int) -> str:
    """`4.7 GB`, in powers of 1,000."""
    size = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB" if size < 100 else f"{size:.0f} TB"
