import numpy as np
import pytest

from wutdet.benchmark.frame_work import RenderedFrame, detect_frame
from wutdet.benchmark.weather import Views
from wutdet.detectors import Detections, tiled
from wutdet.detectors.asking import ask
from wutdet.errors import ConfigError

FRAMES = [np.zeros((40, 60, 3), np.uint8)] * 2
NONE = Detections(np.empty((0, 4)), np.empty(0))
WRONG = [
    (None, "the detector returned None, not a list"),
    ((NONE, NONE), "the detector returned a tuple, not a list"),
    ([NONE], "the detector returned 1 results for 2 frames"),
    ([(NONE.xyxy, NONE.scores)] * 2, "the detector returned a tuple for a frame, not Detections"),
    ([NONE, None], "the detector returned None for a frame, not Detections"),
]


def test_an_answer_comes_back_as_it_is():
    assert ask(lambda frames: [NONE for _ in frames], FRAMES) == [NONE, NONE]


@pytest.mark.parametrize(("answer", "told"), WRONG)
def test_an_answer_of_another_form_ends_in_one_line(answer, told):
    with pytest.raises(ConfigError) as caught:
        ask(lambda frames: answer, FRAMES)
    assert str(caught.value) == f"{told}; return one Detections for each frame it is given"


@pytest.mark.parametrize(("answer", "told"), WRONG)
def test_a_tiled_detector_asks_so_for_frames_and_for_tiles(answer, told):
    with pytest.raises(ConfigError, match=told):
        tiled(lambda frames: answer, plan="full", tile_px=32)(FRAMES)
    answers = iter([[NONE, NONE], answer])
    with pytest.raises(ConfigError, match=told):
        tiled(lambda frames: next(answers), plan="full", tile_px=40, overlap=0.2)(FRAMES)


@pytest.mark.parametrize(("answer", "told"), WRONG)
def test_a_benchmark_asks_so(answer, told):
    view = type("View", (), {"image": FRAMES[0]})
    views = object.__new__(Views)
    object.__setattr__(views, "rendered", [view, view])
    with pytest.raises(ConfigError, match=told):
        detect_frame(RenderedFrame(1, views, "", 0.0, 0.0), lambda frames: answer)
