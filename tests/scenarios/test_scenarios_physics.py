from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wutdet.scenarios import Ambient, Camera, Horizon, apply, parse_scenarios, prepare, severity_value
from wutdet.scenarios.fog import fog_extinction_per_m
from wutdet.scenarios.light import LINEAR, encode, linear_to_srgb, srgb_to_linear
from wutdet.scenarios.ranges import FARTHEST_M, sea_range_m

SKY, SEA, SHIP = (150, 165, 180), (90, 90, 90), (190, 190, 190)
GREY = np.array([0.299, 0.587, 0.114])  # Rec. ITU-R BT.601 luma of 8-bit values


def frame(height: int = 1080, width: int = 1920, row: int = 430) -> np.ndarray:
    image = np.empty((height, width, 3), np.uint8)
    image[:row] = SKY
    image[row:] = SEA
    return image


def koschmieder(image: np.ndarray, row: float, mor_m: float) -> np.ndarray:
    """The law written out in float64, pixel by pixel, without tables."""
    height, width = image.shape[:2]
    below_px = np.multiply.outer(np.arange(height) + 0.5 - row, Camera().cos_azimuth(np.arange(width) + 0.5, width))
    range_m = np.minimum(sea_range_m(below_px, Camera(), width), FARTHEST_M)
    t = np.exp(-np.log(20.0) / mor_m * range_m)[:, :, None]
    airlight = srgb_to_linear(np.array(SKY) / 255.0)
    return 255.0 * linear_to_srgb(srgb_to_linear(image / 255.0) * t + airlight * (1.0 - t))


def test_srgb_round_trip_is_exact() -> None:
    assert np.array_equal(encode(LINEAR), np.arange(256))
    assert srgb_to_linear(np.array([0.5]))[0] == pytest.approx(0.2140411, abs=1e-6)


@pytest.mark.parametrize("severity", [1, 2, 3, 4, 5])
def test_fog_is_koschmieder_within_a_grey_level_at_every_pixel(severity: int) -> None:
    rng = np.random.default_rng(3)
    image = frame(540, 960, 200)
    image[200:] = rng.integers(0, 256, (340, 960, 3), np.uint8)  # every grey, at every range
    scene = prepare(image, key="k", horizon=200.0)
    got = scene.render(f"fog:{severity}").image
    expected = koschmieder(image, 200.0, severity_value("fog", severity))
    assert np.abs(got - expected).max() <= 1.0


def test_measured_contrast_over_range_gives_back_beta() -> None:
    image = frame()
    image[430:, 960:] = 140
    got = srgb_to_linear(apply(image, "fog:3", key="k", horizon=430.0).image / 255.0)
    clear = srgb_to_linear(image / 255.0)
    rows = np.arange(450, 1080)
    ratio = (got[rows, 964, 0] - got[rows, 956, 0]) / (clear[rows, 964, 0] - clear[rows, 956, 0])
    range_m = sea_range_m(rows + 0.5 - 430, Camera(), 1920)
    beta = -(range_m @ np.log(ratio)) / (range_m @ range_m)
    assert beta == pytest.approx(fog_extinction_per_m(1000.0), rel=0.02)


def test_a_ship_of_eight_by_six_pixels_keeps_the_stated_contrast() -> None:
    image = frame()
    image[600:606, 956:964] = SHIP
    scene = prepare(image, key="k", boxes=[[956, 600, 964, 606]], horizon=430.0)
    assert scene.ship_range_m[0] == pytest.approx(138.9, abs=0.05)
    for severity, expected in zip(range(1, 6), (88, 78, 62, 41, 12), strict=True):
        grey = scene.render(f"fog:{severity}").image @ GREY
        contrast = grey[600:606, 956:964].mean() - grey[600:606, 900:940].mean()
        assert contrast == pytest.approx(expected, abs=3.0)


def test_without_air_nothing_changes_and_without_sight_all_is_airlight(monkeypatch: pytest.MonkeyPatch) -> None:
    image = frame(270, 480, 100)
    image[120:140, 200:240] = 20
    for mor_m, expected in ((1e12, image), (1e-3, np.broadcast_to(np.uint8(SKY), image.shape))):
        monkeypatch.setattr("wutdet.scenarios.scene.severity_value", lambda kind, s, v=mor_m: v)
        assert np.array_equal(apply(image, "fog:1", key="k", horizon=100.0).image, expected)


