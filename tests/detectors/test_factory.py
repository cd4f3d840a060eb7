import sys

import msgspec
import numpy as np
import pytest

import wutdet
from wutdet.detectors import Detections, InferenceProtocol, Resizable, Tiling, describe, load_detector
from wutdet.errors import ConfigError

SOURCE = """
import numpy as np
from wutdet.detectors import Detections


def make():
    def find(frames):
        return [Detections(np.array([[10.0, 80, 40, 100]]), np.array([{score}])) for _ in frames]
    return find


make_other = make
"""
FRAMES = [np.zeros((20, 30, 3), np.uint8)]


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes a module, and forgets those that were imported before."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    written = set()

    def to(name, text):
        (tmp_path / f"{name}.py").write_text(text)
        written.add(name)
        for one in written:
            sys.modules.pop(one, None)

    yield to
    for one in written:
        sys.modules.pop(one, None)


def test_a_plan_knows_a_silent_detector_by_its_factory_and_source(write):
    write("one", SOURCE.format(score=0.5))
    info = describe(load_detector("one:make"))
    assert info.name == "one:make"
    assert len(info.weights_sha256) == 64
    assert describe(load_detector("one:make")) == info
    assert load_detector("one:make")(FRAMES)[0].scores.tolist() == [0.5]


def test_another_source_or_factory_is_another_detector_and_a_moved_module_the_same(write):
    write("one", SOURCE.format(score=0.5))
    write("two", SOURCE.format(score=0.6))
    write("moved", SOURCE.format(score=0.5))
    one, two, moved, other = (
        describe(load_detector(spec)).weights_sha256
        for spec in ("one:make", "two:make", "moved:make", "one:make_other")
    )
    assert one == moved
    assert len({one, two, other}) == 3
    write("one", SOURCE.format(score=0.7))
    assert describe(load_detector("one:make")).weights_sha256 != one


def test_the_source_of_a_factory_that_is_imported_counts(write):
    write("inner", SOURCE.format(score=0.5))
    write("outer", "from inner import make\n")
    before = describe(load_detector("outer:make")).weights_sha256
    write("inner", SOURCE.format(score=0.6))
    assert describe(load_detector("outer:make")).weights_sha256 != before


def test_a_run_of_one_callable_is_not_continued_with_another(write, tiny_part, tmp_path):
    write("one", SOURCE.format(score=0.5))
    write("two", SOURCE.format(score=0.6))
    write("moved", SOURCE.format(score=0.5))
    settings = {"out": tmp_path / "run", "scenarios": "clear"}
    test = tiny_part.split("test")
    wutdet.benchmark("one:make", test, **settings)
    with pytest.raises(
        ConfigError, match=r"another plan \(detector.name: one:make there, two:make here; detector.weig"
    ):
        wutdet.benchmark("two:make", test, **settings)
    assert wutdet.benchmark("moved:make", test, **settings).scores.detector.name == "one:make"


def test_what_a_detector_says_of_itself_stands(write):
    write("said", SOURCE.format(score=0.5).replace("    return find", "    find.info = INFO\n    return find"))
    (import_said := __import__("said")).INFO = wutdet.detectors.DetectorInfo(name="mine")
    assert load_detector("said:make").info == import_said.INFO


def test_a_callable_given_in_python_keeps_its_own_name():
    from blobs import blobs

    assert load_detector(blobs) is blobs
    assert describe(blobs) == wutdet.detectors.DetectorInfo(name="blobs")


ABLE = """
import numpy as np
from wutdet.detectors import Detections


class Able:
    def __init__(self, px=64):
        self.px = px
        self.stage_s = {}

    def at(self, imgsz):
        return Able(imgsz)

    def __call__(self, frames):
        self.stage_s = {"infer": 0.25 * len(frames)}
        return [Detections(np.array([[0.0, 0, self.px, 9]]), np.array([0.5])) for _ in frames]
"""


def test_what_a_silent_detector_can_do_it_still_can(write):
    write("able", ABLE)
    detector = load_detector("able:Able")
    assert describe(detector).name == "able:Able"
    assert detector(FRAMES * 3)[0].xyxy[0, 2] == 64
    assert detector.stage_s == {"infer": 0.75}
    assert isinstance(detector, Resizable)
    smaller = detector.at(32)
    assert smaller(FRAMES)[0].xyxy[0, 2] == 32
    assert describe(smaller) == describe(detector)
    assert not isinstance(load_detector("blobs:make"), Resizable)
    assert load_detector("blobs:make").stage_s == {}


def test_tiles_over_a_silent_detector_are_recorded_as_they_are(write):
    write("one", SOURCE.format(score=0.5))
    plain = describe(load_detector("one:make"))
    info = describe(load_detector("one:make", protocol=InferenceProtocol(tiles=Tiling(tile_px=64))))
    assert (info.name, info.weights_sha256) == ("one:make + horizon tiles", plain.weights_sha256)
    stated = msgspec.json.decode(msgspec.json.encode(info))["protocol"]
    assert (stated["confidence"], stated["nms_iou"], stated["max_det"], stated["imgsz"]) == (None, None, None, None)
    assert stated["tiles"]["tile_px"] == 64


def test_a_module_without_a_file_has_no_source(monkeypatch):
    module = type(sys)("made_here")
    exec("def make():\n    return lambda frames: []", module.__dict__)
    monkeypatch.setitem(sys.modules, "made_here", module)
    assert describe(load_detector("made_here:make")) == wutdet.detectors.DetectorInfo(name="made_here:make")


def test_the_detections_are_those_of_the_callable():
    from blobs import blobs

    frame = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    named, plain = load_detector("blobs:make")([frame])[0], blobs([frame])[0]
    assert isinstance(named, Detections)
    assert np.array_equal(named.xyxy, plain.xyxy)
