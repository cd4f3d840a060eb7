from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from wutdet.scenarios import Ambient, Camera, Horizon, prepare
from wutdet.scenarios.facets import FACET_STEPS, FACET_ZERO, facet_ring
from wutdet.scenarios.glare import Glitter, light_levels, make_glitter
from wutdet.scenarios.glint import Sun, find_sun, log_mirror_density, reflectance, slope_variance
from wutdet.scenarios.keyed import generator


def sea(height: int = 540, width: int = 960, row: int = 200) -> np.ndarray:
    image = np.full((height, width, 3), 60, np.uint8)
    image[:row] = (150, 165, 180)
    return image


def glitter_of(**ambient: float) -> Glitter:
    found = make_glitter(prepare(sea(), key="a", horizon=200.0, ambient=Ambient(**ambient)))
    assert found is not None
    return found


@pytest.mark.parametrize(("severity", "percent"), [(1, 0.5), (2, 2.0), (3, 5.0), (4, 10.0), (5, 20.0)])
def test_the_stated_share_of_water_saturates(severity: int, percent: float) -> None:
    for key in ("a", "b", "c"):
        scene = prepare(sea(1080, 1920, 430), key=key, horizon=430.0)
        share = 100.0 * (scene.render(f"glare:{severity}").image[430:].min(axis=2) == 255).mean()
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
    assert glitter is not None
    strength = glitter.strength(20.0)
    rows, columns = np.mgrid[glitter.top : 540, 0:960]
    sky = rows + 0.5 < horizon.row_at(columns + 0.5, 960)
    assert sky.any()
    assert (strength[sky] == 0).all()
    assert (strength[300 - glitter.top : 340 - glitter.top, 400:500] == 0).all()
    assert (strength == 255).any()


@pytest.mark.parametrize("wind_m_s", [2.0, 5.0, 12.0])
def test_mean_square_slope_is_cox_and_munks(wind_m_s: float) -> None:
    """Slopes are read back from the radiance of every direction, and their variance is integrated.

    Seen straight from above (depression 90 degrees) the facet that mirrors a sun at elevation e tilts by
    β = (90° − e)/2, whatever the azimuth, and cos(β) and sin(depression) = 1 are known. So the density of slope
    tan β is radiance · 4·cos⁴β / ρ(β), and its second moment in the plane, 2π·∫ s³·p(s) ds, must be
    0.003 + 0.00512·U: 0.01324, 0.0286 and 0.06444 at 2, 5 and 12 m/s.
    """
    slope = np.linspace(0.0, 0.99, 2000)
    down = np.array([math.pi / 2.0])
    radiance = np.array(
        [
            math.exp(
                log_mirror_density(np.zeros(1), down, Sun(0.0, math.pi / 2 - 2 * math.atan(float(s))), wind_m_s)[0]
            )
            for s in slope
        ]
    )
    density = radiance * 4.0 * np.cos(np.arctan(slope)) ** 4 / reflectance(np.cos(np.arctan(slope)))
    step = slope[1] - slope[0]
    assert 2.0 * math.pi * (slope * density).sum() * step == pytest.approx(1.0, rel=0.002)
    measured = 2.0 * math.pi * (slope**3 * density).sum() * step
    assert measured == pytest.approx({2.0: 0.01324, 5.0: 0.0286, 12.0: 0.06444}[wind_m_s], rel=0.005)
    assert slope_variance(wind_m_s) == pytest.approx(measured, rel=0.005)


def test_water_mirrors_as_fresnel_says() -> None:
    """((n − 1)/(n + 1))² straight down, tan² vanishes at Brewster's angle atan n, all of the light at grazing."""
    n = 1.34
    assert reflectance(np.array([1.0]))[0] == pytest.approx((0.34 / 2.34) ** 2, rel=1e-12)
    assert reflectance(np.array([0.0]))[0] == 1.0
    brewster = math.atan(n)
    across = math.sin(2.0 * brewster - math.pi / 2.0) ** 2  # sin²(ω − τ) where ω + τ is a right angle
    assert reflectance(np.array([math.cos(brewster)]))[0] == pytest.approx(across / 2.0, rel=1e-12)
    assert (np.diff(reflectance(np.linspace(0.0, 1.0, 101))) < 0).all()


