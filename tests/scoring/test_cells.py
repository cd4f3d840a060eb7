"""Cells of a table: thresholds kept from clear weather, intervals of what is left, and where half is lost."""

import dataclasses

import numpy as np
import pytest
from builders import coco_box, coco_file, coco_image

import wutdet
from wutdet.metrics import FoundBoxes
from wutdet.scenarios import parse_scenarios
from wutdet.scoring.cells import CellInput, score_cells
from wutdet.scoring.measure import Settings
from wutdet.scoring.truth import truth_of
from wutdet.scoring.weather import robustness_of

FRAMES = 40
BOX = (10.0, 10, 6, 6)
FAR = (50.0, 40, 6, 6)


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    """Forty frames in ten sequences, a ship in each."""
    images = [coco_image(number, f"{number}.jpg", sequence=f"s{number // 4}") for number in range(FRAMES)]
    boxes = [coco_box(number + 1, number, BOX) for number in range(FRAMES)]
    return truth_of(wutdet.load(coco_file(tmp_path_factory.mktemp("cells") / "gt.json", images, boxes)))


def finds(share, alarms=0, alarm_score=0.5):
    """A detector that finds the ship in this share of the frames of every sequence, at 0.9, and makes false alarms."""
    hit = [number for number in range(FRAMES) if number % 4 < round(4 * share)]
    return FoundBoxes(
        np.array(hit + list(range(alarms)), np.int64),
        np.array([BOX] * len(hit) + [FAR] * alarms, float).reshape(-1, 4),
        np.array([0.9] * len(hit) + [alarm_score] * alarms),
    )


def cells(truth, found, settings=Settings(replicates=100)):  # noqa: B008
    return score_cells(truth, [CellInput(parse_scenarios(name)[0], boxes) for name, boxes in found.items()], settings)


def test_cells_come_back_in_the_order_given_with_their_scenario_in_units(truth):
    found = {"fog:3": finds(0.5), "clear": finds(1), "fog:2+lowlight:3": finds(0.25)}
    scored = [cell.scores for cell in cells(truth, found)]
    assert [cell.name for cell in scored] == list(found)
    assert [cell.severity for cell in scored] == [3, 0, None]
    assert scored[0].value == "MOR 1000 m"
    assert [cell.operating["recall@fppi=0.1,iou=0.3"] for cell in scored] == [0.5, 1, 0.25]


