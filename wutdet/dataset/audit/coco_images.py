"""Where the images of COCO files are, and which of them no file names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

import polars as pl

from wutdet.dataset.audit.findings import Finding, finding
from wutdet.dataset.voc_names import IMAGE_SUFFIXES
from wutdet.errors import DataError

_PROBED: Final = 50


def find_images(file: Path, names: Sequence[str], *, need: bool) -> Path:
    """The usual place that holds most of the images, judged by some of them.

    Raises:
        DataError: none of them is in any usual place, and they are needed.
    """
    here, above = file.parent, file.parent.parent
    places = (here, here / "images", above, above / "images", above / "JPEGImages", here / "voc/JPEGImages")
    probed = names[:: max(1, len(names) // _PROBED)]
    held = {place: sum((place / name).is_file() for name in probed) for place in places}
    best = max(places, key=lambda place: held[place])
    if need and probed and not held[best]:
        remedy = "name their folder with --images, or look at labels only with --no-images"
        raise DataError("none of its images is in a usual place", where=file, remedy=remedy)
    return best


def unlabelled_images(folder: Path, frames: pl.DataFrame) -> Iterator[Finding]:
    """Image files beside those that the JSON names."""
    known = set(frames["file_name"].drop_nulls())
    beside = {folder / PurePosixPath(name).parent for name in known}
    for place in sorted(beside):
        if not place.is_dir():
            continue
        for path in sorted(place.glob("*")):
            name = path.relative_to(folder).as_posix()
            if name.lower().endswith(IMAGE_SUFFIXES) and name not in known:
                yield finding("unlabelled-image", name, "no JSON names it")
