"""Tar archives, plain or packed by gzip, bzip2 or xz, read by the standard library and trusted in nothing."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, cast

from wutdet.parts.archive import (
    BROKEN,
    Archive,
    CappedReader,
    Member,
    check_count,
    check_total,
    checked_path,
    damaged,
    refused,
)

Packing = Literal["", "gzip", "bzip2", "xz"]

_MOST_HEADER_BYTES: Final = 16 * 2**20  # long names and pax records are read into memory
_MOST_PADDING_BYTES: Final = 16 * 2**20  # tar fills its last record with zeros, 10 kB as a rule
_CHUNK_BYTES: Final = 2**20
_END: Final = bytes(tarfile.BLOCKSIZE)
_OPENERS: Final[dict[Packing, Callable[[Path], Any]]] = {
    "": io.FileIO,
    "gzip": gzip.GzipFile,
    "bzip2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
}


@contextmanager
def open_tar(path: Path, packing: Packing) -> Iterator[Archive]:
    """Open a tar after every member was looked at, which reads a packed one through once.

    Raises:
        DamagedError: it is cut short or broken.
        HostileError: a member is a link, a device, sparse, of an unsafe name, or the whole grows too much.
    """
    with _OPENERS[packing](path) as raw, CappedReader(raw, _MOST_HEADER_BYTES) as stream:
        try:
            archive = tarfile.open(fileobj=stream, mode="r:", encoding="utf-8", errors="surrogateescape")  # noqa: SIM115
        except BROKEN as error:
            raise damaged(path, error) from None
        with archive:
            members = tuple(_files(path, archive, stream))

            def open_member(member: Member) -> BinaryIO:
                return cast(BinaryIO, archive.extractfile(member.entry))

            yield Archive(path, members, open_member)


def _files(path: Path, archive: tarfile.TarFile, stream: BinaryIO) -> Iterator[Member]:
    count = total_bytes = 0
    while True:
        try:
            entry = archive.next()
        except BROKEN as error:
            raise damaged(path, error) from None
        if entry is None:
            break
        count += 1
        check_count(path, count)
        name = checked_path(path, entry.name)
        if entry.isdir() or not name:
            continue
        if not entry.isreg() or entry.issparse() or entry.size < 0:
            raise refused(path, entry.name, f"is {_kind(entry)}")
        total_bytes += entry.size
        check_total(path, total_bytes)  # before the next header is looked for, behind all these bytes
        yield Member(name, entry.size, None, entry)
    _check_end(path, archive, stream)


def _kind(entry: tarfile.TarInfo) -> str:
    if entry.issym():
        return "a symbolic link"
    if entry.islnk():
        return "a hard link"
    return "a sparse file" if entry.issparse() else "no file"


def _check_end(path: Path, archive: tarfile.TarFile, stream: BinaryIO) -> None:
    """Hold out for the block of zeros at the end: tarfile takes a broken header in the middle for the end.

    And read on to the end of the file, where a packed one has its checksum.
    """
    try:
        stream.seek(archive.offset)
        block = stream.read(tarfile.BLOCKSIZE)
        padding_bytes = 0
        while padding_bytes <= _MOST_PADDING_BYTES and (rest := stream.read(_CHUNK_BYTES)):
            padding_bytes += len(rest)
    except BROKEN as error:
        raise damaged(path, error) from None
    if block != _END or padding_bytes > _MOST_PADDING_BYTES:
        raise damaged(path, "no end of the archive" if len(block) < len(_END) else "a broken header")
