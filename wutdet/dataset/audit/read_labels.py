"""Read the labels of whatever layout a path holds, for an audit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from wutdet.dataset.audit.coco_labels import read_coco_labels
from wutdet.dataset.audit.labels import Labels
from wutdet.dataset.audit.voc_labels import read_voc_labels
from wutdet.dataset.no_dataset import VOC_LAYOUT, no_dataset
from wutdet.dataset.voc import OriginChoice, find_voc_root
from wutdet.errors import DataError

_LAYOUTS: Final = f"{VOC_LAYOUT} or annotations/*.json, or a COCO .json file"


def read_labels(
    path: Path,
    *,
    images: Path | None,
    lists: Path | None,
    origin: OriginChoice,
    classes: Mapping[str, str],
    need_images: bool,
) -> Labels:
    """The labels of a VOC or COCO dataset; see `read_voc_labels` and `read_coco_labels`.

    Raises:
        DataError: there is nothing to read.
    """
    if not path.exists():
        raise DataError("does not exist", where=path, remedy=f"give a folder with {_LAYOUTS}")
    root = find_voc_root(path) if path.is_dir() else None
    if root is not None:
        return read_voc_labels(
            path, root, image_dir=images, lists=lists, origin=origin, classes=classes, need_images=need_images
        )
    files = [path] if path.is_file() else sorted(path.glob("annotations/*.json"))
    if not files or any(file.suffix != ".json" for file in files):
        raise no_dataset(path, _LAYOUTS)
    return read_coco_labels(path, files, image_dir=images, lists=lists, classes=classes, need_images=need_images)


def existing_lists(folder: Path) -> Path:
    """A folder that holds split lists.

    Raises:
        DataError: it holds none.
    """
    if not any(folder.glob("*.txt")):
        raise DataError("no split lists (*.txt) here", where=folder, remedy="give a folder of lists")
    return folder
