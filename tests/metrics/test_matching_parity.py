"""The columnar matching against pycocotools, to the bit."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import RANGES, oracle, problems

from wutdet.metrics.curves import curve_family, read_curves
from wutdet.metrics.matching import COCO_THRESHOLDS, match

THRESHOLDS = st.sampled_from([COCO_THRESHOLDS, (0.3, *COCO_THRESHOLDS), (0.1, 0.5, 1.0), (0.75,)])
MAX_DETS = st.sampled_from([[1, 10, 100], [1, 3, 10], [2]])


def readings(matches, size_range, *, max_dets, category):
    family = curve_family(matches, size_range, range(len(matches.thresholds)), max_dets=max_dets, category=category)
    read = read_curves(family, np.ones((1, len(matches.image_ids)), np.int32))
    return np.nan_to_num(read.precision[0], nan=-1), np.nan_to_num(read.recall[0], nan=-1)


@settings(max_examples=300, deadline=None)
@given(problem=problems(), thresholds=THRESHOLDS, max_dets=MAX_DETS)
def test_the_precision_array_equals_pycocotools_to_the_bit(problem, thresholds, max_dets):
    true, found = problem
    precision, recall = oracle(true, found, thresholds, RANGES, max_dets)
    matches = match(true, found, thresholds=thresholds, ranges=RANGES)
    for size_range in range(len(RANGES)):
        for cap, most in enumerate(max_dets):
            for category in range(precision.shape[2]):
                mine, mine_recall = readings(matches, size_range, max_dets=most, category=category)
                assert np.array_equal(mine, precision[:, :, category, size_range, cap])
                assert np.array_equal(mine_recall, recall[:, category, size_range, cap])


@settings(max_examples=40, deadline=None)
@given(problem=problems(most_images=2, most_ships=60, most_found=150))
def test_parity_holds_in_crowded_harbours_where_most_detections_choose_between_ships(problem):
    true, found = problem
    precision, recall = oracle(true, found, (0.3, 0.5, 0.75), RANGES, [100])
    matches = match(true, found, thresholds=(0.3, 0.5, 0.75), ranges=RANGES)
    for size_range in range(len(RANGES)):
        for category in range(precision.shape[2]):
            mine, mine_recall = readings(matches, size_range, max_dets=100, category=category)
            assert np.array_equal(mine, precision[:, :, category, size_range, 0])
            assert np.array_equal(mine_recall, recall[:, category, size_range, 0])
