from __future__ import annotations

import numpy as np
import pytest

from wutdet.scenarios import Ambient, apply, prepare
from wutdet.scenarios.dusk import daylight_xy, dusk_gains
from wutdet.scenarios.keyed import generator
from wutdet.scenarios.light import LINEAR, LUMINANCE
from wutdet.scenarios.lowlight import lowlight_table
from wutdet.scenarios.noise import normal_of_level, normal_plane


@pytest.mark.parametrize(("shot", "read"), [(1.0e-3, 9.0e-6), (4.0e-3, 1.0e-4)])
def test_noise_variance_is_linear_in_the_signal(shot: float, read: float) -> None:
    """Variance over signal, fitted, gives a within 3 % and b within 3 %, of a·x + b; x is half the clear light.

    Read noise shows in the dark, so the fit weighs each point by 1/variance, as its own error is. Steps of 8 bits
    are spread by much more noise than a step, save in the dark; there the signal starts at grey 60 (0.045).
    """
    greys = np.arange(100, 250, 5)
    image = np.repeat(np.repeat(greys.astype(np.uint8)[None, :], 1200, 0), 48, 1)[:, :, None].repeat(3, 2)
    ambient = Ambient(shot_variance=shot, read_variance=read)
    got = LINEAR[apply(image, "lowlight:1", key="a", horizon=10.0, ambient=ambient).image].astype(np.float64)
    patches = got.reshape(1200, len(greys), 48, 3)
    signal, variance = patches.mean(axis=(0, 2, 3)), patches.var(axis=(0, 2, 3))
    slope, offset = np.polyfit(signal, variance, 1, w=1.0 / variance)
    residual = variance - (slope * signal + offset)
    assert 1.0 - residual.var() / variance.var() > 0.99
    assert slope == pytest.approx(shot, rel=0.03)
    assert offset == pytest.approx(read, abs=0.03 * read + 3e-6)
    assert signal == pytest.approx(LINEAR[greys] / 2.0, rel=0.01)


def test_read_noise_alone_has_its_variance() -> None:
    """b = 0.0004 is a standard deviation of 0.02 of white at every signal: at linear 0.25, 0.020 within 3 %."""
    image = np.full((600, 800, 3), 188, np.uint8)  # linear 0.503, halved to 0.2514
    ambient = Ambient(shot_variance=0.0, read_variance=4.0e-4)
    got = LINEAR[apply(image, "lowlight:1", key="a", horizon=10.0, ambient=ambient).image].astype(np.float64)
    assert got.mean() == pytest.approx(0.2514, rel=0.003)
    assert got.var() == pytest.approx(4.0e-4, rel=0.03)


def test_a_sensor_without_noise_only_darkens() -> None:
    image = np.full((40, 40, 3), 188, np.uint8)
    ambient = Ambient(shot_variance=0.0, read_variance=0.0)
    assert (apply(image, "lowlight:2", key="a", ambient=ambient).image == 99).all()  # 0.5029 / 4 = 0.1257: 99


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


def test_daylight_chromaticities_are_the_cies() -> None:
    """D75 by the published table is (0.2990, 0.3149); by hand at 12,000 K x = 0.26971, y = 0.28084."""
    assert daylight_xy(7504.0) == pytest.approx((0.2990, 0.3149), abs=2e-4)
    assert daylight_xy(12_000.0) == pytest.approx((0.26971, 0.28084), abs=1e-5)


def test_dusk_is_bluer_at_the_same_luminance() -> None:
    """White at 12,000 K in linear sRGB, XYZ = (x/y, 1, (1 − x − y)/y) = (0.9604, 1, 1.6005), by the matrix:

    red 3.2406·0.9604 − 1.5372 − 0.4986·1.6005 = 0.777; green 1.012, blue 1.541.
    """
    assert dusk_gains(0.0).tolist() == [1.0, 1.0, 1.0]
    assert dusk_gains(1.0) == pytest.approx([0.777, 1.012, 1.541], abs=0.002)
    for shift in (0.3, 1.0):
        assert float(LUMINANCE @ dusk_gains(shift)) == pytest.approx(1.0, abs=1e-12)
    assert dusk_gains(0.5) == pytest.approx((dusk_gains(0.0) + dusk_gains(1.0)) / 2.0)


def test_the_shift_reaches_the_pixels_and_none_is_the_plain_table() -> None:
    image = np.full((400, 600, 3), 188, np.uint8)
    shifted = LINEAR[apply(image, "lowlight:2", key="a", horizon=9.0, ambient=Ambient(colour_shift=1.0)).image]
    assert shifted.mean(axis=(0, 1)) == pytest.approx(0.1257 * dusk_gains(1.0), rel=0.01)
    assert lowlight_table(-2.0, Ambient()).shape == (1, 256, 256)
    assert lowlight_table(-2.0, Ambient(colour_shift=1e-9)).shape == (3, 256, 256)
    assert np.array_equal(lowlight_table(-2.0, Ambient(colour_shift=1e-9))[1], lowlight_table(-2.0, Ambient())[0])


def test_noise_lies_on_top_of_the_veil() -> None:
    """In fog that leaves nothing the frame is even; noise added after it keeps its variance a·x + b, at any range.

    Under the fog it would be gone where the fog is thick.
    """
    image = np.full((400, 600, 3), 150, np.uint8)
    scene = prepare(image, key="a", horizon=100.0)
    foggy = scene.render_values({"lowlight": -1.0, "fog": 1.0}).image  # 1 m: only airlight, grey 150
    light = LINEAR[foggy].astype(np.float64)
    expected = 1.0e-3 * LINEAR[150] / 2.0 + 9.0e-6
    for rows in (slice(0, 100), slice(120, 200), slice(300, 400)):
        assert light[rows].mean() == pytest.approx(LINEAR[150] / 2.0, rel=0.005)
        assert light[rows].var() == pytest.approx(expected, rel=0.06)


def test_less_light_never_raises_a_ships_contrast_on_average() -> None:
    image = np.full((200, 300, 3), 120, np.uint8)
    image[100:120, 100:140] = 200
    mean = []
    for severity in range(1, 6):
        scenes = (prepare(image, key=str(k), horizon=20.0, boxes=[[100, 100, 140, 120]]) for k in range(20))
        mean.append(np.mean([float(s.render(f"lowlight:{severity}").contrast[0]) for s in scenes]))
    clear = float(LINEAR[200] - LINEAR[120])
    assert mean[0] == pytest.approx(clear / 2.0, rel=0.01)
    assert all(b < 0.6 * a for a, b in zip([clear, *mean], mean, strict=False))
