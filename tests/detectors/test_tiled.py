import msgspec
import numpy as np
import polars as pl
import pytest
from blobs import blobs

import wutdet
from wutdet.detectors import Detections, DetectorInfo, InferenceProtocol, Tiling, describe, load_detector, tiled
from wutdet.detectors.tiled import horizon_of
from wutdet.errors import ConfigError

NONE = Detections(np.empty((0, 4)), np.empty(0))


class Watched:
    """Remembers what it is shown; sees a ship in the corner of everything."""

    info = DetectorInfo(name="watched", gflops=3.0, protocol=InferenceProtocol(imgsz=640, max_det=5))

    def __init__(self, score=0.5):
        self.shapes, self._score = [], score

    def __call__(self, frames):
        self.shapes.append([frame.shape[:2] for frame in frames])
        return [Detections(np.array([[4.0, 6.0, 14.0, 12.0]]), np.array([self._score])) for _ in frames]


class Resizing(Watched):
    asked = None

    def at(self, imgsz):
        self.asked = imgsz
        return self


def sea(width=960, height=540, row=200):
    """Sky above water, with a plain horizon."""
    image = np.empty((height, width, 3), np.float64)
    image[:row], image[row:] = (150, 165, 180), (70, 90, 100)
    image += np.random.default_rng(0).normal(0, 2, image.shape)
    return np.rint(image).astype(np.uint8)


def test_full_tiling_looks_at_the_frame_and_at_every_tile_once():
    inner = Watched()
    found = tiled(inner, plan="full", tile_px=400)([sea()])[0]
    assert inner.shapes == [[(540, 960)], [(400, 400)] * 6]
    corners = sorted(box[:2] for box in found.xyxy.tolist())
    assert corners == sorted([[x + 4.0, y + 6.0] for x in (0, 280, 560) for y in (0, 140)])[: len(corners)]
    assert len(found) == 5  # max_det of the wrapped detector's protocol


def test_the_horizon_plan_looks_at_the_band_alone():
    inner = Watched(score=0.0)
    detector = tiled(inner, tile_px=400, band=(0.1, 0.2))
    windows = detector.windows(sea(), NONE)
    assert [(window.left, window.right) for window in windows] == [(0, 400), (280, 680), (560, 960)]
    assert all(144 <= window.top <= 146 and 308 <= window.bottom <= 311 for window in windows)
    assert len(detector([sea()])[0]) == 0  # a score of 0 is below the protocol's confidence
    assert inner.shapes == [[(540, 960)], [(windows[0].bottom - windows[0].top, 400)] * 3]


def test_without_a_horizon_the_band_lies_where_ships_were_seen():
    frame = np.full((540, 960, 3), 128, np.uint8)
    assert horizon_of(frame, NONE) is None
    inner = Watched(score=0.05)
    assert len(tiled(inner, tile_px=400)([frame])[0]) == 1
    assert inner.shapes == [[(540, 960)]]  # nothing sure: no tiles
    seen = Detections(np.array([[0, 290, 10, 310], [0, 0, 9, 9.0]]), np.array([0.6, 0.01]))
    assert horizon_of(frame, seen).row_left == 300
    assert horizon_of(sea(), seen).row_left == pytest.approx(200, abs=1)


class Searching(Watched):
    """Finds in whole frames what it is told, and remembers what tiles look like."""

    def __init__(self, of_frame):
        super().__init__()
        self.of_frame, self.tiles = of_frame, []

    def __call__(self, frames):
        if frames[0].shape[:2] == (540, 960):
            return [self.of_frame]
        self.tiles.append([frame.copy() for frame in frames])
        return super().__call__(frames)


CANDIDATES = Detections(
    np.array([[100, 20, 120, 30], [900, 500, 920, 520], [430, 250, 450, 260.0]]), np.array([0.4, 0.03, 0.02])
)


