"""Read a COCO results file of any detector into columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from wutdet.errors import DataError
from wutdet.metrics import FoundBoxes
from wutdet.scoring.image_names import KnownImages
from wutdet.scoring.results_images import Matched, Ref, match_images
from wutdet.scoring.results_stream import Entry, entry_error, read_entries

__all__ = ["KnownImages", "Results", "read_results"]

_COCO_BOAT: Final = 9
_LISTED: Final = 10  # categories in a message


@dataclass(frozen=True, slots=True)
class Results:
    """The detections of a file, and what the user should be told of how it was read."""

    found: FoundBoxes
    """In the order of the file; `image_ids` are the dataset's."""
    notes: tuple[str, ...]
    """One line each."""


class _RefNumbers(dict[int | str | Ref | None, int]):
    """Numbers what detections say of their images, in the order of first use; a lone image_id stands for itself."""

    def __missing__(self, key: int | str | Ref | None) -> int:
        """The next number."""
        self[key] = number = len(self)
        return number

    def refs(self) -> list[Ref]:
        """All of them, by number."""
        return [key if isinstance(key, tuple) else (key, None) for key in self]


def read_results(
    path: str | Path, images: KnownImages, *, elsewhere: KnownImages | None = None, category: int | None = None
) -> Results:
    """Read the detections in these images from a COCO results file.

    The file is a JSON list of `{image_id, category_id, bbox: [x, y, width, height], score}`; other fields are ignored.
    `image_id` may be the dataset's id, a file name, a path that ends in one, or a stem, or, as in an ultralytics
    `predictions.json`, the number that the stem is; `file_name` may stand in its place or beside it (what then counts:
    `wutdet.scoring.results_images.match_images`).

    Args:
        path: the file.
        images: the images that are scored.
        elsewhere: the other images of the dataset; detections in them are left out, with a note.
        category: the `category_id` that is ship; others are left out, with a note. None where the file has only one,
            which is ship whatever its number (having none counts as one).

    Raises:
        DataError: the file is no list of detections; a box or a score is impossible; a detection is in no image of
            `images` or `elsewhere`, or it cannot be told in which; there are several categories and none is chosen.
    """
    where = Path(path)
    numbers = _RefNumbers()
    categories: Counter[int | None] = Counter()
    pieces: tuple[list[NDArray[Any]], ...] = ([], [], [])
    for first, entries in read_entries(where):
        columns: list[NDArray[Any]] = [_ref_numbers(entries, first, numbers, where), *_boxes(entries, first, where)]
        of_entries = [entry.category_id for entry in entries]
        categories.update(of_entries)
        if category is not None:
            chosen = np.array([number == category for number in of_entries], bool)
            columns = [column[chosen] for column in columns]
        for column, piece in zip(columns, pieces, strict=True):
            piece.append(column)
    notes = _category_notes(categories, category, where)
    refs, xywh, scores = (_joined(piece) for piece in pieces)
    matched = _match(refs, numbers.refs(), images, elsewhere, where)
    found = FoundBoxes(matched.image_ids[refs], xywh, scores)
    inside = matched.inside[refs]
    if not inside.all():
        notes.append(f"left out {(~inside).sum():,} of {len(inside):,} detections, which are outside the split")
        found = FoundBoxes(found.image_ids[inside], xywh[inside], scores[inside])
    return Results(found, (*notes, *matched.notes))


def _ref_numbers(entries: Sequence[Entry], first: int, numbers: _RefNumbers, where: Path) -> NDArray[np.int32]:
    """(D,) the number of what each entry says of its image."""
    image_ids = [entry.image_id for entry in entries]
    file_names = [entry.file_name for entry in entries]
    nameless = file_names.count(None) == len(entries)
    keys: Any = image_ids if nameless else zip(image_ids, file_names, strict=True)
    column = np.fromiter(map(numbers.__getitem__, keys), np.int32, len(entries))
    if None in numbers or (None, None) in numbers:
        pairs = list(zip(image_ids, file_names, strict=True))
        raise entry_error(first + pairs.index((None, None)), "has neither image_id nor file_name", where=where)
    return column


def _boxes(entries: Sequence[Entry], first: int, where: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(D, 4) xywh and (D,) scores; the numbers of a JSON file are finite, but what follows from them may not be."""
    numbers = chain.from_iterable([entry.bbox for entry in entries])
    xywh = np.fromiter(numbers, np.float64, 4 * len(entries)).reshape(-1, 4)
    scores = np.fromiter([entry.score for entry in entries], np.float64, len(entries))
    x, y, width, height = xywh.T
    with np.errstate(over="ignore"):
        sound = (width >= 0) & (height >= 0) & np.isfinite(x + width) & np.isfinite(y + height)
        sound &= np.isfinite(width * height)
    if not sound.all():
        bad = int(np.argmin(sound))
        box = list(entries[bad].bbox)
        what = "has a negative width or height" if min(box[2:]) < 0 else "is larger than any image"
        raise entry_error(first + bad, f"bbox {box} {what}", where=where)
    return xywh, scores


def _joined(pieces: list[NDArray[Any]]) -> NDArray[Any]:
    """One array of the pieces, which are given up, so that no two columns are there twice at a time."""
    whole = np.concatenate(pieces)
    pieces.clear()
    return whole


def _match(
    column: NDArray[np.int32], refs: list[Ref], images: KnownImages, elsewhere: KnownImages | None, where: Path
) -> Matched:
    """The image of every reference; those without a detection left (of another category) are not looked up."""
    detections = np.bincount(column, minlength=len(refs))
    used = np.flatnonzero(detections)
    matched = match_images([refs[number] for number in used], detections[used], images, elsewhere, where)
    image_ids = np.zeros(len(refs), np.int64)
    image_ids[used] = matched.image_ids
    inside = np.zeros(len(refs), bool)
    inside[used] = matched.inside
    return Matched(image_ids, inside, matched.notes)


def _category_notes(categories: Counter[int | None], category: int | None, where: Path) -> list[str]:
    """What to say of the categories that are left out.

    Raises:
        DataError: there are several and none is chosen, or none is of the chosen one.
    """
    if category is None:
        if len(categories) > 1:
            raise DataError(
                f"has detections of several categories: {_listed(categories)}",
                where=where,
                remedy=f"say which one is ship, such as --category {_likely(categories)}",
            )
        return []
    others = categories.copy()
    chosen = others.pop(category, 0)
    if others and not chosen:
        raise DataError(
            f"has no detection of category {category}, but of {_listed(others)}",
            where=where,
            remedy="leave --category out" if len(others) == 1 else f"choose another, such as {_likely(others)}",
        )
    if not others:
        return []
    return [f"left out {others.total():,} of {categories.total():,} detections, of category {_listed(others)}"]


def _listed(categories: Counter[int | None]) -> str:
    """Categories with their counts, most frequent first."""
    parts = [f"{'none' if number is None else number} ({count:,})" for number, count in categories.most_common(_LISTED)]
    more = len(categories) - len(parts)
    return ", ".join(parts) + (f" and {more:,} more" if more else "")


def _likely(categories: Counter[int | None]) -> int | None:
    """The category that is most likely ship."""
    if _COCO_BOAT in categories:
        return _COCO_BOAT
    return next(number for number, _ in categories.most_common() if number is not None)
