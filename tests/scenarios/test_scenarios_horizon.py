from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wutdet.scenarios import Horizon, find_horizon, prepare

SKY, SEA = (150.0, 165.0, 180.0), (70.0, 90.0, 100.0)


def sea_and_sky(
    height: int, width: int, left: float, right: float, noise: float, seed: int = 0, sag_px: float = 0.0
) -> np.ndarray:
    """A frame whose horizon is drawn with sub-pixel edges; its ends hang `sag_px` lower against the middle."""
    rows = np.arange(height)[:, None]
    place = (np.arange(width) + 0.5) / width
    line = left + (right - left) * place + sag_px * (4.0 * (place - 0.5) ** 2 - 1.0 / 3.0)
    sea = np.clip(rows + 1.0 - line[None, :], 0.0, 1.0)[:, :, None]
    image = (1.0 - sea) * np.array(SKY) + sea * np.array(SEA)
    image += np.random.default_rng(seed).normal(0.0, noise, image.shape)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def error_px(found: Horizon | None, left: float, right: float) -> float:
    assert found is not None
    return max(abs(found.row_left - left), abs(found.row_right - right))


@settings(max_examples=20)
@given(middle=st.floats(0.25, 0.75), tilt_deg=st.floats(-7.8, 7.8), noise=st.floats(0.0, 12.0))
def test_found_within_a_pixel_and_a_half(middle: float, tilt_deg: float, noise: float) -> None:
    drop = 960 * np.tan(np.radians(tilt_deg))
    left, right = middle * 540 - drop / 2, middle * 540 + drop / 2
    found = find_horizon(sea_and_sky(540, 960, left, right, noise))
    assert error_px(found, left, right) <= 1.5
    assert found is not None
    assert found.confidence >= 0.8


@pytest.mark.parametrize(("left", "right"), [(430.3, 441.7), (600.0, 600.0), (300.5, 420.25)])
def test_clean_edges_are_found_to_half_a_pixel(left: float, right: float) -> None:
    assert error_px(find_horizon(sea_and_sky(1080, 1920, left, right, 1.0)), left, right) < 0.5


@pytest.mark.parametrize(("height", "width"), [(180, 320), (720, 1280), (960, 540), (1920, 1080)])
def test_small_frames_and_frames_on_their_side(height: int, width: int) -> None:
    left, right = 0.4 * height, 0.4 * height + 3.0
    assert error_px(find_horizon(sea_and_sky(height, width, left, right, 2.0)), left, right) < 1.0


@settings(max_examples=10)
@given(shift=st.integers(-60, 60))
def test_a_frame_shifted_by_rows_shifts_the_line_by_as_many(shift: int) -> None:
    """The camera's lens is taken to be straight here, so that nothing depends on the distance to the middle."""
    base = find_horizon(sea_and_sky(540, 960, 230.0, 236.0, 0.0))
    moved = find_horizon(sea_and_sky(540, 960, 230.0 + shift, 236.0 + shift, 0.0))
    assert base is not None
    assert error_px(moved, base.row_left + shift, base.row_right + shift) <= 0.1


@settings(max_examples=10)
@given(left=st.floats(210.0, 330.0), right=st.floats(210.0, 330.0), seed=st.integers(0, 9))
def test_a_mirrored_frame_mirrors_the_line(left: float, right: float, seed: int) -> None:
    image = sea_and_sky(540, 960, left, right, 2.0, seed)
    found = find_horizon(image)
    assert found is not None
    assert error_px(find_horizon(np.ascontiguousarray(image[:, ::-1])), found.row_right, found.row_left) <= 0.5


@pytest.mark.parametrize(("row", "sag_px"), [(260.0, 12.0), (820.0, -12.0)])
def test_a_line_bent_as_a_lens_bends_it_gives_the_nearest_straight_one(row: float, sag_px: float) -> None:
    """4 p² − 1/3 over p in [−1/2, 1/2] has mean 0 and no slope: the nearest straight line is the one without it."""
    found = find_horizon(sea_and_sky(1080, 1920, row, row + 9.0, 2.0, sag_px=sag_px))
    assert error_px(found, row, row + 9.0) <= 0.6
    assert found is not None
    assert found.confidence >= 0.9


def test_ships_and_masts_across_the_line_do_not_move_it() -> None:
    image = sea_and_sky(540, 960, 200.0, 204.0, 3.0)
    for x in range(50, 900, 170):
        image[185:212, x : x + 60] = 30
        image[120:260, x + 30 : x + 34] = 60
    assert error_px(find_horizon(image), 200.0, 204.0) <= 1.5


def test_clouds_do_not_take_its_place() -> None:
    image = sea_and_sky(540, 960, 260.0, 262.0, 1.0)
    clouds = cv2.GaussianBlur(np.random.default_rng(3).normal(0, 400, (250, 960)).astype(np.float32), (0, 0), 14)
    image[:250] = np.clip(image[:250] + clouds[:, :, None], 0, 255).astype(np.uint8)
    assert error_px(find_horizon(image), 260.0, 262.0) <= 1.0


def test_a_beach_below_it_does_not_take_its_place() -> None:
    image = sea_and_sky(540, 960, 150.0, 152.0, 1.0)
    image[400:] = (220, 205, 180)
    assert error_px(find_horizon(image), 150.0, 152.0) <= 1.0


