"""Glare: the sun's glitter on the water, its bloom, and the veil that a lens spreads from it."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from wutdet.scenarios.facets import FACET_STEPS, FACET_ZERO, facets_seen, smoothed
from wutdet.scenarios.glint import find_sun, glint_field
from wutdet.scenarios.keyed import generator
from wutdet.scenarios.light import LINEAR, FloatArray, Layer, Plane, encode, look_up_plane
from wutdet.scenarios.ranges import sea_range_m
from wutdet.scenarios.water import first_water_row, water_plane

if TYPE_CHECKING:
    from wutdet.scenarios.scene import Scene

_NEAR_SPREAD: Final = 1.3  # of the logarithm of a facet's light, where single facets are seen
_FAR_SPREAD: Final = 0.8  # where a pixel averages many
_SPREAD_RANGE_M: Final = 600.0
_FALL: Final = 1.6  # how fast light falls below the threshold, per standard deviation of the facets
_FAINTEST: Final = -5.0  # standard deviations below the threshold that still add light
_BLOOM_SHARE: Final = 0.25  # of the light, spread over the next few pixels
_BLOOM_PX: Final = 5.0  # at 1080 rows
_VEIL_SHARE: Final = 0.35  # of the light, spread over the whole frame
_VEIL_FRACTION: Final = 0.12  # width of that spread, as a share of the frame's width
_SUN_TINT: Final = np.array([1.0, 0.96, 0.88])  # linear RGB of a sun not far above the horizon
_SCATTER_LIMIT: Final = 224.0  # of 255: scattered light alone saturates no water, so the share stays as stated
_STRIDE: Final = 4  # every so many rows and columns of a large frame are counted
_COUNTED_PX: Final = 40_000  # a smaller frame is counted whole
_BIN: Final = 1.0 / 256.0  # of the logarithm of a glint
_BINS: Final = 8192  # they span 32 units below the brightest glint: darker water never glints
_SATURATED: Final = 255 - FACET_ZERO  # of the smooth field, where the mean facet is at the threshold


@dataclass(frozen=True, slots=True)
class Glitter:
    """The glint of one frame, shared by its severities: `smooth` + `spread`·facet, a logarithm.

    Attributes:
        top: first row that it covers.
        facets: (H − top, W) uint8 facet levels, see `facets`.
        water: (H − top, W) uint8, see `water`.
        smooth: (rows, columns) float32, on a coarse grid.
        spread: (rows,) float32, of the facets.
        brightest: of the glint.
        above: (8193,) share of the water whose glint is in or above each bin of 1/256; the last is `brightest`.
    """

    top: int
    facets: Plane
    water: Plane
    smooth: NDArray[np.float32]
    spread: NDArray[np.float32]
    brightest: float
    above: NDArray[np.float64]

    def threshold(self, percent: float) -> float:
        """The lowest glint at or above which no more than `percent` of the water lies."""
        lowest = int(np.searchsorted(-self.above, -percent / 100.0))
        return self.brightest - (_BINS - lowest) * _BIN

    def strength(self, percent: float) -> Plane:
        """(H − top, W) uint8: steps of 1/16 of the facets' spread; 255 is the threshold, and all above it."""
        height, width = self.facets.shape
        mean_facet = (self.smooth - np.float32(self.threshold(percent))) / self.spread[:, None]
        levels = np.clip(mean_facet * np.float32(FACET_STEPS) + np.float32(_SATURATED), 0.0, 255.0)
        plane = np.array(smoothed(levels.astype(np.uint8), height, width), dtype=np.uint8)
        cv2.add(plane, self.facets, dst=plane)
        return np.asarray(cv2.min(plane, self.water, dst=plane))


def make_glitter(scene: Scene) -> Glitter | None:
    """Draw the frame's glint and count how much of the water reaches each bin; None without water."""
    height, width = scene.image.shape[:2]
    top = first_water_row(scene)
    water = water_plane(scene, top) if top < height else np.zeros((0, width), np.uint8)
    if not water.any():
        return None
    rng = generator(scene.key, "glare", scene.seed)
    smooth = glint_field(scene, find_sun(rng, scene.ambient, scene.camera.hfov_deg), top)
    below_px = np.arange(top, height, dtype=np.float64) + 0.5 - float(scene.horizon.row_at(width / 2, width))
    range_m = sea_range_m(below_px, scene.camera, width)
    facets = facets_seen(rng, range_m, scene.camera.focal_px(width), width)
    every = _spread(range_m)
    rows = (np.arange(len(smooth)) + 0.5) * (len(every) / len(smooth))
    spread = every[rows.astype(np.intp)]
    brightest, above = _count(smooth, every, facets, water)
    return Glitter(top, facets, water, smooth, spread, brightest, above)


def _spread(range_m: NDArray[np.float64]) -> NDArray[np.float32]:
    spread = _FAR_SPREAD + (_NEAR_SPREAD - _FAR_SPREAD) * np.exp(-range_m / _SPREAD_RANGE_M)
    return np.asarray(spread, dtype=np.float32)