@pytest.mark.parametrize("wind_m_s", [2.0, 5.0, 12.0])
def test_the_rendered_field_has_that_slope_variance(wind_m_s: float) -> None:
    """The field that is rendered falls off with the slope as e^(−s²/σ²), so the fit of it over s² gives σ² back.

    With the camera at the origin, lens direction l and sun direction m, the facet's normal is along l + m, so
    s² = |horizontal part|²/z²; what is left of the field is the known factor ρ(ω)/(4·sin·cos⁴β), with
    ω the angle between l and the normal.
    """
    elevation = math.radians(25.0)
    glitter = glitter_of(wind_m_s=wind_m_s, sun_azimuth_deg=0.0, sun_elevation_deg=25.0)
    rows, columns = glitter.smooth.shape
    focal_px = Camera().focal_px(960)
    x = (np.arange(columns) + 0.5) * 960 / columns - 480
    y = (np.arange(rows) + 0.5) * 340 / rows
    dip = math.sqrt(2.0 * 15.0 / 6_371_000.0)
    depression = dip + np.arctan(np.divide.outer(y, np.hypot(focal_px, x)))
    azimuth = np.arctan(x / focal_px)[None, :]
    lens = np.stack(
        np.broadcast_arrays(
            -np.cos(depression) * np.cos(azimuth), -np.cos(depression) * np.sin(azimuth), np.sin(depression)
        )
    )
    normal = lens + np.array([math.cos(elevation), 0.0, math.sin(elevation)])[:, None, None]
    squared = (normal[0] ** 2 + normal[1] ** 2) / normal[2] ** 2
    cos_incidence = (normal * lens).sum(axis=0) / np.linalg.norm(normal, axis=0)
    left = glitter.smooth + np.log(4.0 * np.maximum(np.sin(depression), 0.08)) - 2.0 * np.log1p(squared)
    left -= np.log(reflectance(cos_incidence))
    falling, _ = np.polyfit(squared.ravel(), left.ravel(), 1)
    assert -1.0 / falling == pytest.approx(0.003 + 0.00512 * wind_m_s, rel=0.02)


def test_a_calm_sea_mirrors_the_sun_at_its_own_depression() -> None:
    sun = Sun(azimuth_rad=0.1, elevation_rad=math.radians(20.0))
    azimuth, depression = np.linspace(-0.5, 0.5, 201)[None, :], np.radians(np.linspace(5.0, 40.0, 351))[:, None]
    glint = log_mirror_density(azimuth, depression, sun, wind_m_s=-0.58)  # nearly no slope
    row, column = np.unravel_index(int(np.argmax(glint)), glint.shape)
    assert math.degrees(depression[row, 0]) == pytest.approx(20.0, abs=0.15)
    assert azimuth[0, column] == pytest.approx(0.1, abs=0.006)


@pytest.mark.parametrize("azimuth_deg", [-15.0, 0.0, 20.0])
def test_glint_is_brightest_in_the_suns_column(azimuth_deg: float) -> None:
    """A sun at azimuth a stands over column W/2 + f·tan a: 257, 480 and 783 of 960 at f = 831.4 px."""
    sunlit = np.zeros(960)
    for key in range(20):
        ambient = Ambient(sun_azimuth_deg=azimuth_deg, sun_elevation_deg=20.0)
        scene = prepare(sea(), key=str(key), horizon=200.0, ambient=ambient)
        sunlit += (scene.render("glare:3").image[200:].min(axis=2) == 255).mean(axis=0)
    middle = (sunlit * (np.arange(960) + 0.5)).sum() / sunlit.sum()
    assert middle == pytest.approx(480 + 831.38 * math.tan(math.radians(azimuth_deg)), abs=12.0)


def test_wind_widens_the_glint() -> None:
    """The width of the saturated path, in columns, grows with the wind at the same share of water."""
    widths = []
    for wind_m_s in (1.0, 5.0, 15.0):
        ambient = Ambient(sun_azimuth_deg=0.0, sun_elevation_deg=20.0, wind_m_s=wind_m_s)
        sunlit = sum(
            (prepare(sea(), key=str(key), horizon=200.0, ambient=ambient).render("glare:3").image[200:] == 255)
            .all(axis=2)
            .sum(axis=0)
            for key in range(8)
        )
        offset = np.arange(960) - 479.5
        widths.append(math.sqrt((sunlit * offset**2).sum() / sunlit.sum()))
    assert widths[1] > 1.1 * widths[0]
    assert widths[2] > 1.1 * widths[1]


