"""Strokes against what they are: the light of each, where it lies, and what leaves the plane on one side."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wutdet.scenarios.strokes import draw_strokes, lay_out

HEIGHT, WIDTH = 60, 80


def plane_of(*strokes: tuple[float, float, float, float, float, float]) -> np.ndarray:
    """The plane of strokes given as x0, y0, x1, y1, width, level."""
    rows = np.array(strokes, dtype=np.float64)
    ends = rows[:, :4].reshape(-1, 2, 2)
    return draw_strokes(lay_out(ends, rows[:, 4], rows[:, 5], HEIGHT, WIDTH), HEIGHT, WIDTH).astype(np.float64)


def test_an_upright_stroke_on_the_grid_covers_its_pixels_alone() -> None:
    plane = plane_of((20.5, 10.0, 20.5, 30.0, 1.0, 100.0))
    expected = np.zeros((HEIGHT, WIDTH))
    expected[10:30, 20] = 100.0
    assert np.array_equal(plane, expected)


def test_a_stroke_between_two_columns_is_shared_by_them() -> None:
    plane = plane_of((21.0, 10.0, 21.0, 30.0, 1.0, 100.0))
    assert plane[10:30, 20] == pytest.approx(50.0, abs=1.0)
    assert plane[10:30, 21] == pytest.approx(50.0, abs=1.0)
    assert plane.sum() == pytest.approx(2000.0, abs=20.0)


def test_a_flat_stroke_is_an_upright_one_turned() -> None:
    upright = plane_of((20.5, 10.0, 23.5, 40.0, 1.5, 80.0))
    for flat in (plane_of((10.0, 20.5, 40.0, 23.5, 1.5, 80.0)), plane_of((40.0, 20.5, 10.0, 23.5, 1.5, 80.0))[:, ::-1]):
        turned = flat.T
        at = np.argwhere(turned > 0)[:, 1]
        assert turned.sum() == pytest.approx(upright.sum(), rel=0.01)
        assert at.max() - at.min() == np.ptp(np.argwhere(upright > 0)[:, 1])


@settings(max_examples=60, deadline=None)
@given(
    x=st.floats(0.0, WIDTH),
    y=st.floats(0.0, HEIGHT),
    length=st.floats(1.0, 40.0),
    angle=st.floats(-math.pi / 2, math.pi / 2),
    width_px=st.floats(1.0, 6.0),
)
def test_a_stroke_keeps_its_light_wherever_it_lies(
    x: float, y: float, length: float, angle: float, width_px: float
) -> None:
    """Its sum is length x width x level, also where it leaves the plane: it comes in again at the other side."""
    across, down = length * math.sin(angle), length * math.cos(angle)
    plane = plane_of((x - across / 2, y - down / 2, x + across / 2, y + down / 2, width_px, 60.0))
    assert plane.sum() == pytest.approx(length * width_px * 60.0, rel=0.03, abs=60.0)
    assert plane.max() <= 60.0 * max(1.0, length / max(1, round(max(abs(across), down)))) + 1.0


def test_crossing_strokes_add_up_and_stop_at_255() -> None:
    bar, mast = (10.0, 30.5, 50.0, 30.5, 1.0, 100.0), (30.5, 10.0, 30.5, 50.0, 1.0, 90.0)
    both = plane_of(bar, mast)
    assert both[30, 30] == 190.0
    assert np.array_equal(both, plane_of(bar) + plane_of(mast))
    assert plane_of(bar, bar, bar)[30, 30] == 255.0


def test_what_a_pixel_cannot_hold_goes_to_one_more() -> None:
    """1.4 px long at 255: a pixel of 357 would lose 102."""
    plane = plane_of((20.5, 10.0, 20.5, 11.4, 1.0, 255.0))
    assert plane[10:12, 20] == pytest.approx([178.5, 178.5], abs=1.0)
    assert plane.sum() == pytest.approx(357.0, abs=1.0)


def test_no_stroke_is_an_empty_plane() -> None:
    none = lay_out(np.zeros((0, 2, 2)), np.zeros(0), np.zeros(0), HEIGHT, WIDTH)
    assert len(none) == 0
    assert not draw_strokes(none, HEIGHT, WIDTH).any()
