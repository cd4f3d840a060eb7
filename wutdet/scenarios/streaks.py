"""Rain streaks: near drops, blurred by their fall during the exposure, drawn over the frame."""

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

_CROSSING: Final = 2.0  # of the most opaque drops may cross at a pixel before their light is cut off
_SKY_SHARE: Final = 2.0
"""Light of a drop, as a multiple of the airlight: it refracts a wide piece of sky (Garg & Nayar 2007 give 165
degrees), and overhead an overcast sky is some three times as bright as at the horizon (Moon & Spencer 1942)."""


@dataclass(frozen=True, slots=True)
class Streaks:
    """The streaks of one frame at the heaviest rain; a weaker one shows some of them."""

    drops: Drops
    strokes: Strokes
    exposure_s: float


def streak_length_m(diameter_mm: NDArray[np.float64], exposure_s: float) -> NDArray[np.float64]:
    """How far a drop falls while the shutter is open; no streak is shorter than its drop."""
    return np.maximum(terminal_speed_m_s(diameter_mm) * exposure_s, diameter_mm * 1e-3)


def streak_opacity(diameter_mm: NDArray[np.float64], exposure_s: float) -> NDArray[np.float64]:
    """Share of the exposure during which a falling drop covers a pixel of its streak: diameter over length.

    Garg & Nayar 2007, *Vision and rain*: I = (1 − α)·background + α·drop, in linear light, α = τ/T.
    """
    share: NDArray[np.float64] = diameter_mm * 1e-3 / streak_length_m(diameter_mm, exposure_s)
    return share


def streak_ends(drops: Drops, focal_px: float, exposure_s: float) -> NDArray[np.float64]:
    """(N, 2, 2) float64: the ends (x, y) in pixels of every streak, slanted by the wind."""
    down = streak_length_m(drops.diameter_mm, exposure_s) * focal_px / drops.range_m
    across = drops.wind_m_s * exposure_s * focal_px / drops.range_m
    middle = np.stack([drops.column_px, drops.row_px], axis=1)
    half = np.stack([across, down], axis=1) / 2.0
    return np.stack([middle - half, middle + half], axis=1)


def levels_per_opacity(exposure_s: float) -> float:
    """Steps of a plane of opacities: fine enough for the faintest drop, with room for two of the most opaque."""
    most = float(streak_opacity(np.array([LARGEST_MM]), exposure_s)[0])
    return 255.0 / min(1.0, _CROSSING * most)


def make_streaks(scene: Scene) -> Streaks:
    """Draw the drops of a frame, and lay out the streak of each."""
    height, width = scene.image.shape[:2]
    focal_px, exposure_s = scene.camera.focal_px(width), scene.ambient.exposure_s
    rng = generator(scene.key, "rain", scene.seed)
    drops = draw_drops(rng, focal_px, height, width, scene.ambient.crosswind_m_s)
    strokes = lay_out(
        streak_ends(drops, focal_px, exposure_s),
        drops.diameter_mm * 1e-3 * focal_px / drops.range_m,
        streak_opacity(drops.diameter_mm, exposure_s) * levels_per_opacity(exposure_s),
        height,
        width,
    )
    return Streaks(drops, strokes, exposure_s)


def opacity_plane(streaks: Streaks, rate_mm_h: float, height: int, width: int) -> Plane:
    """(H, W) uint8: opacity of the streaks at a rate, in steps of 1/`levels_per_opacity`; crossing ones add up."""
    return draw_strokes(streaks.strokes[streaks.drops.falling(rate_mm_h)], height, width)


def streak_table(airlight: NDArray[np.float64], exposure_s: float) -> NDArray[np.uint8]:
    """(3, 256, 256) uint8: per channel, every pixel value under every level of opacity."""
    alpha = (np.arange(256) / levels_per_opacity(exposure_s)).astype(np.float32)[None, :, None]
    share = min(_SKY_SHARE, 1.0 / max(float(airlight.max()), 1e-6))  # no brighter than white, hue kept
    drop = (share * airlight).astype(np.float32)[:, None, None]
    return encode(LINEAR * (1.0 - alpha) + drop * alpha)


def streak_layer(scene: Scene, rate_mm_h: float) -> Layer:
    """The streaks of a rain of `rate_mm_h`; its veil is drawn before, with the fog's."""
    streaks = scene.remember("streaks", lambda: make_streaks(scene))
    height, width = scene.image.shape[:2]
    return Layer.even(
        opacity_plane(streaks, rate_mm_h, height, width), streak_table(scene.airlight, streaks.exposure_s)
    )
