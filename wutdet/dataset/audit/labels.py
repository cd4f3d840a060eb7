"""What the labels of a dataset say, good and bad alike: what every check starts from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import polars as pl

from wutdet.dataset.audit.findings import Finding
from wutdet.dataset.audit.lists import SplitList

FRAME_SCHEMA: Final = pl.Schema(
    {
        "name": pl.String(),  # what findings call it: the file name, or the stem where no image is there
        "key": pl.String(),  # what split lists call it
        "file_name": pl.String(),  # relative to the images; null where none is named
        "width": pl.Int64(),  # as the labels have it; null where they do not say
        "height": pl.Int64(),
        "source": pl.String(),  # the label file
        "entry": pl.Int64(),  # the row in the list of images of a COCO file
    }
)
BOX_SCHEMA: Final = pl.Schema(
    {
        "frame": pl.Int64(),  # the row in `frames`
        "entry": pl.Int64(),  # which object of its XML, which annotation of its COCO file
        "ship": pl.Boolean(),  # False: a class that is neither ship nor mapped
        "crowd": pl.Boolean(),
        "xmin": pl.Float64(),  # 0-based, continuous, native pixels
        "ymin": pl.Float64(),
        "xmax": pl.Float64(),
        "ymax": pl.Float64(),
    }
)


@dataclass(frozen=True, slots=True)
class Labels:
    """Frames and boxes as they were read, and what reading found."""

    layout: Literal["voc", "coco"]
    name: str
    root: Path
    """The folder that a repaired copy must not be in."""
    image_dir: Path
    frames: pl.DataFrame
    """As `FRAME_SCHEMA`, one row a frame (in COCO: an entry of `images`)."""
    boxes: pl.DataFrame
    """As `BOX_SCHEMA`; boxes of classes that are dropped are not in it."""
    classes: Mapping[str, int]
    lists: tuple[SplitList, ...]
    findings: tuple[Finding, ...]
    origin: str | None = None
    evidence: str = ""
    renamed: frozenset[int] = frozenset()
    """Frames (rows) with an object of a class that is mapped or dropped."""
    files: tuple[Path, ...] = ()
    """The JSON files of a COCO dataset."""
    split_of_file: Mapping[str, str] = field(default_factory=dict)
    """By the name of a JSON file, the split that the name states; empty where lists were given."""


def frame_table(rows: Iterable[Sequence[object]]) -> pl.DataFrame:
    """Rows in the order of `FRAME_SCHEMA` as a table."""
    return pl.DataFrame(list(rows), schema=FRAME_SCHEMA, orient="row")
