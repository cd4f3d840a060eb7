"""Hashes of frames kept on disk, so that a frame is decoded once: a Parquet table by file name, size and time."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple

import polars as pl

from wutdet.dataset.files import write_aside
from wutdet.dataset.splitting.perceptual import HASH_VERSION

_SCHEMA: Final = pl.Schema(
    {"file_name": pl.String(), "size": pl.Int64(), "mtime_ns": pl.Int64(), "bits": pl.UInt64(), "known": pl.Boolean()}
)
_FILE: Final = f"hashes-{HASH_VERSION}.parquet"


class Stamp(NamedTuple):
    """What tells that a file is still the one that was hashed."""

    size: int
    mtime_ns: int


class Entry(NamedTuple):
    """A file as it was, and its hash; None where it could not be read."""

    stamp: Stamp
    bits: int | None


def stamp_of(path: Path) -> Stamp | None:
    """Size and time of a file; None where there is none."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return Stamp(status.st_size, status.st_mtime_ns)


def read_hashes(image_dir: Path) -> dict[str, Entry]:
    """What is kept for the images of a folder, by file name; nothing where a cache is absent, damaged or turned off."""
    for path in _places(image_dir):
        try:
            table = pl.read_parquet(io.BytesIO(path.read_bytes()))
        except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException):
            continue
        if table.schema == _SCHEMA and not any(table.null_count().row(0)):
            rows = table.iter_rows()
            return {name: Entry(Stamp(size, time), bits if known else None) for name, size, time, bits, known in rows}
    return {}


def keep_hashes(image_dir: Path, entries: Mapping[str, Entry]) -> None:
    """Keep these in the first place that can be written; where none can, that is all right."""
    rows = [(name, *entry.stamp, entry.bits or 0, entry.bits is not None) for name, entry in entries.items()]
    buffer = io.BytesIO()
    pl.DataFrame(rows, schema=_SCHEMA, orient="row").write_parquet(buffer)
    for path in _places(image_dir):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_aside(path, buffer.getvalue())
        except OSError:
            continue
        return


def _places(image_dir: Path) -> list[Path]:
    """Where hashes may be kept, best first: beside the images, then in the user's cache.

    `WUTDET_CACHE` names a folder to use in place of both, and `WUTDET_NO_CACHE=1` none.
    """
    if os.environ.get("WUTDET_NO_CACHE", "") not in ("", "0"):
        return []
    folder = os.path.realpath(image_dir)
    own = blake2b(os.fsencode(folder), digest_size=8).hexdigest()
    chosen = os.environ.get("WUTDET_CACHE")
    if chosen:
        return [Path(chosen) / own / _FILE]
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folders = [Path(folder).parent / ".wutdet", *([Path(cache) / "wutdet" / own] if os.path.isabs(cache) else [])]
    return [place / _FILE for place in folders]
