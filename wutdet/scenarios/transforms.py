"""Weather as albumentations transforms: `A.Compose([Fog(mor_m_range=(500, 4000), p=0.5)], bbox_params=…)`.

Put them first: weather needs the native pixels, the horizon and the ships' feet, which a crop, a flip or a resize
takes away. They change pixels only. Beside `image` (uint8 RGB) they read, where given:

- `bboxes`, through the Compose's `bbox_params`, in any of its formats: each ship is then fogged at the range of its own
  waterline. A box that the Compose drops before its transforms run (`filter_invalid_bboxes`) is sea to them; one that
  it drops afterwards (`min_area`, `min_visibility`) was rendered as a ship.
- `horizon`: its row in pixels, or `(row_left, row_right)` at the two edges; without it, it is looked for.
- `key`: the frame's name. Drops, glints and noise are then those that wutdet draws for this frame; without it they come
  from the transform's own random state, as the value always does.

Runs on albumentations 2.0.8 and on AlbumentationsX, under the same import name. A saved pipeline loads
(`A.load`, `A.from_dict`) once `wutdet.scenarios.transforms` has been imported.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

from wutdet.errors import ConfigError
from wutdet.scenarios.albumentations_api import WeatherBase
from wutdet.scenarios.camera import Camera
from wutdet.scenarios.draws import checked_range


class _WeatherTransform(WeatherBase):
    """What the four have in common: `p`, and the nominal camera that turns rows into ranges."""

    kind: ClassVar[str]

    def __init__(self, bounds: Any, camera_height_m: float, hfov_deg: float, p: float) -> None:
        self.bounds = checked_range(self.kind, bounds)
        if isinstance(p, bool) or not isinstance(p, int | float) or not 0.0 <= p <= 1.0:
            raise ConfigError(f"p is {p!r}", where=type(self).__name__, remedy="give a probability from 0 to 1")
        Camera(_real(camera_height_m), _real(hfov_deg))
        super().__init__(p=float(p))
        self.camera_height_m, self.hfov_deg = float(camera_height_m), float(hfov_deg)


class Fog(_WeatherTransform):
    """Fog by its visibility: Koschmieder's law in linear light, over a curved sea.

    Args:
        mor_m_range: meteorological optical range in metres, lower first; each halving is as likely as another.
        camera_height_m: of the lens above the water.
        hfov_deg: horizontal field of view.
        p: probability.

    Raises:
        ScenarioError: the range is wrong.
        ConfigError: `p` or the camera is.
    """

    kind = "fog"

    def __init__(
        self,
        mor_m_range: tuple[float, float] = (500.0, 4000.0),
        camera_height_m: float = 15.0,
        hfov_deg: float = 60.0,
        p: float = 0.5,
    ) -> None:
        super().__init__(mor_m_range, camera_height_m, hfov_deg, p)
        self.mor_m_range = self.bounds


class Rain(_WeatherTransform):
    """Rain by its rate: a veil over the distance, and streaks near the lens.

    Args:
        rate_mm_h_range: in mm/h, at most 150, lower first; each doubling is as likely as another.
        camera_height_m, hfov_deg, p: as for `Fog`.

    Raises:
        ScenarioError: the range is wrong.
        ConfigError: `p` or the camera is.
    """

    kind = "rain"

    def __init__(
        self,
        rate_mm_h_range: tuple[float, float] = (2.5, 50.0),
        camera_height_m: float = 15.0,
        hfov_deg: float = 60.0,
        p: float = 0.5,
    ) -> None:
        super().__init__(rate_mm_h_range, camera_height_m, hfov_deg, p)
        self.rate_mm_h_range = self.bounds


class Glare(_WeatherTransform):
    """Sun glint by how much of the water it saturates.

    Args:
        percent_range: of the water, in per cent, lower first; each doubling is as likely as another.
        camera_height_m, hfov_deg, p: as for `Fog`.

    Raises:
        ScenarioError: the range is wrong.
        ConfigError: `p` or the camera is.
    """

    kind = "glare"

    def __init__(
        self,
        percent_range: tuple[float, float] = (0.5, 10.0),
        camera_height_m: float = 15.0,
        hfov_deg: float = 60.0,
        p: float = 0.5,
    ) -> None:
        super().__init__(percent_range, camera_height_m, hfov_deg, p)
        self.percent_range = self.bounds


class LowLight(_WeatherTransform):
    """Less light at the camera's gain of the day: darker, with a sensor's noise.

    Args:
        ev_range: in EV stops, below 0, lower first: `(-4, -1)`; every stop is as likely as another.
        camera_height_m, hfov_deg, p: as for `Fog`.

    Raises:
        ScenarioError: the range is wrong.
        ConfigError: `p` or the camera is.
    """

    kind = "lowlight"

    def __init__(
        self,
        ev_range: tuple[float, float] = (-4.0, -1.0),
        camera_height_m: float = 15.0,
        hfov_deg: float = 60.0,
        p: float = 0.5,
    ) -> None:
        super().__init__(ev_range, camera_height_m, hfov_deg, p)
        self.ev_range = self.bounds


def _real(value: Any) -> float:
    """A number as float; NaN, which no camera accepts, for anything else."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
