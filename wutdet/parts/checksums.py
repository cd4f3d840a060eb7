"""Checksums of archives: those that are stated, and those that were seen first and are trusted since.

The first archive of a part whose checksum nobody states is trusted; its sha256 is kept in `checksums.json` in
$WUTDET_HOME, else in $XDG_DATA_HOME/wutdet, else in ~/.local/share/wutdet. A later archive of that part must have it,
or be accepted by naming its own with `--sha256`, which adds it.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Final

import msgspec

from wutdet.dataset.files import write_aside
from wutdet.errors import ConfigError, DataError
from wutdet.parts.registry import Part, Sha256
from wutdet.parts.result import Progress

_CHUNK_BYTES: Final = 2**20


class _Known(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `checksums.json` holds: accepted sha256 by part, the first first."""

    sha256: dict[str, tuple[Sha256, ...]] = {}


def checksums_file() -> Path:
    """Where checksums are remembered.

    Raises:
        ConfigError: there is no home folder.
    """
    named = os.environ.get("WUTDET_HOME", "")
    if named:
        return Path(named) / "checksums.json"
    data = Path(os.environ.get("XDG_DATA_HOME", ""))
    try:
        return (data if data.is_absolute() else Path.home() / ".local" / "share") / "wutdet" / "checksums.json"
    except RuntimeError:
        raise ConfigError("there is no home folder", where="WUTDET_HOME", remedy="set it to a folder") from None


def known_checksums(name: str) -> tuple[str, ...]:
    """The sha256 that archives of a part may have; empty before the first.

    Raises:
        ConfigError: the file is not as wutdet writes it.
    """
    return _read().sha256.get(name, ())


def remember_checksum(name: str, sha256: str) -> str:
    """Accept a sha256 for a part from now on; returns what to tell the user, "" when it was known.

    A file that cannot be written costs no finished import: the note says so.
    """
    known = _read()
    if sha256 in known.sha256.get(name, ()):
        return ""
    path = checksums_file()
    updated = _Known(known.sha256 | {name: (*known.sha256.get(name, ()), sha256)})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_aside(path, msgspec.json.format(msgspec.json.encode(updated), indent=2) + b"\n")
    except OSError as error:
        return f"sha256 {sha256} could not be remembered ({path}: {error.strerror}); set WUTDET_HOME"
    return f"sha256 {sha256} of {name} is remembered in {path} and checked from now on"


def parse_sha256(text: str | None) -> str | None:
    """A sha256 as a user gives it, in lower case.

    Raises:
        ConfigError: it is not 64 hexadecimal digits.
    """
    if text is None:
        return None
    plain = text.strip().lower()
    if not re.fullmatch("[0-9a-f]{64}", plain):
        raise ConfigError(f"{text[:80]!a} is no sha256", where="--sha256", remedy="give its 64 hexadecimal digits")
    return plain


def stated_sha256(part: Part | None, given: str | None) -> str | None:
    """What the archive must have: as given, else as registered, else unknown."""
    return given or (part.sha256 if part is not None else None)


def check_archive(archive: Path, found: str, *, part: Part | None, given: str | None) -> None:
    """Hold an archive's sha256 against what is stated, or else against what was seen before.

    Raises:
        DataError: it is another; the message has both.
        ConfigError: the remembered checksums cannot be read.
    """
    stated = stated_sha256(part, given)
    if stated is not None:
        check_stated(archive, found, stated)
        return
    known = known_checksums(part.name) if part is not None else ()
    if part is not None and known and found not in known:
        what = f"sha256 is {found}, but {part.name} was {' or '.join(known)} before"
        remedy = f"delete it and get it again, or, if it was released anew, accept it with --sha256 {found}"
        raise DataError(what, where=archive, remedy=remedy)


def check_stated(where: object, found: str, stated: str) -> None:
    """Hold a sha256 against the one it must be.

    Raises:
        DataError: it is another.
    """
    if found != stated:
        what = f"sha256 is {found}, not {stated} as stated"
        raise DataError(what, where=where, remedy="get the archive again, or check the sha256")


def sha256_of(path: Path, progress: Progress) -> str:
    """The sha256 of a file, in hexadecimal.

    Raises:
        DataError: the file cannot be read.
    """
    digest, done_bytes = hashlib.sha256(), 0
    try:
        total_bytes = path.stat().st_size
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
                done_bytes += len(chunk)
                progress("checking", done_bytes, total_bytes)
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", where=path, remedy="check the path") from None
    return digest.hexdigest()


def _read() -> _Known:
    path = checksums_file()
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Known)
    except FileNotFoundError:
        return _Known()
    except OSError as error:
        raise ConfigError(f"cannot be read ({error.strerror})", where=path, remedy="set WUTDET_HOME") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ConfigError("is not as wutdet writes it", where=path, remedy="correct or delete it") from None
