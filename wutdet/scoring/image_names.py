"""The images of a dataset by everything that a detector may call them: id, number, path, file name, stem."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

_SUFFIXES: Final = frozenset({"jpg", "jpeg", "png", "bmp", "tif", "tiff", "webp"})
_DIGITS: Final = 18  # any such number is an int64, as where the dataset assigns ids
_Key = TypeVar("_Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class KnownImages:
    """Images of a dataset."""

    ids: NDArray[np.int64]
    """(I,) no two equal."""
    names: Sequence[str]
    """(I,) file names, relative to the image folder."""


class ImageNames:
    """Finds images by what they are called. An image is given by its place: those to score first, the others behind.

    Attributes:
        ids: (I,) the ids of all places.
        names: (I,) the file names of all places.
        inside: how many places are to be scored.
    """

    def __init__(self, images: KnownImages, elsewhere: KnownImages | None) -> None:
        """List the images to score and those elsewhere."""
        known = [images] if elsewhere is None else [images, elsewhere]
        self.ids: NDArray[np.int64] = np.concatenate([np.asarray(part.ids, np.int64) for part in known])
        self.names = [name for part in known for name in part.names]
        self.inside = len(images.names)
        self._by_id = {image_id: [place] for place, image_id in enumerate(self.ids.tolist())}

    def named(self, text: str) -> list[int]:
        """The places that a path, a file name or a stem fits best; several where it does not tell them apart.

        Folders before the name need not agree, as they change from machine to machine; where several images have the
        name, those with most folders in common with `text`, counted from its end, fit best.
        """
        name = text.replace("\\", "/").rpartition("/")[2]
        places = self._by_name.get(name) or self._by_stem.get(name) or self._by_stem.get(_bare(name)) or []
        if len(places) < 2:
            return places
        fits = [self._fit(text, place) for place in places]
        best = max(fits)
        return [place for place, fit in zip(places, fits, strict=True) if fit == best]

    def with_id(self, image_id: int) -> list[int]:
        """The place that has this id, in a list; empty where none has."""
        return self._by_id.get(image_id, [])

    def numbered(self, number: int) -> list[int]:
        """The places whose stems are this number."""
        return self._by_number.get(number, [])

    def same_folder(self, text: str, place: int) -> bool:
        """Whether `text` and the image's name have the same folders, as far as both have any."""
        name = self.names[place]
        if text == name or text.endswith(f"/{name}"):
            return True
        return self._fit(text, place)[0] == min(len(_folders(text)), len(_folders(name)))

    def _fit(self, text: str, place: int) -> tuple[int, bool]:
        """How many folders they have in common at the end, and whether those are all of the image's."""
        ours, theirs = _folders(self.names[place]), _folders(text)
        pairs = zip(reversed(ours), reversed(theirs), strict=False)
        common = next((depth for depth, (a, b) in enumerate(pairs) if a != b), min(len(ours), len(theirs)))
        return common, common == len(ours)

    @cached_property
    def _by_name(self) -> dict[str, list[int]]:
        return _places(name.rpartition("/")[2] for name in self.names)

    @cached_property
    def _by_stem(self) -> dict[str, list[int]]:
        return _places(stem_of(name) for name in self.names)

    @cached_property
    def _by_number(self) -> dict[int | None, list[int]]:
        return _places(number_in(stem_of(name)) for name in self.names)


def number_in(text: str) -> int | None:
    """The number that a text of digits is, if it can be an id."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None


def stem_of(name: str) -> str:
    """A file name without its folders and its last suffix."""
    return name.replace("\\", "/").rpartition("/")[2].rsplit(".", 1)[0]


def _bare(name: str) -> str:
    """A name without the suffix of an image: frames may have been stored anew in another format."""
    stem, _, suffix = name.rpartition(".")
    return stem if suffix.lower() in _SUFFIXES else name


def _folders(name: str) -> list[str]:
    return [folder for folder in name.replace("\\", "/").split("/")[:-1] if folder not in ("", ".")]


def _places(keys: Iterable[_Key]) -> dict[_Key, list[int]]:
    places = defaultdict(list)
    for place, key in enumerate(keys):
        places[key].append(place)
    return dict(places)
