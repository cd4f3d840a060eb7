"""What is measured of a frame, on frames whose numbers are known by hand."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wutdet.scenarios import condition_features
from wutdet.scenarios.condition_features import (
    band_contrast,
    colourfulness,
    dark_channel,
    horizon_contrast,
    measure,
    saturated_shares,
    starkest_row,
    sun_patch,
)
from wutdet.scenarios.condition_streaks import streaks
from wutdet.scenarios.horizon import Horizon
from wutdet.scenarios.light import LINEAR

ROWS, COLUMNS = 180, 320
GREY = np.array([0.5, 0.5, 0.5])


def two_bands(above: int, below: int, row: int = 90, size: tuple[int, int] = (ROWS, COLUMNS)) -> np.ndarray:
    image = np.full((*size, 3), above, np.uint8)
    image[row:] = below
    return image


def veiled(sea: np.ndarray, airlight: np.ndarray, left: float) -> np.ndarray:
    linear = np.empty((ROWS, COLUMNS, 3), np.float32)
    linear[:90] = airlight
    linear[90:] = sea * left + airlight * (1.0 - left)
    return linear


def test_luminance_is_linear():
    """sRGB 188 is 0.5029 in linear light: ((188/255 + 0.055) / 1.055)^2.4; all of the frame is."""
    features = measure(np.full((360, 640, 3), 188, np.uint8))
    assert features.median_luminance == pytest.approx(0.5029, abs=1e-4)
    assert features.high_luminance == pytest.approx(0.5029, abs=1e-4)


def test_the_high_luminance_is_that_of_the_brightest_twentieth():
    """A tenth of the frame is white: the median is that of the rest, the 95th percentile is 1."""
    image = np.full((ROWS, COLUMNS, 3), 100, np.uint8)
    image[:, :32] = 255
    features = measure(image, 90.0)
    assert features.median_luminance == pytest.approx(float(LINEAR[100]), abs=1e-5)
    assert features.high_luminance == pytest.approx(1.0, abs=1e-5)


def test_burnt_out_pixels_are_counted_on_each_side_of_the_line():
    """The left quarter of the rows below the line is white; above, a tenth of the columns are."""
    image = np.full((ROWS, COLUMNS, 3), 90, np.uint8)
    image[90:, :80] = 255
    image[:90, :32] = 250
    assert saturated_shares(image, 90.0) == (0.25, pytest.approx(0.1))


def test_a_pixel_is_burnt_out_when_all_channels_are():
    image = np.full((ROWS, COLUMNS, 3), 255, np.uint8)
    image[:, :, 2] = 249
    assert saturated_shares(image, 90.0) == (0.0, 0.0)


def test_there_is_no_share_of_no_rows():
    image = np.full((ROWS, COLUMNS, 3), 255, np.uint8)
    assert saturated_shares(image, 0.0) == (1.0, 0.0)
    assert saturated_shares(image, float(ROWS)) == (0.0, 1.0)


def test_the_horizon_contrast_is_the_difference_over_the_sky():
    """Linear light of 200 is 0.5776, of 100 it is 0.1274: (0.5776 - 0.1274) / 0.5776 = 0.7794."""
    assert horizon_contrast(LINEAR[two_bands(200, 100)], 90.0) == pytest.approx(0.7794, abs=1e-4)


@given(left=st.floats(0.0, 1.0), sea=st.floats(0.0, 0.9))
def test_a_veil_leaves_of_the_horizon_contrast_what_it_leaves_of_the_light(left: float, sea: float):
    """Koschmieder: (A - (J·t + A·(1 - t))) / A = t·(A - J) / A."""
    linear = veiled(np.full(3, sea * 0.5), GREY, left)
    assert horizon_contrast(linear, 90.0) == pytest.approx(left * (1.0 - sea), abs=1e-5)


@given(left=st.floats(0.0, 1.0))
def test_the_dark_channel_of_black_water_is_one_less_the_transmittance(left: float):
    """J = 0, so (J·t + A·(1 - t)) / A = 1 - t."""
    linear = veiled(np.zeros(3), GREY, left)
    assert dark_channel(linear, 90.0, GREY) == pytest.approx(1.0 - left, abs=1e-5)


def test_the_dark_channel_is_that_of_the_darkest_channel():
    """Blue water under grey air: red is the smallest, 0.1 of 0.5."""
    linear = veiled(np.array([0.1, 0.3, 0.5]), GREY, 1.0)
    assert dark_channel(linear, 90.0, GREY) == pytest.approx(0.2, abs=1e-5)


def test_a_dark_speck_darkens_its_whole_patch():
    """Specks of black every 5 px lie in every patch of 5 px, so the erosion leaves nothing."""
    linear = veiled(GREY, GREY, 1.0)
    linear[::5, ::5] = 0.0
    assert dark_channel(linear, 90.0, GREY) == pytest.approx(0.0, abs=1e-6)


def test_grey_has_no_colour():
    assert colourfulness(two_bands(200, 100)) == 0.0


def test_even_red_is_as_colourful_as_its_means():
    """rg = 255, yb = 127.5, both without spread: 0.3·√(255² + 127.5²) = 85.53."""
    red = np.zeros((10, 10, 3), np.uint8)
    red[:, :, 0] = 255
    assert colourfulness(red) == pytest.approx(85.53, abs=0.01)


def test_two_colours_spread():
    """Half red, half green: rg = ±255 (σ 255, μ 0), yb = 127.5 (σ 0): 255 + 0.3·127.5 = 293.25."""
    image = np.zeros((10, 10, 3), np.uint8)
    image[:5, :, 0] = 255
    image[5:, :, 1] = 255
    assert colourfulness(image) == pytest.approx(293.25, abs=0.01)


def test_an_even_band_has_no_contrast_and_a_line_has():
    even = np.full((ROWS, COLUMNS), 0.3, np.float32)
    assert band_contrast(even, 90.0) == pytest.approx(0.0, abs=1e-3)
    lined = even.copy()
    lined[90:] = 0.1
    assert band_contrast(lined, 90.0) > 0.3


def test_contrast_far_from_the_line_does_not_count():
    luminance = np.full((ROWS, COLUMNS), 0.3, np.float32)
    luminance[150::2] = 0.0
    luminance[:40:2] = 0.0
    assert band_contrast(luminance, 90.0) == pytest.approx(0.0, abs=1e-3)


def test_a_white_hull_is_no_patch_of_sun():
    water = np.full((ROWS, COLUMNS), 0.1, np.float32)
    hull = water.copy()
    hull[140:143, 100:106] = 1.0
    sun = water.copy()
    sun[120:160, 100:140] = 1.0
    assert sun_patch(hull, 90.0) < 0.3
    assert sun_patch(sun, 90.0) > 0.95


def test_a_sun_in_the_sky_is_no_patch_on_the_water():
    luminance = np.full((ROWS, COLUMNS), 0.1, np.float32)
    luminance[20:60, 100:140] = 1.0
    assert sun_patch(luminance, 90.0) < 0.11


def sky_with(pattern: np.ndarray) -> np.ndarray:
    sky = np.clip(150.0 + pattern, 0, 255).astype(np.uint8)
    return np.repeat(sky[:, :, None], 3, axis=2)


@pytest.mark.parametrize("slant", [0.0, 0.15, -0.3])
def test_falling_streaks_are_streaky_at_any_slant(slant: float):
    drops = np.random.default_rng(1).normal(0.0, 12.0, (1, 640)).repeat(400, axis=0)
    shear = np.array([[1.0, slant, 0.0], [0.0, 1.0, 0.0]])
    slanted = cv2.warpAffine(drops, shear, (640, 400), borderMode=cv2.BORDER_WRAP)
    assert streaks(sky_with(slanted), 300.0) > 40.0  # upright averages alone give 29 and 9 on the slanted ones


def test_lying_streaks_noise_and_an_even_sky_are_not_rain():
    rng = np.random.default_rng(1)
    assert streaks(sky_with(rng.normal(0.0, 12.0, (400, 1)).repeat(640, axis=1)), 300.0) < 0.3
    assert streaks(sky_with(rng.normal(0.0, 12.0, (400, 640))), 300.0) == pytest.approx(1.0, abs=0.1)
    assert streaks(sky_with(np.zeros((400, 640))), 300.0) == 1.0


def test_two_masts_are_not_rain():
    masts = np.zeros((400, 640))
    masts[:, 100:104] = masts[:, 420:426] = -90.0
    assert streaks(sky_with(masts), 300.0) == 1.0


def test_too_little_sky_says_nothing_of_rain():
    drops = np.random.default_rng(1).normal(0.0, 12.0, (1, 640)).repeat(400, axis=0)
    assert streaks(sky_with(drops), 39.0) == 1.0
    assert streaks(sky_with(drops)[:, :255], 300.0) == 1.0


def test_the_starkest_row_is_where_the_colour_changes_most():
    linear = LINEAR[two_bands(180, 60, row=120)]
    linear[40:60] *= np.float32(0.9)
    assert starkest_row(linear) == pytest.approx(120.0, abs=2.0)


def test_without_a_horizon_the_middle_parts_the_frame_and_the_veil_is_measured_at_the_starkest_row(
    monkeypatch: pytest.MonkeyPatch,
):
    """White fills the lowest quarter: half of what is below the middle, and stark at row 540."""
    monkeypatch.setattr(condition_features, "find_horizon", lambda image: None)
    features = measure(two_bands(60, 255, row=540, size=(720, 1280)))
    assert not features.horizon_found
    assert features.horizon_row == 360.0
    assert features.saturated_below == pytest.approx(0.5, abs=0.01)
    assert features.saturated_above == 0.0
    assert features.horizon_contrast > 5.0


def test_a_found_horizon_is_measured_at_its_middle(monkeypatch: pytest.MonkeyPatch):
    """From row 100 on the left to 140 on the right: 120 in the middle."""
    monkeypatch.setattr(condition_features, "find_horizon", lambda image: Horizon(100.0, 140.0, 0.9))
    features = measure(two_bands(200, 100, row=120, size=(720, 1280)))
    assert features.horizon_found
    assert features.horizon_row == pytest.approx(120.0)


def test_a_given_row_is_kept_and_used():
    image = two_bands(200, 100, row=500, size=(720, 1280))
    features = measure(image, 500.0)
    assert features.horizon_found
    assert features.horizon_row == pytest.approx(500.0)
    assert features.horizon_contrast == pytest.approx(0.7794, abs=2e-3)
    assert measure(image, 300.0).horizon_contrast == pytest.approx(0.0, abs=1e-6)


@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    row=st.one_of(st.none(), st.floats(-1e12, 1e12)),
    seed=st.integers(0, 9),
)
def test_any_size_and_any_row_give_finite_numbers(height: int, width: int, row: float | None, seed: int):
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    before = image.copy()
    features = measure(image, row)
    numbers = [getattr(features, name) for name in features.__slots__]
    assert np.isfinite(np.array(numbers, dtype=float)).all()
    assert (image == before).all()
