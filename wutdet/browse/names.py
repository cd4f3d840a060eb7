"""What the fields of a FiftyOne dataset are called."""

from __future__ import annotations

from typing import Final

GROUND_TRUTH: Final = "ground_truth"
BOX_ID: Final = "box_id"
EDGES: Final = "xyxy_px"
"""Of a ship: its box as the dataset has it, so that one that nobody edits comes back to the last bit."""
FRAMES_OF_DATA: Final = "frames_of_data"
"""In a dataset's info: how many frames the data had; `frames_shown` of them became samples."""
FACTS: Final = ("area_px2", "size_bin", "iscrowd")
"""Of every ship."""
GLINT: Final = "glint"
"""Of a detection under glare: whether it is a false alarm that the glare raised."""


def scenario_suffix(scenario: str) -> str:
    """`fog:2+lowlight:3` → `fog_2_lowlight_3`, which FiftyOne takes as a name."""
    return scenario.replace(":", "_").replace("+", "_")


def prediction_field(scenario: str) -> str:
    """The sample field of a scenario's detections: `fog:2+lowlight:3` is in `predictions_fog_2_lowlight_3`."""
    return "predictions_" + scenario_suffix(scenario)


def evaluation_key(scenario: str) -> str:
    """The key of a scenario's evaluation, and the label attribute of its verdicts: `eval_fog_3`."""
    return "eval_" + scenario_suffix(scenario)


def transmittance_field(scenario: str) -> str:
    """The attribute of a ship that tells what the scenario left of its light: `transmittance_fog_3`."""
    return "transmittance_" + scenario_suffix(scenario)


def contrast_field(scenario: str) -> str:
    """The attribute of a ship that tells what the scenario left of its contrast: `contrast_fog_3`."""
    return "contrast_" + scenario_suffix(scenario)


def media_field(scenario: str) -> str:
    """The sample field of the frame as it looks under the scenario: `fog_3_path`."""
    return scenario_suffix(scenario) + "_path"


def kind_of(scenario: str) -> str:
    """The group that a scenario is shown in: `clear`, `fog`, …, or `combined`."""
    return "combined" if "+" in scenario else scenario.partition(":")[0]
