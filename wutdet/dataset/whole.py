"""Leave out, or stop at, frames whose image is not whole, before images are handed on."""

from __future__ import annotations

import dataclasses
import os
from typing import Final, Literal

import polars as pl

from wutdet.dataset.dataset import Dataset, Frame
from wutdet.dataset.images import check_header
from wutdet.dataset.tables import Problem
from wutdet.errors import FrameError

_END_BYTES: Final = 4096


def whole_frames(dataset: Dataset, *, on_error: Literal["stop", "skip"]) -> Dataset:
    """The frames whose images are there, whole, and of the size that the labels state.

    Args:
        dataset: what to look through; a good JPEG costs its header and its end.
        on_error: `stop` raises at the first bad frame; `skip` leaves it out and adds it to `problems`.

    Raises:
        FrameError: a frame is bad and `on_error` is `stop`.
    """
    problems: list[Problem] = []
    bad: list[int] = []
    for frame in dataset:
        try:
            _check(frame)
        except FrameError as error:
            if on_error == "stop":
                raise
            problems.append(Problem(frame.name, str(error)))
            bad.append(frame.image_id)
    kept = dataset.filter(~pl.col("image_id").is_in(bad)) if bad else dataset
    return dataclasses.replace(kept, problems=(*dataset.problems, *problems))


def _check(frame: Frame) -> None:
    """Look at header and end; where they leave a doubt, decode the frame, which raises what is wrong."""
    try:
        with frame.path.open("rb") as file:
            head = file.read(65536)
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _END_BYTES))
            end = file.read()
        looks_whole = head[:2] == b"\xff\xd8" and b"\xff\xd9" in end
        if looks_whole and check_header(head, frame.path) == (frame.width, frame.height):
            return
    except (OSError, FrameError):
        pass  # decoding says it better, or finds that a long header was all that was wrong
    _ = dataclasses.replace(frame).image  # a fresh frame: the pixels are not kept
