import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wutdet.detectors import Detections
from wutdet.detectors.merging import merge
from wutdet.detectors.tiles import Window, frame_windows

LEFT, RIGHT = Window(0, 0, 120, 100), Window(80, 0, 200, 100)
NONE = Detections(np.empty((0, 4)), np.empty(0))


def boxes(*rows):
    table = np.array(rows, float).reshape(-1, 5)
    return Detections(table[:, :4], table[:, 4])


def merged(of_frame, *of_tiles):
    found = merge(of_frame, of_tiles, width=200, height=100, iou=0.5)
    return [(*box, score) for box, score in zip(found.xyxy.tolist(), found.scores.tolist(), strict=True)]


def test_the_better_of_two_boxes_on_one_ship_is_kept():
    frame, tile = (10, 10, 30, 20, 0.4), (11, 10, 30, 20, 0.9)
    assert merged(boxes(frame), (LEFT, boxes(tile))) == [tile]


def test_a_cut_box_gives_way_to_the_whole_one_of_another_tile_although_its_score_is_better():
    cut, whole = (100, 40, 120, 60, 0.9), (100, 40, 150, 60, 0.3)
    assert merged(NONE, (LEFT, boxes(cut)), (RIGHT, boxes(whole))) == [whole]


def test_a_cut_box_gives_way_to_the_full_frame():
    cut, whole = (80.5, 0, 120, 60, 0.9), (20, 0, 190, 60, 0.3)
    assert merged(boxes(whole), (RIGHT, boxes(cut))) == [whole]


def test_a_cut_box_stays_where_nobody_has_the_ship_whole():
    cut = (100, 40, 119, 60, 0.9)
    beside = (140, 40, 160, 60, 0.5)
    assert merged(boxes(beside), (LEFT, boxes(cut))) == [cut, beside]


MIDDLE = Window(80, 30, 120, 70)


@pytest.mark.parametrize("cut", [(80, 40, 90, 50), (95, 30, 105, 40), (110, 40, 120, 50), (95, 60, 105, 70)])
def test_each_border_inside_the_frame_cuts(cut):
    whole = (70, 20, 130, 80, 0.3)
    assert merged(boxes(whole), (MIDDLE, boxes((*cut, 0.9)))) == [whole]


@pytest.mark.parametrize("small", [(0, 40, 10, 50), (95, 0, 105, 10), (190, 40, 200, 50), (95, 90, 105, 100)])
def test_a_border_of_the_frame_cuts_nothing(small):
    large = (0, 0, 200, 100, 0.3)
    everywhere = Window(0, 0, 200, 100)
    assert merged(boxes(large), (everywhere, boxes((*small, 0.9)))) == [(*small, 0.9), large]


def test_a_cut_box_does_not_give_way_to_its_neighbour_in_the_same_tile():
    cut, neighbour = (100, 40, 120, 60, 0.9), (60, 20, 117, 90, 0.5)
    assert merged(NONE, (LEFT, boxes(cut, neighbour))) == [cut, neighbour]


def test_a_box_a_little_inside_its_tile_is_not_cut():
    inside, large = (100, 40, 117, 60, 0.9), (100, 40, 150, 60, 0.3)
    assert merged(boxes(large), (LEFT, boxes(inside))) == [inside, large]


def test_equal_scores_keep_the_frame_before_tiles():
    frame, tile = (10, 10, 30, 20, 0.5), (11, 10, 30, 20, 0.5)
    assert merged(boxes(frame), (LEFT, boxes(tile))) == [frame]


def test_nothing_found_is_nothing():
    assert merged(NONE, (LEFT, NONE), (RIGHT, NONE)) == []


@given(st.integers(0, 2**32 - 1))
def test_ships_that_do_not_touch_come_out_once_each_whatever_tiles_cut(seed):
    """What a perfect detector sees of ships in tiles is put together to the ships themselves."""
    rng = np.random.default_rng(seed)
    corner = np.stack(np.meshgrid(np.arange(6) * 100 + 10, np.arange(4) * 100 + 10), -1).reshape(-1, 2)
    corner = corner[rng.permutation(len(corner))[:12]] + rng.integers(0, 20, (12, 2))
    ships = np.concatenate([corner, corner + rng.integers(6, 61, (12, 2))], axis=1).astype(float)
    of_tiles = []
    for window in frame_windows(600, 400, 200, 0.3):  # neighbours share 60 px or more
        edge = np.array([window.left, window.top, window.right, window.bottom], float)
        seen = np.concatenate([np.maximum(ships[:, :2], edge[:2]), np.minimum(ships[:, 2:], edge[2:])], axis=1)
        seen = seen[(seen[:, 2] - seen[:, 0] > 3) & (seen[:, 3] - seen[:, 1] > 3)]
        of_tiles.append((window, Detections(seen, rng.random(len(seen)))))
    found = merge(NONE, of_tiles, width=600, height=400, iou=0.5)
    assert sorted(found.xyxy.tolist()) == sorted(ships.tolist())
