"""What a frame's pixels say of the weather: a few plain numbers, each of a small function.

All but the horizon, the saturated shares and the streaks are measured on a copy of the frame that is 320 px wide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from wutdet.scenarios.airlight import find_airlight
from wutdet.scenarios.condition_streaks import streaks
from wutdet.scenarios.horizon import Horizon
from wutdet.scenarios.horizon_search import find_horizon
from wutdet.scenarios.light import LINEAR, LUMINANCE, FloatArray, Image

WORK_WIDTH: Final = 320  # of the copy, in px
SATURATED: Final = 250  # 8-bit value that all three channels of a burnt-out pixel reach

_HIGH: Final = 95.0  # percentile
_BAND: Final = 1 / 24  # height of a band at the horizon, as a share of the frame's height
_GAP: Final = 1 / 135  # left out on each side of the line: its row is known to a pixel or two of the copy
_WINDOW: Final = 7  # px of the copy: of the local contrast
_PATCH: Final = 5  # px of the copy: of the dark channel
_LEAST_LIGHT: Final = 1e-3  # linear; what ratios divide by at least
_NO_BOXES: Final = np.zeros((0, 4))


@dataclass(frozen=True, slots=True)
class ConditionFeatures:
    """What was measured of one frame. Luminance is linear, 0 to 1; shares are of pixels.

    Attributes:
        horizon_found: whether a line was given or found. Otherwise the middle row stands in for it, and
            `starkest_row` for what is measured of the veil: horizon_contrast, band_contrast and dark_channel.
        horizon_row: the row that parts above from below, in native pixels, at the middle column.
        median_luminance: of the whole frame.
        high_luminance: 95th percentile of the luminance of the whole frame.
        saturated_below: share of burnt-out pixels below the line.
        saturated_above: the same above it (a sun in the sky, a white sky).
        sun_patch: see `sun_patch`.
        horizon_contrast: see `horizon_contrast`.
        band_contrast: see `band_contrast`.
        dark_channel: see `dark_channel`.
        colourfulness: see `colourfulness`.
        streaks: see `streaks`.
    """

    horizon_found: bool
    horizon_row: float
    median_luminance: float
    high_luminance: float
    saturated_below: float
    saturated_above: float
    sun_patch: float
    horizon_contrast: float
    band_contrast: float
    dark_channel: float
    colourfulness: float
    streaks: float


def measure(image: Image, horizon_row: float | None = None) -> ConditionFeatures:
    """Measure one frame.

    Args:
        image: (H, W, 3) uint8 RGB, not modified.
        horizon_row: of the visible horizon at the middle column, in native pixels; None to have it searched.
    """
    height = image.shape[0]
    small = reduced(image)
    rows = small.shape[0]
    found = _searched_row(image) if horizon_row is None else horizon_row
    linear: FloatArray = np.asarray(cv2.LUT(small, LINEAR.reshape(1, 256)), np.float32)
    row = rows / 2.0 if found is None else float(np.clip(found * rows / height, 0.0, rows))
    veil_row = starkest_row(linear) if found is None else row
    native_row = row * height / rows
    luminance: FloatArray = np.asarray(cv2.transform(linear, LUMINANCE[None]), np.float32)
    below, above = saturated_shares(image, native_row)
    median, high = np.percentile(luminance[::2, ::2], (50.0, _HIGH)).tolist()
    return ConditionFeatures(
        horizon_found=found is not None,
        horizon_row=native_row,
        median_luminance=median,
        high_luminance=high,
        saturated_below=below,
        saturated_above=above,
        sun_patch=sun_patch(luminance, row),
        horizon_contrast=horizon_contrast(linear, veil_row),
        band_contrast=band_contrast(luminance, veil_row),
        dark_channel=dark_channel(linear, veil_row, find_airlight(small, Horizon.level(veil_row), _NO_BOXES)),
        colourfulness=colourfulness(small),
        streaks=streaks(image, native_row),
    )


def reduced(image: Image) -> Image:
    """The frame 320 px wide, averaged; a smaller frame as it is."""
    height, width = image.shape[:2]
    if width <= WORK_WIDTH:
        return image
    size = (WORK_WIDTH, max(1, round(height * WORK_WIDTH / width)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def saturated_shares(image: Image, row: float) -> tuple[float, float]:
    """Share of pixels with all channels at 250 or more: below a row, and above it; 0 where there is none.

    A grid of single pixels is looked at: averages would dim the sparkles that are meant.

    Args:
        image: (H, W, 3) uint8 RGB.
        row: in the image's own pixels.
    """
    step = max(1, round(image.shape[1] / WORK_WIDTH))
    red, green, blue = (image[::step, ::step, channel] >= SATURATED for channel in range(3))
    burnt = red & green & blue
    split = int(np.clip(round(row / step), 0, burnt.shape[0]))
    return _mean(burnt[split:]), _mean(burnt[:split])


def sun_patch(luminance: FloatArray, row: float) -> float:
    """The brightest patch below a line: the largest luminance there after a blur of σ = 1/80 of the width.

    White hulls, crests and houses are small and fade in the blur; a sun on the water fills a patch, and does so
    although many cameras compress their highlights and burn nothing out.

    Args:
        luminance: (h, w) float32, linear.
        row: of the line.
    """
    top = int(np.clip(row + _gap(luminance.shape[0]), 0, luminance.shape[0] - 1))
    blurred = cv2.GaussianBlur(luminance[top:], (0, 0), max(0.5, luminance.shape[1] / 80.0))
    return float(np.asarray(blurred).max())


def horizon_contrast(linear: FloatArray, row: float) -> float:
    """How much the sea below a line differs from the sky above it: ‖A − D‖ / ‖A‖, 0 when they are alike.

    A and D are the medians, per channel, of the bands above and below the line; 1/24 of the height each. Air of
    extinction β leaves e^(−β·range) of the difference that clear air shows (Koschmieder 1924), and the sea at the
    horizon is kilometres away.

    Args:
        linear: (h, w, 3) float32 linear RGB.
        row: of the line; both bands are kept within the frame.
    """
    above, below = _bands(linear, row)
    sky, sea = (np.median(band.reshape(-1, 3), axis=0) for band in (above, below))
    return float(np.linalg.norm(sky - sea)) / max(float(np.linalg.norm(sky)), _LEAST_LIGHT)


def band_contrast(luminance: FloatArray, row: float) -> float:
    """The starkest local contrast near a line: 95th percentile of σ/μ in windows of 7 px.

    Far coasts, ships and the line itself stand in this band, three bands above the line to two below. It is
    what distance takes first.

    Args:
        luminance: (h, w) float32, linear.
        row: of the line.
    """
    depth = _depth(luminance.shape[0])
    top = int(np.clip(row - 3 * depth, 0, luminance.shape[0] - 1))
    part = luminance[top : max(top + 1, int(row) + 2 * depth)]
    mean = cv2.blur(part, (_WINDOW, _WINDOW))
    variance = np.maximum(cv2.blur(part * part, (_WINDOW, _WINDOW)) - mean * mean, 0.0)
    return float(np.percentile(np.sqrt(variance) / np.maximum(mean, _LEAST_LIGHT), 95.0))


def dark_channel(linear: FloatArray, row: float, airlight: NDArray[np.float64]) -> float:
    """Median dark channel of the rows just below a line, relative to the airlight: near 1 in a veil.

    The dark channel of a pixel is the smallest value of any channel in the patch around it; without a veil it
    is near 0 outdoors (He, Sun & Tang 2009, *Single image haze removal using dark channel prior*), over the
    airlight it estimates 1 − transmittance. The sky, for which the rule does not hold, is left out.

    Args:
        linear: (h, w, 3) float32 linear RGB.
        row: of the line; two bands below it are looked at.
        airlight: (3,) linear RGB, as `find_airlight` gives it.
    """
    depth = _depth(linear.shape[0])
    veil = np.maximum(airlight, _LEAST_LIGHT).astype(np.float32)
    top = int(np.clip(row + _gap(linear.shape[0]), 0, linear.shape[0] - 1))
    smallest = (linear[top : top + 2 * depth] / veil).min(axis=2)
    dark = np.asarray(cv2.erode(smallest, np.ones((_PATCH, _PATCH), np.uint8)))
    return float(np.median(dark))


def colourfulness(image: Image) -> float:
    """How colourful a frame is, in grey levels: 0 for grey, about 15 for slightly, 60 for very colourful.

    √(σ²(rg) + σ²(yb)) + 0.3·√(μ²(rg) + μ²(yb)), rg = R − G, yb = (R + G)/2 − B (Hasler & Süsstrunk 2003,
    *Measuring colorfulness in natural images*).

    Args:
        image: (h, w, 3) uint8 RGB.
    """
    red, green, blue = (channel.astype(np.float32) for channel in cv2.split(image))
    mean_rg, spread_rg = cv2.meanStdDev(red - green)
    mean_yb, spread_yb = cv2.meanStdDev(0.5 * (red + green) - blue)
    spread = np.hypot(spread_rg, spread_yb).item()
    return float(spread + 0.3 * np.hypot(mean_rg, mean_yb).item())


def starkest_row(linear: FloatArray) -> float:
    """The row across which a frame's colour changes most, from band to band: where no horizon is known.

    Measured there, a frame passes for foggy only if there is no stark row in it at all.

    Args:
        linear: (h, w, 3) float32 linear RGB.
    """
    height: int = linear.shape[0]
    depth, gap = _depth(height), _gap(height)
    if height < 2 * (depth + gap):
        return height / 2.0
    sums = np.zeros((height + 1, 3))
    np.cumsum(linear.mean(axis=1), axis=0, out=sums[1:])
    rows = np.arange(depth + gap, height - depth - gap + 1)
    above = (sums[rows - gap] - sums[rows - gap - depth]) / depth
    below = (sums[rows + gap + depth] - sums[rows + gap]) / depth
    change = np.linalg.norm(above - below, axis=1) / np.maximum(np.linalg.norm(above, axis=1), _LEAST_LIGHT)
    return float(rows[int(np.argmax(change))])


def _searched_row(image: Image) -> float | None:
    line = find_horizon(image)  # in the whole frame: in the small copy it took edges of clouds for the horizon
    return None if line is None else float(line.row_at(image.shape[1] / 2.0, image.shape[1]))


def _bands(linear: FloatArray, row: float) -> tuple[FloatArray, FloatArray]:
    """The bands above and below a line; where the frame ends, its first or last rows."""
    height = linear.shape[0]
    depth, gap = _depth(height), _gap(height)
    up = int(np.clip(row - gap, depth, height))
    down = int(np.clip(row + gap, 0, height - depth))
    return linear[up - depth : up], linear[down : down + depth]


def _depth(height: int) -> int:
    return min(height, max(3, round(_BAND * height)))


def _gap(height: int) -> int:
    return max(1, round(_GAP * height))


def _mean(values: NDArray[np.bool_]) -> float:
    return float(np.mean(values)) if values.size else 0.0
