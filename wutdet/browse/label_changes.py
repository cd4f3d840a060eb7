"""What was changed on labels in FiftyOne: every edit by name, with the box before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
import polars as pl

from wutdet.browse.reading import ReadView, number_boxes
from wutdet.browse.view_boxes import Note
from wutdet.dataset import Dataset
from wutdet.dataset.tables import IMAGE_FACTS

Edges = tuple[float, float, float, float]
"""xmin, ymin, xmax, ymax: 0-based, native pixels."""
_SIDES = ("xmin", "ymin", "xmax", "ymax")


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One edit."""

    what: str
    """`moved`, `added`, `deleted`, `tagged`, `crowd`, `area` (of a box that stands where it stood), `clipped`,
    `dropped` (nothing of it lies in the frame); `frame tagged`, `frame changed`, `frame added`, `frame deleted`."""
    image: str
    box_id: int | None = None
    old: Edges | None = None
    new: Edges | None = None
    old_area_px2: float | None = None
    """With the new one, where it is another."""
    new_area_px2: float | None = None
    tags: list[str] = []
    note: str = ""


class LabelChanges(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that came back."""

    dataset: str
    """FiftyOne's name."""
    labels: str
    """The COCO file."""
    log: str
    """The file of the changes."""
    frames: int
    frames_of_data: int | None
    """Frames of the data that the dataset was made of; None: not known."""
    frames_not_shown: int
    """Those that the dataset was made without, as of a run, and that the COCO file lacks therefore."""
    boxes: int
    unchanged: int
    """Boxes that are as they were and have no tag."""
    counts: dict[str, int]
    """Changes by `what`."""
    changes: list[Change]


@dataclass(frozen=True, slots=True)
class _Before:
    """A box as it was."""

    image_id: int
    edges: Edges
    area_px2: float
    iscrowd: bool


def compare(read: ReadView, images: pl.DataFrame, boxes: pl.DataFrame) -> tuple[Dataset, list[Change], int]:
    """The labels as they are now with lasting ids, the changes by frame, and how many boxes have none.

    A box that was copied, or moved to another frame, is a new one, and its area is width times height.

    Args:
        read: the labels now.
        images, boxes: the tables before.
    """
    before = {
        box_id: _Before(image_id, _sides(edges), area, crowd)
        for box_id, image_id, *edges, area, crowd in _columns(boxes)
    }
    now = read.dataset.boxes
    ids = now["box_id"].to_numpy().copy()
    image_ids = now["image_id"].to_numpy()
    known = np.array(
        [
            box in before and before[box].image_id == image
            for box, image in zip(ids.tolist(), image_ids.tolist(), strict=True)
        ],
        np.bool_,
    )
    first = np.zeros(len(ids), np.bool_)
    first[np.unique(ids, return_index=True)[1]] = True
    kept = known & first
    ids[~kept] = 0
    last = max(before, default=0)
    ids[~kept] = last + 1 + np.arange(int((~kept).sum()))
    own_px2 = (now["xmax"] - now["xmin"]) * (now["ymax"] - now["ymin"])
    table = now.with_columns(
        pl.Series("box_id", ids, pl.Int64),
        pl.Series("_tags", read.label_tags, pl.List(pl.String)),
        area_px2=now["area_px2"].zip_with(pl.Series(kept, dtype=pl.Boolean), own_px2),
    )
    table = table.sort("image_id", "box_id")
    dataset = number_boxes(replace(read.dataset, boxes=table.drop("_tags")))
    names = dict(images.select("image_id", "file_name").iter_rows()) | dict(
        read.dataset.images.select("image_id", "file_name").iter_rows()
    )
    here = set(dataset.images["image_id"].to_list())
    changed, unchanged = _of_boxes(table, before, names, here, read.notes)
    ships = Counter(box.image_id for box in before.values())
    listed = [*changed, *_of_frames(read, images, ships)]
    place = {name: number for number, name in enumerate(names.values())}
    return dataset, sorted(listed, key=lambda item: place.get(item.image, -1)), unchanged


def count(changes: list[Change]) -> dict[str, int]:
    """Changes by `what`."""
    return dict(Counter(item.what for item in changes))


def _of_boxes(
    table: pl.DataFrame,
    before: dict[int, _Before],
    names: dict[int, str],
    here: set[int],
    notes: tuple[Note, ...],
) -> tuple[list[Change], int]:
    changes = [
        Change(what=note.what, image=note.image, box_id=note.box_id, old=note.old, new=note.new) for note in notes
    ]
    dropped = {note.box_id for note in notes if note.what == "dropped"}
    seen, unchanged = set[int](), 0
    for row in table.iter_rows(named=True):
        box_id, image, edges = row["box_id"], names[row["image_id"]], _sides([row[side] for side in _SIDES])
        seen.add(box_id)
        old = before.get(box_id)
        if old is None:
            own = [Change(what="added", image=image, box_id=box_id, new=edges, tags=row["_tags"])]
        else:
            own = list(_of_box(old, row, image, edges))
        unchanged += not own
        changes += own
    for box_id, box in before.items():
        if box_id not in seen and box_id not in dropped and box.image_id in here:
            changes.append(Change(what="deleted", image=names[box.image_id], box_id=box_id, old=box.edges))
    return changes, unchanged


def _of_box(old: _Before, row: dict[str, Any], image: str, edges: Edges) -> Iterator[Change]:
    bare = Change(what="moved", image=image, box_id=row["box_id"], old=old.edges, new=edges)
    resized = row["area_px2"] != old.area_px2
    if edges != old.edges or resized:
        what = "moved" if edges != old.edges else "area"
        areas = {"old_area_px2": old.area_px2, "new_area_px2": row["area_px2"]} if resized else {}
        yield msgspec.structs.replace(bare, what=what, **areas)
    if row["iscrowd"] != old.iscrowd:
        yield msgspec.structs.replace(bare, what="crowd", note=f"iscrowd: {old.iscrowd} → {row['iscrowd']}")
    if row["_tags"]:
        yield msgspec.structs.replace(bare, what="tagged", tags=row["_tags"])


def _of_frames(read: ReadView, images: pl.DataFrame, ships: Counter[int]) -> Iterator[Change]:
    old = {row["image_id"]: row for row in images.iter_rows(named=True)}
    new = {row["image_id"]: row for row in read.dataset.images.iter_rows(named=True)}
    for image_id, row in old.items():
        if image_id not in new:
            yield Change(what="frame deleted", image=row["file_name"], note=f"with {ships[image_id]} boxes")
    for image_id, row in new.items():
        if image_id not in old:
            yield Change(what="frame added", image=row["file_name"])
            continue
        for fact in (*IMAGE_FACTS, "splits", "width", "height", "file_name"):
            if row[fact] != old[image_id][fact]:
                note = f"{fact}: {old[image_id][fact]} → {row[fact]}"
                yield Change(what="frame changed", image=row["file_name"], note=note)
    for image_id, tags in read.frame_tags.items():
        if tags:
            yield Change(what="frame tagged", image=new[image_id]["file_name"], tags=tags)


def _columns(boxes: pl.DataFrame) -> Iterator[tuple[int, int, float, float, float, float, float, bool]]:
    return boxes.select("box_id", "image_id", *_SIDES, "area_px2", "iscrowd").iter_rows()


def _sides(edges: list[float]) -> Edges:
    xmin, ymin, xmax, ymax = edges
    return xmin, ymin, xmax, ymax
