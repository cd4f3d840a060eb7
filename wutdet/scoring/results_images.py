"""Which image each detection of a results file belongs to, from what its detector wrote."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wutdet.errors import DataError
from wutdet.scoring.image_names import ImageNames, KnownImages, number_in, stem_of

Ref = tuple[int | str | None, str | None]
"""What a detection says of its image: `image_id` and `file_name`, None where absent; one of them is there."""

_SHOWN: Final = 60  # characters of a name in a message


@dataclass(frozen=True, slots=True)
class Matched:
    """The images of R references."""

    image_ids: NDArray[np.int64]
    """(R,)."""
    inside: NDArray[np.bool_]
    """(R,) whether it is one of the images to score, not one elsewhere."""
    notes: list[str]
    """What the user should know of how they were matched, one line each."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """A reference and the places that each part of it fits."""

    ref: Ref
    number: int | None
    """`image_id` where it is an integer, or one in a string that is no name."""
    text: list[int]
    """What `image_id` fits as a name."""
    named: list[int]
    """What `file_name` fits."""


def match_images(
    refs: Sequence[Ref], detections: NDArray[np.int64], images: KnownImages, elsewhere: KnownImages | None, where: Path
) -> Matched:
    """Find the image of every reference.

    - An integer is an image id; so is an integer in a string that is no name. It is the number in a file name instead
      (as ultralytics writes `int(stem)`) where that holds for all integers of the file, each for one image only, and
      either none of them is an id or other references are stems.
    - Any other string is a path, a file name or a stem.
    - `file_name` goes before `image_id`, unless no `file_name` of the file is known. The two must not name different
      images, but `image_id` may be the number in that name.

    Args:
        refs: (R,) what the file says, no two equal, in the order of the file.
        detections: (R,) how many detections say it.
        images: the images to score.
        elsewhere: the other images of the dataset.
        where: the file, for errors.

    Raises:
        DataError: a reference fits no image, or several of which one is to be scored.
    """
    book = ImageNames(images, elsewhere)
    claims = [_claim(book, ref) for ref in refs]
    if not any(claim.named for claim in claims):  # the file's names are of another naming, so ids must do
        claims = [_without_name(claim) for claim in claims]
    find, notes = _reading(book, [claim for claim in claims if claim.ref[1] is None])
    ids = [claim.text if claim.number is None else find(claim.number) for claim in claims]
    fits = [_fit(book, claim, places, where) for claim, places in zip(claims, ids, strict=True)]
    unknown = np.array([not places for places in fits], bool)
    if unknown.any():
        raise _unknown(book, [claims[place].ref for place in np.flatnonzero(unknown)], detections, unknown, where)
    places = np.array([places[0] for places in fits], np.int64)
    notes += _differing_ids(book, claims, ids, places)
    notes += _differing_folders(book, claims, places)
    return Matched(book.ids[places], places < book.inside, notes)


def _claim(book: ImageNames, ref: Ref) -> _Claim:
    image_id, name = ref
    named = book.named(name) if name is not None else []
    if not isinstance(image_id, str):
        return _Claim(ref, image_id, [], named)
    text, number = book.named(image_id), number_in(image_id)
    if text and number is not None and str(number) == image_id:  # a stem, but as well an id in a string
        text = sorted({*text, *book.with_id(number)})
    return _Claim(ref, None if text else number, text, named)


def _without_name(claim: _Claim) -> _Claim:
    image_id, name = claim.ref
    return claim if image_id is None or name is None else replace(claim, ref=(image_id, None))


def _reading(book: ImageNames, claims: Sequence[_Claim]) -> tuple[Callable[[int], list[int]], list[str]]:
    """How these claims' numbers are to be read, and what to say of it."""
    numbers = {claim.number: None for claim in claims if claim.number is not None}
    odd = [number for number in numbers if book.with_id(number) != book.numbered(number)]
    if not odd or any(len(book.numbered(number)) != 1 for number in numbers):
        return book.with_id, []
    are_ids = any(book.with_id(number) for number in numbers)
    example = f"{odd[0]} is {book.names[book.numbered(odd[0])[0]]!r}"
    if not are_ids or any(claim.text and claim.ref[0] == stem_of(book.names[claim.text[0]]) for claim in claims):
        return book.numbered, [f"image_id is read as the number in the file name, not as DATA's id ({example})"]
    return book.with_id, [f"image_id is read as DATA's id, not as the number in the file name ({example} there)"]


def _fit(book: ImageNames, claim: _Claim, by_id: list[int], where: Path) -> list[int]:
    """The place that all of a claim fits, in a list; empty where there is none."""
    image_id, name = claim.ref
    places = by_id
    if name is not None:
        both = [place for place in claim.named if place in by_id]
        places = both or claim.named
        is_its_number = claim.number is not None and claim.number == number_in(stem_of(name))
        agreed = both or not by_id or is_its_number
        if places and not agreed and min(*places, *by_id) < book.inside:
            raise DataError(
                f"image_id {_shown(image_id)} is {book.names[by_id[0]]!r} in DATA, "
                f"but file_name beside it says {_shown(name)}",
                where=where,
                remedy="correct one of the two, or leave it out",
            )
    if len(places) > 1 and min(places) < book.inside:
        options = " or ".join(repr(book.names[place]) for place in places[:2])
        raise DataError(
            f"image {_shown(image_id if name is None else name)} may be {options}",
            where=where,
            remedy="write DATA's image ids, or file names with the folders they have in DATA, as image_id",
        )
    return places


def _unknown(
    book: ImageNames, refs: Sequence[Ref], detections: NDArray[np.int64], unknown: NDArray[np.bool_], where: Path
) -> DataError:
    first = ", ".join(_shown(image_id if name is None else name) for image_id, name in refs[:2])
    has = f"{book.inside:,} images"
    if book.inside:
        has += f" (first: {book.ids[0]}, {book.names[0]!r})"
    if len(book.names) > book.inside:
        has += f" and {len(book.names) - book.inside:,} outside the split"
    return DataError(
        f"{detections[unknown].sum():,} of {detections.sum():,} detections belong to images that DATA lacks "
        f"(first: {first}); DATA has {has}",
        where=where,
        remedy="score the split the detections were made on, or write DATA's image ids or file names as image_id",
    )


def _differing_ids(
    book: ImageNames, claims: Sequence[_Claim], ids: Sequence[list[int]], places: NDArray[np.int64]
) -> list[str]:
    """Say it where file_name decided against image_id."""
    odd = [
        claim.ref
        for claim, by_id, place in zip(claims, ids, places.tolist(), strict=True)
        if claim.ref[0] is not None and claim.named and place not in by_id and place < book.inside
    ]
    if not odd:
        return []
    image_id, name = odd[0]
    return [f"file_name decides: image_id {_shown(image_id)} is not DATA's id of {_shown(name)}"]


def _differing_folders(book: ImageNames, claims: Sequence[_Claim], places: NDArray[np.int64]) -> list[str]:
    """Say it where an image was matched by its name in another folder."""
    odd = [
        (text, book.names[place])
        for claim, place in zip(claims, places.tolist(), strict=True)
        if place < book.inside
        and isinstance(text := claim.ref[0] if claim.ref[1] is None else claim.ref[1], str)
        and (claim.named or claim.text)
        and not book.same_folder(text, place)
    ]
    if not odd:
        return []
    return [f"folders differ for {len(odd):,} images matched by name (first: {_shown(odd[0][0])} is {odd[0][1]!r})"]


def _shown(value: int | str | None) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
