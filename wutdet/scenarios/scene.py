"""One frame, prepared once, and every scenario rendered from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wutdet.errors import DataError
from wutdet.scenarios.airlight import find_airlight
from wutdet.scenarios.ambient import Ambient
from wutdet.scenarios.camera import Camera
from wutdet.scenarios.contrast import box_contrast
from wutdet.scenarios.doses import check_value
from wutdet.scenarios.grammar import Scenario, parse_scenario, severity_value
from wutdet.scenarios.horizon import Horizon
from wutdet.scenarios.horizon_search import find_horizon
from wutdet.scenarios.kinds import KINDS
from wutdet.scenarios.light import Image, Layer, Plane, recolour
from wutdet.scenarios.ranges import FARTHEST_M, RangeLevels, sea_levels, sea_range_m, ship_ranges_m
from wutdet.scenarios.ships import paint_ships
from wutdet.scenarios.veil import transmittance, veil_table

PIXELS: Final = 2
"""Rises when equal frames under equal scenarios get other pixels: runs of before and after do not compare."""
HorizonSource = Literal["given", "found", "fallback"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A frame under a scenario.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        transmittance: (N,) float64 per box: share of the ship's light that crosses fog and rain to the lens;
            1 for scenarios without a veil.
        contrast: (N,) float64 per box: linear-light difference to the ring around it (`box_contrast`).
    """

    image: Image
    transmittance: NDArray[np.float64]
    contrast: NDArray[np.float64]


@dataclass(frozen=True)
class Scene:
    """A prepared frame: what every scenario of it needs, worked out once. Made by `prepare`.

    Attributes:
        image: (H, W, 3) uint8 RGB, read-only.
        key, seed: of its random draws.
        boxes: (N, 4) float64 xyxy.
        camera, horizon, horizon_source: `given`, `found`, or `fallback` (see `prepare`).
        ambient: the sun, the wind, the shutter, the sensor.
        ship_range_m: (N,) float64, that of each waterline.
        airlight: (3,) float64 linear RGB.
        levels, range_level: (H, W) uint8 range level of every pixel, and what the levels mean.
        ship_cover: (H, W) uint8, how much of each pixel is ship.
    """

    image: Image
    key: str
    seed: int
    boxes: NDArray[np.float64]
    camera: Camera
    horizon: Horizon
    horizon_source: HorizonSource
    ambient: Ambient
    ship_range_m: NDArray[np.float64]
    airlight: NDArray[np.float64]
    levels: RangeLevels
    range_level: Plane
    ship_cover: Plane
    _memory: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def remember(self, name: str, make: Callable[[], T]) -> T:
        """What `make` returns, made once for this frame: severities share it."""
        if name not in self._memory:
            self._memory[name] = make()
        made: T = self._memory[name]
        return made

    def render(self, scenario: Scenario | str) -> Rendered:
        """The frame under a scenario; `clear` gives the same pixels.

        Raises:
            ScenarioError: the scenario is unknown.
        """
        effects = (parse_scenario(scenario) if isinstance(scenario, str) else scenario).effects
        return self.render_values({effect.kind: severity_value(effect.kind, effect.severity) for effect in effects})

    def render_values(self, values: Mapping[str, float]) -> Rendered:
        """The frame under effects stated in their units: `{"fog": 1370.0, "lowlight": -2.5}`.

        They are rendered in the order in which light travels, whatever their order here: glint on the water, the
        air of fog and rain together, streaks near the lens, exposure and noise. (A glint brighter than white
        enters the air as white.)

        Raises:
            ScenarioError: there is no such kind, or the value has no finite dose above 0.
        """
        for name, value in values.items():
            check_value(name, value)
        steps = [(kind, values[name]) for name, kind in KINDS.items() if name in values]
        veils = [(k.air and k.air(self), k.extinction_per_m(value)) for k, value in steps if k.extinction_per_m]
        extinction_per_m = sum(extinction for air, extinction in veils if air is None)
        banked = [(air, extinction) for air, extinction in veils if air is not None]
        layers = [kind.on_scene(self, value) for kind, value in steps if kind.on_scene]
        layers += [air.layer(extinction, self.airlight) for air, extinction in banked]
        if extinction_per_m > 0.0:
            tables = veil_table(extinction_per_m, self.levels.ranges_m(), self.airlight)
            layers.append(Layer.even(self.range_level, tables))
        layers += [kind.near_lens(self, value) for kind, value in steps if kind.near_lens]
        layers += [kind.on_sensor(self, value) for kind, value in steps if kind.on_sensor]
        image = recolour(self.image, layers) if layers else self.image.copy()
        left = transmittance(extinction_per_m, self.ship_range_m)
        for air, extinction in banked:
            left *= transmittance(extinction, air.ship_path_m)
        return Rendered(image, left, box_contrast(image, self.boxes))


