"""Bytes that should be UTF-8 and may not be."""

from __future__ import annotations

import codecs
from typing import Final

_UTF16_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_GUESSES: Final = ("gb18030", "latin-1")
"""Annotators of ships sit in China more often than elsewhere; every byte string is Latin-1."""


def decode_text(data: bytes) -> tuple[str, str]:
    """The text, and the encoding it is in by its mark or by trial; a byte order mark is taken off."""
    if data.startswith(_UTF16_MARKS):
        try:
            return data.decode("utf-16"), "utf-16"
        except UnicodeDecodeError:
            pass
    for encoding in ("utf-8-sig", *_GUESSES):
        try:
            return data.decode(encoding), encoding.removesuffix("-sig")
        except UnicodeDecodeError:
            continue
    raise AssertionError("every byte string is Latin-1")
