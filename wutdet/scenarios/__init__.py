"""Simulated weather in physical units: pure functions from an image to the image under a scenario."""

from typing import Any

from wutdet.scenarios.ambient import Ambient
from wutdet.scenarios.ambient_text import parse_ambient
from wutdet.scenarios.camera import Camera
from wutdet.scenarios.camera_file import CameraEntry, Cameras, MountedHorizon, read_cameras
from wutdet.scenarios.doses import describe_dose, dose
from wutdet.scenarios.grammar import (
    CLEAR,
    Effect,
    Scenario,
    describe,
    parse_scenario,
    parse_scenarios,
    scenario_values,
    severity_unit,
    severity_value,
)
from wutdet.scenarios.horizon import Horizon
from wutdet.scenarios.horizon_search import find_horizon
from wutdet.scenarios.kinds import Kind
from wutdet.scenarios.registry import all_severities, known_severities, register, unregister
from wutdet.scenarios.scene import PIXELS, Rendered, Scene, apply, prepare
from wutdet.scenarios.severities import KindSeverities, SeverityTable, own_severities

__all__ = [
    "CLEAR",
    "PIXELS",
    "Ambient",
    "Camera",
    "CameraEntry",
    "Cameras",
    "Effect",
    "Horizon",
    "Kind",
    "KindSeverities",
    "MountedHorizon",
    "Rendered",
    "Scenario",
    "Scene",
    "SeverityTable",
    "all_severities",
    "apply",
    "describe",
    "describe_dose",
    "dose",
    "find_horizon",
    "known_severities",
    "own_severities",
    "parse_ambient",
    "parse_scenario",
    "parse_scenarios",
    "prepare",
    "read_cameras",
    "register",
    "scenario_values",
    "severity_unit",
    "severity_value",
    "unregister",
]

_TRANSFORMS = ("Fog", "Glare", "LowLight", "Rain")


def __getattr__(name: str) -> Any:
    """The albumentations transforms, on first use: importing albumentations takes a second."""
    if name in _TRANSFORMS:
        from wutdet.scenarios import transforms

        return getattr(transforms, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_TRANSFORMS])
