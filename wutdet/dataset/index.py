"""Keep the tables of a dataset as Parquet, so that the next load of the same files need not parse them again.

A kept file is one line with the checksum of the rest, one line of JSON, and two Parquet tables. It is written aside and
renamed; one that is cut off, altered or of another key counts as not there. Nothing here ever fails a load.
"""

from __future__ import annotations

import functools
import io
import os
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final

import msgspec
import polars as pl

from wutdet.dataset.files import write_aside
from wutdet.dataset.index_key import Key
from wutdet.dataset.tables import BOX_EXTRAS, BOX_SCHEMA, IMAGE_SCHEMA, Problem

LEAST_BYTES: Final = 2**21
"""Labels of less are parsed in the time that it takes to look for what was kept."""

_FOLDER: Final = ".wutdet"
_SUFFIX: Final = ".tables"
_MOST_KEPT: Final = 8
_HALF: Final[dict[pl.DataType, pl.DataType]] = {pl.Int64(): pl.Int32(), pl.Float64(): pl.Float32()}
_LEADS_OUT: Final = r"(^|/)\.\.(/|$)"


@dataclass(frozen=True, slots=True)
class Kept:
    """The outcome of a load: what does not depend on where the data are."""

    images: pl.DataFrame
    boxes: pl.DataFrame
    first_image: str
    """The file name that came first in the labels."""
    voc_origin: str | None
    voc_evidence: str
    problems: tuple[Problem, ...]
    image_dir: Path | None = None
    """Not kept: data whose labels alone say where the images are is not kept either."""


class _Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The second line of a kept file."""

    key: str
    images_bytes: int
    first_image: str
    voc_origin: str | None
    voc_evidence: str
    problems: list[tuple[str, str]]


def kept_files(home: Path, options: object) -> list[Path]:
    """Where the tables of the data in this folder may be kept, best first; nowhere when `WUTDET_NO_CACHE` is set.

    Beside the data, where others find them too, then in the user's cache. `WUTDET_CACHE` names a folder to use in
    place of both.
    """
    if os.environ.get("WUTDET_NO_CACHE", "") not in ("", "0"):
        return []
    own = blake2b(os.fsencode(os.path.realpath(home)), digest_size=8).hexdigest()
    name = blake2b(repr(options).encode(), digest_size=8).hexdigest() + _SUFFIX
    chosen = os.environ.get("WUTDET_CACHE")
    if chosen:
        return [Path(chosen) / own / name]
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folders = [home / _FOLDER, *([Path(cache) / "wutdet" / own] if os.path.isabs(cache) else [])]
    return [folder / name for folder in folders]


def recall(files: Sequence[Path], key: Key) -> Kept | None:
    """What was kept under this key in one of these files; None where nothing was."""
    if key.label_bytes < LEAST_BYTES:
        return None
    return next((kept for file in files if (kept := _read(file, key)) is not None), None)


def keep(files: Sequence[Path], key: Key, kept: Kept) -> None:
    """Keep tables in the first of these files that can be written; where none can, they are not kept.

    Neither are those of few labels, nor of labels so fresh that a change in the next moment might not show.
    """
    if key.label_bytes < LEAST_BYTES or not key.settled:
        return
    try:
        data = _encode(key, kept)
    except UnicodeEncodeError:  # a problem that cannot be written down
        return
    for file in files if len(data) <= _most_bytes(key) else ():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            write_aside(file, data)
            _prune(file.parent)
        except OSError:
            continue
        return


def _encode(key: Key, kept: Kept) -> bytes:
    images, boxes = _parquet(kept.images), _parquet(kept.boxes)
    head = _Head(
        key=key.digest,
        images_bytes=len(images),
        first_image=kept.first_image,
        voc_origin=kept.voc_origin,
        voc_evidence=kept.voc_evidence,
        problems=[(problem.image, problem.message) for problem in kept.problems],
    )
    parts = (msgspec.json.encode(head) + b"\n", images, boxes)
    return b"".join((b"%08x\n" % _checksum(parts), *parts))


def _read(file: Path, key: Key) -> Kept | None:
    most_bytes, most_rows = _most_bytes(key), key.label_bytes  # a row is at least a byte of labels
    try:
        with file.open("rb") as opened:
            if os.fstat(opened.fileno()).st_size > most_bytes:
                return None
            checksum, line = opened.readline(16), opened.readline()
            head = msgspec.json.decode(line, type=_Head)
            if head.key != key.digest:
                return None
            parts = opened.read(max(head.images_bytes, 0)), opened.read()
        if int(checksum, 16) != _checksum((line, *parts)):
            return None
        images, boxes = (
            _table(part, schema, most_rows) for part, schema in zip(parts, (IMAGE_SCHEMA, BOX_SCHEMA), strict=True)
        )
    except (OSError, ValueError, msgspec.MsgspecError, RecursionError):
        return None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return None
    if not _are_tables(images, boxes, most_rows):
        return None
    problems = tuple(Problem(image, message) for image, message in head.problems)
    return Kept(images, boxes, head.first_image, head.voc_origin, head.voc_evidence, problems)


def _parquet(table: pl.DataFrame) -> bytes:
    """The table without blank columns, and with numbers in half the bytes where that loses nothing."""
    told = [_narrow(column) for column in table if column.null_count() < column.len() or table.is_empty()]
    buffer = io.BytesIO()
    pl.DataFrame(told).write_parquet(buffer, compression="uncompressed", statistics=False)  # half the time of lz4
    return buffer.getvalue()


def _narrow(column: pl.Series) -> pl.Series:
    if column.dtype not in _HALF:
        return column
    narrow = column.cast(_HALF[column.dtype], strict=False)
    return narrow if narrow.cast(column.dtype).equals(column, null_equal=True) else column


def _table(data: bytes, schema: pl.Schema, most_rows: int) -> pl.DataFrame:
    """A table of this schema; its first rows, one too many, where there are more than `most_rows`."""
    stored = pl.read_parquet(data, n_rows=most_rows + 1)
    return stored.select(
        pl.col(name).cast(kind) if name in stored.columns else pl.lit(None, kind).alias(name)
        for name, kind in schema.items()
    )


def _are_tables(images: pl.DataFrame, boxes: pl.DataFrame, most_rows: int) -> bool:
    """Whether these could be the tables of a dataset, whoever wrote the file."""
    stated = (images.select("image_id", "file_name", "width", "height", "splits"), boxes.drop(BOX_EXTRAS))
    ids, names = images["image_id"], images["file_name"]
    return bool(
        0 < images.height <= most_rows
        and boxes.height <= most_rows
        and not any(any(table.null_count().row(0)) for table in stated)
        and ids.n_unique() == ids.len()
        and boxes["image_id"].is_in(ids.implode()).all()
        and boxes.select(pl.all_horizontal(pl.col(pl.Float64).is_finite().all(ignore_nulls=True))).item()
        and not names.str.starts_with("/").any()
        and not names.filter(names.str.contains("..", literal=True)).str.contains(_LEADS_OUT).any()
    )


def _checksum(parts: Iterable[bytes]) -> int:
    """Against damage, not against forgers: those need only alter the labels."""
    return functools.reduce(lambda total, part: zlib.crc32(part, total), parts, 0)


def _most_bytes(key: Key) -> int:
    """More than tables of so many labels take: a larger file is not ours."""
    return 2 * key.label_bytes + 2**20


def _prune(folder: Path) -> None:
    """Delete all but the latest: every set of options has a file of its own."""
    files = sorted(folder.glob(f"*{_SUFFIX}"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for file in files[_MOST_KEPT:]:
        file.unlink(missing_ok=True)
