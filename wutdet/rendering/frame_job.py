"""The work on one frame: decode once, prepare once, render and write every scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from wutdet.dataset.files import write_aside
from wutdet.dataset.source_frame import SourceFrame
from wutdet.errors import FrameError, WutdetError
from wutdet.rendering.encode import ImageFormat, encode_image
from wutdet.scenarios import Ambient, Camera, Horizon, Scene, prepare

_DECIMALS: Final = 6  # as a benchmark stores them


@dataclass(frozen=True, slots=True)
class Job:
    """What is the same for all frames; travels to worker processes."""

    folders: tuple[Path, ...]
    """Of the images of each scenario."""
    values: tuple[Mapping[str, float], ...]
    """Of each scenario, by kind in its unit: so that a process of its own need not know the user's severities."""
    ambient: Ambient
    seed: int
    image_format: ImageFormat


@dataclass(frozen=True, slots=True)
class FrameTask:
    """A frame, and what its copies are called."""

    frame: SourceFrame
    camera: Camera
    horizon: float | Horizon | None
    from_camera: bool
    """Whether that horizon is of the camera, and not of the frame."""
    copy_name: str


class FrameRecord(msgspec.Struct, frozen=True, array_like=True):
    """What was written of a frame; the lists follow the plan's scenarios and are empty for a frame left out."""

    image_id: int
    source: str
    """The frame's own name."""
    copy_name: str
    left_out: str
    """Why; empty when it was not."""
    horizon_source: str
    size: tuple[int, int]
    """Width and height, px."""
    file_bytes: list[int]
    transmittance: list[list[float]]
    """Of each ship, in the order of the frame's boxes."""
    contrast: list[list[float]]
    horizon_px: tuple[float, float] | None = None
    """Its rows at the left and right edge of the frame; None in a record of an older wutdet."""


class Failure(msgspec.Struct, frozen=True):
    """An error of one frame as a result, so that the frames around it still come in order."""

    what: str
    where: str
    remedy: str
    of_frame: bool
    """Whether only this frame is bad."""


def write_copies(job: Job, task: FrameTask) -> FrameRecord | Failure:
    """Render a frame under all scenarios and write each copy whole or not at all; overwrites what is there."""
    try:
        scene = _scene(job, task)
        sizes, transmittance, contrast = [], [], []
        for folder, values in zip(job.folders, job.values, strict=True):
            view = scene.render_values(values)
            data = encode_image(view.image, job.image_format)
            path = folder / task.copy_name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_aside(path, data)
            sizes.append(len(data))
            transmittance.append(view.transmittance.round(_DECIMALS).tolist())
            contrast.append(view.contrast.round(_DECIMALS).tolist())
    except WutdetError as error:
        return Failure(error.what, error.where, error.remedy, isinstance(error, FrameError))
    except OSError as error:
        where = str(error.filename or job.folders[0])
        return Failure(
            f"cannot be written ({error.strerror})", where, "make room, and give the same command again", False
        )
    height, width = scene.image.shape[:2]
    return FrameRecord(
        task.frame.image_id,
        task.frame.name,
        task.copy_name,
        "",
        "camera" if task.from_camera else scene.horizon_source,
        (width, height),
        sizes,
        transmittance,
        contrast,
        (round(scene.horizon.row_left, 3), round(scene.horizon.row_right, 3)),
    )


def copies_bytes(job: Job, task: FrameTask) -> int:
    """How many bytes the copies of a frame take; nothing is written.

    Raises:
        FrameError: the frame is bad.
    """
    scene = _scene(job, task)
    return sum(len(encode_image(scene.render_values(values).image, job.image_format)) for values in job.values)


def left_out(task: FrameTask, why: str) -> FrameRecord:
    """The record of a frame that is bad."""
    return FrameRecord(task.frame.image_id, task.frame.name, task.copy_name, why, "", (0, 0), [], [], [])


def _scene(job: Job, task: FrameTask) -> Scene:
    return prepare(
        task.frame.image,
        key=task.frame.name,
        boxes=task.frame.boxes,
        horizon=task.horizon,
        camera=task.camera,
        ambient=job.ambient,
        seed=job.seed,
    )
