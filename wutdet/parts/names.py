"""Which names of archive members are safe to write on any machine."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

_MOST_NAME_BYTES: Final = 255  # what common file systems take
_MOST_PATH_BYTES: Final = 1024
_MOST_DEPTH: Final = 32
_FORBIDDEN: Final = re.compile(r'[<>:"|?*]')
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\..*)?", re.IGNORECASE)
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_JUNK_FOLDERS: Final = frozenset({"__MACOSX", ".wutdet"})  # the latter: tables kept of somebody's earlier load
_JUNK_FILES: Final = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
_SHOWN_CHARACTERS: Final = 120


def fault_of(path: str) -> str:
    """Why a member of this path is refused, as "is …" or "has …"; "" when it is safe.

    Safe is what stays below the folder it is unpacked in and means the same file on Linux, macOS and Windows.
    """
    if not path:
        return "is empty"
    if not path.isprintable():
        return "has control characters or bytes that are no text"
    if "\\" in path:
        return "has a backslash"
    if path.startswith("/"):
        return "is an absolute path"
    if _DRIVE.match(path):
        return "has a drive letter"
    if _FORBIDDEN.search(path):
        return "has a character that not every system allows"
    if len(path.encode()) > _MOST_PATH_BYTES or path.count("/") >= _MOST_DEPTH:
        return "is too long or too deep"
    return next(filter(None, map(_name_fault, path.split("/"))), "")


def _name_fault(name: str) -> str:
    if name == "..":
        return "leads out of its folder (..)"
    if name in ("", "."):
        return "has an empty step"
    if name[-1] in ". ":
        return "has a name that ends in a dot or a space"
    if _RESERVED.fullmatch(name):
        return "has a name that Windows reserves"
    if len(name.encode()) > _MOST_NAME_BYTES:
        return "has a name that is too long"
    return ""


def is_junk(path: str) -> bool:
    """Whether a member is what systems and wutdet's loads leave behind: `__MACOSX/`, `.DS_Store`, `._…`, `.wutdet/`."""
    *folders, name = path.split("/")
    return name in _JUNK_FILES or name.startswith("._") or not _JUNK_FOLDERS.isdisjoint((*folders, name))


def shown(path: str) -> str:
    """A path that a stranger chose, fit for one line on a terminal."""
    text = ascii(path)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…'"


def same_file_key(path: str) -> str:
    """Equal for paths that some file system takes for the same: those that differ by case or Unicode form."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())


def first_clash(paths: Iterable[str]) -> tuple[str, str] | None:
    """The first two file paths that cannot both be written everywhere.

    They are equal, differ only by case or Unicode form (in any folder on the way), or one is a folder of the other.
    """
    files: dict[str, str] = {}
    folders: dict[str, str] = {}
    for path in paths:
        key = same_file_key(path)
        other = files.get(key) or folders.get(key)
        if other is not None:
            return other, path
        files[key] = path
        clash = _clash_above(path.rpartition("/")[0], files, folders)
        if clash is not None:
            return clash, path
    return None


def _clash_above(folder: str, files: dict[str, str], folders: dict[str, str]) -> str | None:
    while folder:
        key = same_file_key(folder)
        if folders.get(key) == folder:
            return None  # those above it were looked at when it was first seen
        other = files.get(key) or folders.get(key)
        if other is not None:
            return other
        folders[key] = folder
        folder = folder.rpartition("/")[0]
    return None
