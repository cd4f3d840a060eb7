"""Simulated weather in physical units: pure functions from an image to the image under a scenario."""

from wutdet.scenarios.ambient import Ambient
from wutdet.scenarios.camera import Camera
from wutdet.scenarios.doses import describe_dose, dose
from wutdet.scenarios.grammar import (
    CLEAR,
    Effect,
    Scenario,
    describe,
    parse_scenario,
    parse_scenarios,
    severity_unit,
    severity_value,
)
from wutdet.scenarios.horizon import Horizon
from wutdet.scenarios.horizon_search import find_horizon
from wutdet.scenarios.scene import Rendered, Scene, apply, prepare

__all__ = [
    "CLEAR",
    "Ambient",
    "Camera",
    "Effect",
    "Horizon",
    "Rendered",
    "Scenario",
    "Scene",
    "apply",
    "describe",
    "describe_dose",
    "dose",
    "find_horizon",
    "parse_scenario",
    "parse_scenarios",
    "prepare",
    "severity_unit",
    "severity_value",
]
