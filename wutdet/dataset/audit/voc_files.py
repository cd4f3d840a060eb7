"""The files of a part, whatever they are called."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from wutdet.dataset.voc_names import IMAGE_SUFFIXES, printable
from wutdet.errors import DataError


@dataclass(frozen=True, slots=True)
class ImageNames:
    """The image folder: the name that is used of every stem, and those that stand beside it."""

    names: Mapping[str, str]
    doubles: Mapping[str, tuple[str, ...]]
    unspeakable: tuple[str, ...]
    """Names that are no text, as they can be shown."""


def list_images(folder: Path) -> ImageNames:
    """The images of a folder.

    Raises:
        DataError: there is no such folder, or it cannot be listed.
    """
    if not folder.is_dir():
        remedy = "put the frames there, name another with --images, or look at labels only with --no-images"
        raise DataError("no image folder", where=folder, remedy=remedy)
    by_stem: dict[str, list[str]] = {}
    try:
        names, unspeakable = speakable(os.listdir(folder))
    except OSError as error:
        raise DataError(f"cannot be listed ({error.strerror})", where=folder, remedy="check its permissions") from None
    for name in names:
        if name.lower().endswith(IMAGE_SUFFIXES) and (stem := name.rpartition(".")[0]):
            by_stem.setdefault(stem, []).append(name)
    doubles = {stem: tuple(names) for stem, names in by_stem.items() if len(names) > 1}
    return ImageNames({stem: names[-1] for stem, names in by_stem.items()}, doubles, unspeakable)


def speakable(names: Iterable[str]) -> tuple[list[str], tuple[str, ...]]:
    """Names that are UTF-8 on the disk, sorted, and the others as they can be shown."""
    good, bad = [], []
    for name in sorted(names):
        if any("\ud800" <= sign <= "\udfff" for sign in name):
            bad.append(printable(name))
        else:
            good.append(name)
    return good, tuple(bad)