@pytest.mark.parametrize(
    ("skip_below", "corners"),
    [
        (None, [(x, y) for y in (0, 140) for x in (0, 280, 560)]),
        (0.0, [(0, 0), (280, 0), (0, 140), (280, 140), (560, 140)]),
        (0.02, [(0, 0), (280, 0), (280, 140), (560, 140)]),
        (0.03, [(0, 0), (560, 140)]),
        (0.031, [(0, 0)]),
        (0.5, []),
    ],
)
def test_tiles_without_a_candidate_are_never_looked_at(skip_below, corners):
    lowest = Detections(np.array([[150, 300, 160, 310.0]]), np.array([0.001]))
    found = Detections(np.concatenate([CANDIDATES.xyxy, lowest.xyxy]), np.concatenate([CANDIDATES.scores, [0.001]]))
    frame = np.random.default_rng(0).integers(0, 256, (540, 960, 3), dtype=np.uint8)
    inner = Searching(found)
    detector = tiled(inner, plan="full", tile_px=400, skip_below=skip_below)
    assert [(window.left, window.top) for window in detector.windows(frame, found)] == corners
    assert len(detector([frame])[0]) > 0  # what the full frame found stays
    seen = inner.tiles[0] if inner.tiles else []
    assert len(inner.tiles) == min(len(corners), 1)
    for tile, (x, y) in zip(seen, corners, strict=True):
        assert np.array_equal(tile, frame[y : y + 400, x : x + 400])


def test_the_band_is_looked_at_where_candidates_are_in_it():
    inner = Searching(CANDIDATES)
    windows = tiled(inner, tile_px=400, band=(0.1, 0.2), skip_below=0.02).windows(sea(), CANDIDATES)
    assert [(window.left, window.right) for window in windows] == [(280, 680)]  # the others are above and below it
    assert tiled(inner, tile_px=400, skip_below=0.5).windows(sea(), CANDIDATES) == []


def test_without_a_horizon_weak_candidates_give_the_band_where_tiles_are_skipped():
    frame = np.full((540, 960, 3), 128, np.uint8)
    weak = Detections(np.array([[100, 290, 110, 310], [600, 310, 610, 330.0]]), np.array([0.05, 0.004]))
    assert tiled(Watched(), tile_px=400).windows(frame, weak) == []
    windows = tiled(Watched(), tile_px=400, skip_below=0.01).windows(frame, weak)
    assert [(window.left, window.top < 300 < window.bottom) for window in windows] == [(0, True)]
    sure = Detections(np.array([[100, 90, 110, 110], [100, 390, 110, 410.0]]), np.array([0.2, 0.02]))
    assert horizon_of(frame, sure, 0.01).row_left == 100
    assert horizon_of(frame, weak, 0.001).row_left == 310


def test_a_plan_of_before_reads_as_it_was_and_stays_so():
    before = b'{"plan":"full","tile_px":512,"imgsz":null,"overlap":0.2,"band":[0.05,0.2],"merge_iou":0.5}'
    tiling = msgspec.json.decode(before, type=Tiling)
    assert tiling == Tiling(plan="full", tile_px=512) == Tiling(plan="full", tile_px=512, skip_below=None)
    assert tiling.skips_below is None
    assert msgspec.json.encode(tiling) == before
    assert msgspec.json.decode(before[:-1] + b',"skip_below":null}', type=Tiling) == tiling
    assert Tiling(skip_below=0.01).skips_below == 0.01


def test_tiles_are_enlarged_for_a_callable_and_boxes_come_back_in_the_frame():
    inner = Watched()
    found = tiled(inner, plan="full", tile_px=400, imgsz=800)([sea()])[0]
    assert inner.shapes[1][0] == (800, 800)
    assert [2.0, 3.0, 7.0, 6.0] in found.xyxy.tolist()


def test_a_detector_that_can_is_asked_for_another_input_size_instead():
    inner = Resizing()
    tiled(inner, plan="full", tile_px=400, imgsz=800)([sea()])
    assert inner.asked == 800
    assert inner.shapes[1][0] == (400, 400)


