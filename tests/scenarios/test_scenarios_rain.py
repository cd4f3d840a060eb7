from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from wutdet.scenarios import Ambient, Camera, prepare
from wutdet.scenarios.keyed import generator
from wutdet.scenarios.light import LINEAR
from wutdet.scenarios.rain import (
    LARGEST_MM,
    NEAREST_M,
    SMALLEST_MM,
    draw_drops,
    rain_extinction_per_m,
    terminal_speed_m_s,
    visible_density,
)
from wutdet.scenarios.streaks import (
    levels_per_opacity,
    make_streaks,
    opacity_plane,
    streak_ends,
    streak_length_m,
    streak_opacity,
    streak_table,
)

FOCAL_PX = Camera().focal_px(1920)
RATES = (2.5, 10.0, 25.0, 50.0, 100.0)
DAY_S = Ambient().exposure_s


def sea(height: int = 540, width: int = 960, row: int = 200) -> np.ndarray:
    image = np.full((height, width, 3), 60, np.uint8)
    image[:row] = (150, 165, 180)
    return image


def test_rain_veil_has_the_stated_visibilities() -> None:
    mor_km = [math.log(20.0) / rain_extinction_per_m(rate) / 1000.0 for rate in RATES]
    assert mor_km == pytest.approx([5.2, 2.05, 1.11, 0.70, 0.44], abs=0.01)


def test_terminal_speed() -> None:
    assert terminal_speed_m_s(np.array([1.0, 2.0, 5.0])) == pytest.approx([4.0, 6.55, 9.14], abs=0.02)


def test_drops_of_a_weaker_rain_are_among_those_of_a_stronger_one() -> None:
    streaks = make_streaks(prepare(sea(1080, 1920, 430), key="a", horizon=430.0))
    drops = streaks.drops
    planes = [opacity_plane(streaks, rate, 1080, 1920) for rate in RATES]
    for (weak, thin), (strong, thick) in pairwise(zip(RATES, planes, strict=True)):
        assert (drops.falling(strong) | ~drops.falling(weak)).all()
        assert drops.falling(strong).sum() > drops.falling(weak).sum()
        assert (thick >= thin).all()
    wet = [(plane > 0).mean() for plane in planes]
    assert wet == sorted(wet)
    assert 0.0 < wet[0] < 0.02


@pytest.mark.parametrize("rate", RATES)
def test_drop_counts_and_sizes_follow_marshall_palmer(rate: float) -> None:
    diameters = np.linspace(SMALLEST_MM, LARGEST_MM, 2001)
    density = visible_density(diameters, rate, FOCAL_PX, 1080, 1920)
    step = diameters[1] - diameters[0]
    expected = float(density.sum() * step)
    kept = []
    for key in range(30):
        drops = draw_drops(generator(str(key), "rain"), FOCAL_PX, 1080, 1920)
        kept.append(drops.diameter_mm[drops.falling(rate)])
        assert drops.range_m.min() >= NEAREST_M
        assert (drops.diameter_mm * 1e-3 * FOCAL_PX / drops.range_m).min() >= 0.999
    count = np.mean([len(k) for k in kept])
    assert count == pytest.approx(expected, abs=5.0 * math.sqrt(expected / 30))
    mean_mm = float((density * diameters).sum() * step) / expected
    assert np.concatenate(kept).mean() == pytest.approx(mean_mm, rel=0.02)


@pytest.mark.parametrize("exposure_s", [1 / 2000, 1 / 200, 1 / 30])
def test_streaks_are_as_long_as_the_fall_and_as_faint(exposure_s: float) -> None:
    """A drop gives the frame the light of its own area, however long its streak."""
    drops = draw_drops(generator("a", "rain"), FOCAL_PX, 1080, 1920)
    ends = streak_ends(drops, FOCAL_PX, exposure_s)
    down = ends[:, 1, 1] - ends[:, 0, 1]
    fall_m = terminal_speed_m_s(drops.diameter_mm) * exposure_s
    assert down == pytest.approx(np.maximum(fall_m, drops.diameter_mm * 1e-3) * FOCAL_PX / drops.range_m)
    opacity = streak_opacity(drops.diameter_mm, exposure_s)
    assert opacity * streak_length_m(drops.diameter_mm, exposure_s) == pytest.approx(drops.diameter_mm * 1e-3)
    assert 0.0 < opacity.min() < opacity.max() <= 1.0
    assert 255.0 / levels_per_opacity(exposure_s) >= opacity.max()


