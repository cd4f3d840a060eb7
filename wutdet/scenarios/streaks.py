"""Rain streaks: near drops, blurred by their way during the exposure, drawn over the frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from wutdet.scenarios.keyed import generator
from wutdet.scenarios.light import LINEAR, Layer, Plane, encode
from wutdet.scenarios.rain import LARGEST_MM, Drops, draw_drops, terminal_speed_m_s
from wutdet.scenarios.strokes import Strokes, draw_strokes, lay_out

if TYPE_CHECKING:
    from wutdet.scenarios.scene import Scene

_CROSSING: Final = 2.0  # of the most opaque drops may cross at a pixel before their light is cut off,
_CROWD: Final = 3.0  # above so many times the mean opacity: long streaks are faint, and many cross everywhere
_SKY_SHARE: Final = 2.0
"""Light of a drop, as a multiple of the airlight: it refracts a wide piece of sky (Garg & Nayar 2007 give 165
degrees), and overhead an overcast sky is some three times as bright as at the horizon (Moon & Spencer 1942)."""


@dataclass(frozen=True, slots=True)
class Streaks:
    """The streaks of one frame at the heaviest rain; a weaker one shows some of them."""

    drops: Drops
    strokes: Strokes
    levels_per_opacity: float


def streak_length_m(diameter_mm: NDArray[np.float64], exposure_s: float, wind_m_s: float) -> NDArray[np.float64]:
    """√(v² + w²)·T: how far a drop falls and drifts while the shutter is open; no streak is shorter than its drop."""
    speed_m_s = np.hypot(terminal_speed_m_s(diameter_mm), wind_m_s)
    return np.maximum(speed_m_s * exposure_s, diameter_mm * 1e-3)


def streak_opacity(diameter_mm: NDArray[np.float64], exposure_s: float, wind_m_s: float) -> NDArray[np.float64]:
    """Share of the exposure during which a drop covers a pixel of its streak: diameter over length.

    Garg & Nayar 2007, *Vision and rain*: I = (1 − α)·background + α·drop, in linear light, α = τ/T. So a drop gives
    the frame the light of its own area, whatever shutter and wind.
    """
    share: NDArray[np.float64] = diameter_mm * 1e-3 / streak_length_m(diameter_mm, exposure_s, wind_m_s)
    return share


def streak_ends(drops: Drops, focal_px: float, exposure_s: float) -> NDArray[np.float64]:
    """(N, 2, 2) float64: the ends (x, y) in pixels of every streak, slanted by the wind."""
    fall_m_s = terminal_speed_m_s(drops.diameter_mm)
    length_px = streak_length_m(drops.diameter_mm, exposure_s, drops.wind_m_s) * focal_px / drops.range_m
    middle = np.stack([drops.column_px, drops.row_px], axis=1)
    per_speed = length_px / np.hypot(fall_m_s, drops.wind_m_s) / 2.0
    half = np.stack([drops.wind_m_s * per_speed, fall_m_s * per_speed], axis=1)
    return np.stack([middle - half, middle + half], axis=1)


def levels_per_opacity(mean: float, exposure_s: float, wind_m_s: float) -> float:
    """Steps of a plane of opacities: fine enough for the faintest drop, with room for those that cross at a pixel.

    Args:
        mean: opacity of all streaks of the heaviest rain, over the frame.
        exposure_s, wind_m_s: they make the most opaque drop fainter, and leave the mean as it is.
    """
    most = float(streak_opacity(np.array([LARGEST_MM]), exposure_s, wind_m_s)[0])
    return 255.0 / min(1.0, _CROSSING * most + _CROWD * mean)


def make_streaks(scene: Scene) -> Streaks:
    """Draw the drops of a frame, and lay out the streak of each."""
    height, width = scene.image.shape[:2]
    focal_px, exposure_s = scene.camera.focal_px(width), scene.ambient.exposure_s
    rng = generator(scene.key, "rain", scene.seed)
    drops = draw_drops(rng, focal_px, height, width, scene.ambient.crosswind_m_s)
    width_px = drops.diameter_mm * 1e-3 * focal_px / drops.range_m
    mean = float(np.square(width_px).sum()) / (height * width)
    levels = levels_per_opacity(mean, exposure_s, drops.wind_m_s)
    opacity = streak_opacity(drops.diameter_mm, exposure_s, drops.wind_m_s)
    strokes = lay_out(streak_ends(drops, focal_px, exposure_s), width_px, opacity * levels, height, width)
    return Streaks(drops, strokes, levels)


def opacity_plane(streaks: Streaks, rate_mm_h: float, height: int, width: int) -> Plane:
    """(H, W) uint8: opacity of the streaks at a rate, in steps of 1/`levels_per_opacity`; crossing ones add up.

    Raises:
        ScenarioError: the rate is above 150 mm/h.
    """
    return draw_strokes(streaks.strokes[streaks.drops.falling(rate_mm_h)], height, width)


def streak_table(airlight: NDArray[np.float64], levels: float) -> NDArray[np.uint8]:
    """(3, 256, 256) uint8: per channel, every pixel value under every level of opacity, `levels` of them to 1."""
    alpha = (np.arange(256) / levels).astype(np.float32)[None, :, None]
    share = min(_SKY_SHARE, 1.0 / max(float(airlight.max()), 1e-6))  # no brighter than white, hue kept
    drop = (share * airlight).astype(np.float32)[:, None, None]
    return encode(LINEAR * (1.0 - alpha) + drop * alpha)


def streak_layer(scene: Scene, rate_mm_h: float) -> Layer:
    """The streaks of a rain of `rate_mm_h`, at most 150; its veil is drawn before, with the fog's."""
    streaks = scene.remember("streaks", lambda: make_streaks(scene))
    height, width = scene.image.shape[:2]
    table = streak_table(scene.airlight, streaks.levels_per_opacity)
    return Layer.even(opacity_plane(streaks, rate_mm_h, height, width), table)
