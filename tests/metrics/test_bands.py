import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wutdet.metrics.bands import BAND_NAMES, LAND, SKY, TOLERANCE_SHARE, UNKNOWN, WATER, foot_band


def test_a_foot_farther_below_the_horizon_than_the_tolerance_is_in_the_water():
    """Horizon at row 400, tolerance 20: rows from 380 to 420, both included, are the land band."""
    bands = foot_band([420.5, 420.0, 400.0, 380.0, 379.5], 400.0, 20.0)
    assert bands.tolist() == [WATER, LAND, LAND, LAND, SKY]


def test_each_box_has_its_own_horizon_and_tolerance():
    """100 px below the horizon is water with 20 px of tolerance and land band with 100."""
    assert foot_band([500.0, 500.0, 500.0], [400.0, 400.0, 600.0], [20.0, 100.0, 99.0]).tolist() == [WATER, LAND, SKY]


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_makes_the_band_unknown(place, value):
    arguments = [500.0, 400.0, 20.0]
    arguments[place] = value
    assert foot_band(*arguments).tolist() == UNKNOWN


def test_a_missing_horizon_leaves_the_other_frames_alone():
    assert foot_band([500.0, 500.0], [np.nan, 400.0], 20.0).tolist() == [UNKNOWN, WATER]


def test_a_horizon_outside_the_frame_is_as_good_as_any():
    assert foot_band([0.0, 719.0], [-50.0, 800.0], 14.4).tolist() == [WATER, SKY]


def test_bands_are_small_integers_that_name_themselves():
    assert foot_band(np.zeros((2, 3)), 0.0, 0.0).dtype == np.int8
    assert foot_band(np.zeros((2, 3)), 0.0, 0.0).shape == (2, 3)
    assert [BAND_NAMES[band] for band in (WATER, LAND, SKY, UNKNOWN)] == ["water", "land", "sky", "unknown"]


def test_the_tolerance_takes_in_a_shore_one_kilometre_away_but_not_one_at_half_of_that():
    """15 m up, 60° wide, 1920 px: f = 960 / tan 30° = 1663 px; the horizon dips √(2h/R) = 0.00217 rad = 3.61 px.

    Water 1 km away lies 1663 · (15/1000 + 1000/2R) = 25.07 px below the level, 21.46 below the horizon; at 500 m
    49.95 − 3.61 = 46.34 px. The tolerance is 0.02 · 1080 = 21.6 px.
    """
    focal_px, radius_m = 960 / np.tan(np.pi / 6), 6.371e6
    range_m = np.array([1000.0, 500.0])
    below_px = focal_px * (15 / range_m + range_m / (2 * radius_m) - np.sqrt(2 * 15 / radius_m))
    assert below_px == pytest.approx([21.46, 46.34], abs=0.005)
    assert foot_band(400 + below_px, 400.0, TOLERANCE_SHARE * 1080).tolist() == [LAND, WATER]


rows = st.floats(-1e4, 1e4)


@given(rows, rows, st.floats(0, 1e3))
def test_upside_down_water_is_sky(bottom, horizon, tolerance):
    mirrored = {WATER: SKY, SKY: WATER, LAND: LAND}
    assert foot_band(-bottom, -horizon, tolerance) == mirrored[int(foot_band(bottom, horizon, tolerance))]
