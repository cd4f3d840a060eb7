from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wutdet.errors import ConfigError, DataError
from wutdet.scenarios import Camera, Horizon
from wutdet.scenarios.ranges import (
    EARTH_RADIUS_M,
    FARTHEST_M,
    RangeLevels,
    dip_rad,
    sea_levels,
    sea_range_m,
    ship_ranges_m,
)
from wutdet.scenarios.ships import paint_ships

WIDTH = 1920


def range_at(below_px: float, camera: Camera) -> float:
    return float(sea_range_m(np.array([below_px]), camera, WIDTH)[0])


def test_focal_length_of_the_default_camera() -> None:
    assert Camera().focal_px(WIDTH) == pytest.approx(1662.77, abs=0.01)


@pytest.mark.parametrize(("below_px", "naive_excess"), [(10.0, 0.22), (5.0, 0.42)])
def test_the_naive_range_is_too_far_by_the_known_share(below_px: float, naive_excess: float) -> None:
    camera = Camera(height_m=6.0)
    naive_m = camera.height_m * camera.focal_px(WIDTH) / below_px
    assert naive_m / range_at(below_px, camera) - 1.0 == pytest.approx(naive_excess, abs=0.005)


def test_the_range_solves_the_curved_earth() -> None:
    camera = Camera()
    for below_px in (0.5, 3.0, 50.0, 600.0):
        d = range_at(below_px, camera)
        theta = dip_rad(camera.height_m) + below_px / camera.focal_px(WIDTH)
        assert theta * d - d**2 / (2 * EARTH_RADIUS_M) == pytest.approx(camera.height_m, rel=1e-9)
    assert range_at(0.0, camera) == pytest.approx(math.sqrt(2 * EARTH_RADIUS_M * camera.height_m), rel=1e-6)
    assert range_at(176.0, camera) == pytest.approx(138.9, abs=0.05)


@given(height_m=st.floats(1.0, 100.0), first=st.floats(0.0, 2000.0), second=st.floats(0.0, 2000.0))
def test_lower_in_the_frame_is_nearer(height_m: float, first: float, second: float) -> None:
    camera = Camera(height_m=height_m)
    near, far = max(first, second), min(first, second)
    assert range_at(near, camera) <= range_at(far, camera)


def test_a_ship_stands_where_its_foot_is_and_never_beyond_the_farthest() -> None:
    boxes = np.array([[956.0, 600, 964, 606], [860, 100, 1060, 606], [0, 400, 10, 429], [0, 425, 10, 431]])
    ranges = ship_ranges_m(boxes, Horizon.level(430), Camera(), WIDTH)
    assert ranges[0] == pytest.approx(138.9, abs=0.05)
    assert ranges[1] == ranges[0]
    assert ranges[2] == ranges[3] == FARTHEST_M


def test_a_tilted_horizon_moves_the_range_with_the_column() -> None:
    tilted = Horizon(400.0, 460.0)
    boxes = np.array([[0.0, 500, 20, 560], [1900.0, 500, 1920, 560]])
    left, right = ship_ranges_m(boxes, tilted, Camera(), WIDTH)
    cosine = float(Camera().cos_azimuth(10.0, WIDTH))
    assert cosine == pytest.approx(1662.77 / math.hypot(1662.77, 950.0), abs=1e-5)
    assert left == pytest.approx(range_at((560 - 400.3125) * tilted.cos_roll(WIDTH) * cosine, Camera()), rel=1e-6)
    assert right > 1.3 * left


@pytest.mark.parametrize(
    "horizon",
    [Horizon.level(430.0), Horizon.level(-200.0), Horizon(400.0, 460.0), Horizon(-150.0, 50.0), Horizon.level(4500.0)],
)
@pytest.mark.parametrize("hfov_deg", [60.0, 90.0])
def test_every_pixel_of_the_sea_has_its_range_wherever_the_horizon_lies(horizon: Horizon, hfov_deg: float) -> None:
    camera, height, width = Camera(hfov_deg=hfov_deg), 1080, WIDTH
    if horizon.row_left > height:
        height, width = 5000, 64
    levels = RangeLevels(10.0)
    plane = sea_levels(levels, horizon, camera, height, width)
    x, y = np.arange(width) + 0.5, np.arange(height) + 0.5
    below = (y[:, None] - horizon.row_at(x, width)) * horizon.cos_roll(width) * camera.cos_azimuth(x, width)
    expected = levels.level(np.minimum(sea_range_m(below, camera, width), FARTHEST_M))
    off = np.abs(plane - expected)
    assert off.max() <= (1.0 if width == WIDTH else 60.0)  # a step of 1/16 px is wide where 64 px see 60 degrees
    assert np.quantile(off, 0.99) <= 0.6