def test_the_plan_states_every_setting():
    tiling = Tiling(plan="full", tile_px=512, imgsz=768, overlap=0.3, band=(0.1, 0.1), merge_iou=0.6, skip_below=0.01)
    info = describe(tiled(Watched(), tiling))
    assert info.name == "watched + full tiles"
    assert info.gflops is None
    stated = msgspec.json.decode(msgspec.json.encode(info))["protocol"]["tiles"]
    assert stated == msgspec.to_builtins(tiling) | {"band": [0.1, 0.1]}
    assert set(stated) == set(Tiling.__struct_fields__)
    assert b"tiles" not in msgspec.json.encode(InferenceProtocol())  # plans of before stay as they are


def test_a_detector_that_answers_wrongly_ends_in_one_line():
    with pytest.raises(ConfigError, match="returned 1 results for 6 frames"):
        tiled(lambda frames: [NONE], plan="full", tile_px=400)([sea()])


def test_nothing_is_cut_that_nobody_asked_to_cut():
    """Of a detector without a protocol neither a limit nor a threshold is known."""
    many = Detections(
        np.stack([np.arange(400.0), np.zeros(400), np.arange(400.0) + 0.5, np.ones(400)], 1), np.zeros(400)
    )
    detector = tiled(lambda frames: [many for _ in frames], tile_px=400, skip_below=0.5)
    assert len(detector([sea()])[0]) == 400
    protocol = describe(detector).protocol
    assert (protocol.confidence, protocol.nms_iou, protocol.max_det, protocol.imgsz) == (None, None, None, None)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"plan": "some"}, "plan is 'some'"),
        ({"tile_px": 8}, "tile_px is 8"),
        ({"imgsz": 0}, "imgsz is 0"),
        ({"overlap": 1.0}, r"overlap is 1\.0"),
        ({"band": (0.0, 0.0)}, "band is"),
        ({"band": (float("nan"), 0.1)}, "band is"),
        ({"merge_iou": 0.0}, "merge_iou is"),
        ({"skip_below": -0.1}, r"skip_below is -0\.1; give a score from 0 to 1"),
        ({"skip_below": float("nan")}, "skip_below is nan"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        Tiling(**settings)


def test_ultralytics_weights_take_tiles_at_another_size(tiny_weights, tiny_part):
    protocol = InferenceProtocol(imgsz=160, tiles=Tiling(plan="full", tile_px=128, imgsz=192))
    detector = load_detector(tiny_weights, protocol=protocol, threads=1)
    assert detector.info.protocol == protocol
    seen = []
    network = detector._of_frames._model.predictor.model
    network.register_forward_pre_hook(lambda module, inputs: seen.append(tuple(inputs[0].shape)))
    frame = tiny_part[0].image  # 320x180
    first = detector([frame])[0]
    assert seen == [(1, 3, 96, 160), (6, 3, 192, 192)]
    again = detector([frame])[0]
    assert np.array_equal(first.xyxy, again.xyxy)
    assert set(detector.stage_s) == {"preprocess", "infer", "postprocess"}


@pytest.mark.parametrize("plan", ["full", "horizon"])
def test_a_benchmark_takes_tiles_and_records_them(plan, tiny_part, tmp_path):
    test = tiny_part.filter(pl.col("image_id").is_in(tiny_part.images["image_id"][:3].implode()))
    protocol = InferenceProtocol(tiles=Tiling(plan=plan, tile_px=160))
    run = wutdet.benchmark(blobs, test, out=tmp_path / "run", scenarios="fog:1", protocol=protocol)
    plain = wutdet.benchmark(blobs, test, out=tmp_path / "plain", scenarios="fog:1")
    assert run.scores.detector.protocol.tiles.plan == plan
    assert run.scores.cells[0].AP is not None
    stored = msgspec.json.decode((tmp_path / "run" / "plan.json").read_bytes())
    assert stored["detector"]["protocol"]["tiles"]["tile_px"] == 160
    assert plain.scores.detector.protocol is None
    other = InferenceProtocol(tiles=Tiling(plan=plan, tile_px=128))
    with pytest.raises(ConfigError, match=r"another plan \(detector.protocol.tiles.tile_px: 160 there, 128 here\)"):
        wutdet.benchmark(blobs, test, out=tmp_path / "run", scenarios="fog:1", protocol=other)
