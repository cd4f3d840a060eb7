"""What to say of a folder or file that holds no dataset: what is there in its place, and what to do about it."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Final

from wutdet.dataset.voc_names import IMAGE_SUFFIXES
from wutdet.errors import DataError

VOC_LAYOUT: Final = "voc/{Annotations,JPEGImages} (or these two without voc/)"

_VOC_FOLDERS: Final = ("annotations", "jpegimages")
_LABELS: Final = ".xml files in Annotations/ with the images in JPEGImages/, or a COCO .json file in annotations/"


def no_dataset(path: Path, layouts: str) -> DataError:
    """The error that says so; of a folder its entries alone are looked at, each by name.

    Args:
        path: is there.
        layouts: what could have been given.
    """
    what, remedy = _seen_file(path) if path.is_file() else _seen_folder(path)
    said = "no dataset found here" + (f": {what}" if what else "")
    return DataError(said, where=path, remedy=remedy or f"give a folder with {layouts}")


def _seen_file(path: Path) -> tuple[str, str]:
    """What the file is and what to do; empty where nothing special can be said."""
    suffix, parent = path.suffix.lower(), path.resolve().parent
    if suffix == ".xml" and parent.name == "Annotations":
        return "one .xml file of a dataset", f"give the folder of all: {parent.parent}"
    if suffix == ".xml":
        return "one .xml file", "give the folder that holds Annotations/ with it and JPEGImages/ with its image"
    return "", ""


def _seen_folder(path: Path) -> tuple[str, str]:
    """What the folder holds and what to do; empty where nothing special can be said."""
    try:
        names = os.listdir(path)
    except OSError as error:
        return f"the folder cannot be listed ({error.strerror})", "check its permissions"
    suffixes = Counter(os.path.splitext(name)[1].lower() for name in names if name[0] != ".")
    labels, images = suffixes[".xml"], sum(suffixes[suffix] for suffix in IMAGE_SUFFIXES)
    whole = path.resolve()
    if whole.name.lower() in _VOC_FOLDERS and (whole.parent / "Annotations").is_dir():
        return "it is a part of one", f"give its parent: {whole.parent}"
    if labels and images:
        what = f"{_count(labels, '.xml file')} beside {_count(images, 'image')}"
        return what, "move them to Annotations/ and JPEGImages/"
    if labels:
        what = f"{_count(labels, '.xml file')} and no image"
        return what, "move them to Annotations/, beside it JPEGImages/ with the images, and give the folder of both"
    other_case = next((name for name in names if name.lower() == "annotations" and name != "Annotations"), None)
    if other_case is not None and _holds_xml(path / other_case):
        return f"{other_case}/ holds .xml files", "rename it to Annotations/, and that of the images to JPEGImages/"
    if images:
        return f"{_count(images, 'image')} and no labels", f"add {_LABELS}"
    return "", ""


def _holds_xml(folder: Path) -> bool:
    return folder.is_dir() and next(folder.glob("*.xml"), None) is not None


def _count(number: int, thing: str) -> str:
    return f"1 {thing}" if number == 1 else f"{number} {thing}s"
