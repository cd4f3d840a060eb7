"""Low light: less of it, and the noise that a sensor then shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from wutdet.scenarios.keyed import generator
from wutdet.scenarios.light import LINEAR, Layer, encode
from wutdet.scenarios.noise import normal_of_level, normal_plane

if TYPE_CHECKING:
    from wutdet.scenarios.scene import Scene

SHOT_VARIANCE: Final = 1.0e-3
"""a, per unit of signal: a small surveillance sensor at high gain, white at 1,000 photo-electrons."""
READ_VARIANCE: Final = 9.0e-6
"""b: a read noise of 3 electrons beside the same 1,000."""


def lowlight_table(
    ev_stops: float, shot_variance: float = SHOT_VARIANCE, read_variance: float = READ_VARIANCE
) -> NDArray[np.uint8]:
    """(1, 256, 256) uint8: every pixel value, darkened, with every level of noise.

    y = x·2^EV; then normal noise of variance a·y + b in linear light, clipped to [0, 1]: the Poisson–Gaussian
    model of Foi et al. 2008 (*Practical Poissonian-Gaussian noise modeling and fitting for single-image
    raw-data*). The gain is not raised afterwards: the picture stays dark.
    """
    signal = LINEAR * np.float32(2.0**ev_stops)
    sigma = np.sqrt(shot_variance * signal + read_variance).astype(np.float32)
    return encode(signal + normal_of_level()[:, None] * sigma)[None]


def lowlight_layer(scene: Scene, ev_stops: float) -> Layer:
    """The frame at `ev_stops` (negative is darker), each channel with its own noise."""
    rng = generator(scene.key, "lowlight", scene.seed)
    height, width = scene.image.shape[:2]
    red, green, blue = (normal_plane(rng, height, width) for _ in range(3))
    return Layer((red, green, blue), lowlight_table(ev_stops))
