"""`part.json`: what a finished part is and where it came from. The same archive gives the same bytes."""

from __future__ import annotations

from pathlib import Path

import msgspec

from wutdet.dataset.files import write_aside
from wutdet.errors import DataError
from wutdet.parts.layout import RECORD_NAME, VOC


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of one imported part."""

    name: str | None
    """As registered."""
    archive: str
    """The name of the archive or folder."""
    source: str
    """`google-drive:ID`, an address without its query, or `by hand`."""
    sha256: str | None
    """Of the archive; None for a folder."""
    size_bytes: int | None
    annotations: int
    images: int
    frames: int


def write_record(out: Path, record: Record) -> None:
    """Write `part.json` whole."""
    write_aside(out / RECORD_NAME, msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n")


def finished_record(out: Path) -> Record | None:
    """The record of a finished part; None where there is none.

    Raises:
        DataError: the record cannot be read.
    """
    path = out / RECORD_NAME
    if not (path.is_file() and (out / VOC).is_dir()):
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=Record)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise DataError("is no record of a part", where=path, remedy="delete it, or choose another --out") from None
