"""Ignored ships against pycocotools with those annotations marked, to the bit, and where a crowd would differ."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import RANGES, oracle, problems

from wutdet.metrics import FoundBoxes, TrueBoxes
from wutdet.metrics.coco import pycocotools_numbers
from wutdet.metrics.curves import curve_family, read_curves
from wutdet.metrics.error_kinds import FOUND_KINDS, TRUE_KINDS, label_found, label_true
from wutdet.metrics.matching import COCO_THRESHOLDS, match
from wutdet.metrics.numbers import COCO_NAMES, prepare_coco, read_coco
from wutdet.metrics.operating import prepare_operating, read_operating

THRESHOLDS = st.sampled_from([(0.3, *COCO_THRESHOLDS), (0.1, 0.5, 1.0), (0.75,)])


@settings(max_examples=80, deadline=None)
@given(problem=problems(ignores=True), thresholds=THRESHOLDS)
def test_ignoring_equals_pycocotools_with_marked_annotations_to_the_bit(problem, thresholds):
    true, found = problem
    precision, recall = oracle(true, found, thresholds, RANGES, [3, 100])
    matches = match(true, found, thresholds=thresholds, ranges=RANGES)
    for size_range in range(len(RANGES)):
        for cap, most in enumerate((3, 100)):
            for category in range(precision.shape[2]):
                family = curve_family(matches, size_range, range(len(thresholds)), max_dets=most, category=category)
                read = read_curves(family, np.ones((1, len(matches.image_ids)), np.int32))
                mine, mine_recall = (np.nan_to_num(item[0], nan=-1) for item in (read.precision, read.recall))
                assert np.array_equal(mine, precision[:, :, category, size_range, cap])
                assert np.array_equal(mine_recall, recall[:, category, size_range, cap])


@settings(max_examples=40, deadline=None)
@given(problem=problems(most_classes=1, ignores=True))
def test_the_twelve_numbers_of_the_original_ignore_the_same_ships(problem):
    true, found = problem
    table = read_coco(prepare_coco(match(true, found)), np.ones((1, len(true.all_image_ids)), np.int32))
    theirs = pycocotools_numbers(true, found)
    assert [table[name][0] for name in COCO_NAMES] == [
        value if not np.isnan(value) else NAN for value in (theirs[name] for name in COCO_NAMES)
    ]


class _Nan:
    def __eq__(self, other):
        return bool(np.isnan(other))

    __hash__ = None


NAN = _Nan()


def scene(found_xywh, scores, ignored, crowd=(False, False)):
    """Ships of 10 x 10 px at (0, 0) and (100, 0) in one image."""
    xywh = np.array([(0, 0, 10, 10), (100, 0, 10, 10)], float)
    true = TrueBoxes(
        np.array([1]), np.array([1, 1]), xywh, np.full(2, 100.0), np.array(crowd), ignored=np.array(ignored)
    )
    return true, FoundBoxes(np.ones(len(scores), int), np.array(found_xywh, float), np.array(scores))


def test_a_found_ignored_ship_is_neither_a_hit_nor_an_alarm():
    """The better detection lies on the ignored ship; the other finds the one that counts: AP is 1, recall 1."""
    true, found = scene([(0, 0, 10, 10), (100, 0, 10, 10)], [0.9, 0.8], [True, False])
    numbers = read_coco(prepare_coco(match(true, found)), np.ones((1, 1), np.int32))
    assert (numbers["AP50"][0], numbers["AR_100"][0], numbers["ships.all"][0]) == (pytest.approx(1), 1.0, 1.0)
    points = read_operating(prepare_operating(match(true, found), fppi=[0.01]), np.ones((1, 1), np.int32))
    assert points["recall@fppi=0.01,iou=0.5"][0] == 1.0
    assert points["false_alarm_frames_per_1000@fppi=0.01,iou=0.5"][0] == 0.0
    assert [FOUND_KINDS[kind] for kind in label_found(match(true, found))] == ["ignored", "hit"]
    assert [TRUE_KINDS[kind] for kind in label_true(match(true, found))] == ["ignored", "found"]


def test_an_ignored_ship_that_nothing_finds_is_not_missed():
    true, found = scene([(100, 0, 10, 10)], [0.8], [True, False])
    assert read_coco(prepare_coco(match(true, found)), np.ones((1, 1), np.int32))["AR_100"][0] == 1.0
    assert TRUE_KINDS[label_true(match(true, found))[0]] == "ignored"


def test_an_ignored_ship_takes_one_detection_where_a_crowd_takes_all():
    """Of two detections on the ship the second is a duplicate; on a crowd both would be ignored."""
    twice = [(0, 0, 10, 10), (0, 0, 10, 10)]
    kinds = {}
    for name, ignored, crowd in (("ignored", True, False), ("crowd", False, True)):
        true, found = scene(twice, [0.9, 0.8], [ignored, False], (crowd, False))
        kinds[name] = [FOUND_KINDS[kind] for kind in label_found(match(true, found))]
    assert kinds == {"ignored": ["ignored", "duplicate"], "crowd": ["ignored", "ignored"]}


def test_an_ignored_ship_is_overlapped_as_a_ship_not_as_a_crowd():
    """A detection of 5 x 5 px inside it: 25 of 100 px² is an IoU of 0.25; with a crowd it is 25 of 25, so 1."""
    kinds = {}
    for name, ignored, crowd in (("ignored", True, False), ("crowd", False, True)):
        true, found = scene([(2, 2, 5, 5)], [0.9], [ignored, False], (crowd, False))
        kinds[name] = FOUND_KINDS[label_found(match(true, found))[0]]
    assert kinds == {"ignored": "background", "crowd": "ignored"}
