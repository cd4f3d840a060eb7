"""Read COCO files for an audit: every entry that is there, whatever is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

import polars as pl

from wutdet.dataset.audit.coco_entries import CocoEntries, read_entries
from wutdet.dataset.audit.coco_images import find_images, unlabelled_images
from wutdet.dataset.audit.findings import Finding, box_text, finding
from wutdet.dataset.audit.labels import BOX_SCHEMA, Labels, frame_table
from wutdet.dataset.audit.lists import SplitList, check_lists, read_lists
from wutdet.dataset.checks import check_file_name
from wutdet.dataset.coco_file import CocoAnnotation, CocoImage, split_of
from wutdet.dataset.tables import CATEGORY
from wutdet.errors import DataError, FrameError

_MAX_SIDE_PX: Final = 65_500  # the limit of JPEG
_AREA_SHARES: Final = (0.05, 1.02)
"""An area outside these shares of the box is none of what the box encloses."""


@dataclass(slots=True)
class _Gathered:
    """What the files have said so far."""

    frames: list[tuple[object, ...]] = field(default_factory=list)
    boxes: list[tuple[object, ...]] = field(default_factory=list)
    classes: Counter[str] = field(default_factory=Counter)
    found: list[Finding] = field(default_factory=list)


def read_coco_labels(
    data: Path,
    files: Sequence[Path],
    *,
    image_dir: Path | None,
    lists: Path | None,
    classes: Mapping[str, str],
    need_images: bool,
) -> Labels:
    """Read COCO files as one dataset.

    Args:
        data: the folder or file that was given; it names the dataset.
        files: the JSON files; the name of each states its split (see `split_of`).
        image_dir: where the images are, when not in a usual place.
        lists: a folder of split lists used in place of the files' names.
        classes: category names that count as ship besides `ship`, or are dropped (mapped to "").
        need_images: whether an image folder must be found.

    Raises:
        DataError: no file holds a frame, or none of the images is found although they are needed.
    """
    gathered = _Gathered()
    for path in files:
        _gather(read_entries(path), classes, gathered)
    frames = frame_table(gathered.frames)
    if lists is not None:
        frames = frames.with_columns(pl.Series("key", [PurePosixPath(name).stem for name in frames["name"]], pl.String))
    if frames.is_empty() and not any(item.code == "malformed-json" for item in gathered.found):
        raise DataError("holds no frame", where=data, remedy="check the file")
    found = gathered.found
    folder = image_dir or find_images(files[0], frames["file_name"].drop_nulls().to_list(), need=need_images)
    names = dict(frames.select("key", "name").iter_rows())
    if lists is not None:
        split_lists, listed = read_lists(lists, names.keys())
        found += [*listed, *check_lists(split_lists, names)]
    else:
        split_lists = _own_lists(files, gathered.frames)
        found += check_lists(split_lists, names)
    boxes = pl.DataFrame(gathered.boxes, schema=BOX_SCHEMA, orient="row")
    found += _conflicts(frames, boxes)
    if need_images and data.is_dir():
        found += unlabelled_images(folder, frames)
    counts = dict(sorted(gathered.classes.items(), key=lambda item: (-item[1], item[0])))
    name = data.resolve().name if data.is_dir() else data.resolve().stem
    stated = {} if lists is not None else {path.name: split for path in files for split in split_of(path)}
    return Labels(
        layout="coco",
        name=name,
        root=data,
        image_dir=folder,
        frames=frames,
        boxes=boxes,
        classes=counts,
        lists=split_lists,
        findings=tuple(found),
        files=tuple(files),
        split_of_file=stated,
    )


def _gather(entries: CocoEntries, classes: Mapping[str, str], into: _Gathered) -> None:
    """Add one file's frames and boxes, and what is wrong with its entries."""
    source = entries.path.name
    into.found += entries.findings
    row_of: dict[int, int] = {}
    repeated = Counter(image.id for image in entries.images.values())
    twice = Counter(image.file_name for image in entries.images.values())
    for place, image in entries.images.items():
        row_of.setdefault(image.id, len(into.frames))
        into.found += _image_findings(image, repeated[image.id], twice[image.file_name], source)
        into.frames.append(_frame_row(image, source, place))
    for bad in entries.bad:
        row = row_of.get(bad.image_id) if bad.image_id is not None else None
        name = source if row is None else str(into.frames[row][0])
        into.found.append(finding("bad-entry", name, f"{bad.what} of {source}: {bad.message}"))
    _gather_boxes(entries, row_of, classes, into)


