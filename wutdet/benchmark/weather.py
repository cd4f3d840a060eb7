"""The weather of a run: its scenarios, and what decides how they are rendered besides the frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wutdet.dataset import Dataset, Frame
from wutdet.errors import ConfigError
from wutdet.scenarios import (
    CLEAR,
    Ambient,
    Camera,
    CameraEntry,
    Cameras,
    Horizon,
    Rendered,
    Scenario,
    SeverityTable,
    all_severities,
    known_severities,
    own_severities,
    parse_scenarios,
    prepare,
    read_cameras,
    scenario_values,
)


@dataclass(frozen=True, slots=True)
class Weather:
    """What every frame of a run goes through."""

    scenarios: tuple[Scenario, ...]
    """`clear` first."""
    values: tuple[dict[str, float], ...]
    """Each scenario in units, by kind."""
    cameras: Cameras
    ambient: Ambient
    severities: SeverityTable
    seed: int


@dataclass(frozen=True, slots=True)
class Views:
    """A frame under every scenario, and how its horizon was come by."""

    rendered: list[Rendered]
    horizon: Horizon
    horizon_source: str
    """`given` with the frame, of its `camera`, `found` in its pixels, or a `fallback`."""


def make_weather(
    scenarios: str | Sequence[Scenario],
    *,
    camera: Camera | None,
    cameras: Cameras | str | Path | None,
    ambient: Ambient | None,
    severities: SeverityTable | str | Path | None,
    seed: int,
) -> Weather:
    """Settle what a run renders; the arguments are those of `wutdet.benchmark`.

    Raises:
        ConfigError: a file is wrong, or both a camera and cameras are given.
        ScenarioError: a scenario is unknown.
    """
    if camera is not None and cameras is not None:
        raise ConfigError("are given both", where="camera and cameras", remedy="set the default inside cameras")
    if isinstance(severities, str | Path):
        severities = own_severities(Path(severities), all_severities())
    listed = parse_scenarios(scenarios, severities) if isinstance(scenarios, str) else tuple(scenarios)
    cells = (CLEAR, *(scenario for scenario in listed if scenario.effects))
    values = tuple(scenario_values(cell, severities) for cell in cells)
    if isinstance(cameras, str | Path):
        cameras = read_cameras(Path(cameras))
    return Weather(
        scenarios=cells,
        values=values,
        cameras=cameras or Cameras(CameraEntry(camera or Camera())),
        ambient=ambient or Ambient(),
        severities=severities or known_severities(),  # after the look-ups: those may have loaded a package
        seed=seed,
    )


def check_cameras(cameras: Cameras, dataset: Dataset) -> None:
    """Refuse, before any work, a horizon that was read on frames of another shape.

    Raises:
        ConfigError: it names the camera.
    """
    for row in dataset.images.select("camera", "width", "height").unique(maintain_order=True).iter_rows():
        cameras.of(*row)


def render_frame(image: NDArray[np.uint8], frame: Frame, frame_camera: str | None, weather: Weather) -> Views:
    """A frame under every scenario.

    The horizon is the frame's own, else its camera's, else what is found in its pixels, else a fallback.

    Args:
        image: (H, W, 3) uint8 RGB, the frame's.
        frame: whose it is.
        frame_camera: the name of its camera, where it is known.
        weather: what it goes through.
    """
    camera, mounted = weather.cameras.of(frame_camera, frame.width, frame.height)
    horizon = mounted if frame.horizon_row is None else frame.horizon_row
    scene = prepare(
        image,
        key=frame.name,
        boxes=frame.boxes,
        horizon=horizon,
        camera=camera,
        ambient=weather.ambient,
        seed=weather.seed,
    )
    source = "camera" if frame.horizon_row is None and mounted is not None else scene.horizon_source
    return Views([scene.render_values(values) for values in weather.values], scene.horizon, source)
