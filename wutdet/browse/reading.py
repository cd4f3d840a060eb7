"""A FiftyOne dataset, or any view of one, as a wutdet dataset."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wutdet.browse.areas import areas_px2
from wutdet.browse.names import GROUND_TRUTH
from wutdet.browse.runtime import start_fiftyone, told_in_one_line
from wutdet.browse.view_boxes import Note, Outside, inside_frames, only_ships, read_boxes
from wutdet.browse.view_frames import read_frames
from wutdet.dataset import Dataset
from wutdet.dataset.tables import BOX_EXTRAS, BOX_SCHEMA


@dataclass(frozen=True, slots=True)
class ReadView:
    """What a view holds."""

    dataset: Dataset
    """Its boxes have the ids that they came with, 0 where they have none."""
    label_tags: list[list[str]]
    """Of each box, in the order of the table."""
    frame_tags: dict[int, list[str]]
    """By image id, those that are no splits."""
    new_frames: frozenset[int]
    """Image ids of frames that came without one, though others have one."""
    notes: tuple[Note, ...]


def from_fiftyone(
    view: Any,
    *,
    field: str = GROUND_TRUTH,
    classes: Mapping[str, str] | Collection[str] | None = None,
    splits: Collection[str] | None = None,
    name: str | None = None,
    outside: Outside = "stop",
) -> Dataset:
    """Load a FiftyOne dataset, or any view of one: the frames and the boxes that it shows.

    Of a dataset that `to_fiftyone` made, boxes that nobody edited come back as they were, to the last bit, with ids,
    areas and facts; a box that was resized has its labelled area scaled. Of another, the image folder is the deepest
    that holds all images; frames are numbered as `wutdet.load` does it. A view of patches is read as its frames with
    the boxes of those patches.

    Args:
        view: a FiftyOne dataset or view of images.
        field: a sample field with boxes: ground truth, or any detections.
        classes: labels that count as ship besides `ship`, or are dropped (mapped to ""); or a list of the labels that
            are ships, where all others are dropped.
        splits: the sample tags that are splits; by default those of the dataset it was made of, else train, val, test.
        name: of the dataset; by default the one that it was made of, else FiftyOne's.
        outside: what to do with a box that reaches out of its frame: `clip` it (one that is wholly outside is
            dropped), or `stop`.

    Raises:
        MissingExtraError: fiftyone is not installed.
        DataError: the view holds no images, or no boxes in that field; an image lies where no name can be had.
        FrameError: a class is unknown, a box is empty or outside, or an image without a stated size cannot be read.
    """
    start_fiftyone()
    with told_in_one_line():
        read = read_view(view, field=field, classes=classes, splits=splits, name=name, outside=outside)
    return number_boxes(read.dataset)


def number_boxes(dataset: Dataset) -> Dataset:
    """The dataset with ids for the boxes that have none: new ones come after all others."""
    ids = dataset.boxes["box_id"].to_numpy().copy()
    fresh = _repeats(ids) | (ids <= 0)
    ids[fresh] = ids[~fresh].max(initial=0) + 1 + np.arange(int(fresh.sum()))
    boxes = dataset.boxes.with_columns(pl.Series("box_id", ids, pl.Int64)).sort("image_id", "box_id")
    return Dataset(dataset.images, boxes, dataset.image_dir, dataset.name, dataset.voc_origin)


def read_view(
    view: Any,
    *,
    field: str,
    classes: Mapping[str, str] | Collection[str] | None,
    splits: Collection[str] | None,
    name: str | None,
    outside: Outside,
) -> ReadView:
    """`from_fiftyone`, with what else import-labels wants to know."""
    root = view._root_dataset
    info = root.info or {}
    frames = read_frames(view, info, splits)
    boxes = read_boxes(view, field, frames)
    kept = only_ships(boxes, frames, classes)
    edges, notes = inside_frames(kept, frames, outside)
    whole = [place for place, row in enumerate(edges) if row is not None]
    ids = np.array([frames.image_ids[kept.frame[place]] for place in whole], np.int64)
    xyxy = np.array([edges[place] for place in whole], np.float64).reshape(-1, 4)
    area = np.array([np.nan if kept.area_px2[place] is None else kept.area_px2[place] for place in whole], np.float64)
    columns: dict[str, Any] = {
        "box_id": [kept.box_id[place] or 0 for place in whole],
        "image_id": ids,
        **dict(zip(("xmin", "ymin", "xmax", "ymax"), xyxy.T, strict=True)),
        "area_px2": areas_px2(xyxy, kept.written[whole], area),
        "iscrowd": [bool(kept.iscrowd[place]) for place in whole],
        **{extra: [kept.extras[extra][place] for place in whole] for extra in BOX_EXTRAS},
        "_tags": [kept.tags[place] for place in whole],
    }
    table = pl.DataFrame(columns, schema={**BOX_SCHEMA, "_tags": pl.List(pl.String())}).sort(
        "image_id", "box_id", maintain_order=True
    )
    shown = name or info.get("name") or root.name
    dataset = Dataset(frames.table, table.drop("_tags"), frames.folder, shown, info.get("voc_origin"))
    return ReadView(dataset, table["_tags"].to_list(), frames.tags, frames.new, tuple(notes))


def _repeats(ids: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which ids have stood before."""
    repeated = np.ones(len(ids), np.bool_)
    repeated[np.unique(ids, return_index=True)[1]] = False
    return repeated
