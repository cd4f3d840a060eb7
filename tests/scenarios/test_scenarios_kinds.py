from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from wutdet.scenarios import Camera, prepare
from wutdet.scenarios.keyed import generator
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
