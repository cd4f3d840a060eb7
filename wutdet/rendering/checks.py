"""What is refused before any copy is written."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Final

from wutdet.dataset.frame_source import DatasetFrames, FrameSource
from wutdet.dataset.image_files import ImageFiles
from wutdet.dataset.source_frame import SourceFrame
from wutdet.errors import ConfigError, DataError, FrameError
from wutdet.rendering.encode import ImageFormat
from wutdet.rendering.frame_job import FrameTask, Job, copies_bytes
from wutdet.rendering.names import copy_name

_TRIED: Final = 3  # frames whose copies are measured
_MARGIN: Final = 1.1


def check_names(source: FrameSource, image_format: ImageFormat) -> None:
    """Refuse frames whose copies would have one name on some file system: `a.jpg` and `A.png`.

    Raises:
        DataError: it names both.
    """
    known: dict[str, str] = {}
    for name in _names(source):
        other = known.setdefault(copy_name(name, image_format).lower(), name)
        if other != name:
            remedy = "rename one of them"
            raise DataError(
                f"the copies of '{other}' and '{name}' would have one name", where=source.name, remedy=remedy
            )


def check_out(source: FrameSource, out: Path) -> None:
    """Refuse a folder among the originals: they would be frames of the next rendering.

    Raises:
        ConfigError: it lies in the folder of the images.
    """
    images = source.dataset.image_dir if isinstance(source, DatasetFrames) else None
    if isinstance(source, ImageFiles) and source.paths:
        images = source.paths[0].parent
    if images is not None and out.resolve() == images.resolve():
        raise ConfigError("is the folder of the images", where=out, remedy="choose another --out")


def check_space(source: FrameSource, job: Job, make_task: Callable[[SourceFrame], FrameTask], out: Path) -> None:
    """Refuse what the disk has no room for, by the copies of a few frames.

    Raises:
        DataError: it says how much is needed.
    """
    if source.expected is None:
        return
    sizes = []
    for frame in islice(source, _TRIED):
        try:
            sizes.append(copies_bytes(job, make_task(frame)))
        except FrameError:
            continue  # it is told when it is its turn
    needed = int(_MARGIN * sum(sizes) / max(len(sizes), 1) * source.expected)
    free = shutil.disk_usage(out).free
    if needed > free:
        raise DataError(
            f"the copies take about {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free",
            where=out,
            remedy="choose another --out, fewer --scenarios, or --format jpg",
        )


def _names(source: FrameSource) -> Iterable[str]:
    if isinstance(source, DatasetFrames):
        return source.dataset.images["file_name"].to_list()
    return [path.name for path in source.paths] if isinstance(source, ImageFiles) else ()
