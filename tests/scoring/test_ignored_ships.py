"""Ships with too little contrast left, by hand: in no number of their cell, and counted."""

from __future__ import annotations

import math

import numpy as np
import pytest
from builders import coco_box, coco_file, coco_image

import wutdet
from wutdet.errors import ConfigError, DataError
from wutdet.metrics import FoundBoxes
from wutdet.scenarios import parse_scenario
from wutdet.scoring import evaluate
from wutdet.scoring.cells import CellInput, score_cells
from wutdet.scoring.measure import Settings, too_faint
from wutdet.scoring.truth import truth_of

CONTRAST = {1: 0.2, 2: 0.004, 3: 0.005, 4: None}


@pytest.fixture
def dataset(tmp_path):
    """Four frames in two scenes with a ship of 10 x 10 px each; the contrast of the last is not known."""
    images = [coco_image(number, f"{number}.jpg", scene="port" if number < 3 else "navigation") for number in CONTRAST]
    boxes = [
        coco_box(number, number, (10, 10, 10, 10), **({} if left is None else {"contrast": left}))
        for number, left in CONTRAST.items()
    ]
    return wutdet.load(coco_file(tmp_path / "gt.json", images, boxes))


FOUND = FoundBoxes(np.array([1, 2, 3]), np.array([(10, 10, 10, 10)] * 3, float), np.array([0.9, 0.8, 0.7]))
"""The ship with too little contrast is found, too."""


def test_an_ignored_ship_is_in_no_number_and_is_counted(dataset):
    """Of four ships three are found, recall 3/4; without the second, two of three."""
    plain, cell = (
        evaluate(dataset, FOUND, slices=["scene"], interval=None, ignore_below=below).cells[0]
        for below in (None, 0.005)
    )
    assert (plain.ships.all, plain.ships_ignored, plain.AR_100) == (4, 0, 0.75)
    assert (cell.ships.all, cell.ships.small, cell.ships_ignored) == (3, 3, 1)
    assert pytest.approx(2 / 3) == cell.AR_100
    assert cell.bins["8-16"].ships == 3
    assert cell.bins["8-16"].recall == pytest.approx(2 / 3)
    assert cell.operating["recall@fppi=0.1,iou=0.5"] == pytest.approx(2 / 3)
    assert {kind: error.count for kind, error in cell.errors.items() if error.count} == {
        "missed": 1,
        "false_negative": 1,
    }
    assert "1 of 4 ships are ignored: less contrast than 0.005 is left" in cell.warnings
    port, sea = cell.slices["scene"]["port"], cell.slices["scene"]["navigation"]
    assert (port.ships.all, port.ships_ignored, sea.ships.all, sea.ships_ignored) == (1, 1, 2, 0)
    assert pytest.approx(1) == port.AP50


def test_a_ship_at_the_border_or_of_unknown_contrast_counts(dataset):
    assert evaluate(dataset, FOUND, interval=None, ignore_below=0.005).cells[0].ships_ignored == 1
    assert evaluate(dataset, FOUND, interval=None, ignore_below=0.0051).cells[0].ships_ignored == 2
    assert evaluate(dataset, FOUND, interval=None, ignore_below=1.0).cells[0].ships_ignored == 3


def test_each_cell_ignores_its_own_ships_and_replicates_follow(dataset):
    truth = truth_of(dataset)
    left = np.array([0.1, 0.0, 0.0, math.nan])
    cells = [
        CellInput(parse_scenario("clear"), FOUND),
        CellInput(parse_scenario("fog:5"), FOUND, contrast=left, ignored=too_faint(left, 0.01)),
    ]
    clear, fog = score_cells(truth, cells, Settings(replicates=20, ignore_below=0.01))
    assert (clear.scores.ships_ignored, fog.scores.ships_ignored) == (0, 2)
    assert fog.scores.AR_100 == 0.5
    assert fog.measured.replicates["ships.all"].max() <= 8
    rows = {row.bin: row.ships for row in fog.scores.recall_by["contrast"] if row.ships}
    assert rows == {"0.1-0.2": 1}


@pytest.mark.parametrize("below", [0.0, -0.1, 1.5, math.nan, math.inf])
def test_what_is_no_contrast_is_refused(dataset, below):
    with pytest.raises(ConfigError, match="is no contrast"):
        evaluate(dataset, FOUND, ignore_below=below)


def test_labels_without_contrast_are_refused(tmp_path):
    bare = wutdet.load(coco_file(tmp_path / "gt.json", [coco_image(1, "1.jpg")], [coco_box(1, 1, (1, 1, 9, 9))]))
    with pytest.raises(DataError, match="no ship states its contrast"):
        evaluate(bare, [], ignore_below=0.01)
