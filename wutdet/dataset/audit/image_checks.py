"""The image files of a dataset against its labels."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import polars as pl

from wutdet.dataset.audit.findings import Finding, finding
from wutdet.dataset.audit.image_file import ImageLook, look_at
from wutdet.dataset.audit.labels import Labels

_THREADS: Final = 4  # most of the time is waiting for the disk


@dataclass(frozen=True, slots=True)
class ImageChecks:
    """What was found in the files."""

    looks: Mapping[str, ImageLook]
    """By file name."""
    findings: tuple[Finding, ...]

    def size_of(self, file_name: str | None, claimed: tuple[int, int] | None) -> tuple[int, int] | None:
        """Width and height in px that labels of this image should state; None where it shows none.

        A picture that EXIF turns has two; the one that the labels claim holds, else the stored one.
        """
        look = self.looks.get(file_name or "")
        if look is None:
            return None
        return look.turned_size if claimed is not None and claimed == look.turned_size else look.size


def check_images(labels: Labels, *, decode: bool, advance: Callable[[int], None]) -> ImageChecks:
    """Look at every image that the labels or the image folder name.

    Args:
        labels: whose images.
        decode: decode every file strictly; otherwise a good file costs its header and its end.
        advance: called with 1 after each file.
    """
    names = named_files(labels)
    looks: dict[str, ImageLook] = {}
    found: list[Finding] = []
    with ThreadPoolExecutor(_THREADS) as pool:
        paths = (labels.image_dir / name for name in names)
        for name, look in zip(names, pool.map(partial(look_at, decode=decode), paths), strict=True):
            looks[name] = look
            found += [finding(code, name, message) for code, message in look.faults]
            advance(1)
    checks = ImageChecks(looks, ())
    found += _wrong_sizes(labels, checks)
    found += _identical(labels, looks)
    return ImageChecks(looks, tuple(found))


def named_files(labels: Labels) -> list[str]:
    """Every image file that is named, once, in the order of the frames."""
    return labels.frames["file_name"].drop_nulls().unique(maintain_order=True).to_list()


def _wrong_sizes(labels: Labels, checks: ImageChecks) -> Iterator[Finding]:
    rows = labels.frames.select("file_name", "width", "height").drop_nulls().iter_rows()
    for name, width, height in rows:
        size = checks.size_of(name, (width, height))
        if size is not None and size != (width, height):
            message = f"is {size[0]}x{size[1]} px but the labels say {width}x{height}"
            yield finding("wrong-size", name, message)


def _identical(labels: Labels, looks: Mapping[str, ImageLook]) -> Iterator[Finding]:
    """Files with the same bytes; only those that begin, end and measure alike are read whole."""
    alike: dict[bytes, list[str]] = {}
    for name, look in looks.items():
        if look.fingerprint:
            alike.setdefault(look.fingerprint, []).append(name)
    boxes = _boxes_by_name(labels, [name for names in alike.values() if len(names) > 1 for name in names])
    for names in alike.values():
        if len(names) < 2:
            continue
        first: dict[bytes, str] = {}
        for name in names:
            other = first.setdefault(_digest(labels.image_dir / name), name)
            if other != name:
                differ = "" if boxes.get(name) == boxes.get(other) else ", but other boxes"
                yield finding("identical-files", name, f"has the same bytes as {other}{differ}")


def _boxes_by_name(labels: Labels, names: list[str]) -> dict[str, list[tuple[float, ...]]]:
    if not names:
        return {}
    owner = labels.frames.with_row_index("frame").filter(pl.col("file_name").is_in(names))
    joined = labels.boxes.join(owner.select(pl.col("frame").cast(pl.Int64), "file_name"), on="frame")
    edges = joined.select("file_name", "xmin", "ymin", "xmax", "ymax").sort(pl.all())
    held: dict[str, list[tuple[float, ...]]] = {}
    for name, *box in edges.iter_rows():
        held.setdefault(name, []).append(tuple(box))
    return held


def _digest(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return os.fsencode(path)  # gone since it was looked at: like no other
