"""The work on one frame in two halves: decode and render, which any process can do, then detect."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from wutdet.benchmark.store import FrameResult, cell_result
from wutdet.benchmark.weather import Views, Weather, render_frame
from wutdet.dataset import Frame
from wutdet.dataset.load import OnError
from wutdet.detectors import Detector, Staged
from wutdet.detectors.asking import ask
from wutdet.errors import FrameError

_STAGES: Final = ("preprocess", "infer", "postprocess")


@dataclass(frozen=True, slots=True)
class FrameTask:
    """A frame to measure, and the name of its camera where it is known."""

    frame: Frame
    camera: str | None


@dataclass(frozen=True, slots=True)
class RenderedFrame:
    """A frame under every scenario; one whose image is bad has no views, and says why."""

    image_id: int
    views: Views | None
    skipped: str
    decode_s: float
    render_s: float


@dataclass(frozen=True, slots=True)
class Seconds:
    """How long each stage of a frame took; inference is of all of its cells together."""

    decode: float = 0.0
    render: float = 0.0
    detect: float = 0.0
    preprocess: float | None = None
    infer: float | None = None
    postprocess: float | None = None
    """Parts of `detect`, where the detector tells them."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a frame gave."""

    result: FrameResult
    seconds: Seconds


def render_task(task: FrameTask, weather: Weather, on_error: OnError) -> RenderedFrame:
    """The first half.

    Raises:
        FrameError: the image is bad and `on_error` is `stop`.
    """
    start = time.perf_counter()
    try:
        image = task.frame.image
    except FrameError as error:
        if on_error == "stop":
            raise
        return RenderedFrame(task.frame.image_id, None, str(error), 0.0, 0.0)
    decoded = time.perf_counter()
    views = render_frame(image, task.frame, task.camera, weather)
    return RenderedFrame(task.frame.image_id, views, "", decoded - start, time.perf_counter() - decoded)


def detect_frame(rendered: RenderedFrame, detector: Detector) -> Measured:
    """The second half: one batch, the frame's cells in plan order, so that it is the same wherever it runs.

    Raises:
        ConfigError: the detector does not answer with one `Detections` for each view.
    """
    views = rendered.views
    if views is None:
        return Measured(FrameResult(rendered.image_id, "", (0.0, 0.0), rendered.skipped, []), Seconds())
    start = time.perf_counter()
    found = ask(detector, [view.image for view in views.rendered])
    detect_s = time.perf_counter() - start
    cells = [
        cell_result(detections, view.transmittance, view.contrast)
        for detections, view in zip(found, views.rendered, strict=True)
    ]
    horizon_px = (round(views.horizon.row_left, 3), round(views.horizon.row_right, 3))
    result = FrameResult(rendered.image_id, views.horizon_source, horizon_px, "", cells)
    stages = detector.stage_s if isinstance(detector, Staged) else {}
    seconds = Seconds(rendered.decode_s, rendered.render_s, detect_s, *(stages.get(name) for name in _STAGES))
    return Measured(result, seconds)
