from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from wutdet.errors import ConfigError, ScenarioError
from wutdet.scenarios import Ambient, Camera, known_severities, own_severities, prepare
from wutdet.scenarios.draws import checked_range
from wutdet.scenarios.keyed import generator
from wutdet.scenarios.light import LINEAR
from wutdet.scenarios.rain import (
    HEAVIEST_MM_H,
    LARGEST_MM,
    N0_PER_M3_MM,
    NEAREST_M,
    SMALLEST_MM,
    draw_drops,
    drop_slope_per_mm,
    rain_extinction_per_m,
    terminal_speed_m_s,
    visible_density,
)
from wutdet.scenarios.streaks import (
    make_streaks,
    opacity_plane,
    streak_ends,
    streak_opacity,
    streak_table,
)
from wutdet.training.weather import RainRange, WeatherAugmentation

FOCAL_PX = Camera().focal_px(1920)
RATES = (2.5, 10.0, 25.0, 50.0, 100.0)
DAY_S = Ambient().exposure_s
NARROW = Camera(hfov_deg=2.0 * math.degrees(math.atan(480.0 / FOCAL_PX)))
"""Sees drops as large on 960 pixels as the nominal camera on 1920."""


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
@pytest.mark.parametrize("wind_m_s", [-12.0, 0.0, 3.0])
def test_streaks_are_as_long_as_the_way_and_as_faint(exposure_s: float, wind_m_s: float) -> None:
    """A drop gives the frame the light of its own area, however long its streak."""
    drops = draw_drops(generator("a", "rain"), FOCAL_PX, 1080, 1920, wind_m_s)
    ends = streak_ends(drops, FOCAL_PX, exposure_s)
    across, down = (ends[:, 1] - ends[:, 0]).T
    fall_m_s = terminal_speed_m_s(drops.diameter_mm)
    way_m = np.sqrt(fall_m_s**2 + wind_m_s**2) * exposure_s
    length_px = np.hypot(across, down)
    assert length_px == pytest.approx(np.maximum(way_m, drops.diameter_mm * 1e-3) * FOCAL_PX / drops.range_m)
    assert across / down == pytest.approx(wind_m_s / fall_m_s)
    opacity = streak_opacity(drops.diameter_mm, exposure_s, wind_m_s)
    assert opacity * length_px == pytest.approx(drops.diameter_mm * 1e-3 * FOCAL_PX / drops.range_m)
    assert 0.0 < opacity.min() < opacity.max() <= 1.0


def test_a_daylight_streak_takes_four_to_thirteen_hundredths_of_a_pixel() -> None:
    opacity = streak_opacity(np.array([1.0, 6.0]), DAY_S, 0.0)
    assert opacity == pytest.approx([0.001 / (4.0 / 200), 0.006 / (9.37 / 200)], rel=0.01)


@pytest.mark.parametrize("exposure_s", [1e-5, 1 / 1000, 1 / 200, 1 / 30, 0.2, 1.0])
@pytest.mark.parametrize("crosswind_m_s", [-12.0, 0.0, 3.0, 60.0])
def test_the_plane_holds_the_light_of_its_drops(exposure_s: float, crosswind_m_s: float) -> None:
    """The sum of all opacities is the area of all drops in pixels, Σ D²f²/z², whatever shutter and wind."""
    ambient = Ambient(exposure_s=exposure_s, crosswind_m_s=crosswind_m_s)
    streaks = make_streaks(prepare(sea(540, 960, 215), key="a", horizon=215.0, camera=NARROW, ambient=ambient))
    drops = streaks.drops
    assert drops.wind_m_s == crosswind_m_s
    area_px = (drops.diameter_mm * 1e-3 * FOCAL_PX / drops.range_m) ** 2
    for rate_mm_h in (10.0, HEAVIEST_MM_H):
        plane = opacity_plane(streaks, rate_mm_h, 540, 960)
        expected = area_px[drops.falling(rate_mm_h)].sum()
        assert plane.sum(dtype=np.int64) / streaks.levels_per_opacity == pytest.approx(expected, rel=0.02)
        assert (plane == 255).mean() < 0.002


def test_the_light_of_the_drops_is_that_of_their_law() -> None:
    """∫ N(D)·D²·(z₂ − z₁) dD of the mean opacity, in a strong wind, over six frames."""
    diameter_mm = np.linspace(1e3 * NEAREST_M / FOCAL_PX, LARGEST_MM, 4001)
    diameter_m = diameter_mm * 1e-3
    density = N0_PER_M3_MM * np.exp(-drop_slope_per_mm(100.0) * diameter_mm)
    expected = np.trapezoid(density * diameter_m**2 * (diameter_m * FOCAL_PX - NEAREST_M), diameter_mm)
    means = []
    for key in "abcdef":
        scene = prepare(sea(1080, 1920), key=key, horizon=430.0, ambient=Ambient(crosswind_m_s=20.0))
        streaks = make_streaks(scene)
        means.append(opacity_plane(streaks, 100.0, 1080, 1920).mean() / streaks.levels_per_opacity)
    assert np.mean(means) == pytest.approx(expected, rel=0.03)


def test_wind_does_not_brighten_the_rain() -> None:
    """The same drops give the frame the same light in any wind; a plane that was brighter by the slant gave 8 times."""
    still, windy = (
        prepare(sea(1080, 1920, 430), key="a", horizon=430.0, ambient=Ambient(crosswind_m_s=wind)).render("rain:5")
        for wind in (0.0, 60.0)
    )
    assert windy.image.mean() == pytest.approx(still.image.mean(), abs=0.1)


def test_more_rain_than_is_drawn_is_refused_in_one_line(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    scene = prepare(sea(), key="a", horizon=200.0)
    scene.render_values({"rain": HEAVIEST_MM_H})
    assert checked_range("rain", (10.0, HEAVIEST_MM_H)) == (10.0, 150.0)
    own.write_text("kinds: {rain: {severities: [4, 150]}}")
    assert own_severities(own, known_severities()).kinds["rain"].severities == (4.0, 150.0)
    own.write_text("kinds: {rain: {severities: [4, 151]}}")
    refused = [
        (
            lambda: scene.render_values({"rain": 151.0}),
            "rain: 151 mm/h is more rain than is drawn; stay within 150 mm/h",
        ),
        (lambda: checked_range("rain", (10.0, 151.0)), "rate_mm_h_range: 10 to 151 is no range of rain; stay within"),
        (lambda: WeatherAugmentation(rain=RainRange(rate_mm_h_range=(10.0, 151.0))), "rate_mm_h_range: 10 to 151"),
        (lambda: own_severities(own, known_severities()), "kinds.rain: 151 is no severity of rain; stay within"),
    ]
    for act, said in refused:
        with pytest.raises((ConfigError, ScenarioError)) as caught:
            act()
        assert said in str(caught.value)
        assert "\n" not in str(caught.value)


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
    levels_per_opacity, level = 900.0, 200
    table = streak_table(airlight, levels_per_opacity)
    alpha = level / levels_per_opacity
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
