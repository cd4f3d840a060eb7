"""Fog must not draw the boxes: a detector could find them instead of the ships."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from wutdet.sample.compose import draw_frame
from wutdet.sample.world import plan_part
from wutdet.scenarios import apply, prepare
from wutdet.scenarios.ranges import sea_levels

HORIZON = 200


def sea_with(ship, colour=(150, 40, 30)):
    """A 640x480 sea with waves under an even sky, and a ship drawn as a hull with a thin mast in its box."""
    waves = np.random.Generator(np.random.Philox(1)).normal(0.0, 4.0, (480, 640))
    image = np.empty((480, 640, 3))
    image[:HORIZON] = (190, 200, 210)
    image[HORIZON:] = (50, 75, 80) + cv2.GaussianBlur(waves, (0, 0), 1.5)[HORIZON:, :, None] * 2
    hull = np.zeros((480, 640), bool)
    xmin, ymin, xmax, ymax = ship
    hull[ymax - (ymax - ymin) // 3 : ymax, xmin:xmax] = True
    middle = (xmin + xmax) // 2
    hull[ymin:ymax, middle - 3 : middle + 3] = True
    image[hull] = colour
    return np.clip(image, 0, 255).astype(np.uint8), hull


@pytest.mark.parametrize("ship", [(200, 150, 440, 330), (300, 180, 340, 220), (100, 190, 180, 260)])
@pytest.mark.parametrize("scenario", ["fog:1", "fog:3", "rain:3"])
def test_no_rectangle_shows(ship, scenario):
    image, hull = sea_with(ship)
    boxed = apply(image, scenario, key="k", boxes=[ship], horizon=HORIZON).image.astype(int)
    plain = apply(image, scenario, key="k", horizon=HORIZON).image.astype(int)
    near_hull = cv2.dilate(hull.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    behind = np.zeros(hull.shape, bool)
    behind[ship[1] : ship[3], ship[0] : ship[2]] = True
    behind &= ~near_hull
    assert behind.sum() > 100
    changed = np.abs(boxed - plain).max(axis=2)
    assert np.percentile(changed[behind], 98) <= 2
    assert changed[~near_hull & ~behind].max() <= 12  # a lone wave crest in the margin at most


def test_the_ship_itself_keeps_the_contrast_of_its_waterline():
    ship = (200, 150, 440, 330)
    image, hull = sea_with(ship)
    scene = prepare(image, key="k", boxes=[ship], horizon=HORIZON)
    assert np.median(scene.ship_cover[hull]) == 255
    mast_above_horizon = np.zeros_like(hull)
    mast_above_horizon[160 : HORIZON - 8, 318:322] = True
    foggy = scene.render("fog:3").image.astype(float)
    alone = prepare(image, key="k", horizon=HORIZON).render("fog:3").image.astype(float)
    sky = foggy[100, 50]
    kept = np.abs(foggy[mast_above_horizon] - sky).max(axis=1).mean()
    assert kept > 40  # at the range of its foot, not of the sky
    assert np.abs(alone[mast_above_horizon] - sky).max(axis=1).mean() < 10


def test_another_ship_in_the_box_keeps_its_own_range():
    image, _ = sea_with((200, 150, 440, 330))
    far = (400, 192, 424, 204)
    image[far[1] : far[3], far[0] : far[2]] = (30, 30, 30)
    scene = prepare(image, key="k", boxes=[(200, 150, 440, 330), far], horizon=HORIZON)
    both = scene.render("fog:3").image[196:202, 404:420].astype(float).mean()
    lone = apply(image, "fog:3", key="k", boxes=[far], horizon=HORIZON).image[196:202, 404:420].astype(float).mean()
    assert both == pytest.approx(lone, abs=2)


def test_a_far_ship_at_the_masthead_keeps_its_own_range():
    near, far = (200, 150, 440, 330), (308, 190, 332, 206)
    image, _ = sea_with(near)  # its mast stands at columns 317 to 323, right in front of the far ship
    image[far[1] : far[3], far[0] : far[2]] = (30, 30, 30)
    both = prepare(image, key="k", boxes=[near, far], horizon=HORIZON)
    alone = prepare(image, key="k", boxes=[far], horizon=HORIZON)
    seen = (slice(194, 202), slice(311, 329))
    difference = both.range_level[seen].astype(int) - alone.range_level[seen].astype(int)
    assert np.abs(difference).max() <= 1


@pytest.mark.parametrize("scenario", ["fog:1", "fog:3", "rain:3"])
def test_no_dark_rim_stands_around_a_mast_with_a_crosstree(scenario):
    ship = (200, 150, 440, 330)
    image, hull = sea_with(ship)
    crosstree = np.s_[208:212, 300:340]
    image[crosstree], hull[crosstree] = (150, 40, 30), True
    boxed = apply(image, scenario, key="k", boxes=[ship], horizon=HORIZON).image.astype(int)
    plain = apply(image, scenario, key="k", horizon=HORIZON).image.astype(int)
    beside = np.zeros_like(hull)
    beside[214:266, 296:344] = True  # below the crosstree, down to the deck
    beside &= ~hull
    changed = np.abs(boxed - plain).max(axis=2)
    assert changed[beside].mean() < 0.5
    assert (changed[beside] > 6).mean() < 0.01


def test_a_hill_behind_the_masthead_casts_no_hat_above_the_box():
    ship = (200, 150, 440, 330)
    image, hull = sea_with(ship)
    hill = cv2.ellipse(np.zeros(hull.shape, np.uint8), (320, 160), (90, 30), 0, 0, 360, 1, cv2.FILLED) > 0
    image[hill & ~hull] = (60, 70, 55)  # between the columns left and right of the box, not in them
    boxed = apply(image, "fog:1", key="k", boxes=[ship], horizon=HORIZON).image.astype(int)
    plain = apply(image, "fog:1", key="k", horizon=HORIZON).image.astype(int)
    changed = np.abs(boxed - plain).max(axis=2)
    assert changed[: ship[1] - 4].max() == 0


def test_a_coast_that_does_not_slope_evenly_is_no_ship():
    ship = (200, 150, 440, 330)
    image, hull = sea_with(ship)
    step = np.zeros_like(hull)
    step[160:HORIZON, :400] = True  # a coast that ends within the box
    image[step & ~hull] = (90, 95, 85)
    boxed = prepare(image, key="k", boxes=[ship], horizon=HORIZON)
    away = ~(cv2.dilate(hull.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)
    assert boxed.ship_cover[160:HORIZON][away[160:HORIZON]].max() == 0
    assert np.median(boxed.ship_cover[hull]) == 255


def test_a_house_above_a_busy_row_stays_with_its_hull():
    ship = (200, 150, 440, 330)
    image, hull = sea_with(ship)
    house = np.s_[170:270, 240:300]
    image[house], hull[house] = (230, 230, 225), True
    noise = np.random.Generator(np.random.Philox(2)).integers(0, 256, (4, 640, 1))
    image[226:230] = np.where(hull[226:230, :, None], image[226:230], noise)  # something like a far quay
    cover = prepare(image, key="k", boxes=[ship], horizon=HORIZON).ship_cover
    assert cover[172:268, 242:298].min() == 255


def test_a_house_above_a_row_of_its_own_colour_stays_with_its_hull():
    ship = (200, 150, 440, 330)
    image, hull = sea_with(ship)
    house = np.s_[170:270, 240:300]
    image[house], hull[house] = (230, 230, 225), True
    image[226:230][~hull[226:230]] = (230, 230, 225)  # a bright quay: no column tells the house from it
    cover = prepare(image, key="k", boxes=[ship], horizon=HORIZON).ship_cover
    assert cover[172:224, 242:298].min() == 255


def test_a_tiny_ship_between_two_shades_of_coast_is_still_a_ship():
    image, _ = sea_with((200, 150, 440, 330))
    image[180:HORIZON, :104] = (70, 70, 70)
    image[180:HORIZON, 104:] = (150, 150, 150)
    image[194:204, 100:112] = (110, 110, 110)  # the mean of both sides, at its middle only
    cover = prepare(image, key="k", boxes=[(100, 194, 112, 204)], horizon=HORIZON).ship_cover
    assert cover[195:199, 100].min() == 255
    assert cover[195:199, 111].min() == 255


@pytest.mark.parametrize("scenario", ["fog:1", "fog:3", "rain:3"])
@pytest.mark.parametrize("number", [8, 10, 11])
def test_near_ships_of_the_sample_keep_their_outline(number, scenario):
    """Rendered with the sample's own map of its ships, hardly a pixel differs: no halo, no ship eaten."""
    frames = [(sequence, k) for sequence in plan_part(12, (640, 360), 0) for k in range(sequence.frames)]
    frame = draw_frame(*frames[number], (640, 360))
    boxes = [(box.xmin, box.ymin, box.xmax, box.ymax) for box in frame.boxes]
    scene = prepare(frame.image, key="k", boxes=boxes, horizon=frame.horizon_row)
    exact = sea_levels(scene.levels, scene.horizon, scene.camera, *frame.instances.shape)
    for i, level in enumerate(scene.levels.level(scene.ship_range_m)):
        exact[frame.instances == i + 1] = round(float(level))
    right = replace(scene, range_level=exact, _memory={}).render(scenario).image.astype(int)
    wrong = np.abs(scene.render(scenario).image - right).max(axis=2) > 10
    ship = frame.instances > 0
    around = ~(cv2.dilate(ship.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)
    assert wrong[around].sum() <= 100
    assert wrong[frame.instances == 1].mean() <= 0.02
