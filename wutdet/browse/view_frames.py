"""The frames that a FiftyOne view shows, each once."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from wutdet.dataset.image_size import read_image_size
from wutdet.dataset.tables import IMAGE_FACTS, IMAGE_SCHEMA, assign_image_ids
from wutdet.errors import DataError

SPLITS: Final = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class ViewFrames:
    """The images that a view shows, each once."""

    table: pl.DataFrame
    folder: Path
    row_of: list[int]
    """Of each sample of the view, its frame's place here."""
    image_ids: list[int]
    names: list[str]
    sizes: list[tuple[int, int]]
    tags: dict[int, list[str]]
    new: frozenset[int]


def read_frames(view: Any, info: Mapping[str, Any], splits: Collection[str] | None) -> ViewFrames:
    """The frames of a view.

    Args:
        view: a FiftyOne dataset or view.
        info: of the dataset: `image_dir` and `splits` where `to_fiftyone` made it.
        splits: the tags that are splits; None: those of `info`, else train, val and test.

    Raises:
        DataError: the view holds no images.
        FrameError: an image whose size is not stated cannot be read.
    """
    if view.media_type != "image":
        what = f"holds {view.media_type or 'nothing'}, not images"
        raise DataError(what, where=view._root_dataset.name, remedy="give a dataset or view of images")
    facts = [name for name, kind in IMAGE_FACTS.items() if _holds(view, name, kind)]
    wanted = ["filepath", "tags", "metadata.width", "metadata.height", *facts]
    has_id = type(view.get_field("image_id")).__name__ == "IntField"
    columns = dict(zip(wanted, view.values(wanted), strict=True))
    ids = view.values("image_id") if has_id else [None] * len(columns["filepath"])
    place_of: dict[str, int] = {}
    row_of = [place_of.setdefault(path, len(place_of)) for path in columns["filepath"]]
    first = (
        [row_of.index(place) for place in range(len(place_of))] if len(place_of) < len(row_of) else range(len(row_of))
    )
    paths = [Path(columns["filepath"][row]) for row in first]
    folder, names = _names(paths, info.get("image_dir"))
    sizes = [
        _size(path, columns["metadata.width"][row], columns["metadata.height"][row])
        for path, row in zip(paths, first, strict=True)
    ]
    known, fresh = _image_ids([ids[row] for row in first], names)
    split_names = list(splits if splits is not None else info.get("splits") or SPLITS)
    tags = [columns["tags"][row] or [] for row in first]
    table = pl.DataFrame(
        {
            "image_id": known,
            "file_name": names,
            "width": [width for width, _ in sizes],
            "height": [height for _, height in sizes],
            "splits": [[tag for tag in own if tag in split_names] for own in tags],
            **{fact: [columns[fact][row] for row in first] if fact in facts else None for fact in IMAGE_FACTS},
        },
        schema=IMAGE_SCHEMA,
    ).sort("image_id")
    others = {image: [tag for tag in own if tag not in split_names] for image, own in zip(known, tags, strict=True)}
    return ViewFrames(table, folder, row_of, known, names, sizes, others, fresh)


def _holds(view: Any, name: str, kind: pl.DataType) -> bool:
    fields = ("StringField",) if kind == pl.String() else ("FloatField", "IntField")
    return type(view.get_field(name)).__name__ in fields


def _names(paths: Sequence[Path], image_dir: str | None) -> tuple[Path, list[str]]:
    """The image folder, and the file names in it."""
    folders = [Path(image_dir)] if image_dir else []
    if paths:
        try:
            folders.append(Path(os.path.commonpath([path.parent for path in paths])))
        except ValueError:
            remedy = "load views of one drive each"
            raise DataError("images lie on several drives", where=paths[0], remedy=remedy) from None
    for folder in folders:
        if all(path.is_relative_to(folder) for path in paths):
            return folder, [path.relative_to(folder).as_posix() for path in paths]
    return Path(), []


def _size(path: Path, width: int | None, height: int | None) -> tuple[int, int]:
    return (int(width), int(height)) if width and height else read_image_size(path)


def _image_ids(given: Sequence[int | None], names: Sequence[str]) -> tuple[list[int], frozenset[int]]:
    """The ids of frames: their own, else by the project's rule; those that lack one among others get the next."""
    own = [number for number in given if number is not None]
    if not own or len(set(own)) < len(own):
        return assign_image_ids(names), frozenset()
    following = iter(range(max(own) + 1, max(own) + 1 + len(given)))
    ids = [next(following) if number is None else number for number in given]
    return ids, frozenset(number for number, was in zip(ids, given, strict=True) if was is None)