def _count(
    smooth: NDArray[np.float32], spread: NDArray[np.float32], facets: Plane, water: Plane
) -> tuple[float, NDArray[np.float64]]:
    """The brightest glint of the water, and the share of the water in or above each bin."""
    stride = _STRIDE if facets.size > _COUNTED_PX else 1
    some = (slice(stride // 2, None, stride), slice(stride // 2, None, stride))
    part = facets[some].astype(np.float32)
    glint = (part - np.float32(FACET_ZERO)) / np.float32(FACET_STEPS) * spread[some[0], None]
    glint += np.asarray(smoothed(smooth, *part.shape), dtype=np.float32)
    wet = water[some]
    glint = glint[wet == 255]
    brightest = float(glint.max(initial=-np.inf))
    if not np.isfinite(brightest):
        return math.inf, np.zeros(_BINS + 1)  # no glint reaches an infinite threshold
    bins = np.maximum((glint - np.float32(brightest)) / np.float32(_BIN) + np.float32(_BINS), 0.0).astype(np.intp)
    count = np.bincount(bins, minlength=_BINS + 1)
    count[0] = 0
    return brightest, np.cumsum(count[::-1])[::-1] / max(1, int(np.count_nonzero(wet > 127)))


def glint_light() -> NDArray[np.float32]:
    """(256,) float32: light of each strength of a glint: 1 at the threshold, none 5 deviations below it."""
    below = (np.arange(256) - 255.0) / FACET_STEPS
    faintest = math.exp(_FALL * _FAINTEST)
    return np.maximum((np.exp(_FALL * below) - faintest) / (1.0 - faintest), 0.0).astype(np.float32)


def light_levels(glitter: Glitter, percent: float, height: int) -> Plane:
    """(H, W) uint8: levels 255·√L of the light L that the sun adds, 255 from L = 1 on.

    `percent` of the water reaches 255 by its own glint. A share of the light blooms around each sparkle and
    another veils the whole frame: a wide kernel over the bright energy, as lenses scatter it.
    """
    strength = glitter.strength(percent)
    glint = np.zeros((height, strength.shape[1]), np.uint8)
    cv2.LUT(strength, np.rint(255.0 * glint_light()).astype(np.uint8), dst=glint[glitter.top :])
    levels = _scattered_levels(glint)
    wet = levels[glitter.top :]
    pair = (wet, strength) if sys.byteorder == "little" else (strength, wet)
    look_up_plane(np.asarray(cv2.merge(pair)).view(np.uint16)[:, :, 0], _sum_table(), wet)
    return levels


@lru_cache(maxsize=1)
def _sum_table() -> NDArray[np.uint8]:
    """(65536,) uint8: the level of every strength of a glint (high byte) with every scattered level (low)."""
    glint = 255.0 * glint_light().astype(np.float64)[:, None]
    scattered = (np.arange(256.0) ** 2 / 255.0)[None, :]
    light = np.maximum(np.minimum(glint + scattered, _SCATTER_LIMIT), glint)
    return np.sqrt(light * 255.0).astype(np.uint8).reshape(65536)


def _scattered_levels(glint: Plane) -> Plane:
    """(H, W) uint8 levels 255·√L of what lens and sensor spread of the glint (0 to 255 of its light)."""
    height, width = glint.shape
    half = cv2.resize(glint, (max(1, width // 2), max(1, height // 2)), interpolation=cv2.INTER_AREA)
    near_size = (max(1, width // 4), max(1, height // 4))
    near: FloatArray = np.asarray(cv2.resize(half, near_size, interpolation=cv2.INTER_AREA), dtype=np.float32)
    far_size = (max(1, width // 32), max(1, height // 32))
    far = cv2.resize(near, far_size, interpolation=cv2.INTER_AREA)
    sigma = max(1.0, _VEIL_FRACTION * far_size[0])
    veil = cv2.GaussianBlur(far, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    bloom = cv2.GaussianBlur(near, (0, 0), max(0.5, _BLOOM_PX * height / 1080.0 / 4.0))
    wide = np.asarray(cv2.resize(veil, near_size, interpolation=cv2.INTER_LINEAR))
    light = np.float32(_BLOOM_SHARE) * np.asarray(bloom) + np.float32(_VEIL_SHARE) * wide
    levels = np.sqrt(np.minimum(light, np.float32(_SCATTER_LIMIT)) * np.float32(255.0)) + np.float32(0.5)
    return np.array(smoothed(levels.astype(np.uint8), height, width), dtype=np.uint8)


@lru_cache(maxsize=1)
def glare_table() -> NDArray[np.uint8]:
    """(3, 256, 256) uint8: per channel, every pixel value with every level of sunlight; the top level is white."""
    light = np.multiply.outer(_SUN_TINT, (np.arange(256) / 255.0) ** 2).astype(np.float32)
    light[:, 255] = 1.0
    table = encode(LINEAR + light[:, :, None])
    table.flags.writeable = False
    return table


def glare_layer(scene: Scene, percent: float) -> Layer:
    """Glint that saturates `percent` of the frame's water; what glints at one severity does at the next."""
    height, width = scene.image.shape[:2]
    glitter = scene.remember("glitter", lambda: make_glitter(scene))
    if glitter is None:
        return Layer.even(np.zeros((height, width), np.uint8), glare_table())
    return Layer.even(light_levels(glitter, percent, height), glare_table())
