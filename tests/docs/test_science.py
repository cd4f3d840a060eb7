"""docs/science.md states what the code computes, to the last digit that it prints."""

from __future__ import annotations

import importlib
import re
import sys

import numpy as np
import pytest
from pages import DOCS

from wutdet.metrics.intervals import expanded_tail
from wutdet.scenarios import Ambient, Camera, known_severities
from wutdet.scenarios.dusk import DUSK_K
from wutdet.scenarios.fog import fog_extinction_per_m
from wutdet.scenarios.glint import slope_variance
from wutdet.scenarios.rain import drop_slope_per_mm, rain_extinction_per_m, terminal_speed_m_s
from wutdet.scenarios.ranges import FARTHEST_M, sea_range_m
from wutdet.scenarios.veil import transmittance

PAGE = (DOCS / "science.md").read_text()


def table(first: str) -> list[list[str]]:
    """The rows of the table whose header holds some words."""
    lines = PAGE.splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("|") and first in line)
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip().strip("`") for cell in line.strip("|").split("|")])
    return rows


def stated(text: str) -> tuple[float, float]:
    """A printed number, and half of its last digit."""
    number = text.replace("%", "").strip()
    decimals = len(number.partition(".")[2])
    return float(number), 0.5 * 10.0**-decimals * 1.001


def agrees(text: str, value: float) -> bool:
    number, tolerance = stated(text)
    return abs(number - value) <= tolerance


def test_ranges():
    camera = Camera()
    rows = table("range, m")
    assert len(rows) == 5
    for below, range_m, flat_m, excess in rows:
        true = float(sea_range_m(np.array([float(below)]), camera, 1920)[0])
        flat = camera.height_m * camera.focal_px(1920) / float(below)
        assert agrees(range_m, true)
        assert agrees(flat_m, flat)
        assert agrees(excess, 100 * (flat / true - 1))
    assert FARTHEST_M == 3000.0
    assert "farther than 3 km" in PAGE


@pytest.mark.parametrize(("kind", "extinction"), [("fog", fog_extinction_per_m), ("rain", rain_extinction_per_m)])
def test_veils(kind, extinction):
    rows = table("at 200 m" if kind == "fog" else "as a visibility")
    severities = known_severities().kinds[kind].severities
    assert len(rows) == len(severities) == 5
    for place, (row, value) in enumerate(zip(rows, severities, strict=True), start=1):
        assert row[0] == f"{kind}:{place}"
        assert float(row[1]) == value
        ranges_m = np.array([200.0, 926.0, 1852.0] if kind == "fog" else [926.0])
        left = transmittance(extinction(value), ranges_m)
        if kind == "rain":
            assert agrees(row[2], np.log(20) / extinction(value))
        assert all(agrees(text, share) for text, share in zip(row[-len(left) :], left, strict=True)), row


def test_intervals():
    rows = table("effective sequences")
    assert len(rows) == 5
    for units, tail in rows:
        assert agrees(tail, 100 * expanded_tail(float(units), 0.95))


def test_constants_of_formulas():
    """Each is read off the page's formula and off the function."""
    one = np.array([1.0])
    assert rain_extinction_per_m(1.0) == pytest.approx(0.312e-3)
    assert np.log(rain_extinction_per_m(np.e) / 0.312e-3) == pytest.approx(0.67)
    assert drop_slope_per_mm(1.0) == pytest.approx(4.1)
    assert terminal_speed_m_s(one)[0] == pytest.approx(9.65 - 10.3 * np.exp(-0.6))
    assert slope_variance(1.0) - slope_variance(0.0) == pytest.approx(0.00512)
    assert (Ambient().shot_variance, Ambient().read_variance) == (0.001, 0.000009)
    for formula in ("0.312\\, r^{0.67}", "4.1\\, r^{-0.21}", "9.65 - 10.3\\, e^{-0.6 D}", "0.003 + 0.00512\\,U"):
        assert formula in PAGE
    assert "a = 0.001, \\quad b = 0.000009" in PAGE
    assert f"{DUSK_K:,.0f} K" in PAGE


def test_code_that_is_named_exists():
    from pages import ROOT

    for name in re.findall(r"`(\w+\.py)`", PAGE):
        assert list((ROOT / "wutdet").rglob(name)), name


def test_the_figure_is_what_the_code_draws(tmp_path, monkeypatch):
    """The same library draws the same bytes; under another version only the number of curves is compared."""
    import matplotlib as mpl

    pinned = re.search(r"^matplotlib==(.+)$", (DOCS.parent / "constraints.txt").read_text(), re.MULTILINE)
    monkeypatch.syspath_prepend(str(DOCS))
    importlib.import_module("science_figure").draw_science(tmp_path / "science.svg")
    sys.modules.pop("science_figure")
    drawn, kept = (folder.joinpath("science.svg").read_bytes() for folder in (tmp_path, DOCS))
    if pinned is not None and mpl.__version__ == pinned[1]:
        assert drawn == kept, "run python docs/make_figures.py science"
    assert drawn.count(b"<path") == kept.count(b"<path")
