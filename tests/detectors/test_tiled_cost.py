"""What tiles cost: the time of their stages, and the input size at which those of a small frame are seen."""

import time

import numpy as np
import pytest

from wutdet.detectors import Detections, InferenceProtocol, Tiling, load_detector, tiled
from wutdet.errors import ConfigError

NONE = Detections(np.empty((0, 4)), np.empty(0))


class Timed:
    """Takes 10 ms a frame, by its own clock."""

    def __init__(self):
        self.stage_s = {}

    def __call__(self, frames):
        self.stage_s = {"infer": 0.01 * len(frames)}
        return [NONE for _ in frames]


def test_stages_are_of_one_call_frames_and_tiles_together():
    detector = tiled(Timed(), plan="full", tile_px=320)
    frame = np.zeros((480, 640, 3), np.uint8)
    images = 2 + 2 * len(detector.windows(frame, NONE))
    for _ in range(3):
        detector([frame, frame])
        assert detector.stage_s == {"infer": pytest.approx(0.01 * images)}
    detector([frame])
    assert detector.stage_s == {"infer": pytest.approx(0.01 * images / 2)}


def test_stages_take_no_longer_than_the_call(tiny_weights, tiny_part):
    protocol = InferenceProtocol(imgsz=160, tiles=Tiling(plan="full", tile_px=160))
    detector = load_detector(tiny_weights, protocol=protocol, threads=1)
    for _ in range(3):
        start = time.perf_counter()
        detector([tiny_part[0].image])
        assert 0 < sum(detector.stage_s.values()) <= time.perf_counter() - start


class Sized:
    """Remembers the input size at which tiles are looked at; takes those of `taken` alone."""

    def __init__(self, taken=None, px=None, asked=None):
        self._taken, self._px, self.asked = taken, px, [] if asked is None else asked

    def at(self, imgsz):
        if self._taken is not None and imgsz not in self._taken:
            raise ConfigError("is exported for another size", remedy="ask for that")
        return Sized(self._taken, imgsz, self.asked)

    def __call__(self, frames):
        if self._px is not None:
            self.asked.append((frames[0].shape[:2], self._px))
        return [NONE for _ in frames]


@pytest.mark.parametrize(
    ("width", "height", "settings", "longest", "px"),
    [
        (960, 540, {}, 640, 640),
        (480, 360, {}, 480, 480),
        (360, 480, {}, 480, 480),
        (480, 360, {"imgsz": 960}, 480, 736),  # 720, up to the stride
        (500, 300, {}, 500, 512),
        (480, 360, {"imgsz": 320}, 480, 256),  # 240
        (639, 300, {"imgsz": 650}, 639, 650),  # never more than what is asked for
    ],
)
def test_tiles_of_a_small_frame_are_seen_at_the_same_scale(width, height, settings, longest, px):
    inner = Sized()
    detector = tiled(inner, plan="full", tile_px=640, **settings)
    detector([np.zeros((height, width, 3), np.uint8)])
    assert [(max(shape), size) for shape, size in inner.asked] == [(longest, px)]


def test_an_export_of_a_fixed_size_sees_small_tiles_at_that():
    inner = Sized(taken=(640,))
    tiled(inner, plan="full", tile_px=640)([np.zeros((360, 480, 3), np.uint8)])
    assert inner.asked == [((360, 480), 640)]
    with pytest.raises(ConfigError, match="another size"):
        tiled(inner, plan="full", tile_px=512)


def test_ultralytics_sees_tiles_of_a_small_frame_at_native_scale(tiny_weights, tiny_part):
    protocol = InferenceProtocol(imgsz=160, tiles=Tiling(plan="full", tile_px=640))
    detector = load_detector(tiny_weights, protocol=protocol, threads=1)
    seen = []
    network = detector._of_frames._model.predictor.model
    network.register_forward_pre_hook(lambda module, inputs: seen.append(tuple(inputs[0].shape)))
    detector([tiny_part[0].image])  # 320x180
    assert seen[-1] == (1, 3, 192, 320)
