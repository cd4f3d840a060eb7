"""The table of kinds: what each one does to light on its way. `wutdet.scenarios.register` adds a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

from wutdet.scenarios.banks import Air, fog_air
from wutdet.scenarios.fog import fog_extinction_per_m
from wutdet.scenarios.glare import glare_layer
from wutdet.scenarios.light import Layer
from wutdet.scenarios.lowlight import lowlight_layer
from wutdet.scenarios.rain import rain_extinction_per_m
from wutdet.scenarios.streaks import streak_layer

if TYPE_CHECKING:
    from wutdet.scenarios.scene import Scene

MakeLayer = Callable[["Scene", float], Layer]


@dataclass(frozen=True, slots=True)
class Kind:
    """What one kind of scenario does; every callable takes the severity's value in the unit of the YAML.

    Light leaves the scene, crosses the air, passes what is near the lens, and reaches the sensor:

    Attributes:
        on_scene: changes the light that leaves sea and ships (glint).
        extinction_per_m: of the air; those of all effects of a combination add up to one veil.
        near_lens: what is drawn in front of everything (rain streaks).
        on_sensor: exposure and noise; always last.
        air: of a frame, where this kind's extinction is not the same everywhere; None where it is.
    """

    on_scene: MakeLayer | None = None
    extinction_per_m: Callable[[float], float] | None = None
    near_lens: MakeLayer | None = None
    on_sensor: MakeLayer | None = None
    air: Callable[[Scene], Air | None] | None = None

    @property
    def first_stage(self) -> int:
        """Where it first meets the light, 0 (the scene) to 3 (the sensor); 4 where it does nothing."""
        stages = [getattr(self, item.name) for item in fields(self) if item.name != "air"]
        return next((place for place, stage in enumerate(stages) if stage is not None), len(stages))


KINDS: Final[dict[str, Kind]] = {
    "glare": Kind(on_scene=glare_layer),
    "fog": Kind(extinction_per_m=fog_extinction_per_m, air=fog_air),
    "rain": Kind(extinction_per_m=rain_extinction_per_m, near_lens=streak_layer),
    "lowlight": Kind(on_sensor=lowlight_layer),
}
"""In the order in which light meets them; `wutdet.scenarios.registry` keeps it so."""
