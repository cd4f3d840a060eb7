"""Frames that look alike, and what one split gives away about another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from wutdet.dataset.audit.findings import Finding, finding
from wutdet.dataset.audit.labels import Labels
from wutdet.dataset.audit.lists import EVALUATED_FIRST
from wutdet.dataset.dataset import Dataset
from wutdet.dataset.splitting.hashes import FrameHashes, hash_frames
from wutdet.dataset.splitting.leakage import Leakage, measure_leakage
from wutdet.dataset.splitting.neighbours import near_groups, near_pairs
from wutdet.dataset.tables import BOX_SCHEMA, IMAGE_SCHEMA, assign_image_ids, splits_column
from wutdet.errors import DataError

MOST_LISTED: Final = 10_000
"""Near-duplicate pairs that an audit lists."""
_MOST_COUNTED: Final = 1_000_000
_MUCH: Final = 0.1
"""Leakage beyond this share is a warning. A split by frames leaks most of them, one by sequences a few: where
sequences meet, frames are neighbours in any split."""


@dataclass(frozen=True, slots=True)
class Alike:
    """What the hashes tell."""

    pairs: list[tuple[str, str, int]]
    """At most `MOST_LISTED`, nearest first."""
    count: int | None
    """How many pairs there are; None: more than a million."""
    frames: int
    """Frames with a near-duplicate."""
    unread: tuple[str, ...]
    """File names that could not be hashed."""


def image_dataset(labels: Labels, good: set[str] | None) -> Dataset:
    """The frames, without boxes, in the splits that are compared.

    Those are train, val and test where two of them are there: other lists may be subsets or unions of them.

    Args:
        labels: the frames.
        good: file names to keep; None keeps all, those without an image too.
    """
    member: dict[str, list[str]] = {}
    for split in labels.lists:
        for key in dict.fromkeys(split.keys):
            member.setdefault(key, []).append(split.name)
    column = pl.coalesce("file_name", "name") if good is None else pl.col("file_name")
    named = labels.frames.select(column, "key").drop_nulls("file_name").unique("file_name", maintain_order=True)
    if good is not None:
        named = named.filter(pl.col("file_name").is_in(list(good)))
    used = {split.name for split in labels.lists}
    official = used & set(EVALUATED_FIRST)
    compared = official if len(official) > 1 else used
    splits = [tuple(name for name in member.get(key, ()) if name in compared) for key in named["key"]]
    names = named["file_name"].to_list()
    rows = {"image_id": assign_image_ids(names), "file_name": names}
    images = pl.DataFrame(rows, schema={"image_id": pl.Int64, "file_name": pl.String}).with_columns(
        pl.lit(0, pl.Int64).alias("width"),
        pl.lit(0, pl.Int64).alias("height"),
        splits_column(splits),
        *(pl.lit(None, kind).alias(name) for name, kind in IMAGE_SCHEMA.items() if name not in _SET),
    )
    ordered = images.select(IMAGE_SCHEMA.names()).sort("image_id")
    return Dataset(ordered, pl.DataFrame(schema=BOX_SCHEMA), labels.image_dir, labels.name)


_SET: Final = ("image_id", "file_name", "width", "height", "splits")


def hash_and_compare(dataset: Dataset, radius: int, advance: Callable[[int], None]) -> tuple[FrameHashes, Alike]:
    """Hash every frame and find those within `radius` bits of one another."""
    hashes = hash_frames(dataset, advance=advance)
    name_of = dict(dataset.images.select("image_id", "file_name").iter_rows())
    names = [name_of[image_id] for image_id in hashes.image_ids.tolist()]
    rows = np.flatnonzero(hashes.known)
    bits = hashes.bits[rows]
    unread = tuple(names[row] for row in np.flatnonzero(~hashes.known).tolist())
    try:
        pairs = near_pairs(bits, radius, most=_MOST_COUNTED)
    except DataError:
        sizes = np.unique(near_groups(bits, radius), return_counts=True)[1]
        return hashes, Alike([], None, int(sizes[sizes > 1].sum()), unread)
    nearest = pairs[np.argsort(pairs[:, 2], kind="stable")[:MOST_LISTED]]
    listed = [(names[rows[i]], names[rows[j]], distance) for i, j, distance in nearest.tolist()]
    return hashes, Alike(listed, len(pairs), len(np.unique(pairs[:, :2])), unread)


def leakage_findings(leakage: Mapping[str, Leakage]) -> list[Finding]:
    """A warning for each split that is tested on, and much of which is known from train or val."""
    found = []
    for source, target in (("train", "val"), ("train", "test"), ("val", "test")):
        leak = leakage.get(f"{source}-{target}")
        if leak is not None and leak.share > _MUCH:
            message = f"{leak.share:.0%} of {target} ({leak.frames} of {leak.of}) has a neighbour in {source}"
            found.append(finding("split-leakage", f"{target}.txt", message))
    return found


def measure(dataset: Dataset, hashes: FrameHashes | None, radius: int) -> dict[str, Leakage]:
    """The leakage between every two splits; by ids alone where nothing was hashed."""
    return measure_leakage(dataset, hashes, radius=radius) if len(dataset.splits) > 1 else {}
