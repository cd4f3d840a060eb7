"""The columnar matching against pycocotools, to the bit."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import RANGES, oracle, problems

from wutdet.metrics import FoundBoxes, TrueBoxes
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


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.05, 1))
def test_parity_holds_where_many_ships_share_a_recall_point(seed, share):
    """With more ships than recall points several hits fall between two of them, the last ones beyond the last."""
    rng = np.random.default_rng(seed)
    ships = int(rng.integers(100, 500))
    ids = np.arange(12)
    xywh = np.concatenate([rng.integers(0, 3000, (ships, 2)), rng.integers(2, 14, (ships, 2))], axis=1).astype(float)
    true = TrueBoxes(ids, rng.choice(ids, ships), xywh, xywh[:, 2] * xywh[:, 3], np.zeros(ships, bool))
    near = np.flatnonzero(rng.random(ships) < share)
    far = int(rng.integers(0, 2 * ships))
    shaken = xywh[near] + rng.integers(-1, 2, (len(near), 4))
    shaken[:, 2:] = np.maximum(shaken[:, 2:], 1)
    alarms = np.concatenate([rng.integers(4000, 5000, (far, 2)), rng.integers(2, 14, (far, 2))], axis=1)
    found = FoundBoxes(
        np.concatenate([true.image_ids[near], rng.choice(ids, far)]),
        np.concatenate([shaken, alarms]),
        rng.integers(0, 200, len(near) + far) / 200,
    )
    precision, recall = oracle(true, found, COCO_THRESHOLDS, RANGES, [10, 100])
    matches = match(true, found, thresholds=COCO_THRESHOLDS, ranges=RANGES)
    for size_range in range(len(RANGES)):
        for cap, most in enumerate((10, 100)):
            mine, mine_recall = readings(matches, size_range, max_dets=most, category=0)
            assert np.array_equal(mine, precision[:, :, 0, size_range, cap])
            assert np.array_equal(mine_recall, recall[:, 0, size_range, cap])


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
