import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wutdet.detectors.tiles import Window, band_windows, frame_windows, windows_on
from wutdet.scenarios import Horizon

sides = st.integers(33, 2600)
tiles_px = st.integers(32, 1400)
overlaps = st.floats(0.0, 0.9)
bands = st.tuples(st.floats(0.0, 0.5), st.floats(0.01, 0.5))


def fit(windows, width, height):
    """All of one size, none beyond the frame, none twice."""
    for window in windows:
        assert 0 <= window.left < window.right <= width
        assert 0 <= window.top < window.bottom <= height
    assert len({(window.right - window.left, window.bottom - window.top) for window in windows}) <= 1
    assert len(set(windows)) == len(windows)


def covered(windows, width, height):
    mask = np.zeros((height, width), bool)
    for window in windows:
        mask[window.top : window.bottom, window.left : window.right] = True
    return mask


def lies_in(box, window):
    return window.left <= box[0] and window.top <= box[1] and box[2] <= window.right and box[3] <= window.bottom


def test_a_full_hd_frame_has_eight_tiles_of_640():
    windows = frame_windows(1920, 1080, 640, 0.2)
    assert [window.left for window in windows] == [0, 426, 853, 1280] * 2
    assert [window.top for window in windows] == [0] * 4 + [440] * 4


@given(sides, tiles_px, overlaps)
def test_neighbours_share_what_is_asked(width, tile_px, overlap):
    windows = frame_windows(width, 20, tile_px, overlap)
    for one, other in itertools.pairwise(windows):
        assert one.right - other.left >= overlap * tile_px


def test_a_small_frame_is_one_tile():
    assert frame_windows(300, 200, 640, 0.2) == [Window(0, 0, 300, 200)]


@given(sides, sides, tiles_px, overlaps)
def test_tiles_cover_the_frame_and_stay_in_it(width, height, tile_px, overlap):
    windows = frame_windows(width, height, tile_px, min(overlap, 0.5))
    fit(windows, width, height)
    assert covered(windows, width, height).all()


@given(sides, sides, tiles_px, overlaps, st.data())
def test_a_box_up_to_the_overlap_lies_whole_in_some_tile(width, height, tile_px, overlap, data):
    most = int(overlap * tile_px)
    w, h = data.draw(st.integers(0, min(most, width))), data.draw(st.integers(0, min(most, height)))
    x, y = data.draw(st.integers(0, width - w)), data.draw(st.integers(0, height - h))
    box = (x, y, x + w, y + h)
    assert any(lies_in(box, window) for window in frame_windows(width, height, tile_px, overlap))


@given(sides, sides, st.floats(-0.3, 1.3), st.floats(-0.2, 0.2), bands, tiles_px, st.floats(0.0, 0.5))
def test_band_tiles_cover_the_band_and_stay_in_the_frame(width, height, row, tilt, band, tile_px, overlap):
    horizon = Horizon(row * height, (row + tilt) * height)
    windows = band_windows(horizon, width, height, band, tile_px, overlap)
    fit(windows, width, height)
    mask = covered(windows, width, height)
    rows, tops = horizon.row_at(np.arange(width) + 0.5, width), np.arange(height)[:, None]
    in_band = (tops + 1 > rows - band[0] * height) & (tops < rows + band[1] * height)  # also pixels it ends in
    assert mask[in_band].all()


def test_band_tiles_are_no_higher_than_the_band():
    windows = band_windows(Horizon.level(500), 1920, 1080, (0.05, 0.2), 640, 0.2)
    assert len(windows) == 4
    assert windows[0].top == 446
    assert 716 <= windows[0].bottom <= 718


def test_band_tiles_follow_a_tilted_horizon():
    windows = band_windows(Horizon(300, 620), 1920, 1080, (0.05, 0.1), 640, 0.2)
    tops = [window.top for window in windows]
    assert tops == sorted(tops)
    assert tops[-1] - tops[0] > 180


@given(sides, sides, tiles_px, st.integers(0, 2**32 - 1), st.integers(0, 6))
def test_windows_are_chosen_by_the_centres_in_them(width, height, tile_px, seed, count):
    windows = frame_windows(width, height, tile_px, 0.2)
    boxes = np.random.default_rng(seed).uniform(0, 1, (count, 4)) * [width, height, width, height]
    chosen = windows_on(windows, boxes)
    assert chosen == [window for window in windows if window in chosen]  # in their order
    middles = [((x0 + x1) / 2, (y0 + y1) / 2) for x0, y0, x1, y1 in boxes.tolist()]
    for window in windows:
        assert (window in chosen) == any(
            window.left <= x < window.right and window.top <= y < window.bottom for x, y in middles
        )
    assert all(any(lies_in((x, y, x, y), window) for window in chosen) for x, y in middles)


def test_a_band_outside_the_frame_has_no_tiles():
    assert band_windows(Horizon.level(-400), 640, 480, (0.05, 0.2), 320, 0.2) == []
    assert band_windows(Horizon.level(900), 640, 480, (0.05, 0.2), 320, 0.2) == []