def test_the_limits_of_sight() -> None:
    """At an MOR of 10⁹ m e^(−3·3000/10⁹) = 1 − 9·10⁻⁶: the frame is as it was. At 1 m e^(−3·38) = 10⁻⁴⁹ at most:

    everything is airlight, the ship with it; its foot is at row 140 of a 270-row frame, 87 m away.
    """
    image = frame(270, 480, 100)
    image[120:140, 200:240] = 20
    scene = prepare(image, key="k", horizon=100.0, boxes=[[200, 120, 240, 140]])
    assert np.array_equal(scene.render_values({"fog": 1e9}).image, image)
    blind = scene.render_values({"fog": 1.0})
    assert np.abs(blind.image.astype(int) - np.array(SKY)).max() <= 1
    assert blind.transmittance[0] < 1e-40
    assert blind.contrast[0] == pytest.approx(0.0, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    foot=st.integers(112, 260),
    row=st.floats(60.0, 110.0),
    tilt=st.floats(-15.0, 15.0),
    spread=st.sampled_from([0.0, 0.5]),
    kind=st.sampled_from(["fog", "rain"]),
)
def test_a_worse_severity_lets_less_light_through_everywhere(
    seed: int, foot: int, row: float, tilt: float, spread: float, kind: str
) -> None:
    """Every pixel comes nearer to the airlight and no ship keeps more light, in any frame of noise."""
    image = np.random.default_rng(seed).integers(0, 256, (270, 480, 3), np.uint8)
    scene = prepare(
        image,
        key=str(seed),
        boxes=[[200.0, foot - 12.0, 230.0, float(foot)]],
        horizon=Horizon(row - tilt, row + tilt),
        ambient=Ambient(fog_banks=spread),
    )
    air = 255.0 * linear_to_srgb(scene.airlight)
    rendered = [scene.render(f"{kind}:{s}") for s in range(1, 6)]
    assert all(a.transmittance[0] > b.transmittance[0] for a, b in pairwise(rendered))
    if kind == "fog":
        off = [np.abs(r.image - air) for r in rendered]
        assert all((after <= before + 1.0).all() for before, after in pairwise(off))


def test_transmittance_is_that_of_the_waterline_and_veils_add_up() -> None:
    boxes = [[100.0, 300, 160, 606], [500, 431, 510, 480]]
    scene = prepare(frame(), key="k", boxes=boxes, horizon=430.0)
    beta = fog_extinction_per_m(1000.0)
    fog, rain = scene.render("fog:3").transmittance, scene.render("rain:3").transmittance
    assert fog == pytest.approx(np.exp(-beta * scene.ship_range_m), rel=1e-12)
    assert rain == pytest.approx(np.exp(-0.312e-3 * 25**0.67 * scene.ship_range_m), rel=1e-9)
    assert scene.render("fog:3+rain:3").transmittance == pytest.approx(fog * rain, rel=1e-12)
    assert scene.render("glare:3").transmittance.tolist() == [1.0, 1.0]


@settings(max_examples=25, deadline=None)
@given(
    sea=st.integers(20, 120),
    ship=st.integers(0, 255),
    foot=st.integers(112, 260),
    size=st.integers(4, 40),
    tilt=st.floats(-20.0, 20.0),
)
def test_more_fog_never_raises_transmittance_or_contrast(
    sea: int, ship: int, foot: int, size: int, tilt: float
) -> None:
    image = np.empty((270, 480, 3), np.uint8)
    image[:] = sea
    image[:90] = SKY
    box = [200.0, foot - size, 200.0 + size, float(foot)]
    y0 = max(0, foot - size)
    image[y0:foot, 200 : 200 + size] = ship
    scene = prepare(image, key="k", boxes=[box], horizon=Horizon(90.0 - tilt, 90.0 + tilt))
    rendered = [scene.render(s) for s in parse_scenarios("clear,fog:1-5")]
    transmittance = [float(r.transmittance[0]) for r in rendered]
    assert all(a > b for a, b in pairwise(transmittance))
    contrast = [float(r.contrast[0]) for r in rendered]
    if foot - 1.5 * size < 140 or contrast[0] < 0.05:
        return  # its ring lies much farther off, or it hardly differs: fog may set it off against the distance
    assert all(b <= a + 0.008 for a, b in pairwise(contrast))


def test_airlight_ignores_glare_ships_and_dark_coast() -> None:
    image = frame(540, 960, 200)
    image[150:200, :400] = 255
    image[170:200, 400:] = 30  # hills along the whole horizon
    image[100:200, 500:600] = (255, 0, 0)
    scene = prepare(image, key="k", boxes=[[500, 100, 600, 210]], horizon=200.0)
    assert scene.airlight == pytest.approx(srgb_to_linear(np.array(SKY) / 255.0), abs=1e-6)
