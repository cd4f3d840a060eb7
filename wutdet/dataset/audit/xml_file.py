"""An annotation file that the reader refuses: why, and what it would say in UTF-8."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from wutdet.dataset.audit.texts import decode_text
from wutdet.dataset.voc_xml import MAX_XML_BYTES, RawFrame, parse_voc_bytes
from wutdet.errors import FrameError

_DECLARATION: Final = re.compile(r"^\s*<\?xml[^>]*\?>")
_HOSTILE: Final = ("<!DOCTYPE", "<!ENTITY", "\0")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is wrong with an XML file."""

    code: str
    message: str
    frame: RawFrame | None = None
    """What it says, where only its encoding was wrong."""


def why_refused(path: Path, error: str) -> Refusal:
    """Sort a refused file into hostile, malformed, wrongly encoded, or sound but for a field.

    Args:
        path: the XML.
        error: what the reader said about it.
    """
    try:
        text, encoding = read_xml_text(path)
    except OSError:
        return Refusal("malformed-xml", error)
    if text is None or any(sign in text for sign in _HOSTILE):
        return Refusal("hostile-xml", error)
    data = path.read_bytes()
    if encoding == "utf-8" and b"\0" not in data and _is_xml(data):
        return Refusal("bad-label", error)
    try:
        frame = parse_voc_bytes(text.encode(), path.stem, path.name)
    except FrameError as still:
        return Refusal("bad-label" if _is_xml(text.encode()) else "malformed-xml", still.what)
    if encoding == "utf-8":
        return Refusal("bad-encoding", "the XML is UTF-8, but announces another encoding", frame)
    return Refusal("bad-encoding", f"the XML is {encoding}, not UTF-8", frame)


def read_xml_text(path: Path) -> tuple[str | None, str]:
    """The text of an XML without its declaration, and its encoding; None where it is larger than any label file.

    Raises:
        OSError: it cannot be read.
    """
    if path.stat().st_size > MAX_XML_BYTES:
        return None, "utf-8"
    text, encoding = decode_text(path.read_bytes())
    return _DECLARATION.sub("", text), encoding


def _is_xml(data: bytes) -> bool:
    """Only asked about data without a document type."""
    try:
        ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError):
        return False
    return True
