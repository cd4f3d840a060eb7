"""The weather of a run as its plan records it: every number that decides pixels, in units."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

import msgspec

from wutdet.benchmark.weather import Weather
from wutdet.scenarios import Ambient, CameraEntry
from wutdet.scenarios.registry import package_of


class HorizonInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The horizon of a camera that does not move."""

    rows_px: tuple[float, float]
    """At the left and right edge of a frame of this size."""
    width_px: int
    height_px: int


class CameraInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A nominal camera that ranges were computed with."""

    height_m: float
    hfov_deg: float
    horizon: HorizonInfo | None = None


class KindInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of weather that is run."""

    unit: str
    values: dict[str, float]
    """By severity, in the unit."""
    package: str | None = None
    """Name and version of what brought the kind, where a package other than wutdet did."""


def kind_infos(weather: Weather) -> dict[str, KindInfo]:
    """Every kind that is run, with its severities that are."""
    values: dict[str, dict[int, float]] = {}
    for scenario, in_units in zip(weather.scenarios, weather.values, strict=True):
        for effect in scenario.effects:
            values.setdefault(effect.kind, {})[effect.severity] = float(in_units[effect.kind])
    return {
        kind: KindInfo(
            unit=weather.severities.kinds[kind].unit,
            values={str(severity): of_kind[severity] for severity in sorted(of_kind)},
            package=package_of(kind),
        )
        for kind, of_kind in values.items()
    }


def default_camera(weather: Weather) -> CameraInfo:
    """The camera of frames that have no entry."""
    return camera_info(weather.cameras.default)


def camera_infos(weather: Weather, frame_cameras: Iterable[str | None]) -> dict[str, CameraInfo]:
    """The entries that took some of the frames, in the order of their names."""
    present = set(frame_cameras)
    entries = weather.cameras.entries
    return {name: camera_info(entries[name]) for name in sorted(entries) if name in present}


def ambient_info(ambient: Ambient) -> dict[str, float | None]:
    """All of the ambient; None is drawn from the frame's key."""
    return {name: None if value is None else float(value) for name, value in asdict(ambient).items()}


def camera_info(entry: CameraEntry) -> CameraInfo:
    """A camera as a plan records it."""
    line = entry.horizon
    horizon = None
    if line is not None:
        rows = (float(line.row_left_px), float(line.row_right_px))
        horizon = HorizonInfo(rows_px=rows, width_px=line.width_px, height_px=line.height_px)
    return CameraInfo(height_m=float(entry.camera.height_m), hfov_deg=float(entry.camera.hfov_deg), horizon=horizon)
