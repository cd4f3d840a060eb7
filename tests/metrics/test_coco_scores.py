from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from wutdet.metrics import FoundBoxes, TrueBoxes, match
from wutdet.metrics.coco import pycocotools_numbers
from wutdet.metrics.numbers import COCO_NAMES, prepare_coco, read_coco


def coco_scores(true, found):
    """The COCO numbers as attributes, None for unknown ones, equal by both evaluators."""
    matches = match(true, found)
    table = read_coco(prepare_coco(matches), np.ones((1, len(matches.image_ids)), np.int32))
    values = {name: None if np.isnan(value[0]) else float(value[0]) for name, value in table.items()}
    theirs = pycocotools_numbers(true, found)
    assert {name: values[name] for name in COCO_NAMES} == {
        name: None if np.isnan(value) else value for name, value in theirs.items()
    }
    ships = {name.removeprefix("ships."): values[name] for name in values if name.startswith("ships.")}
    return SimpleNamespace(**{name: values[name] for name in COCO_NAMES}, ships=SimpleNamespace(**ships))


def true_boxes(images, rows):
    """rows: (image, x, y, w, h)."""
    table = np.array(rows, float).reshape(-1, 5)
    return TrueBoxes(
        all_image_ids=np.array(images),
        image_ids=table[:, 0].astype(int),
        xywh=table[:, 1:],
        area_px2=table[:, 3] * table[:, 4],
        iscrowd=np.zeros(len(table), bool),
    )


def found_boxes(rows):
    """rows: (image, x, y, w, h, score)."""
    table = np.array(rows, float).reshape(-1, 6)
    return FoundBoxes(table[:, 0].astype(int), table[:, 1:5], table[:, 5])


def test_a_perfect_detector_scores_one_where_there_are_ships_and_nothing_where_there_are_none():
    true = true_boxes([1, 2], [(1, 10, 10, 8, 6), (2, 50, 50, 20, 10)])
    scores = coco_scores(true, found_boxes([(1, 10, 10, 8, 6, 0.9), (2, 50, 50, 20, 10, 0.8)]))
    assert pytest.approx(1.0, abs=1e-12) == scores.AP
    assert scores.AP_small == pytest.approx(1.0, abs=1e-12)
    assert scores.AP_medium is None
    assert scores.AP_large is None
    assert (scores.ships.all, scores.ships.small, scores.ships.medium, scores.ships.large) == (2, 2, 0, 0)


def test_one_hit_one_false_alarm_by_hand():
    """Two ships, the better detection is a false alarm, the other hits one ship exactly.

    Precision is 1/2 at recall 1/2: of COCO's 101 recall points, 0.00 to 0.50 (51 of them) get 1/2, the rest 0.
    """
    true = true_boxes([1], [(1, 0, 0, 10, 10), (1, 100, 100, 10, 10)])
    scores = coco_scores(true, found_boxes([(1, 50, 50, 10, 10, 0.9), (1, 0, 0, 10, 10, 0.8)]))
    assert pytest.approx(51 / 101 / 2, abs=1e-12) == scores.AP
    assert pytest.approx(0.5) == scores.AR_100


def test_no_detections_is_zero_and_no_ships_is_unknown():
    none = found_boxes([])
    assert coco_scores(true_boxes([1], [(1, 0, 0, 10, 10)]), none).AP == 0.0
    assert coco_scores(true_boxes([1], []), none).AP is None


def test_a_ship_of_exactly_32_px_square_is_counted_where_coco_scores_it():
    scores = coco_scores(true_boxes([1], [(1, 0, 0, 32, 32)]), found_boxes([(1, 0, 0, 32, 32, 0.5)]))
    assert scores.AP_small == pytest.approx(1.0)
    assert scores.AP_medium == pytest.approx(1.0)
    assert (scores.ships.small, scores.ships.medium) == (1, 1)


def test_crowds_are_ignored_and_not_counted():
    true = TrueBoxes(
        all_image_ids=np.array([1]),
        image_ids=np.array([1, 1]),
        xywh=np.array([[0, 0, 10, 10], [40, 40, 50, 50]], float),
        area_px2=np.array([100.0, 2500.0]),
        iscrowd=np.array([False, True]),
    )
    scores = coco_scores(true, found_boxes([(1, 50, 50, 9, 9, 0.9), (1, 0, 0, 10, 10, 0.5)]))
    assert pytest.approx(1.0, abs=1e-12) == scores.AP
    assert scores.ships.all == 1


def test_detections_of_other_images_change_nothing():
    true = true_boxes([1], [(1, 0, 0, 10, 10)])
    alone = coco_scores(true, found_boxes([(1, 0, 0, 10, 10, 0.5)]))
    assert coco_scores(true, found_boxes([(7, 0, 0, 10, 10, 0.9), (1, 0, 0, 10, 10, 0.5)])) == alone


boxes = hnp.arrays(np.float64, st.tuples(st.integers(0, 12), st.just(4)), elements=st.integers(1, 60).map(float))


@settings(max_examples=60, deadline=None)
@given(boxes, boxes, st.data())
def test_equal_to_pycocotools_reading_files_in_its_own_way(true_xywh, found_xywh, data):
    images = [3, 5, 8]
    pick = st.sampled_from(images)
    true_images = np.array([data.draw(pick) for _ in true_xywh], int)
    found_images = np.array([data.draw(pick) for _ in found_xywh], int)
    scores = np.array([data.draw(st.sampled_from([0.1, 0.5, 0.5, 0.9])) for _ in found_xywh], float)
    true = TrueBoxes(
        np.array(images), true_images, true_xywh, true_xywh[:, 2] * true_xywh[:, 3], np.zeros(len(true_xywh), bool)
    )
    ours = coco_scores(true, FoundBoxes(found_images, found_xywh, scores))

    truth = COCO()
    truth.dataset = {
        "info": {},
        "images": [{"id": image} for image in images],
        "categories": [{"id": 1, "name": "ship"}],
        "annotations": [
            {"id": n, "image_id": int(image), "category_id": 1, "bbox": box, "area": box[2] * box[3], "iscrowd": 0}
            for n, (image, box) in enumerate(zip(true_images, true_xywh.tolist(), strict=True), 1)
        ],
    }
    truth.createIndex()
    results = [
        {"image_id": int(image), "category_id": 1, "bbox": box, "score": float(score)}
        for image, box, score in zip(found_images, found_xywh.tolist(), scores, strict=True)
    ]
    if results:
        evaluation = COCOeval(truth, truth.loadRes(results), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
        theirs = [None if value == -1 else value for value in evaluation.stats.tolist()]
        assert [getattr(ours, name) for name in COCO_NAMES] == theirs
