"""A video as a source of frames: read as a stream, never all in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import cv2
import numpy as np

from wutdet.dataset.source_frame import DecodedFrame, SourceFrame, no_boxes
from wutdet.dataset.tables import Problem
from wutdet.errors import DataError, FrameError

VIDEO_SUFFIXES: Final = (
    ".mp4",
    ".m4v",
    ".mov",
    ".mkv",
    ".webm",
    ".avi",
    ".mpg",
    ".mpeg",
    ".ts",
    ".m2ts",
    ".wmv",
    ".flv",
)
_MAX_PIXELS: Final = 178_956_970  # as of images
_MOST_FRAMES: Final = 100_000_000  # 38 days at 30 a second: a container that claims more claims nothing
_CUT_SHORT: Final = 0.9  # a container's claim may be off by some frames, but not by a tenth of them
_READ_HEAD: Final = 256


@dataclass(frozen=True)
class Video:
    """The frames of a video, each `every`-th of them, named `{stem}_{number:07d}.jpg` by its place in the video.

    Attributes:
        name: the file's stem.
        path: the file.
        every: 1 is every frame, 25 each 25th, the first one always among them.
        claimed: how many frames the container says it has; 0 where it says nothing that can be.
        on_error: whether a video that ends before its time stops, or is listed in `problems`.
        problems: what was wrong so far.
    """

    name: str
    path: Path
    every: int = 1
    claimed: int = 0
    on_error: Literal["stop", "skip"] = "stop"
    problems: list[Problem] = field(default_factory=list)

    @property
    def labelled(self) -> bool:
        """False."""
        return False

    @property
    def expected(self) -> int | None:
        """How many frames there will be by what the container says, which may be off; None where it says nothing."""
        return -(-self.claimed // self.every) if self.claimed else None

    def __iter__(self) -> Iterator[SourceFrame]:
        """Every `every`-th frame, decoded as it is asked for.

        Raises:
            DataError: no frame can be decoded.
            FrameError: the video ends well before its time and `on_error` is `stop`.
        """
        self.problems.clear()
        number = 0
        with _capture(self.path) as video:
            while True:
                wanted = number % self.every == 0
                with _quiet():
                    there, bgr = video.read() if wanted else (video.grab(), None)
                if not there:
                    break
                if wanted:
                    yield self._frame(number, bgr)
                number += 1
        if not number:
            raise DataError("no frame of it can be decoded", where=self.path, remedy="check that the video plays")
        if number < _CUT_SHORT * self.claimed:
            what = f"ends after {number:,} of {self.claimed:,} frames"
            error = FrameError(what, where=self.path, remedy="restore the file, or go on with --on-error skip")
            if self.on_error == "stop":
                raise error
            self.problems.append(Problem(self.path.name, str(error)))

    def _frame(self, number: int, bgr: Any) -> DecodedFrame:
        pixels = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
        height, width = pixels.shape[:2]
        name = f"{self.name}_{number:07d}.jpg"
        return DecodedFrame(number, name, self.path, width, height, no_boxes(), None, pixels=pixels)


def open_video(path: Path, *, every: int, on_error: Literal["stop", "skip"]) -> Video:
    """Open a video with the FFmpeg that OpenCV brings, and look at what it claims.

    Playlists, which name other files, are refused.

    Raises:
        DataError: it is no video, or its frames claim more than 178 megapixels.
    """
    _refuse_text(path)
    with _capture(path) as video:
        width, height = (_count(video.get(what)) for what in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        claimed = _count(video.get(cv2.CAP_PROP_FRAME_COUNT))
    if width * height > _MAX_PIXELS:
        raise DataError("claims more than 178 megapixels a frame", where=path, remedy="check what the file is")
    return Video(path.stem, path, every, claimed if claimed <= _MOST_FRAMES else 0, on_error)


def _count(value: float) -> int:
    """A whole number that a container claims; 0 where it is none."""
    return int(value) if 0 < value < 2**31 else 0


@contextmanager
def _capture(path: Path) -> Iterator[Any]:
    with _quiet():
        video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        if not video.isOpened():
            raise DataError("cannot be read as a video", where=path, remedy="check that it is whole, and plays")
        yield video
    finally:
        video.release()


@contextmanager
def _quiet() -> Iterator[None]:
    """OpenCV and FFmpeg say nothing of what they meet: one line of ours says it."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # read when FFmpeg is first used
    logging = cv2.utils.logging
    level = logging.getLogLevel()
    logging.setLogLevel(logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        logging.setLogLevel(level)


def _refuse_text(path: Path) -> None:
    """FFmpeg follows playlists to the files that they name, whatever their suffix; no video begins as text."""
    try:
        with path.open("rb") as file:
            head = file.read(_READ_HEAD)
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", where=path, remedy="check the path") from None
    if all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in head.removeprefix(b"\xef\xbb\xbf")):
        raise DataError("is no video", where=path, remedy="give a video file")
