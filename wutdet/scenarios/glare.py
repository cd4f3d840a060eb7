"""Glare: the sun's glitter on the water, its bloom, and the veil that a lens spreads from it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from wutdet.scenarios.glint import glint_field
from wutdet.scenarios.light import LINEAR, FloatArray, Layer, Plane, encode, look_up_plane

if TYPE_CHECKING:
    from wutdet.scenarios.scene import Scene

_FALL: Final = 1.6  # how fast light falls below the threshold, per unit of the field's logarithm
_FAINTEST: Final = -5.0  # of the field, relative to the threshold, that still adds light
_BLOOM_SHARE: Final = 0.25  # of the light, spread over the next few pixels
_BLOOM_PX: Final = 5.0  # at 1080 rows
_VEIL_SHARE: Final = 0.35  # of the light, spread over the whole frame
_VEIL_FRACTION: Final = 0.12  # width of that spread, as a share of the frame's width
_SUN_TINT: Final = np.array([1.0, 0.96, 0.88])  # linear RGB of a sun not far above the horizon
_SCATTER_LIMIT: Final = 224.0  # of 255: scattered light alone saturates no water, so the share stays as stated
_SAMPLES: Final = 400_000
_STEPS_PER_UNIT: Final = 4096.0  # the field spans 16 units of its logarithm: darker water never glints
_BAND_ROWS: Final = 32


@dataclass(frozen=True, slots=True)
class Glitter:
    """The glint field of one frame, shared by its severities.

    Attributes:
        steps: (H − top, W) uint16, the logarithm of each pixel's glint in steps of 1/`_STEPS_PER_UNIT` below
            the brightest, which is 65535; 0 where there is no water.
        top: first row that it covers.
        above: (65537,) share of the water that lies at or above each step.
    """

    steps: NDArray[np.uint16]
    top: int
    above: NDArray[np.float64]

    def threshold(self, percent: float) -> int:
        """The lowest step at or above which no more than `percent` of the water lies."""
        return int(np.searchsorted(-self.above, -percent / 100.0))


def make_glitter(scene: Scene) -> Glitter:
    """Draw the frame's glint field and count how much of the water reaches each step."""
    field, top = glint_field(scene)
    if field.size == 0:
        return Glitter(np.zeros(field.shape, np.uint16), top, np.zeros(65537))
    brightest = field.max()
    if not np.isfinite(brightest):  # every pixel of water is a ship
        return Glitter(np.zeros(field.shape, np.uint16), top, np.zeros(65537))
    hidden = np.isneginf(field)
    field -= brightest
    np.multiply(field, np.float32(_STEPS_PER_UNIT), out=field)
    np.add(field, np.float32(65535.0), out=field)
    steps = np.maximum(field, np.float32(1.0), out=field).astype(np.uint16)
    steps[hidden] = 0
    stride = max(1, int(math.sqrt(steps.size / _SAMPLES)))
    count = np.bincount(steps[::stride, ::stride].ravel(), minlength=65537)
    count[0] = 0
    above = np.cumsum(count[::-1])[::-1] / max(1, int(count.sum()))
    return Glitter(steps, top, above)


def glint_light(threshold: int) -> NDArray[np.float32]:
    """(65536,) float32: light of each step of the glint field; 1 from the threshold on, falling off below."""
    below = (np.arange(65536) - threshold) / _STEPS_PER_UNIT
    light = (np.exp(_FALL * np.minimum(below, 0.0)) - math.exp(_FALL * _FAINTEST)) / (1.0 - math.exp(_FALL * _FAINTEST))
    return np.maximum(light, 0.0).astype(np.float32)


def light_levels(glitter: Glitter, percent: float, height: int) -> Plane:
    """(H, W) uint8: levels 255·√L of the light L that the sun adds, 255 from L = 1 on.

    `percent` of the water reaches 255 by its own glint. A share of the light blooms around each sparkle and
    another veils the whole frame: a wide kernel over the bright energy, as lenses scatter it.
    """
    width = glitter.steps.shape[1]
    light = glint_light(glitter.threshold(percent))
    glint = np.zeros((height, width), np.uint8)
    if glitter.steps.size:
        look_up_plane(glitter.steps, np.rint(255.0 * light).astype(np.uint8), glint[glitter.top :])
    total = _scattered(glint)
    levels = np.empty((height, width), np.uint8)
    for row in range(0, height, _BAND_ROWS):
        band = slice(row, row + _BAND_ROWS)
        part = total[band]
        part += glint[band]
        np.minimum(part, np.float32(_SCATTER_LIMIT), out=part)
        np.maximum(part, glint[band], out=part)
        np.multiply(part, np.float32(255.0), out=part)
        levels[band] = np.sqrt(part, out=part)
    return levels


def _scattered(glint: Plane) -> FloatArray:
    """(H, W) float32: what lens and sensor spread of the glint (0 to 255), in its units."""
    height, width = glint.shape
    near_size = (max(1, width // 4), max(1, height // 4))
    near = np.asarray(cv2.resize(glint, near_size, interpolation=cv2.INTER_AREA), dtype=np.float32)
    far_size = (max(1, width // 32), max(1, height // 32))
    far = np.asarray(cv2.resize(near, far_size, interpolation=cv2.INTER_AREA))
    sigma = max(1.0, _VEIL_FRACTION * far_size[0])
    veil = cv2.GaussianBlur(far, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    bloom = cv2.GaussianBlur(near, (0, 0), max(0.5, _BLOOM_PX * height / 1080.0 / 4.0))
    wide = np.asarray(cv2.resize(veil, near_size, interpolation=cv2.INTER_LINEAR))
    both = np.float32(_BLOOM_SHARE) * np.asarray(bloom) + np.float32(_VEIL_SHARE) * wide
    return np.asarray(cv2.resize(both, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def glare_table() -> NDArray[np.uint8]:
    """(3, 256, 256) uint8: per channel, every pixel value with every level of sunlight; the top level is white."""
    light = np.multiply.outer(_SUN_TINT, (np.arange(256) / 255.0) ** 2).astype(np.float32)
    light[:, 255] = 1.0
    return encode(LINEAR + light[:, :, None])


def glare_layer(scene: Scene, percent: float) -> Layer:
    """Glint that saturates `percent` of the frame's water; what glints at one severity does at the next."""
    glitter = scene.remember("glitter", lambda: make_glitter(scene))
    return Layer.even(light_levels(glitter, percent, scene.image.shape[0]), glare_table())
