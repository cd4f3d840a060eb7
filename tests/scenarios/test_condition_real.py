"""Conditions of real frames against what an eye says of them: floors, not targets (see docs/conditions.md)."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from wutdet.dataset import load
from wutdet.dataset.sidecar_rules import CONDITIONS
from wutdet.scenarios.conditions import classify

LABELS = Path(__file__).resolve().parent.parent / "realdata" / "conditions.csv"
pytestmark = pytest.mark.realdata


def labels() -> dict[str, str]:
    with LABELS.open(newline="") as file:
        return {row["image"]: row["condition"] for row in csv.DictReader(file)}


def test_every_label_names_a_frame_and_a_condition(realdata: Path):
    names = set(load(realdata).images["file_name"])
    assert len(labels()) >= 80
    assert set(labels()) <= names
    assert set(labels().values()) <= set(CONDITIONS)


def test_haze_passes_for_fog_far_more_often_than_clear_air_does(realdata: Path):
    frames = {frame.name: frame for frame in load(realdata)}
    hazy = [name for name, condition in labels().items() if condition == "fog"]
    clear = [name for name, condition in labels().items() if condition == "clear"][::6]
    taken = {name: classify(frames[name].image).name for name in hazy + clear}
    fog_of_hazy = sum(taken[name] == "fog" for name in hazy) / len(hazy)
    fog_of_clear = sum(taken[name] == "fog" for name in clear) / len(clear)
    assert fog_of_hazy > 0.3
    assert fog_of_clear < 0.15
    assert "rain" not in taken.values()
    assert sum(taken[name] == "clear" for name in clear) > 0.7 * len(clear)
