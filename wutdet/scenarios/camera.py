"""The camera that took a frame: how high it stands and how wide it sees."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wutdet.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole camera above the sea.

    The defaults are nominal (WUTDet does not publish its camera): visibilities rendered with them are
    nominal too, and every manifest states them.

    Args:
        height_m: height of the lens above the water, metres, > 0.
        hfov_deg: horizontal field of view, degrees, in (0, 180).

    Raises:
        ConfigError: a value is out of range.
    """

    height_m: float = 15.0
    hfov_deg: float = 60.0

    def __post_init__(self) -> None:
        """Refuse a camera that cannot be."""
        if not 0.0 < self.height_m < math.inf:
            raise ConfigError(
                f"the camera height is {self.height_m} m",
                where="camera.height_m",
                remedy="give a height above the water in metres, such as 15",
            )
        if not 0.0 < self.hfov_deg < 180.0:
            raise ConfigError(
                f"the horizontal field of view is {self.hfov_deg} degrees",
                where="camera.hfov_deg",
                remedy="give an angle between 0 and 180 degrees, such as 60",
            )

    def focal_px(self, width: int) -> float:
        """Focal length in pixels of an image `width` pixels wide: (W / 2) / tan(hfov / 2)."""
        return width / 2.0 / math.tan(math.radians(self.hfov_deg) / 2.0)

    def cos_azimuth(self, x: ArrayLike, width: int) -> NDArray[np.float64]:
        """Cosine of the angle between the middle of the view and continuous columns `x`: f / √(f² + (x − W/2)²).

        A pixel Δy rows below the horizon looks down by tan δ = Δy / √(f² + (x − W/2)²): as far as one in the middle
        column does that is Δy times this cosine below it.
        """
        focal_px = self.focal_px(width)
        cosine: NDArray[np.float64] = focal_px / np.hypot(focal_px, np.asarray(x, dtype=np.float64) - width / 2.0)
        return cosine
