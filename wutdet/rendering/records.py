"""What is done already: a file for every few frames, written when their copies are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from wutdet.dataset.files import write_aside
from wutdet.errors import DataError
from wutdet.rendering.frame_job import FrameRecord

RECORD_FRAMES: Final = 8  # what a kill costs at most, besides what is on the way
_FOLDER: Final = ".records"


class Records:
    """The records of one folder of copies."""

    def __init__(self, out: Path, image_folders: Sequence[Path]) -> None:
        """Open them, making their folder where it lacks."""
        self._folder = out / _FOLDER
        self._image_folders = image_folders
        self._folder.mkdir(exist_ok=True)

    def done(self, number: int) -> list[FrameRecord] | None:
        """The record of this number; None where there is none, or it is damaged, or a copy that it names is gone."""
        try:
            frames = msgspec.msgpack.decode(self._path(number).read_bytes(), type=list[FrameRecord])
        except (OSError, msgspec.DecodeError):
            return None
        names = [frame.copy_name for frame in frames if not frame.left_out]
        return frames if all((folder / name).is_file() for folder in self._image_folders for name in names) else None

    def write(self, number: int, frames: Sequence[FrameRecord]) -> None:
        """Record frames whose copies are written."""
        write_aside(self._path(number), msgspec.msgpack.encode(frames))

    def sweep(self) -> None:
        """Remove what a kill left half-written."""
        for folder in (self._folder, *self._image_folders):
            for path in folder.rglob(".*.part"):
                path.unlink(missing_ok=True)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:06d}.msgpack"


def read_records(out: Path) -> Iterator[FrameRecord]:
    """What a folder of copies records of its frames, in order; nothing is written.

    Raises:
        DataError: a record is damaged.
    """
    for path in sorted((out / _FOLDER).glob("*.msgpack")):
        try:
            yield from msgspec.msgpack.decode(path.read_bytes(), type=list[FrameRecord])
        except (OSError, msgspec.DecodeError):
            raise DataError("damaged record", where=path, remedy="give the render command again") from None


def frames_of(records: Iterator[list[FrameRecord]]) -> Iterator[FrameRecord]:
    """The frames of records, in order."""
    return (frame for frames in records for frame in frames)
