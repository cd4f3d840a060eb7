import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wutdet.errors import ConfigError, DataError
from wutdet.metrics.boxes import FoundBoxes, TrueBoxes
from wutdet.metrics.matching import match
from wutdet.metrics.recall_by import (
    HORIZON_EDGES_PX,
    TRANSMITTANCE_EDGES,
    bin_labels,
    prepare_recall_by,
    read_recall_by,
)

STEP_PX = 40  # between ships of a frame: none overlaps another


def matches_of(frames, ships, found):
    """ships: (frame, column, crowd), 10 x 10 px; found: (frame, column, width, score), `width` x 10 px."""
    ships = np.array(ships, float).reshape(-1, 3)
    found = np.array(found, float).reshape(-1, 4)
    true = TrueBoxes(
        np.array(frames, np.int64),
        ships[:, 0].astype(np.int64),
        np.stack([STEP_PX * ships[:, 1], *np.multiply.outer([0, 10, 10], np.ones(len(ships)))], axis=1),
        np.full(len(ships), 100.0),
        ships[:, 2].astype(bool),
    )
    zero = np.zeros(len(found))
    boxes = np.stack([STEP_PX * found[:, 1], zero, found[:, 2], zero + 10], axis=1)
    return match(true, FoundBoxes(found[:, 0].astype(np.int64), boxes, found[:, 3]), thresholds=(0.3, 0.5))


def read(matches, values, edges, weights=None, unit=None, iou=0.5, score=0.5):
    prepared = prepare_recall_by(matches, np.array(values, float), edges, iou=iou, score=score, unit=unit)
    weights = np.ones((1, len(matches.image_ids)), np.int32) if weights is None else np.array(weights, np.int32)
    return {name: column.tolist() for name, column in read_recall_by(prepared, weights).items()}


def test_recall_is_counted_in_bins_of_what_is_left_of_the_ships():
    """Frame 2 is listed first: ships with 0.05, 0.3 and 0.9 left, frame 1: 0.4. Found are 0.3 and 0.9.

    Bins at 0, 0.1, 0.5, 1: one ship, none found; two (0.3, 0.4), one found; one, found.
    """
    matches = matches_of([2, 1], [(2, 0, 0), (2, 1, 0), (2, 2, 0), (1, 0, 0)], [(2, 1, 10, 0.9), (2, 2, 10, 0.8)])
    assert read(matches, [0.05, 0.3, 0.9, 0.4], (0, 0.1, 0.5, 1)) == {
        "recall@0-0.1": [0.0],
        "recall@0.1-0.5": [0.5],
        "recall@0.5-1": [1.0],
        "ships@0-0.1": [1.0],
        "ships@0.1-0.5": [2.0],
        "ships@0.5-1": [1.0],
        "ships@none": [0.0],
    }


def test_a_bin_holds_its_lower_edge_and_the_last_one_both():
    """Ships at 0, 0.1, 0.5 and 1 with edges 0, 0.1, 0.5, 1: one, one, and two in the last."""
    matches = matches_of([1], [(1, column, 0) for column in range(4)], [])
    figures = read(matches, [0, 0.1, 0.5, 1], (0, 0.1, 0.5, 1))
    assert [figures[f"ships@{label}"] for label in ("0-0.1", "0.1-0.5", "0.5-1")] == [[1.0], [1.0], [2.0]]


def test_ships_without_a_value_or_outside_the_edges_are_left_out_and_counted():
    """Of five ships one has no horizon, one lies below 0 and one above 1; all five are found."""
    matches = matches_of([1], [(1, column, 0) for column in range(5)], [(1, column, 10, 0.9) for column in range(5)])
    figures = read(matches, [np.nan, -0.1, 1.1, 0.5, 0.2], (0, 1))
    assert figures == {"recall@0-1": [1.0], "ships@0-1": [2.0], "ships@none": [3.0]}


