"""Several COCO files as one dataset: frames that are in two of them, and where the images of all are."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from wutdet.dataset.tables import FrameRecord
from wutdet.errors import DataError


def merge_frames(frames: Sequence[FrameRecord]) -> list[FrameRecord]:
    """Frames of several files as one list: the same frame in two splits is one frame in both.

    Raises:
        DataError: a frame is there twice, with different boxes or facts.
    """
    merged: dict[str, FrameRecord] = {}
    for frame in frames:
        other = merged.setdefault(frame.file_name, frame)
        if other is frame:
            continue
        if _unnumbered(other) != _unnumbered(frame):
            remedy = "load the files one by one, or correct the labels"
            raise DataError("is there twice, with different boxes or facts", where=frame.file_name, remedy=remedy)
        both = tuple(sorted({*other.splits, *frame.splits}))
        image_id = frame.image_id if frame.image_id == other.image_id else None
        merged[frame.file_name] = dataclasses.replace(other, splits=both, image_id=image_id)
    return list(merged.values())


def coco_image_dir(file: Path, first_image: str) -> Path:
    """Where the images of a COCO file are: the first usual place that holds the first of them.

    None of them need be there: scoring needs no images. Then the file's own folder is named.
    """
    here, above = file.parent, file.parent.parent
    places = (here, here / "images", above, above / "images", above / "JPEGImages", here / "voc/JPEGImages")
    return next((place for place in places if (place / first_image).is_file()), here)


def _unnumbered(frame: FrameRecord) -> FrameRecord:
    """The frame without what each file numbers or lists on its own."""
    boxes = tuple(dataclasses.replace(box, box_id=0) for box in frame.boxes)
    return dataclasses.replace(frame, boxes=boxes, splits=(), image_id=None)
