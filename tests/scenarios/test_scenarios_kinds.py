from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from wutdet.scenarios import Camera, Horizon, prepare
from wutdet.scenarios.glare import make_glitter
from wutdet.scenarios.glint import Sun, mirror_density, slope_density, slope_variance
from wutdet.scenarios.keyed import generator
from wutdet.scenarios.light import LINEAR
from wutdet.scenarios.lowlight import READ_VARIANCE, SHOT_VARIANCE
from wutdet.scenarios.noise import normal_of_level, normal_plane
from wutdet.scenarios.rain import (
    EXPOSURE_S,
    LARGEST_MM,
    NEAREST_M,
    SMALLEST_MM,
    draw_drops,
    rain_extinction_per_m,
    terminal_speed_m_s,
    visible_density,
)
from wutdet.scenarios.streaks import opacity_plane, streak_ends, streak_opacity

FOCAL_PX = Camera().focal_px(1920)
RATES = (2.5, 10.0, 25.0, 50.0, 100.0)


def sea(height: int = 540, width: int = 960, row: int = 200) -> np.ndarray:
    image = np.full((height, width, 3), 60, np.uint8)
    image[:row] = (150, 165, 180)
    return image


# rain


def test_rain_veil_has_the_stated_visibilities() -> None:
    mor_km = [math.log(20.0) / rain_extinction_per_m(rate) / 1000.0 for rate in RATES]
    assert mor_km == pytest.approx([5.2, 2.05, 1.11, 0.70, 0.44], abs=0.01)


def test_terminal_speed() -> None:
    assert terminal_speed_m_s(np.array([1.0, 2.0, 5.0])) == pytest.approx([4.0, 6.55, 9.14], abs=0.02)


def test_drops_of_a_weaker_rain_are_among_those_of_a_stronger_one() -> None:
    drops = draw_drops(generator("a", "rain"), FOCAL_PX, 1080, 1920)
    planes = [opacity_plane(drops, rate, FOCAL_PX, 1080, 1920) for rate in RATES]
    for weak, strong in pairwise(RATES):
        assert (drops.falling(strong) | ~drops.falling(weak)).all()
        assert drops.falling(strong).sum() > drops.falling(weak).sum()
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


def test_streaks_are_as_long_as_the_fall_and_faint() -> None:
    drops = draw_drops(generator("a", "rain"), FOCAL_PX, 1080, 1920)
    ends = streak_ends(drops, FOCAL_PX)
    down = ends[:, 1, 1] - ends[:, 0, 1]
    assert down == pytest.approx(terminal_speed_m_s(drops.diameter_mm) * EXPOSURE_S * FOCAL_PX / drops.range_m)
    assert 0.04 < streak_opacity(drops.diameter_mm).min() < streak_opacity(drops.diameter_mm).max() < 0.14


def test_near_streaks_brighten_a_dark_foreground() -> None:
    image = sea(1080, 1920, 430)
    scene = prepare(image, key="a", horizon=430.0)
    rows = slice(1000, 1080)
    rain = scene.render("rain:4").image[rows].astype(int)
    veil_only = np.median(rain, axis=(0, 1))
    assert (rain >= veil_only - 3).all()
    assert 3 <= (rain - veil_only).max() <= 60


# glare


def saturated_share(image: np.ndarray, row: int) -> float:
    return float((image[row:].min(axis=2) == 255).mean())


@pytest.mark.parametrize(("severity", "percent"), [(1, 0.5), (2, 2.0), (3, 5.0), (4, 10.0), (5, 20.0)])
def test_the_stated_share_of_water_saturates(severity: int, percent: float) -> None:
    for key in ("a", "b", "c"):
        scene = prepare(sea(1080, 1920, 430), key=key, horizon=430.0)
        share = 100.0 * saturated_share(scene.render(f"glare:{severity}").image, 430)
        assert share == pytest.approx(percent, rel=0.15)


