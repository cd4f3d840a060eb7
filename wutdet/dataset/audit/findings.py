"""The words of an audit: every kind of finding, how grave it is, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

Severity = Literal["error", "warning", "info"]
Edges = tuple[float, float, float, float]
"""xmin, ymin, xmax, ymax: 0-based, continuous, native pixels."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a code stands for.

    An error stops a load, or makes a score or a training wrong; a warning may be meant; an info is a fact.
    """

    severity: Severity
    remedy: str


def _error(remedy: str) -> Kind:
    return Kind("error", remedy)


def _warning(remedy: str) -> Kind:
    return Kind("warning", remedy)


_FIX: Final = "--fix leaves the frame out"

KINDS: Final[dict[str, Kind]] = {
    # files
    "missing-image": _error(f"restore the image; {_FIX}"),
    "orphan-image": _error(f"restore the XML; {_FIX}"),
    "two-images": _error(f"keep the right one; {_FIX}"),
    "unreadable-image": _error(f"restore the image; {_FIX}"),
    "truncated-image": _error(f"restore the image; {_FIX}"),
    "malformed-xml": _error(f"restore the XML; {_FIX}"),
    "hostile-xml": _error(f"find out who wrote it; {_FIX}"),
    "bad-label": _error(f"correct the field; {_FIX}"),
    "malformed-json": _error("restore the file; --fix leaves it out"),
    "bad-entry": _error(f"correct the entry; {_FIX}"),
    "bad-encoding": _error("save as UTF-8, as --fix does"),
    "unsafe-file-name": _error(f"give it a plain name, relative to the images; {_FIX}"),
    "bad-sidecar": _error("correct the table; --fix leaves it out"),
    # ids of COCO files
    "duplicate-image-id": _error(f"number anew; {_FIX}"),
    "duplicate-box-id": _error("number anew, as --fix does"),
    "annotation-without-image": _error("remove it, as --fix does, or add the image"),
    "conflicting-labels": _error(f"label the frame once; {_FIX}"),
    # boxes
    "origin-conflict": _error("look at a few boxes and give --voc-origin 1, 0 or 0x"),
    "wrong-size": _error("correct the labels, as --fix does where the boxes fit"),
    "degenerate-box": _error(f"draw it again; {_FIX}"),
    "box-outside": _error(f"draw it again; {_FIX}"),
    "box-over-edge": _error("clip it, as --fix does where most of it is in the frame"),
    "duplicate-box": _error("remove one, as --fix does"),
    "foreign-class": _error(f"map it: --classes NAME=ship or NAME=; else {_FIX}"),
    "unknown-category": _error(f"name the category; {_FIX}"),
    # lists
    "absent-in-split": _error("correct the list, as --fix does"),
    "frame-in-several-splits": _error("keep it in one, as --fix does (test before val before train)"),
    # what may be meant
    "doubtful-origin": _warning("look at a few boxes; --voc-origin decides"),
    "near-duplicate-box": _warning("look whether it is one ship"),
    "sub-pixel-box": _warning("look at it: less than a pixel shows no ship"),
    "huge-box": _warning("look whether it is a ship"),
    "wrong-area": _warning("correct it: sizes are told by area"),
    "odd-iscrowd": _warning("use 0 or 1"),
    "wrong-file-kind": _warning("rename it: many tools trust the suffix"),
    "no-end-marker": _warning("save it again: some trainers rewrite such files in place"),
    "grayscale-image": _warning("look whether it is meant"),
    "cmyk-image": _warning("save it as RGB: colours differ between tools"),
    "exif-rotated": _warning("save it upright: tools that turn it misplace the boxes"),
    "unlabelled-image": _warning("add it to the JSON, or move it away"),
    "wrong-filename": _warning("correct <filename>, as --fix does"),
    "identical-files": _warning("keep one"),
    "odd-id": _warning("rename it: the other names are numbers"),
    "same-id": _warning("rename one: ids are then counted, not read off the names"),
    "id-gap": _warning("look whether frames are missing"),
    "listed-twice": _warning("keep one line, as --fix does"),
    "empty-split": _warning("fill or delete the list"),
    "split-leakage": _warning("split by sequence: wutdet split"),
    # facts
    "ids-not-numeric": Kind("info", "id gaps and id neighbours are not looked for"),
    "frame-without-ships": Kind("info", "meant, where no ship is in sight"),
    "unlisted-frame": Kind("info", "meant, where frames are kept out of all splits"),
}
"""Every code an audit knows, in the order they are shown."""

LEAVE_OUT: Final = frozenset(code for code, kind in KINDS.items() if kind.remedy.endswith(_FIX))
"""Codes of frames that a repair cannot keep without guessing."""


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that was found."""

    code: str
    severity: Severity
    image: str
    """The file name of the frame (its stem where no image is there), or the list or JSON file it is about."""
    message: str
    box: Edges | None = None


def finding(code: str, image: str, message: str, box: Iterable[float] | None = None) -> Finding:
    """A finding of a known code; what would break a line or steer a terminal is replaced."""
    edges = None
    if box is not None:
        xmin, ymin, xmax, ymax = map(float, box)
        edges = (xmin, ymin, xmax, ymax)
    return Finding(
        code=code, severity=KINDS[code].severity, image=one_line(image), message=one_line(message), box=edges
    )


def one_line(text: str) -> str:
    """Text from outside without line breaks, control characters and lone surrogates."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """By code as `KINDS` has them, then by image, then as found."""
    place = {code: number for number, code in enumerate(KINDS)}
    return sorted(findings, key=lambda item: (place[item.code], item.image))


def box_text(box: Iterable[float]) -> str:
    """`[1, 2.5, 30, 40]`."""
    return f"[{', '.join(f'{edge:.7g}' for edge in box)}]"
