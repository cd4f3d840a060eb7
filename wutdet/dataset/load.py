"""Load a dataset from whatever layout a path holds."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Literal

from wutdet.dataset.checks import ReportFrame
from wutdet.dataset.coco import read_coco
from wutdet.dataset.coco_columns import read_columns
from wutdet.dataset.coco_merge import coco_image_dir, merge_frames
from wutdet.dataset.dataset import Dataset
from wutdet.dataset.index import Kept, keep, kept_files, recall
from wutdet.dataset.index_key import Inputs, key_of, relative
from wutdet.dataset.no_dataset import VOC_LAYOUT, no_dataset
from wutdet.dataset.sidecar import SIDECAR_NAMES, find_sidecar, join_sidecar
from wutdet.dataset.splits import read_split_lists
from wutdet.dataset.tables import Columns, Problem, columns_of, number_tables, splits_column
from wutdet.dataset.voc import OriginChoice, find_voc_root, read_voc
from wutdet.dataset.yolo_reader import read_yolo
from wutdet.dataset.yolo_yaml import find_data_yaml
from wutdet.errors import DataError, FrameError

OnError = Literal["stop", "skip"]

_LAYOUTS: Final = f"{VOC_LAYOUT}, annotations/*.json, data.yaml, or a COCO .json file"


@dataclass(frozen=True, slots=True)
class _Options:
    """What decides a dataset besides the files; paths of folders and tables that were given."""

    images: Path | None
    lists: Path | None
    voc_origin: OriginChoice
    classes: Mapping[str, str]
    on_error: OnError
    sidecar: Path | None


@dataclass(frozen=True, slots=True)
class _Found:
    """What the reader of a layout makes of its files."""

    columns: Columns
    image_dir: Path | None = None
    """None where the layout tells it without reading."""
    voc_origin: str | None = None
    voc_evidence: str = ""


@dataclass(frozen=True, slots=True)
class _Layout:
    """A layout that the data have, and how it is read."""

    home: Path
    """The folder of the data, where a sidecar table may lie."""
    begins: str
    """Which file or folder of `home` it begins from."""
    read: Callable[[_Options, ReportFrame], _Found]
    image_dir: Callable[[str], Path]
    """Where the images are, told by the file name that comes first."""
    inputs: Inputs | None
    """What is read; None where that is known only afterwards: such tables are not kept."""


def load(
    data: str | Path,
    *,
    images: str | Path | None = None,
    splits: str | Path | None = None,
    voc_origin: OriginChoice = "auto",
    classes: Mapping[str, str] | None = None,
    on_error: OnError = "stop",
    sidecar: str | Path | None = None,
    cache: bool = True,
) -> Dataset:
    """Load a part in the WUTDet layout, COCO JSON, or a YOLO set.

    Args:
        data: a folder with `voc/Annotations` (or `Annotations`), with `annotations/*.json` or with a `data.yaml`;
            or such a COCO or YAML file.
        images: the image folder, when it is not where the layout has it.
        splits: a folder of `{split}.txt` lists that replace the splits the data comes with.
        voc_origin: pixel origin of VOC boxes: `1`, `0`, `0x`, or `auto` to decide from the data.
        classes: other class names, mapped to `ship`, or to "" to drop their boxes.
        on_error: `stop` raises the first bad frame; `skip` leaves it out and lists it in `problems`.
        sidecar: a table of facts about frames, joined after the one that lies beside the data (see `join_sidecar`).
        cache: keep the tables of large VOC and COCO data (see `index.py`), and use them while no file has changed.

    Raises:
        DataError: there is nothing to load, or it cannot be understood.
        FrameError: a frame is bad and `on_error` is `stop`.
    """
    path = Path(data)
    if not path.exists():
        raise DataError("does not exist", where=path, remedy=f"give a folder with {_LAYOUTS}")
    options = _Options(
        images=None if images is None else Path(images),
        lists=None if splits is None else _existing_folder(Path(splits)),
        voc_origin=voc_origin,
        classes=classes or {},
        on_error=on_error,
        sidecar=None if sidecar is None else Path(sidecar),
    )
    layout = _layout_of(path, options)
    kept = _read(layout, options) if not cache or layout.inputs is None else _recall(layout, layout.inputs, options)
    image_dir = options.images or kept.image_dir or layout.image_dir(kept.first_image)
    name = path.resolve().stem if path.is_file() else path.resolve().name
    return Dataset(kept.images, kept.boxes, image_dir, name, kept.voc_origin, kept.voc_evidence, kept.problems)


def _layout_of(path: Path, options: _Options) -> _Layout:
    home = path if path.is_dir() else path.parent
    begins = "." if path.is_dir() else path.name
    lists = [] if options.lists is None else [(options.lists, ".txt")]
    root = find_voc_root(path) if path.is_dir() else None
    if root is not None:
        folders = ((root / "Annotations", ".xml"), *(lists or [(root / "ImageSets" / "Main", ".txt")]))
        listings = (options.images or root / "JPEGImages",)
        inputs = Inputs((), folders, listings)
        return _Layout(home, root.name, partial(_read_voc, root), lambda _: root / "JPEGImages", inputs)
    files = [path] if path.suffix == ".json" else sorted(path.glob("annotations/*.json"))
    if files:
        inputs = Inputs(tuple(files), tuple(lists))
        return _Layout(home, begins, partial(_read_coco, path, files), partial(coco_image_dir, files[0]), inputs)
    data_yaml = find_data_yaml(path)
    if data_yaml is not None:
        return _Layout(home, begins, partial(_read_yolo, data_yaml), lambda _: home, None)
    raise no_dataset(path, _LAYOUTS)


def _recall(layout: _Layout, inputs: Inputs, options: _Options) -> Kept:
    """The tables as an earlier load kept them; else as they are read now, and kept."""
    given = (options.images, options.lists, options.sidecar)
    paths = [None if item is None else relative(item, layout.home) for item in given]
    said = (layout.begins, *paths, options.voc_origin, sorted(options.classes.items()), options.on_error)
    places = kept_files(layout.home, said)
    if not places:
        return _read(layout, options)
    tables = [layout.home / name for name in SIDECAR_NAMES] + ([options.sidecar] if options.sidecar else [])
    key = key_of(dataclasses.replace(inputs, files=(*inputs.files, *tables)), home=layout.home, options=said)
    kept = recall(places, key)
    if kept is None:
        kept = _read(layout, options)
        keep(places, key, kept)
    return kept


def _read(layout: _Layout, options: _Options) -> Kept:
    problems: list[Problem] = []

    def report(error: FrameError) -> None:
        if options.on_error == "stop":
            raise error
        problems.append(Problem(error.where, str(error)))

    found = layout.read(options, report)
    images = found.columns.images
    for table in (find_sidecar(layout.home), options.sidecar):
        images = images if table is None else join_sidecar(images, table)
    numbered = number_tables(dataclasses.replace(found.columns, images=images))
    first_image = images["file_name"][0]
    return Kept(*numbered, first_image, found.voc_origin, found.voc_evidence, tuple(problems), found.image_dir)


def _read_voc(root: Path, options: _Options, report: ReportFrame) -> _Found:
    part = read_voc(
        root,
        origin=options.voc_origin,
        classes=options.classes,
        lists=options.lists,
        image_dir=options.images,
        report=report,
    )
    return _Found(part.columns, part.image_dir, part.origin.value, part.evidence)


def _read_coco(path: Path, files: Sequence[Path], options: _Options, report: ReportFrame) -> _Found:
    columns = read_columns(files, classes=options.classes)
    if columns is None:
        read = [frame for file in files for frame in read_coco(file, classes=options.classes, report=report)]
        columns = columns_of(merge_frames(read))
    columns = _relist(columns, options.lists, report)
    if columns.images.is_empty():
        raise DataError("holds no frame", where=path, remedy="check the file")
    return _Found(columns)


def _read_yolo(data_yaml: Path, options: _Options, report: ReportFrame) -> _Found:
    columns, image_dir = read_yolo(data_yaml, classes=options.classes, report=report)
    return _Found(_relist(columns, options.lists, report), image_dir)


def _relist(columns: Columns, lists: Path | None, report: ReportFrame) -> Columns:
    """The columns with the splits that the lists, if any, give them."""
    if lists is None:
        return columns
    stems = [Path(name).stem for name in columns.images["file_name"]]
    member = read_split_lists(lists, set(stems))
    for stem in sorted(set(member) - set(stems)):
        remedy = "correct the list, or leave such frames out with --on-error skip"
        report(FrameError(f"listed in {', '.join(member[stem])} but not there", where=lists / stem, remedy=remedy))
    splits = splits_column([member.get(stem, ()) for stem in stems])
    return dataclasses.replace(columns, images=columns.images.with_columns(splits))


def _existing_folder(folder: Path) -> Path:
    if not any(folder.glob("*.txt")):
        raise DataError("no split lists (*.txt) here", where=folder, remedy="give a folder of lists")
    return folder
