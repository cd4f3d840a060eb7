"""Parity with pycocotools on real frames: 329 of them, 1,787 ships, 32,780 detections of a COCO-pretrained yolo11n.

The detections are kept in tests/realdata, boxes in thousandths of a pixel; they were made by

    wutdet benchmark FRAMES/truth.json --images FRAMES/voc/JPEGImages --split all --detector yolo11n.pt \
        --classes boat=ship --imgsz 960 --scenarios clear --out zero-shot
"""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from problems import oracle

import wutdet
from wutdet.metrics import FoundBoxes, match
from wutdet.metrics.coco import pycocotools_numbers
from wutdet.metrics.curves import curve_family, read_curves
from wutdet.metrics.numbers import COCO_NAMES
from wutdet.scoring import evaluate
from wutdet.scoring.measure import THRESHOLDS
from wutdet.scoring.truth import truth_of
from wutdet.sizes import COCO_RANGES, bin_ranges, default_edges_px

HERE = Path(__file__).parent.parent / "realdata"
RANGES = (*COCO_RANGES, *bin_ranges(default_edges_px()))


@pytest.fixture(scope="module")
def real(realdata):
    dataset = wutdet.load(realdata / "truth.json")
    with np.load(HERE / "yolo11n_zero_shot.npz") as file:
        found = FoundBoxes(
            file["image_ids"].astype(np.int64), file["xywh_per_1000"] / 1000, file["scores_per_million"] / 1e6
        )
    return dataset, found


@pytest.mark.realdata
def test_precision_arrays_of_real_detections_equal_pycocotools_to_the_bit(real):
    dataset, found = real
    true = truth_of(dataset).boxes
    precision, recall = oracle(true, found, THRESHOLDS, RANGES, [1, 10, 100])
    matches = match(true, found, thresholds=THRESHOLDS, ranges=RANGES)
    ones = np.ones((1, len(dataset)), np.int32)
    for size_range in range(len(RANGES)):
        for cap, most in enumerate((1, 10, 100)):
            read = read_curves(curve_family(matches, size_range, range(len(THRESHOLDS)), max_dets=most), ones)
            assert np.array_equal(read.precision[0], precision[:, :, 0, size_range, cap])
            assert np.array_equal(read.recall[0], recall[:, 0, size_range, cap])
    assert precision[:, :, 0, 0, 2].mean() > 0.05  # the comparison is not one of zeros


@pytest.mark.realdata
def test_the_twelve_numbers_of_real_detections_and_of_each_camera_equal_pycocotools(real):
    dataset, found = real
    cell = evaluate(dataset, found, slices=["camera"], interval=None).cells[0]
    theirs = pycocotools_numbers(truth_of(dataset).boxes, found)
    assert {name: getattr(cell, name) for name in COCO_NAMES} == theirs
    assert len(cell.slices["camera"]) == 7
    for camera, part in cell.slices["camera"].items():
        alone = pycocotools_numbers(truth_of(dataset.filter(pl.col("camera") == camera)).boxes, found)
        assert [getattr(part, name) for name in COCO_NAMES] == pytest.approx(
            [alone[name] for name in COCO_NAMES], abs=1e-12, nan_ok=True
        )


@pytest.mark.realdata
def test_scenes_labelled_by_hand_are_scored_apart(real):
    """Twenty frames, by eye: 12 of navigation, 6 of ports, an anchorage, and one of boats on a beach, which is none."""
    dataset, found = real
    labels = pl.read_csv(HERE / "scenes.csv")
    slices = {
        scene: pl.col("file_name").is_in(labels.filter(pl.col("scene") == scene)["image"].implode())
        for scene in ("port", "navigation", "anchorage")
    }
    scenes = evaluate(dataset, found, slices=slices, interval=None).cells[0].slices["own"]
    assert {name: (part.images, part.ships.small) for name, part in scenes.items()} == {
        "port": (6, 32),
        "navigation": (12, 125),
        "anchorage": (1, 2),
    }
    for part in scenes.values():
        assert part.AP_small is not None