def test_a_sun_given_in_part_leaves_the_other_part_as_drawn() -> None:
    drawn = find_sun(generator("a", "glare"), Ambient(), 60.0)
    assert abs(math.degrees(drawn.azimuth_rad)) <= 21.0
    assert 12.0 <= math.degrees(drawn.elevation_rad) <= 35.0
    turned = find_sun(generator("a", "glare"), Ambient(sun_azimuth_deg=10.0), 60.0)
    assert (turned.azimuth_rad, turned.elevation_rad) == (math.radians(10.0), drawn.elevation_rad)
    lifted = find_sun(generator("a", "glare"), Ambient(sun_elevation_deg=5.0), 60.0)
    assert (lifted.azimuth_rad, lifted.elevation_rad) == (drawn.azimuth_rad, math.radians(5.0))


@pytest.mark.parametrize("azimuth_deg", [-180.0, 90.0])
@pytest.mark.parametrize("elevation_deg", [0.0, 90.0])
def test_a_sun_anywhere_and_a_dead_calm_still_render(azimuth_deg: float, elevation_deg: float) -> None:
    ambient = Ambient(sun_azimuth_deg=azimuth_deg, sun_elevation_deg=elevation_deg, wind_m_s=0.0)
    image = prepare(sea(), key="a", horizon=200.0, ambient=ambient).render("glare:3").image
    share = (image[200:].min(axis=2) == 255).mean()
    assert 0.0 < share <= 0.06


def test_facets_are_normal_and_their_ring_has_no_seam() -> None:
    """A step across the seam of the ring is as small as any other: neighbours correlate by their waves alone."""
    normal = (facet_ring().astype(float) - FACET_ZERO) / FACET_STEPS
    assert normal.mean() == pytest.approx(0.0, abs=0.01)
    assert normal.std() == pytest.approx(1.0, abs=0.01)
    assert (normal > 2.0).mean() == pytest.approx(0.0228, abs=0.004)
    across = np.abs(np.diff(normal, append=normal[0])).mean()
    behind = np.abs(normal - np.roll(normal, -40503)).mean()
    unrelated = np.abs(normal - np.roll(normal, 12_345)).mean()
    assert across < behind < 0.9 * unrelated


def test_without_water_glare_changes_nothing() -> None:
    ship = prepare(sea(), key="a", horizon=539.9, boxes=[[0, 0, 960, 540]])
    assert make_glitter(ship) is None
    assert np.array_equal(ship.render("glare:5").image, sea())


def test_water_in_the_soft_edge_of_ships_alone_does_not_glint() -> None:
    """Two rows of water below a ship that fills the view: none of it is all water, so nothing can saturate."""
    image = sea()
    scene = prepare(image, key="a", horizon=500.0, boxes=[[0, 300, 960, 538.5]])
    saturated = scene.render("glare:5").image.min(axis=2) == 255
    assert not saturated[:538].any()


def test_scattered_light_alone_saturates_nothing_and_fades_with_distance() -> None:
    glitter = glitter_of(sun_azimuth_deg=0.0)
    levels = light_levels(glitter, 20.0, 540).astype(int)
    assert (levels == 255).mean() == pytest.approx(0.2 * 340 / 540, rel=0.15)
    assert levels[:200].max() <= 255 * math.sqrt(224 / 255)
    assert levels[190, 480] > levels[100, 480] > levels[5, 480] > levels[5, 5]


def test_more_glare_never_raises_a_ships_contrast_on_average() -> None:
    """By expectation over 24 keys: a dark ship on grey sea, its ring part of the glitter, saturating by and by."""
    image = sea()
    image[:200] = 200
    image[200:] = 150
    image[380:400, 300:340] = 30
    mean = []
    for severity in range(1, 6):
        found = []
        for key in range(24):
            ambient = Ambient(sun_azimuth_deg=25.0)
            scene = prepare(image, key=str(key), horizon=200.0, boxes=[[300, 380, 340, 400]], ambient=ambient)
            found.append(float(scene.render(f"glare:{severity}").contrast[0]))
        mean.append(np.mean(found))
    clear = float(prepare(image, key="0", horizon=200.0, boxes=[[300, 380, 340, 400]]).render("clear").contrast[0])
    assert all(after <= before + 0.002 for before, after in pairwise([clear, *mean]))