def test_a_hazy_far_coast_leaves_the_waterline_and_a_dark_near_one_leaves_nothing() -> None:
    """A coast 40 rows high of 0.8 times the sky's light is far; of 0.3 times it stands close to the camera."""
    far, near = sea_and_sky(540, 960, 260.0, 260.0, 1.0), sea_and_sky(540, 960, 260.0, 260.0, 1.0)
    crest = 220 + (9 * np.sin(np.arange(960) / 40.0)).astype(int)
    land = (np.arange(540)[:, None] >= crest) & (np.arange(540)[:, None] < 260)
    far[land] = tuple(int(0.8 * c) for c in SKY)
    near[land] = tuple(int(0.3 * c) for c in SKY)
    assert error_px(find_horizon(far), 260.0, 260.0) <= 1.0
    assert find_horizon(near) is None


def test_a_straight_ridge_of_land_above_its_shore_is_no_horizon() -> None:
    image = sea_and_sky(540, 960, 260.0, 260.0, 1.0)
    image[220:260] = (40, 45, 40)
    assert find_horizon(image) is None


def test_none_above_roofs() -> None:
    """Below a straight edge stand walls and windows of other colours from column to column."""
    image = sea_and_sky(540, 960, 260.0, 260.0, 1.0)
    walls = np.random.default_rng(1).integers(30, 120, (1, 160, 3)).astype(np.uint8)
    image[260:] = np.repeat(walls, 6, axis=1)
    assert find_horizon(image) is None


@pytest.mark.parametrize("width_px", [60, 120])
def test_a_line_that_fades_into_fog_is_not_guessed(width_px: int) -> None:
    """From sky to sea over 60 rows and more no row is the horizon."""
    mix = np.clip((np.arange(540) - 270.0) / width_px + 0.5, 0.0, 1.0)[:, None, None]
    image = (1.0 - mix) * np.array(SKY) + mix * (np.array(SKY) - 25.0) + np.zeros((540, 960, 3))
    image += np.random.default_rng(0).normal(0.0, 2.0, image.shape)
    assert find_horizon(np.clip(np.rint(image), 0, 255).astype(np.uint8)) is None


def test_none_when_land_hides_more_than_six_tenths() -> None:
    image = sea_and_sky(540, 960, 260.0, 260.0, 1.0)
    image[100:, :600] = np.random.default_rng(2).integers(0, 120, (440, 600, 3)).astype(np.uint8)
    assert find_horizon(image) is None


@pytest.mark.parametrize("seed", range(6))
def test_none_on_noise(seed: int) -> None:
    rng = np.random.default_rng(seed)
    white = rng.integers(0, 256, (540, 960, 3), np.uint8)
    assert find_horizon(white) is None
    smooth = cv2.GaussianBlur(rng.normal(128, 600, (540, 960, 3)).astype(np.float32), (0, 0), 12)
    assert find_horizon(np.clip(smooth, 0, 255).astype(np.uint8)) is None


def test_none_at_night() -> None:
    """Black, sensor noise and a row of lamps."""
    image = np.random.default_rng(0).normal(6.0, 4.0, (540, 960, 3))
    image[268:272, 20::90] = 255.0
    assert find_horizon(np.clip(image, 0, 255).astype(np.uint8)) is None


def test_none_on_an_even_or_tiny_frame() -> None:
    assert find_horizon(np.full((540, 960, 3), 128, np.uint8)) is None
    assert find_horizon(sea_and_sky(20, 40, 10.0, 10.0, 0.0)) is None
    assert find_horizon(sea_and_sky(31, 480, 15.0, 15.0, 0.0)) is None


@settings(max_examples=25)
@given(height=st.integers(1, 90), width=st.integers(1, 90), seed=st.integers(0, 3))
def test_no_size_breaks_it(height: int, width: int, seed: int) -> None:
    found = find_horizon(sea_and_sky(height, width, height / 2, height / 2, 3.0, seed))
    assert found is None or 0.5 <= found.confidence <= 1.0


def test_the_same_frame_gives_the_same_line_and_is_not_changed() -> None:
    image = sea_and_sky(540, 960, 200.0, 210.0, 5.0)
    before = image.copy()
    assert find_horizon(image) == find_horizon(image)
    assert np.array_equal(image, before)


def test_prepare_says_where_the_line_comes_from() -> None:
    image = sea_and_sky(540, 960, 200.0, 204.0, 3.0)
    assert prepare(image, key="a").horizon_source == "found"
    assert prepare(image, key="a", horizon=210).horizon == Horizon.level(210.0)
    assert prepare(image, key="a", horizon=Horizon(1.0, 2.0)).horizon_source == "given"


def test_none_where_four_tenths_of_the_strips_do_not_witness_to_it() -> None:
    """An edge over 520 of 960 columns, sky above 370 of them (39 %) and near land above the others."""
    image = sea_and_sky(540, 960, 260.0, 260.0, 1.0)
    image[200:260, 370:520] = tuple(int(0.6 * c) for c in SKY)
    image[100:, 520:] = np.random.default_rng(2).integers(0, 120, (440, 440, 3)).astype(np.uint8)
    assert find_horizon(image) is None
    image[200:260, 370:520] = SKY
    assert error_px(find_horizon(image), 260.0, 260.0) <= 1.0


def test_a_cable_or_a_streak_with_the_same_colour_on_both_sides_is_no_horizon() -> None:
    image = np.full((540, 960, 3), SKY) + np.random.default_rng(0).normal(0.0, 1.0, (540, 960, 3))
    image[270:272] -= 60.0
    assert find_horizon(np.clip(np.rint(image), 0, 255).astype(np.uint8)) is None
