"""A `data.yaml` of YOLO trainers: where the images of each split are, and what the classes are called."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from wutdet.dataset.tables import UNSPLIT
from wutdet.dataset.yolo import IMAGE_SUFFIXES, OWN_KEY
from wutdet.errors import DataError
from wutdet.yaml_text import decode_yaml

_NAMES: Final = ("data.yaml", "data.yml", "dataset.yaml", "dataset.yml")
_SPLITS: Final = {"train": "train", "val": "val", "validation": "val", "test": "test", "minival": "minival"}
_MAX_YAML_BYTES: Final = 2**20
_MAX_LIST_BYTES: Final = 2**28  # a million paths of 250 bytes
_CORRECT: Final = "correct data.yaml"


@dataclass(frozen=True, slots=True)
class YoloData:
    """What a `data.yaml` says, with every path absolute and nothing of the images looked at."""

    class_names: dict[int, str]
    keypoint_numbers: int
    """How many numbers follow the box in each row of a pose set; 0 in others."""
    split_images: dict[str, tuple[str, ...]]
    """The images of every split, sorted; `unsplit` and `all` are no splits."""
    image_dir: str
    """The folder that file names begin from: one above all images."""


def find_data_yaml(path: Path) -> Path | None:
    """The `data.yaml` (or `dataset.yaml`) of a folder, or the path itself when it is such a file by its suffix."""
    if path.is_file():
        return path if path.suffix in (".yaml", ".yml") else None
    return next((path / name for name in _NAMES if (path / name).is_file()), None)


def read_data_yaml(path: Path) -> YoloData:
    """Read a `data.yaml` and list the images of its splits.

    Splits are given by a folder, a list of images in a text file, or several of these. They may lie anywhere;
    relative paths begin from `path` of the file, or, where it is not there, from the folder of the file.

    Raises:
        DataError: the file, or what it names, is not there or not understood.
    """
    found = _mapping(path)
    own = found.get(OWN_KEY) if isinstance(found.get(OWN_KEY), dict) else None
    if own is not None and isinstance(own.get("splits"), dict) and isinstance(own.get("images"), str):
        sources = {str(name): _sources(value, str(name), path) for name, value in own["splits"].items()}
        pivot = os.path.join(os.path.realpath(path.parent), own["images"])
    else:
        sources = {
            split: _sources(found[key], key, path) for key, split in _SPLITS.items() if found.get(key) is not None
        }
        pivot = None
    if not sources:
        raise DataError("names no train, val or test images", where=path, remedy=_CORRECT)
    bases = _bases(found, path)
    images = {
        split: tuple(sorted({image for entry in entries for image in _images_of(_resolve(entry, bases, split, path))}))
        for split, entries in sources.items()
    }
    everything = [image for members in images.values() for image in members]
    if not everything:
        raise DataError("names no image", where=path, remedy="check its folders and lists")
    if pivot is None or not all(image.startswith(pivot + os.sep) for image in everything):
        pivot = _common_folder(everything)
    return YoloData(_class_names(found, path), _keypoint_numbers(found), images, pivot)


def splits_of(name: str) -> tuple[str, ...]:
    """The splits that a list of this name puts its frames in."""
    return () if name in (UNSPLIT, "all") else (name,)


def _mapping(path: Path) -> dict[Any, Any]:
    try:
        data = path.read_bytes()
        if len(data) > _MAX_YAML_BYTES:
            raise DataError("larger than 1 MiB", where=path, remedy="check what the file is")
        found = decode_yaml(data)
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", where=path, remedy="check the path") from None
    except (msgspec.DecodeError, ValueError, TypeError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DataError(f"not YAML ({reason})", where=path, remedy=_CORRECT) from None
    if not isinstance(found, dict):
        raise DataError("is no mapping of keys to values", where=path, remedy=_CORRECT)
    return found


def _class_names(found: dict[Any, Any], path: Path) -> dict[int, str]:
    """Class numbers and names, as trainers take them: a list, a mapping, or only their number `nc`."""
    names, number = found.get("names"), found.get("nc")
    if names is None and isinstance(number, int) and not isinstance(number, bool) and 0 < number <= 100_000:
        return {index: f"class_{index}" for index in range(number)}
    pairs = enumerate(names) if isinstance(names, list) else names.items() if isinstance(names, dict) else ()
    named: dict[int, str] = {}
    for key, name in pairs:
        if not isinstance(name, (str, int, float)) or not isinstance(key, (str, int)) or not _is_index(str(key)):
            raise DataError("'names' is no list or mapping of class names", where=path, remedy=_CORRECT)
        named[int(key)] = str(name)
    if not named:
        raise DataError("has no class names", where=path, remedy="add names: {0: ship}")
    return named


def _is_index(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _keypoint_numbers(found: dict[Any, Any]) -> int:
    shape = found.get("kpt_shape")
    if isinstance(shape, list) and len(shape) == 2 and all(type(side) is int and 0 < side < 1000 for side in shape):
        return int(shape[0] * shape[1])
    return 0


def _sources(value: Any, key: str, path: Path) -> list[str]:
    entries = value if isinstance(value, list) else [value]
    if not all(isinstance(entry, str) and entry and "\0" not in entry for entry in entries):
        raise DataError(f"'{key}' is no folder, list of images or several of these", where=path, remedy=_CORRECT)
    return entries


def _bases(found: dict[Any, Any], path: Path) -> list[str]:
    """Where relative paths may begin: `path` of the file when it is there, and the folder of the file."""
    here = os.path.realpath(path.parent)
    named = found.get("path")
    if not isinstance(named, str) or not named or "\0" in named:
        return [here]
    return list(dict.fromkeys([os.path.realpath(os.path.join(here, named)), here]))


def _resolve(entry: str, bases: Sequence[str], split: str, path: Path) -> str:
    """The folder or file that an entry means; `../train/images` is also looked for as `train/images`."""
    for base in bases:
        for relative in (entry, entry.removeprefix("../")):
            place = os.path.realpath(os.path.join(base, relative))
            if os.path.exists(place):
                return place
    remedy = "correct the path, or put the data there"
    raise DataError(f"'{split}' names {entry!r}, which is not there", where=path, remedy=remedy)


def _images_of(source: str) -> Iterator[str]:
    return _images_under(source) if os.path.isdir(source) else _images_listed(source)


def _images_under(folder: str) -> Iterator[str]:
    """Every image in a folder and the folders in it, links followed; hidden ones are passed over."""
    seen: set[str] = set()
    for here, folders, files in os.walk(folder, followlinks=True):
        if os.path.realpath(here) in seen:
            folders.clear()
            continue
        seen.add(os.path.realpath(here))
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if name.lower().endswith(IMAGE_SUFFIXES) and not name.startswith("."):
                yield os.path.join(here, name)


def _images_listed(path: str) -> Iterator[str]:
    """Every image in a text file: one path a line, relative to the file."""
    try:
        if os.path.getsize(path) > _MAX_LIST_BYTES:
            raise DataError("larger than 256 MiB", where=path, remedy="check what the file is")
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise DataError("cannot be read as a list of images", where=path, remedy="write one path a line") from None
    for line in text.splitlines():
        if line.lower().endswith(IMAGE_SUFFIXES) and "\0" not in line:
            yield os.path.normpath(os.path.join(os.path.dirname(path), line))


def _common_folder(images: Sequence[str]) -> str:
    """The folder that file names begin from: the deepest above all images, but no deeper than one called `images`."""
    common = os.path.commonpath([os.path.dirname(image) for image in images])
    head, found, _ = f"{common}{os.sep}".rpartition(f"{os.sep}images{os.sep}")
    return f"{head}{os.sep}images" if found else common
