import numpy as np
import pytest

from wutdet.detectors import Detections, DetectorInfo, describe
from wutdet.errors import DataError


@pytest.mark.parametrize(
    ("xyxy", "scores"),
    [
        (np.zeros((2, 4)), np.zeros(3)),
        (np.zeros((2, 5)), np.zeros(2)),
        (np.zeros(4), np.zeros(1)),
        (np.full((1, 4), np.nan), np.zeros(1)),
        (np.zeros((1, 4)), np.full(1, np.inf)),
    ],
)
def test_arrays_that_do_not_fit_are_refused(xyxy, scores):
    with pytest.raises(DataError, match="not"):
        Detections(xyxy, scores)


@pytest.mark.parametrize("box", [(50, 10, 20, 30), (10, 50, 30, 20)])
def test_a_box_of_x_y_width_height_is_refused(box):
    with pytest.raises(DataError) as caught:
        Detections(np.array([(0, 0, 5, 5), box], float), np.array([0.9, 0.8]))
    remedy = "give xmin, ymin, xmax, ymax, not x, y, width, height"
    assert str(caught.value) == f"boxes of a detector end before they begin; {remedy}"


def test_an_empty_box_is_one():
    assert len(Detections(np.array([(9.0, 9, 9, 12)]), np.array([0.5]))) == 1


def test_a_plain_callable_is_described_by_its_name():
    def my_detector(frames):
        return []

    assert describe(my_detector).name.endswith("my_detector")
    assert describe(my_detector).parameters is None


def test_a_detector_may_describe_itself():
    class Mine:
        info = DetectorInfo(name="mine", parameters=3)

        def __call__(self, frames):
            return []

    assert describe(Mine()) == DetectorInfo(name="mine", parameters=3)
