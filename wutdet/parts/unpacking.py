"""Write the members of an archive, each whole or not at all, and continue where an earlier attempt stopped."""

from __future__ import annotations

import os
import stat
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Final

from wutdet.errors import DataError
from wutdet.parts.archive import BROKEN, Archive, Member, damaged
from wutdet.parts.result import Progress

_CHUNK_BYTES: Final = 2**20


def still_to_write_bytes(archive: Archive, places: Mapping[str, Path]) -> int:
    """The declared bytes of the members that are not there in their size yet."""
    return sum(
        member.size_bytes
        for member in archive.members
        if member.path in places and _size_there(places[member.path]) != member.size_bytes
    )


def unpack(archive: Archive, places: Mapping[str, Path], *, out: Path, aside: Path, progress: Progress) -> None:
    """Write members to their places, straight from the archive.

    Each is written to `aside` first, on the same disk, and renamed when its length and checksum are right. A member
    that is at its place with the right length and checksum is kept; tar has no checksums, so its members are
    written anew. Disk: what is unpacked and one member.

    Args:
        archive: the open archive.
        places: where each member that is wanted goes, by its path.
        out: the folder that nothing leaves.
        aside: a file name for the member in work.
        progress: called with the unpacked bytes.

    Raises:
        DamagedError: a member is cut short, longer than declared or of another checksum; it is named.
        DataError: a folder on the way is a link that leads out of `out`.
    """
    wanted = [member for member in archive.members if member.path in places]
    total_bytes = sum(member.size_bytes for member in wanted)
    done_bytes = told_bytes = 0
    made: set[Path] = set()
    aside.unlink(missing_ok=True)  # a kill may have left it, and it may be a link
    for member in wanted:
        place = places[member.path]
        if place.parent not in made:
            make_folder(place.parent, out)
            made.add(place.parent)
        done_bytes += member.size_bytes
        if _is_there(place, member):  # from an earlier call: told with what is written next, so that it is in no rate
            continue
        _write(archive, member, aside)
        os.replace(aside, place)
        told_bytes = done_bytes
        progress("unpacking", done_bytes, total_bytes)
    if told_bytes < done_bytes:
        progress("unpacking", done_bytes, total_bytes)


def make_folder(folder: Path, out: Path) -> None:
    """Make a folder in OUT.

    Raises:
        DataError: a link on the way leads elsewhere.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not folder.resolve().is_relative_to(out.resolve()):
        raise DataError("is a link that leads out of --out", where=folder, remedy="delete the link")


def _write(archive: Archive, member: Member, aside: Path) -> None:
    with aside.open("xb") as file:
        for chunk in _chunks(archive, member):
            file.write(chunk)


def _chunks(archive: Archive, member: Member) -> Iterator[bytes]:
    """The bytes of a member: as many as declared, not one more."""
    left_bytes = member.size_bytes
    try:
        stream = archive.open(member)
    except BROKEN as error:
        raise damaged(archive.path, error, member.path) from None
    with stream:
        while chunk := _read(stream, archive, member):
            left_bytes -= len(chunk)
            if left_bytes < 0:
                raise damaged(archive.path, "longer than it says", member.path)
            yield chunk
    if left_bytes:
        raise damaged(archive.path, "cut short", member.path)


def _read(stream: BinaryIO, archive: Archive, member: Member) -> bytes:
    try:
        return stream.read(_CHUNK_BYTES)
    except BROKEN as error:
        raise damaged(archive.path, error, member.path) from None


def _size_there(place: Path) -> int | None:
    """The length of a plain file; None when there is none."""
    try:
        found = place.lstat()
    except OSError:
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def _is_there(place: Path, member: Member) -> bool:
    if member.crc32 is None or _size_there(place) != member.size_bytes:
        return False
    crc32 = 0
    with place.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            crc32 = zlib.crc32(chunk, crc32)
    return crc32 == member.crc32
