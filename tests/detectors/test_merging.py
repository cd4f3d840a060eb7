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


CUT_AND_WHOLE = [
    ((80, 40, 90, 50), (70, 38, 92, 52)),
    ((95, 30, 105, 40), (93, 20, 107, 42)),
    ((110, 40, 120, 50), (108, 38, 130, 52)),
    ((95, 60, 105, 70), (93, 58, 107, 80)),
    ((80, 30, 90, 50), (70, 10, 91, 52)),  # two borders: the tile shows the lower right corner of the ship
    ((102, 52, 120, 70), (98, 49, 190, 99)),
]


@pytest.mark.parametrize(("cut", "whole"), CUT_AND_WHOLE)
def test_each_border_inside_the_frame_cuts(cut, whole):
    assert merged(boxes((*whole, 0.3)), (MIDDLE, boxes((*cut, 0.9)))) == [(*whole, 0.3)]


@pytest.mark.parametrize(("cut", "_"), CUT_AND_WHOLE)
def test_a_whole_box_that_spans_more_along_the_border_is_of_something_else(cut, _):
    around = (50, 0, 150, 100, 0.0011)
    assert merged(boxes(around), (MIDDLE, boxes((*cut, 0.93)))) == [(*cut, 0.93), around]


@pytest.mark.parametrize(
    ("top", "bottom", "stays"),
    [(40, 60, False), (40, 79, False), (40, 80, False), (40, 81, True), (20, 60, False), (19, 60, True)],
)
def test_half_of_the_span_is_enough(top, bottom, stays):
    cut, whole = (100, 40, 120, 60, 0.9), (90, top, 190, bottom, 0.3)
    assert merged(NONE, (LEFT, boxes(cut)), (RIGHT, boxes(whole))) == ([cut, whole] if stays else [whole])


@pytest.mark.parametrize(("right", "stays"), [(120, True), (120.5, False)])
def test_a_whole_box_goes_on_beyond_the_border(right, stays):
    cut, whole = (110, 40, 119, 60, 0.9), (85, 40, right, 60, 0.3)
    assert merged(NONE, (LEFT, boxes(cut)), (RIGHT, boxes(whole))) == ([cut, whole] if stays else [whole])


def test_a_worthless_box_does_not_delete_a_ship_at_a_border():
    """Detectors are asked down to 0.001, and full frames are full of such boxes."""
    worthless, ship = (100, 100, 900, 400, 0.0011), (600, 200, 639.5, 230, 0.93)
    found = merge(boxes(worthless), [(Window(0, 0, 640, 640), boxes(ship))], width=1920, height=1080, iou=0.5)
    assert found.scores.tolist() == [0.93, 0.0011]
    assert found.xyxy[0].tolist() == list(ship[:4])


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


WIDTH, HEIGHT = 200, 100


@st.composite
def anything(draw):
    left, right = sorted((draw(st.integers(0, WIDTH)), draw(st.integers(0, WIDTH))))
    top, bottom = sorted((draw(st.integers(0, HEIGHT)), draw(st.integers(0, HEIGHT))))
    return (left, top, right + 1, bottom + 1)


def overlap(a, b):
    """IoU of two stretches."""
    return max(min(a[1], b[1]) - max(a[0], b[0]), 0) / (max(a[1], b[1]) - min(a[0], b[0]))


@given(st.lists(anything(), max_size=12), st.integers(81, 110), st.integers(0, 80), st.integers(8, 20))
def test_the_surest_box_goes_only_where_its_ship_goes_on_beyond_the_border(others, left, top, tall):
    """Whatever else is found, with scores that are next to nothing, in the frame and in the other tile."""
    cut = (left, top, 119, min(top + tall, 100))
    weak = [(*box, 0.002 + place / 1e5) for place, box in enumerate(others)]
    of_frame, beside = boxes(*weak[::2]), boxes(*weak[1::2])
    found = merge(of_frame, [(LEFT, boxes((*cut, 0.9))), (RIGHT, beside)], width=WIDTH, height=HEIGHT, iou=0.5)
    left_in_frame = [box for place, box in enumerate(others) if place % 2 == 0 or box[0] > 82]
    its_ship = [box for box in left_in_frame if box[2] > 120 and overlap(box[1::2], cut[1::2]) >= 0.5]
    if 0.9 not in found.scores:
        assert any(box[0] < 119 for box in its_ship)
    else:
        assert not any(box[0] <= cut[0] and box[1] <= cut[1] and box[3] >= cut[3] for box in its_ship)
