"""The figure of docs/science.md: curves of the functions that render, and of nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from wutdet.scenarios import Ambient, Camera, known_severities
from wutdet.scenarios.fog import fog_extinction_per_m
from wutdet.scenarios.rain import N0_PER_M3_MM, drop_slope_per_mm, rain_extinction_per_m
from wutdet.scenarios.ranges import sea_range_m
from wutdet.scenarios.veil import transmittance

WIDTH_PX: Final = 1920
BLUE, GREEN, PURPLE = "#0072B2", "#009E73", "#CC79A7"  # Okabe and Ito (2008), as in wutdet.report.curves
SHADES: Final = (1.0, 0.82, 0.64, 0.48, 0.34)
STYLE: Final = {"svg.fonttype": "none", "svg.hashsalt": "wutdet", "font.size": 9, "axes.grid": True, "grid.alpha": 0.3}


def draw_science(path: Path) -> None:
    """Draw the four panels to an SVG file; the same code and library give the same bytes."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10, 7.2), layout="constrained")
        FigureCanvasSVG(figure)
        ((ranges, veil), (drops, noise)) = figure.subplots(2, 2)
        _ranges(ranges)
        _veil(veil)
        _drops(drops)
        _noise(noise)
        figure.savefig(path, metadata={"Date": None})


def _ranges(axes: Any) -> None:
    below_px = np.geomspace(1.0, 400.0, 200)
    for height_m, colour in ((5, GREEN), (15, BLUE), (40, PURPLE)):
        camera = Camera(height_m=height_m)
        axes.plot(below_px, sea_range_m(below_px, camera, WIDTH_PX), color=colour, label=f"lens {height_m} m high")
        axes.plot(below_px, height_m * camera.focal_px(WIDTH_PX) / below_px, color=colour, linestyle="--", linewidth=1)
    axes.set(xscale="log", yscale="log", xlabel="px below the visible horizon", ylabel="range, m", title="(a) range")
    axes.legend()


def _veil(axes: Any) -> None:
    range_m = np.linspace(0.0, 3000.0, 301)
    table = known_severities().kinds
    for kind, extinction, colour, style in (
        ("fog", fog_extinction_per_m, BLUE, "-"),
        ("rain", rain_extinction_per_m, GREEN, "--"),
    ):
        for severity, (value, shade) in enumerate(zip(table[kind].severities, SHADES, strict=True), start=1):
            left = transmittance(extinction(value), range_m)
            axes.plot(range_m, left, style, color=colour, alpha=shade, label=f"{kind}:{severity}")
    axes.set(xlabel="range, m", ylabel="share of contrast left", ylim=(0, 1), title="(b) veil")
    axes.legend(ncols=2)


def _drops(axes: Any) -> None:
    diameter_mm = np.linspace(1.0, 6.0, 200)
    for rate_mm_h, shade in zip(known_severities().kinds["rain"].severities, reversed(SHADES), strict=True):
        density = N0_PER_M3_MM * np.exp(-drop_slope_per_mm(rate_mm_h) * diameter_mm)
        axes.plot(diameter_mm, density, color=GREEN, alpha=shade, label=f"{rate_mm_h:g} mm/h")
    axes.set(yscale="log", xlabel="diameter, mm", ylabel="drops per m³ and mm", ylim=(1e-5, 1e3), title="(c) drops")
    axes.legend()


def _noise(axes: Any) -> None:
    signal = np.linspace(0.0, 1.0, 201)
    ambient = Ambient()
    for stops, shade in ((0, 1.0), (-1, 0.82), (-3, 0.6)):
        mean = signal * 2.0**stops
        sigma = np.sqrt(ambient.shot_variance * mean + ambient.read_variance)
        axes.plot(
            signal, mean, color=PURPLE, alpha=shade, label=f"{stops} EV" if stops else "clear, if it had this noise"
        )
        axes.fill_between(signal, mean - sigma, mean + sigma, color=PURPLE, alpha=0.2 * shade, linewidth=0)
    axes.set(xlabel="linear light of the frame", ylabel="linear light under the scenario", title="(d) low light")
    axes.legend()
