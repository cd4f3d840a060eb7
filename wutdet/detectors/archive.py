"""The pickle of a PyTorch file, taken out of its zip archive where every reader would find the same one.

Python and torch read zip files each in their own way: torch looks at the first bytes, ignores the case of names and
takes one of several equal ones. A file that is not laid out as torch writes it is refused, so that what is looked at
is what is loaded.
"""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path
from typing import BinaryIO, Final

_ENTRY, _END, _END64, _LOCATOR64 = b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_END_BYTES, _LOCATOR64_BYTES, _END64_BYTES = 22, 20, 56
_IN_END64: Final = 2**32 - 1  # a number of the end record that stands in the longer one alone
_PICKLE: Final = "data.pkl"
_TORCHSCRIPT: Final = "constants.pkl"  # at which torch loads the file as code
_MAX_PICKLE_BYTES: Final = 64 * 2**20


def read_pickle(path: Path) -> bytes:
    """The pickle that torch loads from a file.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no archive as torch writes them.
        zipfile.BadZipFile: it is damaged.
    """
    with path.open("rb") as file:
        _check_ends(file)
        with zipfile.ZipFile(file) as archive:
            entry = archive.getinfo(_pickle_name(archive.infolist()))
            if entry.file_size > _MAX_PICKLE_BYTES:
                raise ValueError("a pickle larger than a network's")
            return archive.read(entry)


def _pickle_name(entries: list[zipfile.ZipInfo]) -> str:
    """The name of the one pickle, in the one folder of an archive.

    Raises:
        ValueError: readers may differ about which one it is.
    """
    names = [entry.orig_filename for entry in entries]  # zipfile cuts and replaces what it dislikes in `filename`
    if any(entry.filename != entry.orig_filename for entry in entries):
        raise ValueError("a name that readers change")
    if not all(name.isascii() and name.isprintable() and "\\" not in name for name in names):
        raise ValueError("a name of strange letters")
    if len({name.lower() for name in names}) != len(names):
        raise ValueError("a name twice")
    folder = names[0].partition("/")[0] if names else ""
    if not folder or not all(name.startswith(f"{folder}/") for name in names):
        raise ValueError("not one folder")
    last_parts = [name.rpartition("/")[2] for name in names]
    if last_parts.count(_PICKLE) != 1 or _TORCHSCRIPT in last_parts or f"{folder}/{_PICKLE}" not in names:
        raise ValueError("not one pickle")
    return f"{folder}/{_PICKLE}"


def _check_ends(file: BinaryIO) -> None:
    """Refuse an archive with something before it, behind it, or between its table of contents and its end.

    Raises:
        OSError: the file is too short for an archive.
        ValueError: there is something.
    """
    if file.read(len(_ENTRY)) != _ENTRY:
        raise ValueError("no archive from its first byte on")
    end = file.seek(0, 2) - _END_BYTES
    mark, *_, size, start, comment_bytes = struct.unpack("<4s4H2LH", _at(file, end, _END_BYTES))
    if mark != _END or comment_bytes:
        raise ValueError("something behind it")
    locator = _at(file, end - _LOCATOR64_BYTES, _LOCATOR64_BYTES)
    if locator.startswith(_LOCATOR64):
        end -= _LOCATOR64_BYTES + _END64_BYTES
        mark, *_, size64, start64 = struct.unpack("<4sQ2H2L4Q", _at(file, end, _END64_BYTES))
        if mark != _END64 or struct.unpack("<4sLQL", locator)[2] != end:
            raise ValueError("two ends")
        if size not in (size64, _IN_END64) or start not in (start64, _IN_END64):
            raise ValueError("two tables of contents")
        size, start = size64, start64
    if start + size != end:
        raise ValueError("a gap")


def _at(file: BinaryIO, start: int, size: int) -> bytes:
    file.seek(start)
    return file.read(size)