def prepare(
    image: Image,
    *,
    key: str,
    boxes: ArrayLike | None = None,
    horizon: float | Horizon | None = None,
    camera: Camera | None = None,
    ambient: Ambient | None = None,
    seed: int = 0,
) -> Scene:
    """Work out once what all scenarios of a frame need.

    Args:
        image: (H, W, 3) uint8 RGB; not modified.
        key: the frame's name: with `seed` it decides every random draw.
        boxes: (N, 4) xyxy of the ships, 0-based continuous pixels; each then stands at the range of its foot.
        horizon: the visible sea horizon: a row, a line, or None to have it found. When none is found it falls
            back to the middle row, or to the foot of the highest ship where that is higher: a camera held
            level, with its ships afloat below the line.
        camera: height and field of view; None is `Camera()`, 15 m and 60 degrees.
        ambient: the sun, the wind, the shutter, the sensor; None is `Ambient()`.
        seed: another seed gives other drops, glints and noise.

    Raises:
        DataError: the image is not (H, W, 3) uint8, the boxes are not (N, 4) finite numbers, or the horizon
            is not finite.
    """
    frame = _checked_image(image)
    ships = _checked_boxes(boxes)
    camera = camera or Camera()
    height, width = frame.shape[:2]
    line, source = _horizon(frame, ships, horizon)
    ship_range_m = ship_ranges_m(ships, line, camera, width)
    lowest = height - min(line.row_left, line.row_right)
    nearest = float(sea_range_m(np.array([max(lowest, 1.0)]), camera, width)[0])
    levels = RangeLevels(min(nearest, float(ship_range_m.min(initial=FARTHEST_M / 2.0))))
    range_level = sea_levels(levels, line, camera, height, width)
    ship_cover = paint_ships(range_level, frame, ships, ship_range_m, levels)
    return Scene(
        image=frame,
        key=key,
        seed=seed,
        boxes=ships,
        camera=camera,
        horizon=line,
        horizon_source=source,
        ambient=ambient or Ambient(),
        ship_range_m=ship_range_m,
        airlight=find_airlight(frame, line, ships),
        levels=levels,
        range_level=range_level,
        ship_cover=ship_cover,
    )


def apply(
    image: Image,
    scenario: Scenario | str,
    *,
    key: str,
    boxes: ArrayLike | None = None,
    horizon: float | Horizon | None = None,
    camera: Camera | None = None,
    ambient: Ambient | None = None,
    seed: int = 0,
) -> Rendered:
    """One frame under one scenario: `prepare` and `Scene.render`, whose arguments and errors these are."""
    scene = prepare(image, key=key, boxes=boxes, horizon=horizon, camera=camera, ambient=ambient, seed=seed)
    return scene.render(scenario)


def _horizon(image: Image, boxes: NDArray[np.float64], given: float | Horizon | None) -> tuple[Horizon, HorizonSource]:
    if isinstance(given, Horizon):
        return given, "given"
    if given is not None:
        return Horizon.level(given), "given"
    found = find_horizon(image)
    if found is not None:
        return found, "found"
    row = max(0.0, min(image.shape[0] / 2.0, float(boxes[:, 3].min(initial=np.inf))))
    return Horizon(row, row, confidence=0.0), "fallback"


def _checked_image(image: Image) -> Image:
    array = np.asarray(image)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or 0 in array.shape:
        raise DataError(
            f"the image is {array.dtype} of shape {array.shape}",
            where="image",
            remedy="give uint8 RGB of shape (H, W, 3)",
        )
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


def _checked_boxes(boxes: ArrayLike | None) -> NDArray[np.float64]:
    array = np.zeros((0, 4)) if boxes is None else np.array(boxes, dtype=np.float64)
    if array.size == 0:
        array = array.reshape(0, 4)
    if array.ndim != 2 or array.shape[1] != 4 or not np.isfinite(array).all():
        raise DataError(
            f"the boxes have shape {array.shape} or a value that is not finite",
            where="boxes",
            remedy="give (N, 4) numbers: xmin, ymin, xmax, ymax in pixels",
        )
    return array
