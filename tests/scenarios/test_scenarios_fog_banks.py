from __future__ import annotations

import math

import numpy as np
import pytest

from wutdet.scenarios import Ambient, Camera, Horizon, prepare
from wutdet.scenarios.banks import draw_banks, fog_air
from wutdet.scenarios.fog import fog_extinction_per_m
from wutdet.scenarios.keyed import generator
from wutdet.scenarios.light import linear_to_srgb, srgb_to_linear
from wutdet.scenarios.ranges import FARTHEST_M, sea_range_m

SKY = (150, 165, 180)
BOXES = [[300.0, 240, 340, 262], [700.0, 190, 704, 204]]


def frame() -> np.ndarray:
    image = np.full((540, 960, 3), 70, np.uint8)
    image[:200] = SKY
    image[240:262, 300:340] = 220
    image[190:204, 700:704] = 30
    return image


def test_an_even_fog_is_the_plain_one_to_the_byte() -> None:
    plain = prepare(frame(), key="a", boxes=BOXES, horizon=200.0)
    even = prepare(frame(), key="a", boxes=BOXES, horizon=200.0, ambient=Ambient(fog_banks=0.0))
    assert fog_air(even) is None
    for severity in (1, 3, 5):
        assert np.array_equal(plain.render(f"fog:{severity}").image, even.render(f"fog:{severity}").image)


@pytest.mark.parametrize("spread", [0.2, 0.5, 1.0])
def test_density_has_mean_one_over_the_paths_and_the_stated_spread(spread: float) -> None:
    """The mean over all paths is 1 in every frame; the standard deviation is the spread, in the mean of frames.

    A view of 60 degrees holds few banks, so its own deviation is up to a tenth under that of an endless sea.
    """
    azimuth = np.radians((np.arange(64) + 0.5) / 64 * 60.0 - 30.0)[:, None]
    range_m = np.linspace(0.0, FARTHEST_M, 301)[None, :]
    squares = []
    for key in range(60):
        banks = draw_banks(generator(str(key), "fog"), spread, 60.0)
        density = banks.density(azimuth, range_m)
        assert density.mean() == pytest.approx(1.0, abs=0.02)
        assert density.min() > 0.0
        squares.append(density.var())
        whole = banks.path_m(azimuth[:, 0], np.full((1, 64), FARTHEST_M))
        assert whole.mean() == pytest.approx(FARTHEST_M, rel=1e-9)
    assert math.sqrt(np.mean(squares)) == pytest.approx(spread, rel=0.15)


def test_a_path_is_the_integral_of_the_density() -> None:
    """Against a sum over 20,000 short steps, written out."""
    banks = draw_banks(generator("a", "fog"), 0.6, 60.0)
    azimuth = np.array([-0.4, 0.0, 0.3])
    steps = (np.arange(20_000) + 0.5) * (1_700.0 / 20_000)
    expected = banks.density(azimuth[:, None], steps[None, :]).mean(axis=1) * 1_700.0
    assert banks.path_m(azimuth, np.full((1, 3), 1_700.0))[0] == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("severity_mor", [4000.0, 1000.0, 200.0])
def test_every_pixel_of_sea_and_sky_has_the_light_of_its_path(severity_mor: float) -> None:
    """Koschmieder with t = e^(−β·∫ρ), at every pixel, within 2 grey levels (levels of path are some 2 % apart)."""
    image = frame()
    image[190:262] = image[195]
    image[200:262] = 70
    image[:200] = SKY
    scene = prepare(image, key="b", horizon=200.0, ambient=Ambient(fog_banks=0.5))
    got = scene.render_values({"fog": severity_mor}).image.astype(float)
    banks = draw_banks(generator("b", "fog", 0), 0.5, 60.0)
    columns = np.arange(960) + 0.5
    azimuth = np.arctan((columns - 480) / Camera().focal_px(960))
    below_px = np.multiply.outer(np.arange(540) + 0.5 - 200.0, Camera().cos_azimuth(columns, 960))
    path_m = banks.path_m(azimuth, np.minimum(sea_range_m(below_px, Camera(), 960), FARTHEST_M))
    t = np.exp(-math.log(20.0) / severity_mor * path_m)[:, :, None]
    airlight = srgb_to_linear(np.array(SKY) / 255.0)
    expected = 255.0 * linear_to_srgb(srgb_to_linear(image / 255.0) * t + airlight * (1.0 - t))
    assert np.abs(got - expected).max() <= 2.0


@pytest.mark.parametrize("mor_m", [4000.0, 1000.0])
@pytest.mark.parametrize("horizon", [Horizon(200.0, 200.0), Horizon(190.0, 205.0)])
def test_a_ships_pixels_get_the_transmittance_that_is_reported(mor_m: float, horizon: Horizon) -> None:
    """t read back from a pixel: (I − A)/(J − A) in linear light; at the ends and the middle of both ships."""
    scene = prepare(frame(), key="a", boxes=BOXES, horizon=horizon, ambient=Ambient(fog_banks=0.8))
    rendered = scene.render_values({"fog": mor_m})
    for place, (rows, columns) in enumerate(((slice(244, 258), (302, 320, 337)), (slice(192, 202), (701, 702)))):
        for column in columns:
            light = srgb_to_linear(rendered.image[rows, column] / 255.0)
            clear = srgb_to_linear(scene.image[rows, column] / 255.0)
            t = np.median((light - scene.airlight) / (clear - scene.airlight))
            assert t == pytest.approx(float(rendered.transmittance[place]), abs=0.012)


def test_banks_are_shared_by_severities_and_add_to_rain() -> None:
    scene = prepare(frame(), key="a", boxes=BOXES, horizon=200.0, ambient=Ambient(fog_banks=0.8))
    thin, thick = (scene.render_values({"fog": mor_m}).transmittance for mor_m in (4000.0, 500.0))
    assert np.log(thick) / np.log(thin) == pytest.approx([8.0, 8.0], rel=1e-9)  # 4000 / 500
    rain = scene.render("rain:3").transmittance
    assert rain == pytest.approx(np.exp(-0.312e-3 * 25**0.67 * scene.ship_range_m), rel=1e-9)
    both = scene.render_values({"fog": 4000.0, "rain": 25.0}).transmittance
    assert both == pytest.approx(thin * rain, rel=1e-12)
    air = fog_air(scene)
    assert air is not None
    assert thin == pytest.approx(np.exp(-fog_extinction_per_m(4000.0) * air.ship_path_m))
    assert np.abs(air.ship_path_m / scene.ship_range_m - 1.0).max() > 0.05


def test_banks_vary_along_and_across_the_view_and_with_the_key() -> None:
    scene = prepare(frame(), key="a", horizon=200.0, ambient=Ambient(fog_banks=0.8))
    sky = scene.render("fog:1").image[50].astype(int)
    even = prepare(np.full((540, 960, 3), 40, np.uint8), key="a", horizon=200.0, ambient=Ambient(fog_banks=0.8))
    assert np.ptp(fog_air(even).plane[50].astype(int)) > 5
    assert np.abs(np.diff(sky, axis=0)).max() <= 2  # no stripes
    other = prepare(frame(), key="b", horizon=200.0, ambient=Ambient(fog_banks=0.8))
    assert not np.array_equal(scene.render("fog:2").image, other.render("fog:2").image)