def test_infinite_edges_hold_everything_that_is_known():
    """Waterlines 3 rows above the horizon, on it, 5 below, infinitely far up and down; one unknown."""
    matches = matches_of([1], [(1, column, 0) for column in range(6)], [(1, 1, 10, 0.9)])
    figures = read(matches, [-3, 0, 5, -math.inf, math.inf, np.nan], (-math.inf, 0, 2, math.inf))
    assert figures == {
        "recall@<0": [0.0],
        "recall@0-2": [1.0],
        "recall@>2": [0.0],
        "ships@<0": [2.0],
        "ships@0-2": [1.0],
        "ships@>2": [2.0],
        "ships@none": [1.0],
    }


def test_crowds_are_no_ships_and_a_bin_without_ships_is_unknown():
    matches = matches_of([1], [(1, 0, 1), (1, 1, 0)], [(1, 0, 10, 0.9), (1, 1, 10, 0.9)])
    figures = read(matches, [0.2, 0.8], (0, 0.5, 1))
    assert math.isnan(figures["recall@0-0.5"][0])
    assert (figures["ships@0-0.5"], figures["recall@0.5-1"], figures["ships@none"]) == ([0.0], [1.0], [0.0])


@pytest.mark.parametrize(("score", "recall"), [(0.5, 2 / 3), (0.51, 1 / 3), (0.95, 0.0), (0.0, 1.0), (np.nan, 0.0)])
def test_detections_count_from_the_score_on(score, recall):
    """Three ships found at 0.9, 0.5 and 0.1."""
    matches = matches_of([1], [(1, c, 0) for c in range(3)], [(1, 0, 10, 0.9), (1, 1, 10, 0.5), (1, 2, 10, 0.1)])
    assert read(matches, [1, 1, 1], (0, 1), score=score)["recall@0-1"] == [recall]


def test_a_match_is_one_at_the_iou_threshold():
    """A 25 x 10 box on a 10 x 10 ship: IoU 0.4."""
    matches = matches_of([1], [(1, 0, 0)], [(1, 0, 25, 0.9)])
    assert read(matches, [1], (0, 1), iou=0.3)["recall@0-1"] == [1.0]
    assert read(matches, [1], (0, 1), iou=0.5)["recall@0-1"] == [0.0]


def test_units_are_weighted_by_replicate():
    """Sequence 0: two ships, one found; sequence 1 (frames 2 and 3): one ship, found; sequence 2: nothing.

    Weights (1, 1, 1): 2 of 3; (2, 1, 0): 3 of 5; (0, 3, 1): 3 of 3; (0, 0, 2): unknown.
    """
    matches = matches_of([1, 2, 3, 4], [(1, 0, 0), (1, 1, 0), (3, 0, 0)], [(1, 0, 10, 0.9), (3, 0, 10, 0.9)])
    unit = np.array([0, 1, 1, 2], np.int32)
    figures = read(matches, [0.5] * 3, (0, 1), [[1, 1, 1], [2, 1, 0], [0, 3, 1], [0, 0, 2]], unit)
    np.testing.assert_equal(figures["recall@0-1"], [2 / 3, 3 / 5, 1.0, np.nan])
    assert figures["ships@0-1"] == [3.0, 5.0, 3.0, 0.0]


def test_the_usual_bins_have_short_names():
    assert bin_labels(TRANSMITTANCE_EDGES) == (
        *("0-0.02", "0.02-0.05", "0.05-0.1", "0.1-0.2", "0.2-0.4", "0.4-0.6", "0.6-0.8", "0.8-1"),
    )
    assert bin_labels(HORIZON_EDGES_PX) == (
        *("<0", "0-2", "2-5", "5-10", "10-20", "20-50", "50-100", "100-200", ">200"),
    )


@pytest.mark.parametrize("edges", [(), (1.0,), (0, 0), (1, 0), (0, float("nan"))])
def test_edges_that_do_not_rise_are_refused(edges):
    with pytest.raises(ConfigError, match="edges"):
        read(matches_of([1], [(1, 0, 0)], []), [1], edges)


