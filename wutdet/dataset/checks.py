"""What makes a box or a file name of outside data acceptable."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Final

from wutdet.dataset.tables import CATEGORY
from wutdet.errors import FrameError

ReportFrame = Callable[[FrameError], None]
"""What to do with a bad frame: raise it, or note it and return."""

_SLACK_PX: Final = 1e-6  # x + w of a COCO box may pass the edge by a rounding error


def check_box(xmin: float, ymin: float, xmax: float, ymax: float, *, width: int, height: int, where: str) -> None:
    """Refuse a box that is not finite, is empty, or reaches out of its frame.

    Coordinates are xyxy, 0-based, continuous, in native pixels.

    Raises:
        FrameError: the box is none of a ship in this frame.
    """
    shown = f"[{xmin:g}, {ymin:g}, {xmax:g}, {ymax:g}]"
    if not all(map(math.isfinite, (xmin, ymin, xmax, ymax))):
        raise FrameError(f"box {shown} is not finite", where=where, remedy="correct or delete it")
    if xmax <= xmin or ymax <= ymin:
        raise FrameError(f"degenerate box {shown}", where=where, remedy=_SKIP)
    if min(xmin, ymin) < -_SLACK_PX or xmax > width + _SLACK_PX or ymax > height + _SLACK_PX:
        raise FrameError(f"box {shown} reaches out of the {width}x{height} frame", where=where, remedy=_SKIP)


def check_size(width: int, height: int, *, where: str) -> None:
    """Refuse a frame size that no image can have.

    Raises:
        FrameError: a side is under 1 or over 65,500 px (the limit of JPEG).
    """
    if not (1 <= width <= 65_500 and 1 <= height <= 65_500):
        raise FrameError(f"impossible image size {width}x{height}", where=where, remedy=_SKIP)


def check_file_name(name: str, *, where: str) -> None:
    """Refuse a file name that could lead out of the image folder.

    Raises:
        FrameError: the name is absolute, has a drive, a control character (such as NUL) or a `..` in it.
    """
    path = PurePosixPath(name)
    unsafe = path.is_absolute() or ".." in path.parts or any(sign in "\\:\x7f" or sign < " " for sign in name)
    if unsafe or not path.name:
        raise FrameError(f"unsafe file name {name!r}", where=where, remedy="use names relative to the images")


def is_ship(name: str, classes: Mapping[str, str], *, where: str) -> bool:
    """Whether an object of this class is a ship; False when the class map drops it.

    Args:
        name: the class as the labels have it.
        classes: other names, each mapped to `ship`, or to nothing (the empty string) to drop them.
        where: what the error names.

    Raises:
        FrameError: the class is neither `ship` nor in the map.
    """
    target = CATEGORY if name == CATEGORY else classes.get(name)
    if target is None:
        raise FrameError(
            f"unknown class {name!r}",
            where=where,
            remedy=f"map it with --classes {f'{name}=ship'!r}, or drop it with {f'{name}='!r}",
        )
    return target == CATEGORY


_SKIP = "correct the labels, or leave such frames out with --on-error skip"