def _gather_boxes(entries: CocoEntries, row_of: Mapping[int, int], classes: Mapping[str, str], into: _Gathered) -> None:
    source = entries.path.name
    strange: Counter[tuple[int, str, str]] = Counter()
    box_ids: Counter[int] = Counter()
    for place, item in entries.annotations.items():
        row = row_of.get(item.image_id)
        if row is None:
            message = f"annotation {item.id} belongs to image {item.image_id}, which is not there"
            into.found.append(finding("annotation-without-image", source, message, _edges(item)))
            continue
        shown = str(into.frames[row][0])
        box_ids[item.id] += 1
        if box_ids[item.id] > 1:
            into.found.append(
                finding("duplicate-box-id", shown, f"annotation id {item.id} is there twice", _edges(item))
            )
        into.found += _annotation_findings(item, shown)
        known = entries.categories.get(item.category_id)
        name = f"category {item.category_id}" if known is None else known
        into.classes[name] += 1
        target = CATEGORY if name == CATEGORY else classes.get(name)
        if target is None:
            strange[row, name, "unknown-category" if known is None else "foreign-class"] += 1
        if target != "":
            into.boxes.append((row, place, target == CATEGORY, item.iscrowd == 1, *_edges(item)))
    for (row, name, code), number in strange.items():
        boxes = "box" if number == 1 else "boxes"
        said = f"unknown class {name!r} on {number} {boxes}"
        message = said if code == "foreign-class" else f"{name} on {number} {boxes} is not listed"
        into.found.append(finding(code, str(into.frames[row][0]), message))


def _frame_row(image: CocoImage, source: str, place: int) -> tuple[object, ...]:
    possible = 1 <= image.width <= _MAX_SIDE_PX and 1 <= image.height <= _MAX_SIDE_PX
    size = (image.width, image.height) if possible else (None, None)
    safe = image.file_name if _is_safe(image.file_name) else None
    return (image.file_name, image.file_name, safe, *size, source, place)


def _is_safe(name: str) -> bool:
    try:
        check_file_name(name, where="")
    except FrameError:
        return False
    return True


def _image_findings(image: CocoImage, same_id: int, same_name: int, source: str) -> Iterator[Finding]:
    if not _is_safe(image.file_name):
        yield finding("unsafe-file-name", image.file_name, f"unsafe file name {image.file_name!r}")
    if not (1 <= image.width <= _MAX_SIDE_PX and 1 <= image.height <= _MAX_SIDE_PX):
        message = f"the labels say {image.width}x{image.height} px, which no image has"
        yield finding("wrong-size", image.file_name, message)
    if same_id > 1:
        yield finding("duplicate-image-id", image.file_name, f"{same_id} images of {source} have the id {image.id}")
    if same_name > 1:
        yield finding("conflicting-labels", image.file_name, f"{source} names it {same_name} times")


def _annotation_findings(item: CocoAnnotation, shown: str) -> Iterator[Finding]:
    _, _, w, h = item.bbox
    if item.iscrowd not in (0, 1):
        yield finding("odd-iscrowd", shown, f"annotation {item.id} has iscrowd {item.iscrowd}", _edges(item))
    low, high = (share * w * h for share in _AREA_SHARES)
    if item.area is not None and w > 0 and h > 0 and not low <= item.area <= high:
        message = f"area {item.area:g} of box {box_text(_edges(item))}, which encloses {w * h:g} px²"
        yield finding("wrong-area", shown, message, _edges(item))


def _edges(item: CocoAnnotation) -> tuple[float, float, float, float]:
    x, y, w, h = item.bbox
    return (x, y, x + w, y + h)


def _own_lists(files: Iterable[Path], frames: Sequence[tuple[object, ...]]) -> tuple[SplitList, ...]:
    """The splits that the names of the files state, as lists."""
    held: dict[str, list[str]] = {file.name: [] for file in files}
    for row in frames:
        held[str(row[5])].append(str(row[0]))
    named = {name: split_of(Path(name)) for name in held}
    return tuple(
        SplitList(splits[0], tuple((key, key) for key in dict.fromkeys(held[name])))
        for name, splits in named.items()
        if splits
    )


def _conflicts(frames: pl.DataFrame, boxes: pl.DataFrame) -> Iterator[Finding]:
    """Frames of several files whose sizes or boxes differ."""
    several = frames.with_row_index("frame").filter(pl.col("name").is_duplicated())
    if several.is_empty():
        return
    held: dict[int, list[tuple[object, ...]]] = {row: [] for row in several["frame"]}
    mine = boxes.filter(pl.col("frame").is_in(list(held)))
    for frame, *box in mine.select("frame", "ship", "crowd", "xmin", "ymin", "xmax", "ymax").sort(pl.all()).iter_rows():
        held[frame].append(tuple(box))
    for (name,), rows in several.group_by("name", maintain_order=True):
        if rows["source"].n_unique() < rows.height:
            continue  # within one file: told already
        facts = {(row["width"], row["height"], tuple(held[row["frame"]])) for row in rows.iter_rows(named=True)}
        if len(facts) > 1:
            sources = ", ".join(rows["source"])
            yield finding("conflicting-labels", str(name), f"its sizes or boxes differ between {sources}")
