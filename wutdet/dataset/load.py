"""Load a dataset from whatever layout a path holds."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import polars as pl

from wutdet.dataset.checks import ReportFrame
from wutdet.dataset.coco import read_coco
from wutdet.dataset.coco_columns import read_columns
from wutdet.dataset.dataset import Dataset
from wutdet.dataset.sidecar import SIDECAR_NAME, add_sidecar
from wutdet.dataset.splits import read_split_lists
from wutdet.dataset.tables import FrameRecord, Problem, build_tables, columns_of, number_tables, splits_column
from wutdet.dataset.voc import OriginChoice, find_voc_root, read_voc
from wutdet.errors import DataError, FrameError

OnError = Literal["stop", "skip"]

_LAYOUTS = "voc/{Annotations,JPEGImages}, annotations/*.json, or a COCO .json file"


def load(
    data: str | Path,
    *,
    images: str | Path | None = None,
    splits: str | Path | None = None,
    voc_origin: OriginChoice = "auto",
    classes: Mapping[str, str] | None = None,
    on_error: OnError = "stop",
) -> Dataset:
    """Load a part in the WUTDet layout, or COCO JSON.

    Args:
        data: a folder with `voc/Annotations` (or `Annotations`) or with `annotations/*.json`, or a COCO file.
        images: the image folder, when it is not where the layout has it.
        splits: a folder of `{split}.txt` lists that replace the splits the data comes with.
        voc_origin: pixel origin of VOC boxes: `1`, `0`, `0x`, or `auto` to decide from the data.
        classes: other class names, mapped to `ship`, or to "" to drop their boxes.
        on_error: `stop` raises the first bad frame; `skip` leaves it out and lists it in `problems`.

    Raises:
        DataError: there is nothing to load, or it cannot be understood.
        FrameError: a frame is bad and `on_error` is `stop`.
    """
    path = Path(data)
    if not path.exists():
        raise DataError("does not exist", where=path, remedy=f"give a folder with {_LAYOUTS}")
    lists = None if splits is None else _existing_folder(Path(splits))
    problems: list[Problem] = []

    def report(error: FrameError) -> None:
        if on_error == "stop":
            raise error
        problems.append(Problem(error.where, str(error)))

    voc_root = find_voc_root(path) if path.is_dir() else None
    if voc_root is not None:
        folder = None if images is None else Path(images)
        part = read_voc(
            voc_root, origin=voc_origin, classes=classes or {}, lists=lists, image_dir=folder, report=report
        )
        frames = add_sidecar(part.frames, path / SIDECAR_NAME)
        found = Dataset(*build_tables(frames), part.image_dir, path.resolve().name, part.origin.value, part.evidence)
    else:
        files = [path] if path.is_file() else sorted(path.glob("annotations/*.json"))
        if not files or any(file.suffix != ".json" for file in files):
            raise DataError("no dataset found here", where=path, remedy=f"give a folder with {_LAYOUTS}")
        named = classes or {}
        columns = read_columns(files, classes=named)
        if columns is None:
            read = [frame for file in files for frame in read_coco(file, classes=named, report=report)]
            columns = columns_of(_merge(read))
        if lists is not None:
            columns = dataclasses.replace(columns, images=_relist(columns.images, lists, report))
        if columns.images.is_empty():
            raise DataError("holds no frame", where=path, remedy="check the file")
        folder = Path(images) if images is not None else _image_dir(files[0], columns.images["file_name"][0])
        name = path.resolve().stem if path.is_file() else path.resolve().name
        found = Dataset(*number_tables(columns), folder, name)
    return dataclasses.replace(found, problems=tuple(problems))


def _merge(frames: Sequence[FrameRecord]) -> list[FrameRecord]:
    """Frames of several files as one list: the same frame in two splits is one frame in both."""
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


def _unnumbered(frame: FrameRecord) -> FrameRecord:
    """The frame without what each file numbers or lists on its own."""
    boxes = tuple(dataclasses.replace(box, box_id=0) for box in frame.boxes)
    return dataclasses.replace(frame, boxes=boxes, splits=(), image_id=None)


def _relist(images: pl.DataFrame, lists: Path, report: ReportFrame) -> pl.DataFrame:
    """The images with the splits that the lists give them."""
    member = read_split_lists(lists)
    stems = [Path(name).stem for name in images["file_name"]]
    for stem in sorted(set(member) - set(stems)):
        remedy = "correct the list, or leave such frames out with --on-error skip"
        report(FrameError(f"listed in {', '.join(member[stem])} but not there", where=lists / stem, remedy=remedy))
    return images.with_columns(splits_column([member.get(stem, ()) for stem in stems]))


def _existing_folder(folder: Path) -> Path:
    if not any(folder.glob("*.txt")):
        raise DataError("no split lists (*.txt) here", where=folder, remedy="give a folder of lists")
    return folder


def _image_dir(file: Path, first_image: str) -> Path:
    """Where the images of a COCO file are: the first usual place that holds the first of them.

    None of them need be there: scoring needs no images. Then the file's own folder is named.
    """
    here, above = file.parent, file.parent.parent
    places = (here, here / "images", above, above / "images", above / "JPEGImages", here / "voc/JPEGImages")
    return next((place for place in places if (place / first_image).is_file()), here)
