"""The weather of a run as its scores record it: what must be equal where runs are compared."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from wutdet.benchmark.plan_weather import CameraInfo, ambient_info, camera_info
from wutdet.errors import ConfigError, DataError
from wutdet.rendering.plan import RenderPlan
from wutdet.scenarios import Ambient, CameraEntry, Scenario, SeverityTable, scenario_values
from wutdet.scoring.scores import WeatherInfo


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What decides how a frame looks under a scenario, besides the frame and the scenario in units."""

    camera: CameraInfo
    """Of the frames that are in none of `cameras`."""
    cameras: Mapping[str, CameraInfo]
    """By the name that frames give; entries without a frame decide nothing."""
    ambient: Mapping[str, float | None]
    """None is drawn."""
    seed: int
    """Of what is drawn."""
    pixels: int
    """`wutdet.scenarios.PIXELS` of the wutdet that rendered."""


def circumstances_of_copies(folder: Path, plan: RenderPlan) -> Circumstances:
    """Those that a rendering was made in.

    Raises:
        DataError: its plan states none that can be.
    """
    try:
        entries = {name: msgspec.convert(entry, CameraEntry) for name, entry in plan.cameras.items()}
        default, ambient = msgspec.convert(plan.camera, CameraEntry), msgspec.convert(plan.ambient, Ambient)
    except (msgspec.ValidationError, ConfigError) as error:
        raise DataError(f"unreadable plan ({error})", where=folder, remedy="render the frames again") from None
    cameras = {name: camera_info(entry) for name, entry in entries.items()}
    return Circumstances(camera_info(default), cameras, ambient_info(ambient), plan.seed, plan.scenario_pixels)


def weather_info(
    circumstances: Circumstances,
    scenarios: Sequence[Scenario],
    frame_cameras: Iterable[str | None],
    severities: SeverityTable | None = None,
) -> WeatherInfo:
    """How frames are rendered, equal for a benchmark and for the copies of `wutdet render`.

    Args:
        circumstances: of the rendering.
        scenarios: that were run.
        frame_cameras: of every frame that was asked for.
        severities: what they mean in units; None: as they are known.
    """
    names = set(frame_cameras)
    named = {name: circumstances.cameras.get(name, circumstances.camera) for name in names if name is not None}
    common = {
        "pixels": circumstances.pixels,
        "camera": circumstances.camera if None in names else None,
        "cameras": named,
        "ambient": circumstances.ambient,
    }
    sha256 = {}
    for scenario in scenarios:
        if scenario.effects:
            values = {kind: float(value) for kind, value in scenario_values(scenario, severities).items()}
            sha256[str(scenario)] = _sha256(common | {"values": values})
    return WeatherInfo(seed=circumstances.seed, sha256=sha256)


def _sha256(facts: Mapping[str, object]) -> str:
    return hashlib.sha256(msgspec.json.encode(facts, order="deterministic")).hexdigest()