def test_the_threshold_of_clear_weather_is_kept_in_fog(truth):
    """In clear weather six false alarms at 0.5 in 40 frames are too many for 0.1 a frame, so the threshold is 0.9.

    In fog the hits score 0.4: at a threshold of fog's own they count, at the one that was kept none does.
    """
    dim = dataclasses.replace(finds(0.5), scores=np.full(FRAMES // 2, 0.4))
    clear, fog = (cell.scores for cell in cells(truth, {"clear": finds(1, alarms=6), "fog:3": dim}))
    assert clear.operating["threshold@fppi=0.1,iou=0.3"] == 0.9
    assert clear.operating["recall@clear_fppi=0.1,iou=0.3"] == 1
    assert fog.operating["recall@fppi=0.1,iou=0.3"] == 0.5
    assert fog.operating["recall@clear_fppi=0.1,iou=0.3"] == 0
    alarmed = cells(truth, {"clear": finds(1, alarms=6), "fog:3": finds(0.5, alarms=30, alarm_score=0.95)})[1].scores
    assert alarmed.operating["fppi@clear_fppi=0.1,iou=0.3"] == 0.75


def test_recall_is_read_against_what_the_fog_left(truth):
    """Frames 0 and 1 of each sequence are found, and their ships keep 0.3 of their light; the others keep 0.03."""
    left = np.where(np.arange(FRAMES) % 4 < 2, 0.3, 0.03)
    fog = CellInput(parse_scenarios("fog:3")[0], finds(0.5), transmittance=left, contrast=left / 2)
    [cell] = score_cells(truth, [fog], Settings(level=None))
    rows = {item.bin: (item.ships, item.recall) for item in cell.scores.recall_by["transmittance"] if item.ships}
    assert rows == {"0.02-0.05": (20, 0.0), "0.2-0.4": (20, 1.0)}
    rows = {item.bin: (item.ships, item.recall) for item in cell.scores.recall_by["contrast"] if item.ships}
    assert rows == {"0.01-0.02": (20, 0.0), "0.1-0.2": (20, 1.0)}


def test_what_is_left_in_weather_by_hand(truth):
    """Recall 1 in clear, 3/4 in fog:1 (MOR 4000 m), 1/4 in fog:3 (1000 m); 1/2 in lowlight:2 (−2 EV).

    Fog's mean is 1/2 and low light's 1/2, so mPC and rPC are 1/2. Over severity fog's curve has the area
    (1 + 3/4)/2 · 1 + (3/4 + 1/4)/2 · 2 = 1.875, over 3: 0.625. It halves at the mean of 1/4000 and 1/1000, which is
    1/1600: MOR 1600 m. Low light halves at −2 EV itself.
    """
    found = {"clear": finds(1), "fog:1": finds(0.75), "fog:3": finds(0.25), "lowlight:2": finds(0.5)}
    by_metric = {item.metric: item for item in robustness_of(cells(truth, found), Settings(replicates=100))}
    recall = by_metric["recall@clear_fppi=0.1,iou=0.3"]
    assert (recall.mPC, recall.rPC) == (0.5, 0.5)
    assert recall.per_kind == {"fog": 0.5, "lowlight": 0.5}
    assert recall.area == {"fog": pytest.approx(0.625), "lowlight": 0.75}
    assert recall.half == {"fog": pytest.approx(1 / 1600), "lowlight": 2}
    assert recall.half_value == {"fog": "MOR 1600 m", "lowlight": "-2 EV"}
    assert recall.intervals["rPC"] == pytest.approx((0.5, 0.5))  # every sequence is alike
    assert recall.half_interval["fog"] == ("MOR 1600 m", "MOR 1600 m")


def test_halves_outside_the_weather_that_was_run_are_bounded_only(truth):
    found = {"clear": finds(1), "fog:1": finds(0.25), "rain:1": finds(0.75), "rain:2": finds(0.75)}
    by_metric = {item.metric: item for item in robustness_of(cells(truth, found), Settings(level=None))}
    recall = by_metric["recall@clear_fppi=0.1,iou=0.3"]
    assert recall.half_value == {"fog": "milder than MOR 4000 m", "rain": "beyond 10 mm/h"}
    assert recall.half["rain"] is None
    assert recall.intervals == {}


def test_a_detector_that_finds_nothing_has_no_half(truth):
    nothing = finds(0)
    by_metric = {
        item.metric: item for item in robustness_of(cells(truth, {"clear": nothing, "fog:1": nothing}), Settings())
    }
    assert by_metric["AP_small"].half == {"fog": None}
    assert by_metric["AP_small"].half_value == {"fog": ""}
    assert by_metric["AP_small"].rPC is None


def test_without_clear_weather_nothing_is_relative(truth):
    recall = robustness_of(cells(truth, {"fog:1": finds(0.5)}), Settings(level=None))[-1]
    assert (recall.mPC, recall.rPC, recall.half_value) == (0.5, None, {"fog": ""})


def test_clear_alone_has_no_robustness(truth):
    recall = robustness_of(cells(truth, {"clear": finds(0.5)}), Settings())[-1]
    assert (recall.mPC, recall.per_kind, recall.intervals) == (None, {}, {})


def test_intervals_widen_with_the_spread_between_sequences(truth):
    """Fog hits all of every second sequence against half of each: the same recall, another certainty."""
    number = np.flatnonzero((np.arange(FRAMES) // 4) % 2 == 0)
    uneven = FoundBoxes(number, np.tile([BOX], (len(number), 1)), np.full(len(number), 0.9))
    settings = Settings(replicates=400)
    even = robustness_of(cells(truth, {"clear": finds(1), "fog:1": finds(0.5)}, settings), settings)[-1]
    spread = robustness_of(cells(truth, {"clear": finds(1), "fog:1": uneven}, settings), settings)[-1]
    assert even.rPC == spread.rPC == 0.5
    assert even.intervals["rPC"] == pytest.approx((0.5, 0.5))
    assert spread.intervals["rPC"][0] < 0.3
    assert spread.intervals["rPC"][1] > 0.7


def test_two_threads_score_what_one_scores(truth, monkeypatch):
    found = {"clear": finds(1), "fog:1": finds(0.75), "fog:3": finds(0.25), "lowlight:2": finds(0.5)}
    alone = [cell.scores for cell in cells(truth, found)]
    monkeypatch.setattr("wutdet.scoring.cells._WORTH_THREADS", 0)
    assert [cell.scores for cell in cells(truth, found)] == alone