def test_sparkles_stay_and_only_the_water_glints() -> None:
    image = sea()
    image[300:340, 400:500] = 10
    horizon = Horizon(190.0, 210.0)
    scene = prepare(image, key="a", horizon=horizon, boxes=[[400, 300, 500, 340]])
    saturated = [scene.render(f"glare:{s}").image.min(axis=2) == 255 for s in range(1, 6)]
    for weak, strong in pairwise(saturated):
        assert (strong | ~weak).all()
    glitter = make_glitter(scene)
    rows, columns = np.mgrid[glitter.top : 540, 0:960]
    sky = rows + 0.5 < horizon.row_at(columns + 0.5, 960)
    assert sky.any()
    assert (glitter.steps[sky] == 0).all()
    assert (glitter.steps[300 - glitter.top : 340 - glitter.top, 400:500] == 0).all()


@pytest.mark.parametrize("wind_m_s", [2.0, 5.0, 12.0])
def test_mean_square_slope_is_cox_and_munks(wind_m_s: float) -> None:
    x = np.linspace(-2.0, 2.0, 1001)
    squared = x[:, None] ** 2 + x[None, :] ** 2
    density = slope_density(squared, wind_m_s) * (x[1] - x[0]) ** 2
    assert density.sum() == pytest.approx(1.0, abs=1e-3)
    assert (density * squared).sum() == pytest.approx(slope_variance(wind_m_s), rel=0.01)
    assert slope_variance(5.0) == pytest.approx(0.0286)


def test_a_calm_sea_mirrors_the_sun_at_its_own_depression() -> None:
    sun = Sun(azimuth_rad=0.1, elevation_rad=math.radians(20.0))
    azimuth, depression = np.linspace(-0.5, 0.5, 201)[None, :], np.radians(np.linspace(5.0, 40.0, 351))[:, None]
    glint = mirror_density(azimuth, depression, sun, wind_m_s=-0.5)  # nearly no slope
    row, column = np.unravel_index(int(np.argmax(glint)), glint.shape)
    assert math.degrees(depression[row, 0]) == pytest.approx(20.0, abs=0.3)
    assert azimuth[0, column] == pytest.approx(0.1, abs=0.006)


# low light


def test_noise_variance_is_linear_in_the_signal() -> None:
    greys = np.arange(100, 250, 10)
    image = np.repeat(np.repeat(greys.astype(np.uint8)[None, :], 400, 0), 64, 1)[:, :, None].repeat(3, 2)
    got = LINEAR[prepare(image, key="a", horizon=10.0).render("lowlight:1").image].astype(np.float64)
    patches = got.reshape(400, len(greys), 64, 3)
    signal, variance = patches.mean(axis=(0, 2, 3)), patches.var(axis=(0, 2, 3))
    slope, offset = np.polyfit(signal, variance, 1)
    residual = variance - (slope * signal + offset)
    assert 1.0 - residual.var() / variance.var() > 0.99
    assert slope == pytest.approx(SHOT_VARIANCE, rel=0.05)
    assert signal == pytest.approx(LINEAR[greys] / 2.0, rel=0.01)
    assert offset == pytest.approx(READ_VARIANCE, abs=1.5e-5)


def test_the_noise_bank_is_normal_and_channels_differ() -> None:
    normal = normal_of_level()[normal_plane(generator("a", "lowlight"), 500, 800)]
    assert normal.mean() == pytest.approx(0.0, abs=0.01)
    assert normal.std() == pytest.approx(1.0, abs=0.01)
    assert (np.abs(normal) > 2.0).mean() == pytest.approx(0.0455, abs=0.008)
    image = prepare(np.full((100, 100, 3), 120, np.uint8), key="a").render("lowlight:2").image.reshape(-1, 3)
    assert np.abs(np.corrcoef(image.T) - np.eye(3)).max() < 0.05


def test_a_plane_larger_than_what_is_left_of_the_bank_wraps() -> None:
    rng = generator("wrap", "lowlight")
    planes = [normal_plane(rng, 2000, 3000) for _ in range(6)]
    assert all(plane.shape == (2000, 3000) for plane in planes)
