"""Ships, pixels and draws of tiles: what a border cuts, what is blanked, what is kept."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wutdet.detectors.tiles import Window, frame_windows
from wutdet.errors import ConfigError
from wutdet.training import TrainingTiles, load_baseline, parse_overrides, trains_on_tiles
from wutdet.training.overrides import apply_overrides
from wutdet.training.tile_cutting import BLANK, keeps_empty, ships_in, tile_pixels, training_windows

WINDOW = Window(100, 50, 200, 150)


@st.composite
def frames_of_ships(draw):
    """A frame's size, its tiles, and ships in it with edges anywhere between pixels."""
    width, height = draw(st.integers(40, 900)), draw(st.integers(40, 700))
    windows = frame_windows(width, height, draw(st.integers(32, 500)), draw(st.floats(0.0, 0.6)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    corners = rng.uniform(0, [width, height], (draw(st.integers(0, 12)), 2, 2))
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    return windows, np.round(boxes, draw(st.sampled_from([0, 2, 12])))


def inside(box, window):
    return window.left <= box[0] and window.top <= box[1] and box[2] <= window.right and box[3] <= window.bottom


@given(frames_of_ships(), st.floats(0.05, 1.0))
def test_ships_of_tiles_are_those_of_the_frame_exactly_and_never_beyond_a_tile(frame, min_visible):
    windows, boxes = frame
    for window in windows:
        ships, cut_off = ships_in(window, boxes, min_visible)
        corner = np.array([window.left, window.top] * 2, float)
        size = [window.right - window.left, window.bottom - window.top]
        for found in (ships, cut_off):
            assert (found >= 0).all()
            assert (found[:, :2] <= found[:, 2:]).all()
            assert (found[:, 2:] <= size).all()
        back = (ships + corner).tolist()
        for box in boxes.tolist():
            if inside(box, window):
                assert box in back  # to the bit
        shown = [box for box in boxes.tolist() if share(box, window) >= min_visible + 1e-9]
        assert len(ships) >= len(shown)
        assert len(ships) + len(cut_off) <= sum(inside(box, window) or share(box, window) > 0 for box in boxes.tolist())


def share(box, window):
    across = min(box[2], window.right) - max(box[0], window.left)
    down = min(box[3], window.bottom) - max(box[1], window.top)
    area = (box[2] - box[0]) * (box[3] - box[1])
    return max(across, 0) * max(down, 0) / area if area > 0 else 0.0


@pytest.mark.parametrize(
    ("box", "ships", "cut_off"),
    [
        ([120, 60, 130, 66], [[20, 10, 30, 16]], []),  # whole
        ([195, 60, 205, 66], [[95, 10, 100, 16]], []),  # half of it
        ([196, 60, 206, 66], [], [[96, 10, 100, 16]]),  # less
        ([90, 40, 110, 60], [], [[0, 0, 10, 10]]),  # a quarter, in the corner
        ([0, 0, 400, 300], [], [[0, 0, 100, 100]]),  # a ship larger than the tile
        ([200, 60, 210, 66], [], []),  # beside it
        ([150, 70, 150, 80], [[50, 20, 50, 30]], []),  # of no area, as the frame has it
    ],
)
def test_a_ship_counts_from_half_of_its_area_on(box, ships, cut_off):
    found, left = ships_in(WINDOW, np.array([box], float), 0.5)
    assert found.tolist() == ships
    assert left.tolist() == cut_off


def test_what_is_left_of_a_cut_off_ship_is_blanked_but_for_the_ships_around_it():
    image = np.random.default_rng(0).integers(0, 100, (200, 300, 3), dtype=np.uint8)
    boxes = np.array([[195.5, 60, 215, 80], [180, 70, 199, 75], [20, 20, 30, 30]])
    tile = tile_pixels(image, WINDOW, boxes, 0.5)
    blank = np.zeros((100, 100), bool)
    blank[10:30, 95:] = True  # every pixel that the first ship touches
    blank[20:25, 80:99] = False  # the second is a ship of this tile
    assert (tile[blank] == BLANK).all()
    assert np.array_equal(tile[~blank], image[50:150, 100:200][~blank])
    assert np.array_equal(tile_pixels(image, WINDOW, boxes, 0.2), image[50:150, 100:200])
    assert image.max() < 100  # the frame stays as it is


def test_tiles_without_ships_are_drawn_by_frame_corner_and_seed_alone():
    windows = [Window(left, 0, left + 10, 10) for left in range(2000)]

    def kept(name, share, seed=0):
        tiles = TrainingTiles(keep_empty=share)
        return {window.left for window in windows if keeps_empty(name, window, tiles, seed)}

    some = kept("a.jpg", 0.1)
    assert 160 < len(some) < 240
    assert some < kept("a.jpg", 0.3)
    assert some == kept("a.jpg", 0.1)
    assert len({frozenset(some), frozenset(kept("b.jpg", 0.1)), frozenset(kept("a.jpg", 0.1, seed=1))}) == 3
    assert (len(kept("a.jpg", 0.0)), len(kept("a.jpg", 1.0))) == (0, 2000)


def test_the_band_follows_the_horizon_that_is_given_else_found_else_there_is_the_whole_frame():
    sea = np.full((400, 600, 3), 90, np.uint8)
    sea[:150] = 200
    band = TrainingTiles(plan="horizon", tile_px=300, band=(0.1, 0.1))
    assert {window.top for window in training_windows(sea, 250.0, band)} == {210}
    assert {window.top for window in training_windows(sea, None, band)} <= {109, 110, 111}
    nothing = np.full((400, 600, 3), 90, np.uint8)
    assert training_windows(nothing, None, band) == frame_windows(600, 400, 300, 0.2)
    assert training_windows(sea, 250.0, TrainingTiles(tile_px=300)) == frame_windows(600, 400, 300, 0.2)


def test_tiles_are_set_by_words_and_taken_away():
    plain, tiled = load_baseline("yolo11n"), load_baseline("yolo11n-tiles")
    assert plain.tiles is None
    assert tiled.tiles == TrainingTiles()
    words = parse_overrides(
        ["tiles.tile_px=512", "tiles.band=0.1,0.3", "tiles.plan=horizon", "tiles.with_frames=false"]
    )
    wanted = TrainingTiles(plan="horizon", tile_px=512, band=(0.1, 0.3), with_frames=False)
    assert apply_overrides(plain, words, known=[]).tiles == wanted
    assert apply_overrides(tiled, parse_overrides(["tiles=none"]), known=[]).tiles is None
    assert apply_overrides(plain, {"tiles": wanted}, known=[]).tiles == wanted
    both = apply_overrides(tiled, parse_overrides(["weather.fog.mor_m_range=500,4000"]), known=[])
    assert (both.tiles, both.weather.fog.mor_m_range) == (TrainingTiles(), (500, 4000))
    asked = [(plain, {}), (plain, words), (tiled, {}), (tiled, {"tiles": None})]
    assert [trains_on_tiles(*one) for one in asked] == [False, True, True, False]


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("tiles.tile_pix=3", r"unknown field `tile_pix`; did you mean tile_px\?"),
        ("tiles.tile_px=3", "tile_px is 3; give 32 or more"),
        ("tiles.overlap=1", "overlap is 1"),
        ("tiles.band=0,0", "band is"),
        ("tiles.plan=half", "plan"),
        ("tiles.keep_empty=2", "keep_empty is 2; give a share from 0 to 1"),
        ("tiles.keep_empty=nan", "keep_empty is nan"),
        ("tiles.min_visible=0", "min_visible is 0; give a share above 0, up to 1"),
        ("tiles=full", "tiles: Expected"),
        ("tile=none", r"unknown setting 'tile'; did you mean tiles\?"),
    ],
)
def test_impossible_tiles_are_refused(word, message):
    with pytest.raises(ConfigError, match=message):
        apply_overrides(load_baseline("yolo11n"), parse_overrides([word]), known=[])


def test_the_page_has_every_field_and_its_default():
    page = (Path(__file__).parents[2] / "docs" / "baselines.md").read_text()
    for name, default in zip(TrainingTiles.__struct_fields__, TrainingTiles.__struct_defaults__, strict=True):
        shown = ",".join(map(str, default)) if isinstance(default, tuple) else str(default).lower()
        assert f"| `tiles.{name}` | {shown} |" in page


def test_the_shipped_baseline_differs_from_yolo11n_by_its_tiles_alone():
    plain, tiled = (msgspec.structs.asdict(load_baseline(name)) for name in ("yolo11n", "yolo11n-tiles"))
    assert {name for name in plain if plain[name] != tiled[name]} == {"name", "description", "tiles"}