def test_a_view_is_the_mirrored_view_mirrored() -> None:
    levels = RangeLevels(20.0)
    for line, mirrored in ((Horizon.level(430.0), Horizon.level(430.0)), (Horizon(400, 460), Horizon(460, 400))):
        planes = [sea_levels(levels, one, Camera(), 1080, WIDTH) for one in (line, mirrored)]
        assert np.array_equal(planes[0], planes[1][:, ::-1])


@given(
    x=st.floats(0.0, WIDTH),
    below_px=st.floats(50.0, 300.0),
    height_m=st.floats(3.0, 40.0),
    hfov_deg=st.floats(20.0, 75.0),
)
def test_the_range_is_where_the_ray_of_a_pixel_meets_a_round_earth(
    x: float, below_px: float, height_m: float, hfov_deg: float
) -> None:
    """Traced anew: a camera that looks along its visible horizon, a ray through the pixel, and a sphere.

    The true horizon is a circle, and lies up to a pixel off a straight line at the edges of a wide view.
    """
    camera = Camera(height_m=height_m, hfov_deg=hfov_deg)
    focal_px, dip = camera.focal_px(WIDTH), dip_rad(height_m)
    right, down, ahead = x - WIDTH / 2.0, below_px, focal_px
    ray = np.array(
        [
            right,
            -down * math.cos(dip) - ahead * math.sin(dip),
            ahead * math.cos(dip) - down * math.sin(dip),
        ]
    )
    ray /= np.linalg.norm(ray)
    lens = EARTH_RADIUS_M + height_m
    along = -lens * ray[1]
    slant_m = along - math.sqrt(along**2 - (lens**2 - EARTH_RADIUS_M**2))
    flat_m = slant_m * math.hypot(ray[0], ray[2])
    cosine = float(camera.cos_azimuth(x, WIDTH))
    assert range_at(below_px * cosine, camera) == pytest.approx(flat_m, rel=0.03)


def test_sky_and_far_sea_share_one_level() -> None:
    plane = sea_levels(RangeLevels(38.0), Horizon.level(430.0), Camera(), 1080, WIDTH)
    assert (plane[:432] == 255).all()
    assert plane[-1, WIDTH // 2] <= 2
    assert (np.diff(plane[:, 0].astype(int)) <= 0).all()


def test_nearer_ships_cover_farther_ones_and_edges_run_out() -> None:
    image = np.full((200, 300, 3), 90, np.uint8)
    image[40:120, 100:140] = 220
    levels = RangeLevels(10.0)
    boxes = np.array([[100.0, 40, 140, 120], [100.0, 40, 140, 100]])
    for order in ([0, 1], [1, 0]):
        plane = np.full((200, 300), 255, np.uint8)
        ranges = np.array([100.0, 1000.0])
        paint_ships(plane, image, boxes[order], ranges[order], levels)
        expected = levels.level(np.array([100.0]))[0]
        assert np.abs(plane[40:120, 100:140] - expected).max() <= 0.51
        assert plane[10, 10] == 255
    assert set(np.unique(plane[80, 60:97])) == {
        255
    }  # beside the ship and its soft edge is even sea: it keeps its range


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigError, match="height"):
        Camera(height_m=0.0)
    with pytest.raises(ConfigError, match="field of view"):
        Camera(hfov_deg=180.0)
    with pytest.raises(DataError, match="horizon"):
        Horizon(float("nan"), 1.0)


def test_the_sky_in_a_large_ships_box_keeps_the_skys_range() -> None:
    image = np.full((600, 800, 3), 170, np.uint8)
    image[300:, :] = 80
    image[200:420, 300:500] = 40  # a hull and house within a box that also holds sky
    levels = RangeLevels(10.0)
    plane = np.full((600, 800), 255, np.uint8)
    cover = paint_ships(plane, image, np.array([[200.0, 60, 600, 420]]), np.array([100.0]), levels)
    assert plane[100, 400] == 255
    assert cover[100, 400] == 0
    assert cover[300, 400] == 255
    assert abs(float(plane[300, 400]) - levels.level(np.array([100.0]))[0]) <= 0.51
