"""Rain streaks: near drops, blurred by their fall during the exposure, drawn over the frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from wutdet.scenarios.keyed import generator
from wutdet.scenarios.light import LINEAR, Layer, Plane, encode
from wutdet.scenarios.rain import EXPOSURE_S, Drops, draw_drops, terminal_speed_m_s

if TYPE_CHECKING:
    from wutdet.scenarios.scene import Scene

_OPACITY_LEVELS: Final = 8  # streaks are drawn in this many groups of equal opacity
_WIDEST_PX: Final = 6
_SHIFT: Final = 4  # fractional bits of OpenCV's line coordinates
_SKY_SHARE: Final = 2.0
"""Light of a drop, as a multiple of the airlight: it refracts a wide piece of sky (Garg & Nayar 2007 give 165
degrees), and overhead an overcast sky is some three times as bright as at the horizon (Moon & Spencer 1942)."""


def streak_opacity(diameter_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of the exposure during which a falling drop covers a pixel of its streak: D / (v·T).

    Garg & Nayar 2007, *Vision and rain*: I = (1 − α)·background + α·drop, in linear light, α = τ/T.
    """
    share: NDArray[np.float64] = diameter_mm * 1e-3 / (terminal_speed_m_s(diameter_mm) * EXPOSURE_S)
    return share


def streak_ends(drops: Drops, focal_px: float) -> NDArray[np.float64]:
    """(N, 2, 2) float64: the ends (x, y) in pixels of every streak, slanted by the wind."""
    down = terminal_speed_m_s(drops.diameter_mm) * EXPOSURE_S * focal_px / drops.range_m
    across = drops.wind_m_s * EXPOSURE_S * focal_px / drops.range_m
    middle = np.stack([drops.column_px, drops.row_px], axis=1)
    half = np.stack([across, down], axis=1) / 2.0
    return np.stack([middle - half, middle + half], axis=1)


def opacity_plane(drops: Drops, rate_mm_h: float, focal_px: float, height: int, width: int) -> Plane:
    """(H, W) uint8: opacity x 1000 of the streaks at a rate; where two cross, the more opaque counts."""
    falling = drops.falling(rate_mm_h)
    ends = np.rint((streak_ends(drops, focal_px)[falling] - 0.5) * (1 << _SHIFT)).astype(np.int32)
    thick = np.clip(np.rint(drops.diameter_mm * 1e-3 * focal_px / drops.range_m), 1, _WIDEST_PX)[falling]
    opacity = streak_opacity(drops.diameter_mm)[falling]
    plane = np.zeros((height, width), np.uint8)
    if opacity.size == 0:
        return plane
    low, high = float(opacity.min()), float(opacity.max())
    step = max(high - low, 1e-6) / _OPACITY_LEVELS
    group = np.minimum((opacity - low) / step, _OPACITY_LEVELS - 1).astype(int)
    for level in range(_OPACITY_LEVELS):
        value = round(1000.0 * (low + (level + 0.5) * step))
        for pixels in range(1, _WIDEST_PX + 1):
            lines = ends[(group == level) & (thick == pixels)]
            if lines.size:
                cv2.polylines(plane, lines, False, value, pixels, cv2.LINE_AA, _SHIFT)
    return plane


def streak_table(airlight: NDArray[np.float64]) -> NDArray[np.uint8]:
    """(3, 256, 256) uint8: per channel, every pixel value under every opacity (in thousandths)."""
    alpha = (np.arange(256) / 1000.0).astype(np.float32)[None, :, None]
    share = min(_SKY_SHARE, 1.0 / max(float(airlight.max()), 1e-6))  # no brighter than white, hue kept
    drop = (share * airlight).astype(np.float32)[:, None, None]
    return encode(LINEAR * (1.0 - alpha) + drop * alpha)


def streak_layer(scene: Scene, rate_mm_h: float) -> Layer:
    """The streaks of a rain of `rate_mm_h`; its veil is drawn before, with the fog's."""
    height, width = scene.image.shape[:2]
    focal_px = scene.camera.focal_px(width)
    drops = scene.remember(
        "drops", lambda: draw_drops(generator(scene.key, "rain", scene.seed), focal_px, height, width)
    )
    return Layer.even(opacity_plane(drops, rate_mm_h, focal_px, height, width), streak_table(scene.airlight))
