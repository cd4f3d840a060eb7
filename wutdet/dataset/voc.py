"""Read a part in the WUTDet layout: Pascal VOC XML, JPEG images, ImageSets lists."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from xml.etree import ElementTree

from wutdet.dataset.checks import ReportFrame, check_box, check_size, is_ship
from wutdet.dataset.splits import read_split_lists
from wutdet.dataset.tables import BoxRecord, FrameRecord
from wutdet.dataset.voc_origin import VocOrigin, decide_origin
from wutdet.errors import DataError, FrameError

OriginChoice = Literal["auto", "1", "0", "0x"]

_MAX_XML_BYTES: Final = 8 * 2**20  # a frame of 10,000 ships takes 3 MB
_IMAGE_SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".JPG", ".JPEG", ".PNG")


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
    """A frame as its XML has it."""

    stem: str
    width: int
    height: int
    objects: tuple[RawObject, ...]


@dataclass(frozen=True, slots=True)
class VocPart:
    """What a VOC folder holds, with boxes converted to 0-based continuous xyxy."""

    frames: tuple[FrameRecord, ...]
    image_dir: Path
    origin: VocOrigin
    evidence: str


def find_voc_root(folder: Path) -> Path | None:
    """The folder with `Annotations` in it: the given one or its `voc` child; None when neither has it."""
    return next((root for root in (folder / "voc", folder) if (root / "Annotations").is_dir()), None)


def read_voc(
    root: Path,
    *,
    origin: OriginChoice,
    classes: Mapping[str, str],
    lists: Path | None,
    image_dir: Path | None,
    report: ReportFrame,
) -> VocPart:
    """Read every frame under a VOC root.

    Args:
        root: the folder that holds `Annotations`, `JPEGImages` and `ImageSets/Main`.
        origin: the pixel origin of the XML, or `auto` to decide from the data.
        classes: names that count as ship besides `ship`, or are dropped (mapped to "").
        lists: a folder of split lists used in place of `ImageSets/Main`.
        image_dir: where the images are, when not in `JPEGImages`.
        report: called with each bad frame.

    Raises:
        DataError: no frame is there, or the evidence about the origin conflicts.
    """
    image_dir = image_dir or root / "JPEGImages"
    images = _image_names(image_dir)
    splits = read_split_lists(lists if lists is not None else root / "ImageSets" / "Main")
    stems = sorted(path.stem for path in (root / "Annotations").glob("*.xml"))
    _report_missing(root, stems, images, splits, report)
    raw: list[RawFrame] = []
    for stem in stems:
        if stem not in images:
            continue
        try:
            raw.append(parse_voc_xml(root / "Annotations" / f"{stem}.xml"))
        except FrameError as error:
            report(error)
    if not raw:
        raise DataError("no frame with both an XML and an image", where=root, remedy="check the folder")
    decided = decide_origin(raw_edges(raw), choice=origin, where=root)
    frames: list[FrameRecord] = []
    for frame in raw:
        where = f"Annotations/{frame.stem}.xml"
        try:
            boxes = _convert(frame, decided.origin, classes, where)
        except FrameError as error:
            report(error)
            continue
        names = splits.get(frame.stem, ())
        frames.append(FrameRecord(images[frame.stem], frame.width, frame.height, boxes, splits=names))
    if not frames:
        raise DataError("no good frame is left", where=root, remedy="correct the labels")
    return VocPart(tuple(frames), image_dir, decided.origin, decided.evidence)


def parse_voc_xml(path: Path) -> RawFrame:
    """Parse one annotation file; boxes stay in the numbers of the file.

    Raises:
        FrameError: the file is unreadable, hostile, malformed or lacks a field.
    """
    where = f"{path.parent.name}/{path.name}"
    try:
        if path.stat().st_size > _MAX_XML_BYTES:
            raise FrameError("XML larger than 8 MiB", where=where, remedy="check what the file is")
        data = path.read_bytes()
    except OSError as error:
        raise FrameError(f"cannot be read ({error.strerror})", where=where, remedy="restore it") from None
    if b"\0" in data or b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise FrameError("XML with a document type or NUL bytes", where=where, remedy="save it as plain UTF-8")
    try:
        tree = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise FrameError(f"malformed XML ({error})", where=where, remedy="restore or delete it") from None
    width, height = (_integer(tree, f"size/{side}", where) for side in ("width", "height"))
    check_size(width, height, where=where)
    objects = tuple(_parse_object(element, where) for element in tree.iterfind("object"))
    return RawFrame(path.stem, width, height, objects)


def raw_edges(frames: list[RawFrame]) -> list[tuple[float, float, float]]:
    """(min, max, side) of every box along both axes: what the origin is decided from."""
    edges: list[tuple[float, float, float]] = []
    for frame in frames:
        for item in frame.objects:
            edges += [(item.xmin, item.xmax, frame.width), (item.ymin, item.ymax, frame.height)]
    return edges


def _parse_object(element: ElementTree.Element, where: str) -> RawObject:
    name = (element.findtext("name") or "").strip()
    xmin, ymin, xmax, ymax = (_number(element, f"bndbox/{edge}", where) for edge in ("xmin", "ymin", "xmax", "ymax"))
    return RawObject(name, xmin, ymin, xmax, ymax)


def _number(element: ElementTree.Element, path: str, where: str) -> float:
    text = element.findtext(path)
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise FrameError(f"<{path}> is {text!r}, not a number", where=where, remedy="correct the XML")
    return value


def _integer(element: ElementTree.Element, path: str, where: str) -> int:
    value = _number(element, path, where)
    if not value.is_integer():
        raise FrameError(f"<{path}> is {value:g}, not a whole number", where=where, remedy="correct the XML")
    return int(value)


def _convert(frame: RawFrame, origin: VocOrigin, classes: Mapping[str, str], where: str) -> tuple[BoxRecord, ...]:
    shift_min, shift_max = origin.shifts
    boxes = []
    for item in frame.objects:
        if not is_ship(item.name, classes, where=where):
            continue
        box = (item.xmin + shift_min, item.ymin + shift_min, item.xmax + shift_max, item.ymax + shift_max)
        check_box(*box, width=frame.width, height=frame.height, where=where)
        boxes.append(BoxRecord(*box, area_px2=(box[2] - box[0]) * (box[3] - box[1])))
    return tuple(boxes)


def _image_names(image_dir: Path) -> dict[str, str]:
    if not image_dir.is_dir():
        raise DataError("no image folder", where=image_dir, remedy="put the frames there")
    names = sorted(path.name for path in image_dir.iterdir() if path.suffix in _IMAGE_SUFFIXES)
    return {Path(name).stem: name for name in names}


def _report_missing(
    root: Path,
    stems: list[str],
    images: Mapping[str, str],
    splits: Mapping[str, tuple[str, ...]],
    report: ReportFrame,
) -> None:
    labelled = set(stems)
    restore = "restore it, or leave such frames out with --on-error skip"
    for stem in sorted(labelled - set(images)):
        report(FrameError("the XML has no image", where=f"Annotations/{stem}.xml", remedy=restore))
    for stem in sorted(set(images) - labelled):
        report(FrameError("the image has no XML", where=f"JPEGImages/{images[stem]}", remedy=restore))
    for stem in sorted(set(splits) - labelled - set(images)):
        lists = ", ".join(splits[stem])
        report(FrameError(f"listed in {lists} but not there", where=f"{root.name}/{stem}", remedy=restore))
