"""One Pascal VOC annotation file: read it, refuse what is hostile, say what is wrong in one line."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from wutdet.dataset.checks import check_size
from wutdet.errors import FrameError

MAX_XML_BYTES: Final = 8 * 2**20  # a frame of 10,000 ships takes 3 MB
EDGES: Final = ("xmin", "ymin", "xmax", "ymax")
SIDES: Final = ("width", "height")

_READ_BYTES: Final = 2**16
_MAX_SIDE_PX: Final = 2**53  # beyond, a float is not exact
_SHOWN_CHARACTERS: Final = 40
# Without O_NONBLOCK the opening of a pipe would wait for a writer; O_BINARY is Windows'.
_OPEN_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True)
class RawObject:
    """An object as the XML has it, before its origin is known."""

    name: str
    xmin: float
    ymin: float
    xmax: float
    ymax: float


@dataclass(frozen=True, slots=True)
class RawFrame:
    """A frame as its XML has it; `filename` is the text of that element, None where there is none."""

    stem: str
    width: int
    height: int
    objects: tuple[RawObject, ...]
    filename: str | None = None


def parse_voc_xml(path: Path) -> RawFrame:
    """Read and parse one annotation file; boxes stay in the numbers of the file.

    Raises:
        FrameError: the file is unreadable, hostile, malformed, lacks a field or has it twice, or states a frame
            size that no image can have.
    """
    where = f"{path.parent.name}/{path.name}"
    frame = parse_voc_bytes(read_xml(path, where), path.stem, where)
    check_size(frame.width, frame.height, where=where)
    return frame


def parse_voc_bytes(data: bytes, stem: str, where: str) -> RawFrame:
    """Parse one annotation file. Its frame size and its boxes are numbers, but may be impossible.

    Raises:
        FrameError: it is hostile, malformed, lacks a field or has it twice.
    """
    return frame_of(parse_tree(data, where), stem, where)


def read_xml(path: str | Path, where: str) -> bytes:
    """The bytes of an annotation file.

    Raises:
        FrameError: it cannot be read, or is larger than 8 MiB.
    """
    try:
        handle = os.open(path, _OPEN_FLAGS)
        try:
            data = os.read(handle, _READ_BYTES)  # half the time of Python's own files
            return data if len(data) < _READ_BYTES else data + _read_rest(handle, where)
        finally:
            os.close(handle)
    except OSError as error:
        raise FrameError(f"cannot be read ({error.strerror})", where=where, remedy="restore it") from None


def _read_rest(handle: int, where: str) -> bytes:
    """What follows the first `_READ_BYTES`; a device states no size, so what is read is counted too."""
    chunks: list[bytes] = []
    left = MAX_XML_BYTES - _READ_BYTES if os.fstat(handle).st_size <= MAX_XML_BYTES else -1
    while left >= 0:
        chunk = os.read(handle, 2**20)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
        left -= len(chunk)
    raise FrameError("XML larger than 8 MiB", where=where, remedy="check what the file is")


def parse_tree(data: bytes, where: str) -> ElementTree.Element:
    """The root element, of whatever name.

    A document type is refused unread, so no entity is ever declared. It is looked for in ASCII: expat takes UTF-16
    besides, which has NULs, and only such other encodings as write `<!DOCTYPE` in ASCII.

    Raises:
        FrameError: the XML is malformed, or has a document type.
    """
    if b"\0" in data or (b"!" in data and b"<!DOCTYPE" in data):
        raise FrameError("XML with a document type or NUL bytes", where=where, remedy="save it as plain UTF-8")
    try:
        parser = ElementTree.XMLParser()
        parser.feed(data)
        return parser.close()
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise FrameError(f"malformed XML ({error})", where=where, remedy="restore or delete it") from None


def frame_of(tree: ElementTree.Element, stem: str, where: str) -> RawFrame:
    """What the XML says of its frame.

    Raises:
        FrameError: it lacks a field, has it twice, or has no number in it.
    """
    size = _only(tree, "size", where)
    width, height = (_whole_number(size, side, where) for side in SIDES)
    objects = tuple(_object(element, where) for element in tree.findall("object"))
    return RawFrame(stem, width, height, objects, tree.findtext("filename"))


def number_of(text: str | None) -> float:
    """The finite number that is written so: Python alone would take `1_0` for ten, and the digits of every script.

    Raises:
        ValueError: it is none.
    """
    value = float(text) if text is not None and text.isascii() and "_" not in text else math.nan
    if not math.isfinite(value):
        raise ValueError(text)
    return value + 0.0  # a negative zero is zero


def side_of(text: str | None) -> int:
    """The whole number that is written so.

    Raises:
        ValueError: it is none, or no float holds it exactly.
    """
    value = number_of(text)
    if not value.is_integer() or abs(value) > _MAX_SIDE_PX:
        raise ValueError(text)
    return int(value)


def _object(element: ElementTree.Element, where: str) -> RawObject:
    name, box = _only(element, "name", where), _only(element, "bndbox", where)
    edges = (_number(box, edge, f"bndbox/{edge}", where) for edge in EDGES)
    return RawObject("" if name is None else (name.text or "").strip(), *edges)


def _only(parent: ElementTree.Element | None, tag: str, where: str) -> ElementTree.Element | None:
    """The child of this name, None where there is none; which of two is meant, nobody can tell."""
    found = [] if parent is None else parent.findall(tag)
    if len(found) > 1:
        raise FrameError(f"<{tag}> is there {len(found)} times", where=where, remedy="keep the right one")
    return found[0] if found else None


def _number(parent: ElementTree.Element | None, tag: str, path: str, where: str) -> float:
    element = _only(parent, tag, where)
    text = None if element is None else element.text or ""
    try:
        return number_of(text)
    except ValueError:
        shown = repr(text) if text is None or len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]!r}…"
        raise FrameError(f"<{path}> is {shown}, not a number", where=where, remedy="correct the XML") from None


def _whole_number(parent: ElementTree.Element | None, tag: str, where: str) -> int:
    path = f"size/{tag}"
    value = _number(parent, tag, path, where)
    try:
        return side_of(repr(value))
    except ValueError:
        raise FrameError(f"<{path}> is {value:g}, not a whole number", where=where, remedy="correct the XML") from None
