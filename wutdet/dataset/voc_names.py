"""Which frames a VOC folder has, by the names of its files alone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wutdet.dataset.checks import ReportFrame
from wutdet.dataset.splits import read_split_lists
from wutdet.errors import DataError, FrameError

IMAGE_SUFFIXES: Final = (".jpg", ".jpeg", ".png")
"""Of images, in small or capital letters."""

_RESTORE: Final = "restore it, or leave such frames out with --on-error skip"


@dataclass(frozen=True, slots=True)
class FrameNames:
    """The frames of a folder, by stem."""

    images: dict[str, str]
    """The image of every stem that has an XML and one image, sorted."""
    splits: dict[str, tuple[str, ...]]
    """The splits of every stem that a list names."""


def find_frames(root: Path, image_dir: Path | None, lists: Path, report: ReportFrame) -> FrameNames:
    """The frames that have an XML and one image; every other name is reported.

    Args:
        root: the folder that holds `Annotations`.
        image_dir: of the images; None: labels alone, whose images are taken to be `{stem}.jpg`.
        lists: the folder of the split lists.
        report: called with each frame that lacks its XML or its image, or has two images.

    Raises:
        DataError: a folder is not there, or cannot be listed; or a list is not text.
    """
    names = [f"{stem}.jpg" for stem in xml_stems(root)] if image_dir is None else _image_names(image_dir)
    images = {name.rpartition(".")[0]: name for name in names}
    stems = xml_stems(root)
    labelled = set(stems)
    splits = read_split_lists(lists, labelled | images.keys())
    for stem in sorted(labelled - images.keys()):
        report(FrameError("the XML has no image", where=f"Annotations/{printable(stem)}.xml", remedy=_RESTORE))
    for stem in sorted(images.keys() - labelled):
        where = f"JPEGImages/{printable(images[stem])}"
        report(FrameError("the image has no XML", where=where, remedy=_RESTORE))
    for stem in sorted(splits.keys() - labelled - images.keys()):
        where = f"{root.name}/{printable(stem)}"
        report(FrameError(f"listed in {', '.join(splits[stem])} but not there", where=where, remedy=_RESTORE))
    doubtful = _images_of_one_frame(names) if len(images) < len(names) else {}
    for stem in sorted(doubtful.keys() & labelled):
        shown = " and ".join(map(printable, doubtful[stem]))
        report(FrameError(f"{shown} are images of one frame", where="JPEGImages", remedy="keep the right one"))
    return FrameNames({stem: images[stem] for stem in stems if stem in images and stem not in doubtful}, splits)


def xml_stems(root: Path) -> list[str]:
    """The stem of every XML under `root/Annotations`, sorted.

    Raises:
        DataError: the folder cannot be listed.
    """
    return sorted(name[:-4] for name in _listed(root / "Annotations") if name.endswith(".xml") and name != ".xml")


def printable(name: str) -> str:
    """The name itself, or what can be shown of one with control characters or bytes that are not UTF-8."""
    plain = name.isprintable() or not any(sign < " " or sign == "\x7f" or "\ud800" <= sign <= "\udfff" for sign in name)
    return name if plain else name.encode("unicode_escape").decode()


def _image_names(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise DataError("no image folder", where=folder, remedy="put the frames there")
    return sorted(name for name in _listed(folder) if name.lower().endswith(IMAGE_SUFFIXES) and name.rpartition(".")[0])


def _images_of_one_frame(names: Sequence[str]) -> dict[str, list[str]]:
    """The names of every stem that has more than one."""
    by_stem: dict[str, list[str]] = {}
    for name in names:
        by_stem.setdefault(name.rpartition(".")[0], []).append(name)
    return {stem: found for stem, found in by_stem.items() if len(found) > 1}


def _listed(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError as error:
        raise DataError(f"cannot be listed ({error.strerror})", where=folder, remedy="check its permissions") from None
