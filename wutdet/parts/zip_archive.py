"""Zip archives, read by the standard library and trusted in nothing."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

from wutdet.parts.archive import (
    BROKEN,
    Archive,
    CappedReader,
    Member,
    check_count,
    check_member,
    check_total,
    checked_path,
    damaged,
    refused,
)

_MOST_DIRECTORY_BYTES: Final = 64 * 2**20  # of 500,000 members; all of it is read into memory
_LOCAL_HEADER_BYTES: Final = 30
_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000
_UTF8: Final = 0x800
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


@contextmanager
def open_zip(path: Path) -> Iterator[Archive]:
    """Open a zip, zip64 included, after every member was looked at.

    Raises:
        DamagedError: it has no directory, or a broken one.
        HostileError: a member is encrypted, a link, no file, packed in an unknown way, of an unsafe name, larger
            than it can honestly be, or shares its bytes with another.
    """
    with CappedReader(io.FileIO(path), _MOST_DIRECTORY_BYTES) as file:
        try:
            archive = zipfile.ZipFile(file)
        except BROKEN as error:
            raise damaged(path, error) from None
        with archive:
            entries = sorted(archive.infolist(), key=lambda entry: entry.header_offset)
            check_count(path, len(entries))
            _check_overlaps(path, entries, directory_offset=archive.start_dir)
            members = tuple(_files(path, entries))
            check_total(path, sum(member.size_bytes for member in members))

            def open_member(member: Member) -> BinaryIO:
                return cast(BinaryIO, archive.open(member.entry))

            yield Archive(path, members, open_member)


def _files(path: Path, entries: Iterable[zipfile.ZipInfo]) -> Iterator[Member]:
    for entry in entries:
        name = checked_path(path, entry.orig_filename)  # as it is; what zipfile makes of it ends at a NUL
        if entry.filename != entry.orig_filename:
            name = checked_path(path, entry.filename)
        _check_kind(path, entry)
        if name and not entry.filename.endswith("/"):
            check_member(path, name, packed_bytes=entry.compress_size, unpacked_bytes=entry.file_size)
            yield Member(name, entry.file_size, entry.CRC, entry)


def _check_kind(path: Path, entry: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind == stat.S_IFLNK:
        raise refused(path, entry.orig_filename, "is a symbolic link")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise refused(path, entry.orig_filename, "is no file")
    if entry.flag_bits & _ENCRYPTED:
        raise refused(path, entry.orig_filename, "is encrypted")
    if entry.compress_type not in _METHODS:
        why = f"is packed by method {entry.compress_type}, which Python cannot read"
        raise refused(path, entry.orig_filename, why)


def _check_overlaps(path: Path, entries: Sequence[zipfile.ZipInfo], *, directory_offset: int) -> None:
    """Refuse members that share bytes: a few kilobytes could unpack to petabytes, each member harmless by itself.

    A local header may be longer than is reckoned here, by its extra field; that much overlap gains nothing.
    """
    starts = [*(entry.header_offset for entry in entries), directory_offset]
    for entry, end in zip(entries, starts[1:], strict=True):
        name_bytes = len(entry.orig_filename.encode("utf-8" if entry.flag_bits & _UTF8 else "cp437", "replace"))
        if entry.header_offset + _LOCAL_HEADER_BYTES + name_bytes + entry.compress_size > end:
            raise refused(path, entry.orig_filename, "overlaps another member")
