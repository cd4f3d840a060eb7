from __future__ import annotations

import json
import os
import statistics
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wutdet.scenarios import Horizon, find_horizon, prepare


def sea_and_sky(height: int, width: int, left: float, right: float, noise: float, seed: int = 0) -> np.ndarray:
    """A frame whose horizon is drawn with sub-pixel edges."""
    rows = np.arange(height)[:, None]
    line = left + (right - left) * (np.arange(width) + 0.5) / width
    sea = np.clip(rows + 1.0 - line[None, :], 0.0, 1.0)[:, :, None]
    image = (1.0 - sea) * np.array([150.0, 165, 180]) + sea * np.array([70.0, 90, 100])
    image += np.random.default_rng(seed).normal(0.0, noise, image.shape)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


@settings(max_examples=20, deadline=None)
@given(middle=st.floats(0.25, 0.75), tilt_deg=st.floats(-6.0, 6.0), noise=st.floats(0.0, 12.0))
def test_found_within_a_pixel_and_a_half(middle: float, tilt_deg: float, noise: float) -> None:
    drop = 960 * np.tan(np.radians(tilt_deg))
    left, right = middle * 540 - drop / 2, middle * 540 + drop / 2
    found = find_horizon(sea_and_sky(540, 960, left, right, noise))
    assert found is not None
    assert abs(found.row_left - left) <= 1.5
    assert abs(found.row_right - right) <= 1.5
    assert found.confidence >= 0.9


def test_sub_pixel_at_full_size() -> None:
    found = find_horizon(sea_and_sky(1080, 1920, 430.3, 441.7, 4.0))
    assert found is not None
    assert abs(found.row_left - 430.3) < 0.5
    assert abs(found.row_right - 441.7) < 0.5


def test_ships_on_the_line_do_not_move_it() -> None:
    image = sea_and_sky(540, 960, 200.0, 204.0, 3.0)
    for x in range(50, 900, 170):
        image[185:212, x : x + 60] = 30
    found = find_horizon(image)
    assert found is not None
    assert abs(found.row_left - 200.0) <= 1.5
    assert abs(found.row_right - 204.0) <= 1.5


@pytest.mark.parametrize("seed", range(6))
def test_none_on_noise(seed: int) -> None:
    rng = np.random.default_rng(seed)
    white = rng.integers(0, 256, (540, 960, 3), np.uint8)
    assert find_horizon(white) is None
    smooth = cv2.GaussianBlur(rng.normal(128, 600, (540, 960, 3)).astype(np.float32), (0, 0), 12)
    assert find_horizon(np.clip(smooth, 0, 255).astype(np.uint8)) is None


def test_none_on_an_even_or_tiny_frame() -> None:
    assert find_horizon(np.full((540, 960, 3), 128, np.uint8)) is None
    assert find_horizon(sea_and_sky(20, 40, 10.0, 10.0, 0.0)) is None


def test_prepare_says_where_the_line_comes_from() -> None:
    image = sea_and_sky(540, 960, 200.0, 204.0, 3.0)
    assert prepare(image, key="a").horizon_source == "found"
    assert prepare(image, key="a", horizon=210).horizon == Horizon.level(210.0)
    assert prepare(image, key="a", horizon=Horizon(1.0, 2.0)).horizon_source == "given"


@pytest.mark.realdata
def test_real_frames_agree_within_a_sequence_and_ports_are_left_out() -> None:
    """Cameras that do not move between frames of a sequence must find one line; a street must find none."""
    root = os.environ.get("WUTDET_REALDATA")
    if not root:
        pytest.skip("WUTDET_REALDATA is not set: name the folder of real frames to run this")
    truth = json.loads((Path(root) / "truth.json").read_text())
    uvic = [image for image in truth["images"] if image["source"].startswith("uvic")][::3]
    rows = []
    for image in uvic:
        frame = cv2.imread(str(Path(root) / "voc" / "JPEGImages" / image["file_name"]))
        found = find_horizon(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
        if found is not None:
            rows.append(float(found.row_at(960, 1920)))
    assert len(rows) >= 0.5 * len(uvic)
    assert statistics.median(abs(row - statistics.median(rows)) for row in rows) <= 3.0
