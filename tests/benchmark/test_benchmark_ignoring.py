"""Ships of which too little is left: a finished run is scored again without them, and no detector runs."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from blobs import blobs

import wutdet
from wutdet.benchmark.store import Store, read_detections
from wutdet.errors import DataError
from wutdet.metrics.coco import pycocotools_numbers
from wutdet.metrics.numbers import COCO_NAMES
from wutdet.scoring import read_scores
from wutdet.scoring.compare import compare_runs
from wutdet.scoring.measure import Settings
from wutdet.scoring.truth import truth_of

SCENARIOS = "clear,fog:2,fog:4,lowlight:3"
BELOW = 0.01


class Counting:
    """The blob detector, which counts how often it is asked."""

    calls = 0

    def __call__(self, frames):
        type(self).calls += 1
        return blobs(frames)


@pytest.fixture(scope="module")
def used(tiny_part):
    return tiny_part.split("train")


@pytest.fixture(scope="module")
def folder(used, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ignoring") / "r"
    wutdet.benchmark(Counting(), used, out=folder, scenarios=SCENARIOS, scoring=Settings(level=None))
    return folder


def rescored(folder, used, **settings):
    return wutdet.benchmark(
        Counting(), used, out=folder, scenarios=SCENARIOS, scoring=Settings(level=None, **settings)
    ).scores


def test_the_same_command_scores_anew_and_asks_no_detector(folder, used):
    before, files = Counting.calls, {path: path.read_bytes() for path in sorted(folder.rglob("*.msgpack"))}
    plan, plain = (folder / "plan.json").read_bytes(), (folder / "scores.json").read_bytes()
    ignoring = rescored(folder, used, ignore_below=BELOW)
    assert read_scores(folder) == ignoring
    assert ignoring.scoring.ignore_below == BELOW
    assert rescored(folder, used).scoring.ignore_below is None
    assert (folder / "scores.json").read_bytes() == plain  # all ships again, to the byte
    assert Counting.calls == before
    assert (folder / "plan.json").read_bytes() == plan
    assert {path: path.read_bytes() for path in sorted(folder.rglob("*.msgpack"))} == files


def contrasts(folder, cell):
    return np.array([value for frame in Store(folder).frames(2) for value in frame.cells[cell].contrast])


def test_counts_are_those_of_the_recorded_contrast(folder, used):
    scores = rescored(folder, used, ignore_below=BELOW)
    expected = [0, *(int((contrasts(folder, cell) < BELOW).sum()) for cell in (1, 2, 3))]
    assert (contrasts(folder, 0) < BELOW).any()  # in clear weather they stay
    assert [cell.ships_ignored for cell in scores.cells] == expected
    assert [cell.ships.all for cell in scores.cells] == [used.boxes.height - count for count in expected]
    assert expected[2] > expected[1] > expected[0]
    weather = ", ".join(f"{cell.name} {cell.ships_ignored}" for cell in scores.cells[1:] if cell.ships_ignored)
    [line] = [line for line in scores.cells[0].warnings if line.startswith("ignored")]
    assert line.endswith(f"less contrast than 0.01 left: {weather}, of {used.boxes.height} ships each")
    said = f"{expected[2]} of {used.boxes.height} ships are ignored: less contrast than 0.01 is left"
    assert said in scores.cells[2].warnings


def test_the_twelve_numbers_equal_pycocotools_with_those_annotations_marked(folder, used):
    scores = rescored(folder, used, ignore_below=BELOW)
    truth = truth_of(used)
    by_id = {frame.image_id: frame for frame in Store(folder).frames(2)}
    for number, cell in enumerate(scores.cells):
        place = dict.fromkeys(by_id, 0)
        left = []
        for image_id in truth.boxes.image_ids.tolist():
            left.append(by_id[image_id].cells[number].contrast[place[image_id]])
            place[image_id] += 1
        true = dataclasses.replace(truth.boxes, ignored=(np.array(left) < BELOW) & (number > 0))
        found = read_detections(folder / "detections" / f"{cell.name.replace(':', '_')}.json")
        theirs = pycocotools_numbers(true, found)
        wanted = [None if np.isnan(theirs[name]) else theirs[name] for name in COCO_NAMES]
        assert [getattr(cell, name) for name in COCO_NAMES] == wanted
    original = rescored(folder, used, ignore_below=BELOW, evaluator="pycocotools")
    assert [[getattr(cell, name) for name in COCO_NAMES] for cell in original.cells] == [
        [getattr(cell, name) for name in COCO_NAMES] for cell in scores.cells
    ]


def test_no_ship_is_ignored_unless_it_is_asked_for(folder, used):
    scores = rescored(folder, used)
    assert [cell.ships_ignored for cell in scores.cells] == [0, 0, 0, 0]
    assert not any("ignored" in line for cell in scores.cells for line in cell.warnings)


def test_a_cell_without_any_ship_left_has_no_numbers(folder, used):
    everything = rescored(folder, used, ignore_below=1.0)
    fog = everything.cell("fog:4")
    assert (fog.ships.all, fog.ships_ignored) == (0, used.boxes.height)
    assert (fog.AP, fog.AP_small, fog.operating["recall@fppi=0.1,iou=0.3"]) == (None, None, None)
    assert everything.robustness[0].mPC is None


def test_runs_that_ignore_other_ships_are_not_compared(folder, used, tmp_path):
    out = tmp_path / "ignoring"
    wutdet.benchmark(blobs, used, out=out, scenarios="fog:4", scoring=Settings(level=None, ignore_below=BELOW))
    rescored(folder, used)
    with pytest.raises(DataError, match=r"the contrasts below which ships are ignored differ: None and 0\.01"):
        compare_runs(folder, out)


def test_scores_say_it_in_json(folder, used):
    rescored(folder, used, ignore_below=BELOW)
    stored = json.loads((folder / "scores.json").read_text())
    assert stored["scoring"]["ignore_below"] == BELOW
    assert stored["cells"][2]["ships_ignored"] > 0
    rescored(folder, used)
