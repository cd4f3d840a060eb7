"""Fog must not draw the boxes: a detector could find them instead of the ships."""

import cv2
import numpy as np
import pytest

from wutdet.scenarios import apply, prepare

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
