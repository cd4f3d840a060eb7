"""Which weather a training frame gets: a typed description, and a draw that anyone can repeat.

A frame has one weather in an epoch. It follows from the seed, the frame's name and the epoch, and from nothing else:
not from the order of frames, the number of workers, or what other augmentations drew.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Mapping

import msgspec

from wutdet.errors import ConfigError
from wutdet.scenarios import Camera
from wutdet.scenarios.draws import checked_range, draw_value
from wutdet.scenarios.keyed import generator

Bounds = tuple[float, float]


class FogRange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Fog by its visibility in metres; every halving is as likely as another."""

    mor_m_range: Bounds = (500.0, 4000.0)
    weight: float = 1.0
    """How often this kind, against the other kinds' weights."""


class RainRange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rain by its rate in mm/h, at most 150; every doubling is as likely as another."""

    rate_mm_h_range: Bounds = (2.5, 50.0)
    weight: float = 1.0


class GlareRange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Glint by the per cent of water it saturates; every doubling is as likely as another."""

    percent_range: Bounds = (0.5, 10.0)
    weight: float = 1.0


class LowLightRange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Low light in EV stops, below 0, lower first."""

    ev_range: Bounds = (-4.0, -1.0)
    weight: float = 1.0


class WeatherAugmentation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Weather for training frames: with probability `p` one of the kinds that are given, else the frame as it is.

    Raises:
        ScenarioError: a range is wrong.
        ConfigError: no kind is given, or `p`, a weight or the camera is wrong.
    """

    p: float = 0.5
    fog: FogRange | None = None
    rain: RainRange | None = None
    glare: GlareRange | None = None
    lowlight: LowLightRange | None = None
    camera_height_m: float = 15.0
    """Of the lens above the water; with `hfov_deg`, it turns rows into ranges."""
    hfov_deg: float = 60.0

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        if not 0.0 <= self.p <= 1.0:
            raise ConfigError(f"p is {self.p:g}", where="weather.p", remedy="give a probability from 0 to 1")
        if not self.kinds():
            raise ConfigError("no kind is given", where="weather", remedy="add fog, rain, glare or lowlight")
        for kind, (_, weight) in self.kinds().items():
            if not 0.0 < weight < float("inf"):
                remedy = "give one above 0, or leave the kind out"
                raise ConfigError(f"the weight is {weight:g}", where=f"weather.{kind}", remedy=remedy)
        self.camera()

    def kinds(self) -> dict[str, tuple[Bounds, float]]:
        """The kinds that are given: range and weight of each.

        Raises:
            ScenarioError: a range is wrong.
        """
        given = {
            "fog": self.fog and (self.fog.mor_m_range, self.fog.weight),
            "rain": self.rain and (self.rain.rate_mm_h_range, self.rain.weight),
            "glare": self.glare and (self.glare.percent_range, self.glare.weight),
            "lowlight": self.lowlight and (self.lowlight.ev_range, self.lowlight.weight),
        }
        return {kind: (checked_range(kind, pair[0]), pair[1]) for kind, pair in given.items() if pair}

    def camera(self) -> Camera:
        """The nominal camera.

        Raises:
            ConfigError: there is no such camera.
        """
        return Camera(self.camera_height_m, self.hfov_deg)

    def draw(self, name: str, epoch: int, seed: int = 0) -> Mapping[str, float]:
        """The weather of a frame in an epoch: `{"fog": 1370.0}`, or nothing for the frame as it is.

        Args:
            name: the frame's file name.
            epoch: from 0.
            seed: of the training.
        """
        happens, which, share = generator(draw_key(name, epoch), "training", seed).random(3).tolist()
        if happens >= self.p:
            return {}
        kinds = self.kinds()
        edges = list(itertools.accumulate(weight for _, weight in kinds.values()))
        kind = list(kinds)[bisect.bisect_right(edges, which * edges[-1], hi=len(edges) - 1)]
        return {kind: draw_value(kind, kinds[kind][0], share)}


def draw_key(name: str, epoch: int) -> str:
    """What the drops, glints and noise of a frame in an epoch are keyed by."""
    return f"{name}/{epoch}"
