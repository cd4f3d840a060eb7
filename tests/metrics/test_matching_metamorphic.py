"""What must not change, or only in one direction, when a problem is changed in a known way."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import RANGES, problems

from wutdet.errors import DataError
from wutdet.metrics import FoundBoxes, TrueBoxes
from wutdet.metrics.curves import curve_family, read_curves
from wutdet.metrics.matching import match
from wutdet.metrics.merging import merge
from wutdet.sizes import SizeRange

THRESHOLDS = (0.3, 0.5, 0.75)


def read(matches, unit=None, weights=None):
    """Precision (B, A, T, R) of every size range under the weights; ones by default."""
    weights = np.ones((1, len(matches.image_ids)), np.int32) if weights is None else weights
    families = [curve_family(matches, place, range(3), unit=unit) for place in range(len(matches.ranges))]
    return np.stack([read_curves(family, weights).precision for family in families], axis=1)


def solve(true, found):
    return match(true, found, thresholds=THRESHOLDS, ranges=RANGES)


def ap(matches):
    return read(matches)[0].mean(axis=(1, 2))


def same_fields(left, right):
    for field in dataclasses.fields(left):
        mine, other = getattr(left, field.name), getattr(right, field.name)
        assert np.array_equal(mine, other) if isinstance(mine, np.ndarray) else mine == other, field.name


def take(boxes, rows):
    """The boxes of these rows, in that order."""
    fields = {field.name: getattr(boxes, field.name) for field in dataclasses.fields(boxes)}
    whole = {name: value for name, value in fields.items() if name == "all_image_ids" or value is None}
    return type(boxes)(**whole, **{name: value[rows] for name, value in fields.items() if name not in whole})


@given(problems(most_classes=1, crowds=False))
def test_a_perfect_detector_scores_one_in_every_range(problem):
    """Ships stand apart: of two that overlap, COCO gives a detection to the one of the range, though not its own."""
    true, _ = problem
    apart = true.xywh + np.outer(np.arange(len(true.xywh)), [100, 0, 0, 0])
    true = dataclasses.replace(true, xywh=apart, area_px2=apart[:, 2] * apart[:, 3])
    values = ap(solve(true, perfect(true)))
    assert np.allclose(values[~np.isnan(values)], 1, atol=1e-12)


@given(problems(most_classes=1, crowds=False))
def test_a_perfect_detector_scores_one_among_ships_that_overlap(problem):
    true, _ = problem
    value = ap(solve(true, perfect(true)))[0]
    assert np.isnan(value) or value == pytest.approx(1, abs=1e-12)


def perfect(true):
    return FoundBoxes(true.image_ids, true.xywh, np.linspace(1, 0.5, len(true.image_ids)), true.categories)


@given(problems(most_classes=1), st.floats(-1, 1.3))
def test_one_more_false_alarm_never_raises_ap(problem, score):
    true, found = problem
    far = np.array([[900.0, 900.0, 4.0, 4.0]])
    more = FoundBoxes(
        np.append(found.image_ids, true.all_image_ids[0]),
        np.concatenate([found.xywh, far]),
        np.append(found.scores, score),
        np.append(found.categories, 0),
    )
    before, after = ap(solve(true, found)), ap(solve(true, more))
    assert np.all((after <= before + 1e-15) | np.isnan(before))


@settings(max_examples=150, deadline=None)
@given(problems(most_classes=1), st.integers(0, 2**32 - 1))
def test_parts_matched_apart_and_merged_equal_the_whole(problem, seed):
    true, found = problem
    part = np.random.default_rng(seed).integers(0, 3, len(true.all_image_ids))
    parts, rows = [], ([], [])
    for number in range(3):
        ids = true.all_image_ids[part == number]
        mine = (np.flatnonzero(np.isin(true.image_ids, ids)), np.flatnonzero(np.isin(found.image_ids, ids)))
        parts.append(
            match(
                dataclasses.replace(take(true, mine[0]), all_image_ids=ids),
                take(found, mine[1]),
                thresholds=THRESHOLDS,
                ranges=RANGES,
            )
        )
        rows[0].append(mine[0])
        rows[1].append(mine[1])
    joined = solve(take(true, np.concatenate(rows[0])), take(found, np.concatenate(rows[1])))
    same_fields(merge(parts), joined)
    assert np.array_equal(read(joined), read(solve(true, found)), equal_nan=True)


@given(problems(ignores=True), st.integers(0, 2**32 - 1))
def test_some_images_of_a_match_equal_a_match_of_some_images(problem, seed):
    true, found = problem
    matches = solve(true, found)
    keep = np.random.default_rng(seed).random(len(matches.image_ids)) < 0.5
    few = dataclasses.replace(true, all_image_ids=matches.image_ids[keep])
    ids = matches.image_ids[keep]
    few = dataclasses.replace(take(true, np.isin(true.image_ids, ids)), all_image_ids=ids)
    alone = match(few, found, thresholds=THRESHOLDS, ranges=RANGES)
    assert np.array_equal(read(matches.only(keep)), read(alone), equal_nan=True)
    assert np.array_equal(read(matches.only(keep)), read(matches, weights=keep[None].astype(np.int32)), equal_nan=True)


@given(problems(most_classes=1), st.integers(0, 2**32 - 1))
def test_the_order_of_images_ships_and_detections_changes_nothing(problem, seed):
    """Scores are made unique first: between equal scores the order of the file decides, as in COCO."""
    true, found = problem
    rng = np.random.default_rng(seed)
    found = dataclasses.replace(found, scores=rng.permutation(len(found.scores)) / 100)
    true = dataclasses.replace(true, xywh=true.xywh + rng.random(true.xywh.shape) * 1e-3)  # no equal overlaps
    shuffled = dataclasses.replace(
        take(true, rng.permutation(len(true.image_ids))), all_image_ids=rng.permutation(true.all_image_ids)
    )
    again = match(shuffled, take(found, rng.permutation(len(found.scores))), thresholds=THRESHOLDS, ranges=RANGES)
    assert np.array_equal(read(solve(true, found)), read(again), equal_nan=True)


@given(problems(ignores=True), st.sampled_from([0.5, 2.0, 4.0]))
def test_scaling_boxes_and_sizes_together_changes_nothing(problem, scale):
    """Powers of two scale floats exactly."""
    true, found = problem
    ranges = [SizeRange(item.name, item.low_px2 * scale**2, item.high_px2 * scale**2) for item in RANGES]
    scaled = match(
        dataclasses.replace(true, xywh=true.xywh * scale, area_px2=true.area_px2 * scale**2),
        dataclasses.replace(found, xywh=found.xywh * scale),
        thresholds=THRESHOLDS,
        ranges=ranges,
    )
    assert np.array_equal(read(scaled), read(solve(true, found)), equal_nan=True)


@given(problems(ignores=True), st.sampled_from([0.5, 2.0]))
def test_a_range_at_network_scale_is_the_range_of_the_scaled_frames(problem, scale):
    true, found = problem
    at_scale = [dataclasses.replace(item, at_network_scale=True) for item in RANGES]
    matches = match(
        true, found, thresholds=THRESHOLDS, ranges=at_scale, network_scale=np.full(len(true.all_image_ids), scale)
    )
    resized = match(
        dataclasses.replace(true, xywh=true.xywh * scale, area_px2=true.area_px2 * scale**2),
        dataclasses.replace(found, xywh=found.xywh * scale),
        thresholds=THRESHOLDS,
        ranges=RANGES,
    )
    assert np.array_equal(read(matches), read(resized), equal_nan=True)


@settings(max_examples=150, deadline=None)
@given(problems(most_classes=1), st.integers(0, 2**32 - 1))
def test_a_weight_is_that_many_copies_of_the_images(problem, seed):
    """The heart of the bootstrap: an image drawn twice counts twice, with all its ships and detections."""
    true, found = problem
    matches = solve(true, found)
    weights = np.random.default_rng(seed).integers(0, 4, len(matches.image_ids))
    copies = [(copy, place) for place, times in enumerate(weights) for copy in range(times)]
    if not copies:
        return
    ids = matches.image_ids
    rows = [np.flatnonzero(true.image_ids == ids[place]) for _, place in copies]
    finds = [np.flatnonzero(found.image_ids == ids[place]) for _, place in copies]
    numbers = np.arange(len(copies))
    repeated = dataclasses.replace(
        take(true, np.concatenate(rows)),
        image_ids=np.repeat(numbers, [len(item) for item in rows]),
        all_image_ids=numbers,
    )
    refound = dataclasses.replace(
        take(found, np.concatenate(finds)), image_ids=np.repeat(numbers, [len(item) for item in finds])
    )
    # equal scores in different images stand in another order among the copies: make scores unique per image
    order = np.lexsort((np.arange(len(found.scores)), found.image_ids, -found.scores))
    unique = np.empty(len(order))
    unique[order] = np.linspace(1, 0, len(order))
    matches = solve(true, dataclasses.replace(found, scores=unique))
    copied = solve(repeated, dataclasses.replace(refound, scores=unique[np.concatenate(finds)]))
    weighted = read(matches, weights=weights[None].astype(np.int32))
    assert np.allclose(weighted, read(copied), equal_nan=True, atol=1e-12)


def test_many_weightings_at_once_equal_one_after_the_other():
    rng = np.random.default_rng(0)
    ids = np.arange(30)
    xywh = np.concatenate([rng.integers(0, 90, (80, 2)), rng.integers(3, 30, (80, 2))], axis=1).astype(float)
    true = TrueBoxes(ids, rng.choice(ids, 80), xywh, xywh[:, 2] * xywh[:, 3], np.zeros(80, bool))
    found = FoundBoxes(
        np.tile(true.image_ids, 3), np.tile(xywh, (3, 1)) + rng.integers(-3, 4, (240, 4)).clip(-2), rng.random(240)
    )
    matches = solve(true, found)
    unit = (ids // 5).astype(np.int32)
    weights = rng.integers(0, 3, (50, 6)).astype(np.int32)
    together = read(matches, unit, weights)
    apart = np.concatenate([read(matches, unit, row[None]) for row in weights])
    assert np.array_equal(together, apart, equal_nan=True)


def test_parts_that_share_an_image_or_differ_in_thresholds_do_not_merge():
    empty = np.zeros((0, 4))
    true = TrueBoxes(np.array([1]), np.zeros(0, int), empty, np.zeros(0), np.zeros(0, bool))
    found = FoundBoxes(np.zeros(0, int), empty, np.zeros(0))
    one = match(true, found)
    with pytest.raises(DataError, match="an image in common"):
        merge([one, one])
    with pytest.raises(DataError, match="other thresholds"):
        merge([one, match(true, found, thresholds=(0.5,))])


@given(problems(most_classes=1), st.sampled_from([2, 255, 256, 300, 70_000]))
def test_counting_every_image_so_often_changes_no_precision(problem, often):
    """Weights that fit a byte are kept in one; those that do not must not wrap around."""
    true, found = problem
    matches = solve(true, found)
    family = curve_family(matches, 0, range(len(THRESHOLDS)))
    once = np.ones((1, len(matches.image_ids)), np.int32)
    one, many = read_curves(family, once), read_curves(family, often * once)
    assert np.array_equal(many.ships, often * one.ships)
    assert np.allclose(many.recall, one.recall, equal_nan=True)
    assert np.allclose(many.precision, one.precision, equal_nan=True)
