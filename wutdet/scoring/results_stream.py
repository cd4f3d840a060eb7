"""The entries of a COCO results file, block by block: a file of millions is never in memory as objects.

The file is read in blocks, and each is cut at its last `}, {`. Such a cut may fall inside a string or a nested list.
Then the closing bracket that is put behind it closes something else, the block ends too early and does not decode;
it is joined with what follows and tried again, if need be up to the end of the file. So what is read is always what
the whole file says.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import msgspec

from wutdet.errors import DataError

_BLOCK_BYTES: Final = 128 * 1024  # the objects of a block stay in the cache of the processor: faster than any larger
_WINDOW_BYTES: Final = 4096  # where a cut is looked for first
_WHITE: Final = b" \t\n\r"  # JSON's own white space
_SPACE: Final = b"[" + _WHITE + b"]*"
_BETWEEN_ENTRIES: Final = re.compile(rb"\}" + _SPACE + b"," + _SPACE + rb"\{")
_AFTER_ENTRY: Final = re.compile(rb"\}" + _SPACE + b",")
_NO_NUMBER: Final = re.compile(rb"NaN|-?Infinity")
_CUTS_TRIED: Final = 100
_SHAPE: Final = "give a list of {image_id, category_id, bbox: [x, y, width, height], score}"


Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class Entry(msgspec.Struct, kw_only=True, gc=False):
    """One detection as the file has it; unknown fields are ignored, null is as good as absent."""

    image_id: Int64 | str | None = None
    file_name: str | None = None
    category_id: Int64 | None = None
    bbox: tuple[float, float, float, float]
    """x, y, width, height."""
    score: float


_decode: Final = msgspec.json.Decoder(list[Entry]).decode


def read_entries(path: Path) -> Iterator[tuple[int, list[Entry]]]:
    """The entries of a results file in its order, in lists, each with the number of its first entry, from 0.

    Raises:
        DataError: the file is no JSON list of detections; names the entry at fault.
    """
    try:
        with path.open("rb") as file:
            yield from _blocks(file, _after_bracket(file, path), path)
    except OSError as error:
        raise DataError(
            f"cannot be read ({error.strerror or error})", where=path, remedy="check the path of the detections"
        ) from None


def entry_error(number: int | None, what: str, *, where: Path, remedy: str = _SHAPE) -> DataError:
    """The error of one entry; `number` counts from 0, None where it cannot be told."""
    name = "an entry" if number is None else f"entry {number:,} (counted from 0)"
    return DataError(f"{name}: {what}", where=where, remedy=remedy)


def _blocks(file: BinaryIO, data: bytes, path: Path) -> Iterator[tuple[int, list[Entry]]]:
    number = 0
    wanted = _BLOCK_BYTES
    while True:
        new = file.read(wanted)
        data += new
        cut = _last_cut(data) if new else None
        if new and cut is None:
            wanted = len(data) + 1
            continue
        try:
            entries = _decode(_list_of(data, cut))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            if cut is None or not _may_be_the_cut(error):
                raise _unreadable(data, error, number, path) from None
            wanted = len(data)
            continue
        yield number, entries
        if cut is None:
            return
        number += len(entries)
        data = data[cut.end() - 1 :]
        wanted = _BLOCK_BYTES


def _may_be_the_cut(error: Exception) -> bool:
    """A list that ends too early is no JSON; a wrong type or a bad string in it was met before its end."""
    return isinstance(error, msgspec.DecodeError) and not isinstance(error, msgspec.ValidationError)


def _list_of(data: bytes, cut: re.Match[bytes] | None) -> bytes:
    """The entries before the cut as a list; without a cut `data` closes the list itself."""
    return b"[" + data if cut is None else b"".join((b"[", memoryview(data)[: cut.start() + 1], b"]"))


def _last_cut(data: bytes) -> re.Match[bytes] | None:
    """The last place in `data` that looks like the border of two entries."""
    window = _WINDOW_BYTES
    while True:
        start = max(0, len(data) - window)
        cut = None
        for cut in _BETWEEN_ENTRIES.finditer(data, start):  # noqa: B007  the last one is wanted
            pass
        if cut is not None or start == 0:
            return cut
        window *= 8


def _after_bracket(file: BinaryIO, path: Path) -> bytes:
    """The beginning of the file behind its opening bracket."""
    data = file.read(_BLOCK_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip(_WHITE)
    while not data:
        more = file.read(_BLOCK_BYTES)
        if not more:
            raise DataError("is empty", where=path, remedy=_SHAPE)
        data = more.lstrip(_WHITE)
    if data.startswith(b"["):
        return data[1:]
    if data.startswith(b"{"):
        raise DataError(_object(data + file.read()), where=path, remedy=f"{_SHAPE}, as the detector wrote it")
    raise DataError("is not a JSON list in UTF-8", where=path, remedy=_SHAPE)


def _object(data: bytes) -> str:
    """What a file is that holds an object."""
    try:
        keys = list(msgspec.json.decode(data, type=dict[str, msgspec.Raw]))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "holds an object, not a list"
    if "images" in keys or "annotations" in keys:
        return "is a COCO dataset, not results"
    return f"holds an object (with {', '.join(repr(key[:40]) for key in keys[:5]) or 'nothing in it'}), not a list"


def _unreadable(data: bytes, error: Exception, before: int, path: Path) -> DataError:
    """The error of the first bad entry in `data`, which begins with the entry numbered `before`."""
    number, what = _wrong_type(str(error)) if isinstance(error, msgspec.ValidationError) else _no_json(data, error)
    return entry_error(None if number is None else before + number, what, where=path)


def _wrong_type(said: str) -> tuple[int | None, str]:
    """The entry and the fault, from msgspec's `Expected … - at `$[12].bbox[3]``."""
    what, _, place = said.partition(" - at `$[")
    index, _, field = place.rstrip("`").partition("]")
    what = what[:1].lower() + what[1:]
    return int(index) if index.isdecimal() else None, f"{field[1:]}: {what}" if field else what


