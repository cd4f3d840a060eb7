from __future__ import annotations

from math import pi, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wutdet.sample.compose import Frame, draw_frame
from wutdet.sample.geometry import EARTH_RADIUS_M, View, focal_px
from wutdet.sample.keys import keyed_rng
from wutdet.sample.light import light_of
from wutdet.sample.raster import rasterise
from wutdet.sample.ships import KINDS
from wutdet.sample.world import lengths_of, plan_part


def view_at(width: int = 1280, level_row: float = 300.0) -> View:
    return View(width, width * 9 // 16, level_row, 15.0, 0.0)


def middle_frames(size: tuple[int, int], seed: int, images: int = 120) -> list[Frame]:
    return [draw_frame(s, s.frames // 2, size) for s in plan_part(images, size, seed)]


def test_focal_length_and_horizon_of_the_nominal_camera() -> None:
    assert focal_px(1280) == pytest.approx(1108.51, abs=0.01)
    view = view_at()
    assert view.horizon_range_m == pytest.approx(13_825, abs=1)
    assert view.horizon_row - 300 == pytest.approx(1108.51 * sqrt(30 / EARTH_RADIUS_M), abs=1e-3)
    assert float(view.row(1000.0)) == pytest.approx(300 + 1108.51 * (0.015 + 1000 / (2 * EARTH_RADIUS_M)), abs=1e-3)


@given(st.floats(40, 13_000))
def test_sea_range_inverts_row(range_m: float) -> None:
    view = view_at()
    assert view.sea_range(view.row(np.array([range_m])))[0] == pytest.approx(range_m, rel=1e-4)


@given(st.floats(50, 13_800), st.floats(50, 13_800))
def test_no_sea_is_seen_above_the_horizon_and_nearer_is_lower(a: float, b: float) -> None:
    view = view_at()
    rows = view.row(np.array([a, b]))
    assert rows.min() >= view.horizon_row - 1e-9
    if abs(a - b) > 1:
        assert (rows[0] > rows[1]) == (a < b)


@pytest.mark.parametrize("kind", KINDS)
def test_ships_appear_as_large_as_their_metres_and_range_say(kind: str) -> None:
    rng = keyed_rng(7, kind)
    model, light = KINDS[kind].build(rng), light_of("noon", rng)
    range_m = 6 * model.length_m
    sprite = rasterise(model, (0.0, range_m), pi / 2, view_at(), light)
    assert sprite is not None
    columns = np.flatnonzero(sprite.solid.any(axis=0))
    near_side = range_m - model.beam_m / 2
    assert columns[-1] - columns[0] + 1 == pytest.approx(1108.5 * model.length_m / near_side, rel=0.04, abs=2)
    foot = sprite.top + np.flatnonzero(sprite.solid.any(axis=1))[-1] + 1
    assert foot == pytest.approx(float(view_at().row(near_side)), abs=1.5)
    end_on = rasterise(model, (0.0, range_m), 0.0, view_at(), light)
    assert end_on is not None
    wide = np.flatnonzero(end_on.solid.any(axis=0))
    assert wide[-1] - wide[0] + 1 < 0.5 * (columns[-1] - columns[0])


@pytest.mark.parametrize("size", [(640, 360), (1280, 720)])
def test_most_ships_are_small_and_all_sizes_occur(size: tuple[int, int]) -> None:
    frames = [f for seed in (0, 1) for f in middle_frames(size, seed)]
    boxes = [b for f in frames for b in f.boxes]
    side = np.sqrt([(b.xmax - b.xmin) * (b.ymax - b.ymin) for b in boxes])
    assert 0.55 < (side < 32).mean() < 0.72
    assert (side < 8).sum() >= 3
    assert (side > 96).sum() >= 3
    assert 2.8 < len(boxes) / len(frames) < 4.8


def test_horizon_row_is_the_strongest_edge_of_open_sea() -> None:
    checked = 0
    for seed in (0, 1):
        for sequence in plan_part(120, (640, 360), seed):
            if sequence.coast.hills:
                continue
            frame = draw_frame(sequence, 0, (640, 360))
            assert frame.horizon_row is not None
            grey = frame.image.mean(axis=2)
            free = ~(frame.instances > 0).any(axis=0)
            step = np.abs(np.median((grey[2:] - grey[:-2])[:, free], axis=1))
            assert abs(int(step.argmax()) + 1.5 - frame.horizon_row) < 2
            checked += 1
    assert checked >= 2


def test_a_closed_shore_has_no_horizon_row() -> None:
    rows = {s.scene: draw_frame(s, 0, (320, 180)).horizon_row for s in plan_part(120, (320, 180), 0)}
    assert rows["port"] is None
    assert rows["berthing"] is None
    assert rows["navigation"] is not None


def test_ships_stand_out_from_the_water_and_every_drawn_ship_has_its_mask() -> None:
    differences = []
    for frame in middle_frames((640, 360), 2):
        for i, b in enumerate(frame.boxes, start=1):
            y0, y1, x0, x1 = max(b.ymin - 4, 0), b.ymax + 4, max(b.xmin - 4, 0), b.xmax + 4
            window, mask = frame.image[y0:y1, x0:x1].astype(float), frame.instances[y0:y1, x0:x1]
            if (mask == 0).any():
                apart = np.abs(window[mask == i].mean(axis=0) - window[mask == 0].mean(axis=0)).max()
                spread = np.abs(window[mask == i] - window[mask == 0].mean(axis=0)).max(axis=1).mean()
                differences.append(max(apart, spread))
    assert np.min(differences) > 8
    assert np.median(differences) > 30


@settings(max_examples=60)
@given(st.integers(1, 400), st.integers(0, 50))
def test_sequences_add_up_to_the_images_asked_for(images: int, seed: int) -> None:
    plan = lengths_of(images, seed)
    assert sum(n for n, _ in plan) == images
    assert min(n for n, _ in plan) >= 1
    assert plan[0][1]
    if images >= 24:
        assert sum(ships for _, ships in plan) >= 3
        assert any(not ships for _, ships in plan)
