"""A download that has begun: the `.part`, and beside it what must not have changed when it goes on."""

from __future__ import annotations

import email.utils
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from wutdet.dataset.files import write_aside


class Begun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the server said of the file whose first bytes are in the `.part`."""

    url_sha256: str
    """Of the address, which may hold a secret."""
    etag: str | None = None
    """Strong ones alone."""
    last_modified: str | None = None
    total_bytes: int | None = None

    @property
    def validator(self) -> str | None:
        """What If-Range takes."""
        return self.etag or self.last_modified


def begun_from(url: str, headers: Mapping[str, str], total_bytes: int | None) -> Begun:
    """What to hold the rest of a file against."""
    etag = headers.get("ETag", "")
    return Begun(
        url_sha256=_digest(url),
        etag=etag if re.fullmatch(r'"[!#-~]*"', etag) else None,
        last_modified=_strong_date(headers),
        total_bytes=total_bytes,
    )


def is_other_file(begun: Begun, headers: Mapping[str, str], total_bytes: int | None) -> bool:
    """Whether an answer shows that the file behind the address has changed."""
    said = begun_from("", headers, total_bytes)
    pairs: list[tuple[object, object]] = [(begun.etag, said.etag), (begun.total_bytes, total_bytes)]
    if begun.etag is None:
        pairs.append((begun.last_modified, headers.get("Last-Modified")))
    return any(before is not None and now is not None and before != now for before, now in pairs)


def read_begun(part_file: Path, url: str) -> Begun | None:
    """What is known of a `.part`; None when it cannot be gone on with."""
    try:
        begun = msgspec.json.decode(_beside(part_file).read_bytes(), type=Begun)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return begun if begun.url_sha256 == _digest(url) and begun.validator is not None else None


def write_begun(part_file: Path, begun: Begun) -> None:
    """Say what a `.part` is the beginning of."""
    write_aside(_beside(part_file), msgspec.json.encode(begun))


def discard(part_file: Path) -> None:
    """Remove a `.part` and what is beside it."""
    part_file.unlink(missing_ok=True)
    _beside(part_file).unlink(missing_ok=True)


def length_of(part_file: Path) -> int:
    """The bytes that are there."""
    return part_file.stat().st_size if part_file.exists() else 0


def _beside(part_file: Path) -> Path:
    return part_file.with_name(f"{part_file.name}.json")


def _digest(url: str) -> str:
    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()


def _strong_date(headers: Mapping[str, str]) -> str | None:
    """Last-Modified where it tells every change: at least a second before Date (RFC 9110, 8.8.2.2)."""
    try:
        modified = email.utils.parsedate_to_datetime(headers["Last-Modified"])
        answered = email.utils.parsedate_to_datetime(headers["Date"])
        return headers["Last-Modified"] if (answered - modified).total_seconds() >= 1 else None
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
