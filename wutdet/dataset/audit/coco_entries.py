"""A COCO file entry by entry: what is good is kept, what is bad is told, each with its place in the file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from wutdet.dataset.audit.findings import Finding, finding
from wutdet.dataset.audit.texts import decode_text
from wutdet.dataset.coco_file import CocoAnnotation, CocoCategory, CocoFile, CocoImage, decode_coco
from wutdet.errors import DataError

Entry = TypeVar("Entry", CocoImage, CocoAnnotation, CocoCategory)


@dataclass(frozen=True, slots=True)
class BadEntry:
    """An entry that does not decode; `image_id` where it says which frame it is about."""

    what: str
    message: str
    image_id: int | None


@dataclass(frozen=True, slots=True)
class CocoEntries:
    """One file; entries are keyed by their place in its lists."""

    path: Path
    images: dict[int, CocoImage]
    annotations: dict[int, CocoAnnotation]
    categories: dict[int, str]
    """Names by number."""
    bad: tuple[BadEntry, ...]
    findings: tuple[Finding, ...]


class _RawFile(msgspec.Struct):
    images: list[msgspec.Raw]
    annotations: list[msgspec.Raw] = []
    categories: list[msgspec.Raw] = []


class _OfImage(msgspec.Struct):
    image_id: int


class _OfId(msgspec.Struct):
    id: int


def read_entries(path: Path) -> CocoEntries:
    """Read one COCO file; a file that is no COCO JSON at all has no entries and one finding."""
    try:
        return _good(path, decode_coco(path))
    except DataError as error:
        refused = error
    try:
        text, encoding = decode_text(path.read_bytes())
        raw = msgspec.json.decode(text.encode(), type=_RawFile)
    except (OSError, msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return CocoEntries(path, {}, {}, {}, (), (finding("malformed-json", path.name, refused.what),))
    found = [] if encoding == "utf-8" and _starts_plain(path) else [_encoding_finding(path, encoding)]
    bad: list[BadEntry] = []
    images = _decode("image", raw.images, CocoImage, bad)
    annotations = _decode("annotation", raw.annotations, CocoAnnotation, bad)
    categories = _decode("category", raw.categories, CocoCategory, bad)
    names = {category.id: category.name for category in categories.values()}
    return CocoEntries(path, images, annotations, names, tuple(bad), tuple(found))


def _good(path: Path, coco: CocoFile) -> CocoEntries:
    images, annotations = dict(enumerate(coco.images)), dict(enumerate(coco.annotations))
    return CocoEntries(path, images, annotations, {item.id: item.name for item in coco.categories}, (), ())


def _decode(what: str, raw: list[msgspec.Raw], kind: type[Entry], bad: list[BadEntry]) -> dict[int, Entry]:
    decoder = msgspec.json.Decoder(kind)
    good: dict[int, Entry] = {}
    for place, item in enumerate(raw):
        try:
            good[place] = decoder.decode(item)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            bad.append(BadEntry(f"{what} at place {place}", str(error), _image_of(what, item)))
    return good


def _image_of(what: str, item: msgspec.Raw) -> int | None:
    try:
        if what == "annotation":
            return msgspec.json.decode(item, type=_OfImage).image_id
        return msgspec.json.decode(item, type=_OfId).id if what == "image" else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _starts_plain(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(3) != b"\xef\xbb\xbf"


def _encoding_finding(path: Path, encoding: str) -> Finding:
    named = f"{encoding} with a byte order mark" if encoding == "utf-8" else encoding
    return finding("bad-encoding", path.name, f"the JSON is {named}, not plain UTF-8")
