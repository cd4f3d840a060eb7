"""Low light: less of it, bluer if asked, and the noise that a sensor then shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from wutdet.scenarios.dusk import dusk_gains
from wutdet.scenarios.keyed import generator
from wutdet.scenarios.light import LINEAR, Layer, encode
from wutdet.scenarios.noise import normal_of_level, normal_plane

if TYPE_CHECKING:
    from wutdet.scenarios.ambient import Ambient
    from wutdet.scenarios.scene import Scene

_NO_SHIFT: Final = np.ones(1)


def lowlight_table(ev_stops: float, ambient: Ambient) -> NDArray[np.uint8]:
    """(1 or 3, 256, 256) uint8: every pixel value, darkened, with every level of noise.

    y = x·2^EV, times the gain of its channel at dusk; then normal noise of variance a·y + b in linear light,
    clipped to [0, 1]: the Poisson–Gaussian model of Foi et al. 2008 (*Practical Poissonian-Gaussian noise
    modeling and fitting for single-image raw-data*). The gain is not raised afterwards: the picture stays dark.

    Args:
        ev_stops: EV, negative is darker.
        ambient: a and b (`shot_variance`, `read_variance`) and `colour_shift`; without a shift one table serves
            the three channels.
    """
    gains = dusk_gains(ambient.colour_shift) if ambient.colour_shift > 0.0 else _NO_SHIFT
    signal = LINEAR * (gains * 2.0**ev_stops).astype(np.float32)[:, None, None]
    sigma = np.sqrt(ambient.shot_variance * signal + ambient.read_variance).astype(np.float32)
    return encode(signal + normal_of_level()[:, None] * sigma)


def lowlight_layer(scene: Scene, ev_stops: float) -> Layer:
    """The frame at `ev_stops` (negative is darker), each channel with its own noise."""
    rng = generator(scene.key, "lowlight", scene.seed)
    height, width = scene.image.shape[:2]
    red, green, blue = (normal_plane(rng, height, width) for _ in range(3))
    return Layer((red, green, blue), lowlight_table(ev_stops, scene.ambient))
