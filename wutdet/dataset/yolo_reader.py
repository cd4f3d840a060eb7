"""Read the YOLO layout: images, text labels beside them, and the `data.yaml` that names them."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wutdet.dataset.checks import ReportFrame, check_box, check_file_name, check_size, is_ship
from wutdet.dataset.image_size import read_image_size
from wutdet.dataset.tables import BoxRecord, Columns, FrameRecord, columns_of
from wutdet.dataset.yolo import label_path
from wutdet.dataset.yolo_yaml import YoloData, read_data_yaml, splits_of
from wutdet.errors import DataError, FrameError

_MAX_LABEL_BYTES: Final = 8 * 2**20  # a frame of 10,000 ships takes half of one
_ROUNDING_PX: Final = 1.0  # labels in few digits pass the edge by less; what is further out is an error
_MICRO_DIGITS: Final = 6  # edges are rounded to a millionth of a pixel, as the canonical COCO file has them
_REMEDY: Final = "correct the label file, or leave such frames out with --on-error skip"


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of a label file: its class, and (cx, cy, w, h) as shares of the frame."""

    class_index: int
    centre: tuple[float, float, float, float]


def read_yolo(data_yaml: Path, *, classes: Mapping[str, str], report: ReportFrame) -> tuple[Columns, Path]:
    """Read every frame that a `data.yaml` names.

    Labels lie where YOLO trainers look for them; a frame without a label file is a frame without ships. A row is a
    box (`class cx cy w h`) or a polygon (`class x y x y x y …`), of which the bounding box is taken. Edges are rounded
    to a millionth of a pixel, and cut to the frame where they pass it by less than a pixel. Sizes come from the headers
    of the images, turned as EXIF says.

    Args:
        data_yaml: the file, as ultralytics has them.
        classes: names that count as ship besides `ship`, or are dropped (mapped to "").
        report: called with each bad frame, which is then left out.

    Returns:
        The frames, without ids, in order of their names, and the folder that their file names begin from.

    Raises:
        DataError: the file or what it names is not understood, or no image has a label file.
    """
    data = read_data_yaml(data_yaml)
    member: dict[str, list[str]] = {}
    for name, images in data.split_images.items():
        for image in images:
            member.setdefault(image, []).extend(splits_of(name))
    frames: list[FrameRecord] = []
    labelled = False
    for image in sorted(member):
        label = label_path(image)
        labelled = labelled or os.path.isfile(label)
        try:
            frames.append(_frame(image, label, tuple(sorted(member[image])), data, classes))
        except FrameError as error:
            report(error)
    if not labelled:
        where, seen = data_yaml, next(iter(member))
        what = f"none of the {len(member)} images has a label file (the first would be {label_path(seen)})"
        raise DataError(what, where=where, remedy="put labels where the images are, with 'labels' for 'images'")
    if not frames:
        raise DataError("no good frame is left", where=data_yaml, remedy="correct the labels")
    return columns_of(frames), Path(data.image_dir)


def _frame(image: str, label: str, splits: tuple[str, ...], data: YoloData, classes: Mapping[str, str]) -> FrameRecord:
    file_name = image.removeprefix(data.image_dir).lstrip(os.sep).replace(os.sep, "/")
    check_file_name(file_name, where=image)
    width, height = read_image_size(Path(image))
    check_size(width, height, where=image)
    boxes = []
    for number, row in enumerate(_rows(label, data.keypoint_numbers), start=1):
        where = f"{label}, row {number}"
        name = data.class_names.get(row.class_index)
        if name is None:
            what = f"class {row.class_index} is not among the {len(data.class_names)} names of data.yaml"
            raise FrameError(what, where=where, remedy=_REMEDY)
        if is_ship(name, classes, where=where):
            boxes.append(_box(row.centre, width, height, where))
    return FrameRecord(file_name, width, height, tuple(boxes), splits=splits)


def _rows(label: str, keypoint_numbers: int) -> list[_Row]:
    """The rows of a label file; none where there is no file."""
    try:
        with open(label, "rb") as file:
            data = file.read(_MAX_LABEL_BYTES + 1)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise FrameError(f"cannot be read ({error.strerror})", where=label, remedy=_REMEDY) from None
    if len(data) > _MAX_LABEL_BYTES:
        raise FrameError("label file larger than 8 MiB", where=label, remedy="check what the file is")
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise FrameError("label file is no text", where=label, remedy=_REMEDY) from None
    words = [line.split() for line in lines]
    return [
        _row(row, f"{label}, row {number}", keypoint_numbers)
        for number, row in enumerate((row for row in words if row), start=1)
    ]


def _row(words: Sequence[str], where: str, keypoint_numbers: int) -> _Row:
    index, *numbers = (_number(word, where) for word in words)
    if not 0 <= index < 2**31 or not index.is_integer():
        raise FrameError(f"class {words[0]!r} is no whole number from 0 on", where=where, remedy=_REMEDY)
    if len(numbers) == 4 or (keypoint_numbers and len(numbers) == 4 + keypoint_numbers):
        cx, cy, w, h = numbers[:4]
        return _Row(int(index), (cx, cy, w, h))
    if len(numbers) < 6 or len(numbers) % 2:
        what = f"row of {len(words)} columns is neither a box (5) nor a polygon (7, 9, …)"
        raise FrameError(what, where=where, remedy=_REMEDY)
    xs, ys = numbers[::2], numbers[1::2]
    low_x, high_x, low_y, high_y = min(xs), max(xs), min(ys), max(ys)
    return _Row(int(index), ((low_x + high_x) / 2, (low_y + high_y) / 2, high_x - low_x, high_y - low_y))


def _number(word: str, where: str) -> float:
    """A number as labels have them; Python's own extras (`1_0`, other scripts' digits, `nan`) are none."""
    try:
        value = float(word) if word.isascii() and "_" not in word else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise FrameError(f"{word[:20]!r} is no number", where=where, remedy=_REMEDY)
    return value


def _box(centre: tuple[float, float, float, float], width: int, height: int, where: str) -> BoxRecord:
    cx, cy, w, h = centre
    xmin, xmax = _edges(cx, w, width)
    ymin, ymax = _edges(cy, h, height)
    check_box(xmin, ymin, xmax, ymax, width=width, height=height, where=where)
    return BoxRecord(xmin, ymin, xmax, ymax, area_px2=(xmax - xmin) * (ymax - ymin))


def _edges(middle: float, extent: float, side: int) -> tuple[float, float]:
    """Both edges in pixels along one axis."""
    low = round((middle - extent / 2) * side, _MICRO_DIGITS)
    high = round((middle + extent / 2) * side, _MICRO_DIGITS)
    return 0.0 if -_ROUNDING_PX < low <= 0 else low, float(side) if side <= high < side + _ROUNDING_PX else high