def _no_json(data: bytes, error: Exception) -> tuple[int | None, str]:
    """The entry and the fault where the text is no JSON."""
    if isinstance(error, (UnicodeDecodeError, RecursionError)):
        what = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else "is nested too deeply"
        return _whole_entries(data[: _first_with(type(error), data)]), what
    what, _, place = str(error).partition(" (byte ")
    if not place:
        return _whole_entries(data), "the file ends before the list does"
    at = int(place.rstrip(")")) - 1  # what was decoded began with a bracket
    no_number = _NO_NUMBER.match(data, max(0, at - 1)) or _NO_NUMBER.match(data, at)  # at - 1: its minus
    return _whole_entries(data[:at]), f"{no_number[0].decode()} is no number in JSON" if no_number else what


def _first_with(kind: type[Exception], data: bytes) -> int:
    """The first cut of `data` that lies behind an error of this kind."""

    def behind(cut: int) -> bool:
        try:
            _decode(b"[" + data[:cut])
        except kind:
            return True
        except msgspec.DecodeError:
            return False
        return False

    cuts = [*(match.start() + 1 for match in _AFTER_ENTRY.finditer(data)), len(data)]
    return cuts[bisect_left(cuts, True, hi=len(cuts) - 1, key=behind)] - 1


def _whole_entries(data: bytes) -> int | None:
    """How many whole entries a beginning of a list has; None where it cannot be told."""
    cuts = [match.start() + 1 for match in _AFTER_ENTRY.finditer(data)]
    for cut in islice(reversed(cuts), _CUTS_TRIED):
        with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return len(_decode(b"[" + data[:cut] + b"]"))
    return 0 if len(cuts) <= _CUTS_TRIED else None