def test_a_daylight_streak_takes_four_to_thirteen_hundredths_of_a_pixel() -> None:
    opacity = streak_opacity(np.array([1.0, 6.0]), DAY_S)
    assert opacity == pytest.approx([0.001 / (4.0 / 200), 0.006 / (9.37 / 200)], rel=0.01)


@pytest.mark.parametrize("exposure_s", [1 / 1000, 1 / 200, 1 / 30])
@pytest.mark.parametrize("crosswind_m_s", [-12.0, 0.0, 3.0])
def test_the_plane_holds_the_light_of_its_drops(exposure_s: float, crosswind_m_s: float) -> None:
    """The sum of all opacities is the area of all drops in pixels, up to the wind's slant, which lengthens streaks."""
    ambient = Ambient(exposure_s=exposure_s, crosswind_m_s=crosswind_m_s)
    streaks = make_streaks(prepare(sea(1080, 1920, 430), key="a", horizon=430.0, ambient=ambient))
    falling = streaks.drops.falling(50.0)
    assert streaks.drops.wind_m_s == crosswind_m_s
    ends = streak_ends(streaks.drops, FOCAL_PX, exposure_s)[falling]
    run = np.abs(ends[:, 1] - ends[:, 0])
    width_px = (streaks.drops.diameter_mm * 1e-3 * FOCAL_PX / streaks.drops.range_m)[falling]
    length_px = np.hypot(*run.T)
    expected = (length_px * width_px * streak_opacity(streaks.drops.diameter_mm, exposure_s)[falling]).sum()
    plane = opacity_plane(streaks, 50.0, 1080, 1920)
    assert plane.sum(dtype=np.int64) / levels_per_opacity(exposure_s) == pytest.approx(expected, rel=0.02)


def test_the_wind_slants_streaks_and_moves_no_drop() -> None:
    image = sea(1080, 1920, 430)
    still, windy, drawn = (
        make_streaks(prepare(image, key="a", horizon=430.0, ambient=Ambient(crosswind_m_s=wind))).drops
        for wind in (0.0, 8.0, None)
    )
    assert np.array_equal(still.column_px, windy.column_px)
    assert np.array_equal(still.diameter_mm, drawn.diameter_mm)
    ends = streak_ends(windy, FOCAL_PX, DAY_S)
    run = ends[:, 1] - ends[:, 0]
    assert run[:, 0] / run[:, 1] == pytest.approx(8.0 / terminal_speed_m_s(windy.diameter_mm))
    assert (streak_ends(still, FOCAL_PX, DAY_S)[:, 1, 0] == streak_ends(still, FOCAL_PX, DAY_S)[:, 0, 0]).all()


def test_a_streak_mixes_its_drop_and_what_is_behind_it_in_linear_light() -> None:
    airlight = np.array([0.2, 0.25, 0.3])
    table = streak_table(airlight, DAY_S)
    level = 200
    alpha = level / levels_per_opacity(DAY_S)
    for channel in range(3):
        mixed = LINEAR * (1.0 - alpha) + 2.0 * airlight[channel] * alpha
        assert np.abs(LINEAR[table[channel, level]] - mixed).max() < 0.005
        assert np.array_equal(table[channel, 0], np.arange(256))


def test_near_streaks_brighten_a_dark_foreground() -> None:
    image = sea(1080, 1920, 430)
    scene = prepare(image, key="a", horizon=430.0)
    rows = slice(1000, 1080)
    rain = scene.render("rain:4").image[rows].astype(int)
    veil_only = np.median(rain, axis=(0, 1))
    assert (rain >= veil_only - 3).all()
    assert 3 <= (rain - veil_only).max() <= 60
