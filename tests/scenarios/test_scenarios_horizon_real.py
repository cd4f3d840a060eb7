"""The finder on real frames whose horizon was marked by hand; `tests/benchmarks/bench_horizon.py` prints the table."""

from __future__ import annotations

import csv
import json
import statistics
from pathlib import Path

import cv2
import numpy as np
import pytest

from wutdet.scenarios import find_horizon

LABELS = Path(__file__).parents[1] / "realdata" / "horizons.csv"
KINDS = {"sea-sky", "sea-coast", "none"}


def labels() -> list[dict[str, str]]:
    with LABELS.open(newline="") as lines:
        return list(csv.DictReader(lines))


def error_px(row: dict[str, str], left: float, right: float) -> float:
    """Mean row difference at the ends of the visible part, at 1080 rows."""
    share = np.array([float(row["visible_from_px"]), float(row["visible_to_px"])]) / float(row["width"])
    true_left, true_right = float(row["row_left"]), float(row["row_right"])
    difference = true_left - left + ((true_right - true_left) - (right - left)) * share
    return float(np.abs(difference).mean() * 1080.0 / float(row["height"]))


def test_labels_are_whole_and_their_lines_are_those_through_their_marks() -> None:
    rows = labels()
    assert len(rows) == len({row["image"] for row in rows}) >= 60
    assert sum(row["kind"] == "none" for row in rows) >= 15
    for row in rows:
        assert row["kind"] in KINDS
        if row["kind"] == "none":
            assert row["row_left"] == row["marks"] == ""
            continue
        marks = np.array([[float(part) for part in mark.split(":")] for mark in row["marks"].split()])
        slope, left = np.polyfit(marks[:, 0], marks[:, 1], 1)
        assert abs(left - float(row["row_left"])) <= 0.06
        assert abs(left + slope * int(row["width"]) - float(row["row_right"])) <= 0.06
        assert 0 <= int(row["visible_from_px"]) < int(row["visible_to_px"]) <= int(row["width"])


@pytest.mark.realdata
@pytest.mark.nightly
def test_lines_on_real_frames_are_right_or_left_out(realdata: Path) -> None:
    known = {image["file_name"] for image in json.loads((realdata / "truth.json").read_text())["images"]}
    errors, lines, shown = [], 0, 0
    for row in labels():
        assert row["image"] in known
        frame = cv2.imread(str(realdata / "voc" / "JPEGImages" / row["image"]))
        found = find_horizon(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
        shown += row["kind"] != "none"
        lines += found is not None
        if found is not None and row["kind"] != "none":
            errors.append(error_px(row, found.row_left, found.row_right))
    right = sum(error <= 5.0 for error in errors)
    assert statistics.median(errors) <= 2.0
    assert len(errors) >= 0.7 * shown
    assert right >= 0.85 * lines