def test_a_value_is_needed_for_every_ship_and_no_ships_need_none():
    with pytest.raises(DataError, match="values"):
        read(matches_of([1], [(1, 0, 0), (1, 1, 0)], []), [1], (0, 1))
    assert read(matches_of([1], [], [(1, 0, 10, 0.9)]), [], (0, 1))["ships@0-1"] == [0.0]


EDGES = (0, 0.25, 0.5, 1)
VALUES = st.sampled_from([np.nan, -0.5, 0, 0.1, 0.25, 0.3, 0.5, 0.75, 1.0])


@st.composite
def problems(draw):
    """Frames, ships with a value each, detections, the unit of each frame by number and a weight of each unit."""
    frames = draw(st.permutations(range(draw(st.integers(1, 5)))))
    spot = st.tuples(st.sampled_from(frames), st.integers(0, 4))
    ships = [(*at, draw(st.sampled_from([0, 0, 1]))) for at in draw(st.lists(spot, max_size=10, unique=True))]
    box = st.tuples(spot, st.sampled_from([10, 16, 25]), st.sampled_from([0.2, 0.4, 0.5, 0.6]))
    found = [(*at, width, score) for at, width, score in draw(st.lists(box, max_size=14))]
    values = [draw(VALUES) for _ in ships]
    unit = {frame: draw(st.integers(0, 2)) for frame in frames}
    return list(frames), ships, values, found, unit, draw(st.lists(st.integers(0, 3), min_size=3, max_size=3))


def in_order(frames, unit):
    return np.array([unit[frame] for frame in sorted(frames)], np.int32)


@settings(max_examples=80, deadline=None)
@given(problems())
def test_readings_equal_a_loop_over_ships(problem):
    """A ship that overlaps no other is found when any box that is close enough reaches the score."""
    frames, ships, values, found, unit, weight = problem
    figures = read(matches_of(frames, ships, found), values, EDGES, [[1, 1, 1], weight], in_order(frames, unit))
    for replicate, row in enumerate(([1, 1, 1], weight)):
        left_out = 0
        counts = {label: [0, 0] for label in ("0-0.25", "0.25-0.5", "0.5-1")}
        for (frame, column, crowd), value in zip(ships, values, strict=True):
            if crowd:
                continue
            here = [(width, score) for at, spot, width, score in found if (at, spot) == (frame, column)]
            hit = any(10 / width >= 0.5 and score >= 0.5 for width, score in here)
            times = row[unit[frame]]
            if math.isnan(value) or value < 0:
                left_out += times
                continue
            label = "0-0.25" if value < 0.25 else "0.25-0.5" if value < 0.5 else "0.5-1"
            counts[label] = [counts[label][0] + times * hit, counts[label][1] + times]
        assert figures["ships@none"][replicate] == left_out
        for label, (hits, total) in counts.items():
            assert figures[f"ships@{label}"][replicate] == total
            expected = hits / total if total else math.nan
            assert figures[f"recall@{label}"][replicate] == pytest.approx(expected, nan_ok=True)


@settings(max_examples=60, deadline=None)
@given(problems())
def test_a_unit_of_weight_two_is_that_unit_twice(problem):
    frames, ships, values, found, unit, weight = problem
    copies = {frame: [frame + 100 * copy for copy in range(weight[unit[frame]])] for frame in frames}
    ships_again = [(number, *row[1:]) for row in ships for number in copies[row[0]]]
    values_again = [value for row, value in zip(ships, values, strict=True) for _ in copies[row[0]]]
    found_again = [(number, *row[1:]) for row in found for number in copies[row[0]]]
    again = matches_of([number for numbers in copies.values() for number in numbers], ships_again, found_again)
    once = read(matches_of(frames, ships, found), values, EDGES, [weight], in_order(frames, unit))
    np.testing.assert_equal(once, read(again, values_again, EDGES))
