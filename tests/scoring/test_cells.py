"""Cells of a table: thresholds kept from clear weather, intervals of what is left, and where half is lost."""

import dataclasses

import numpy as np
import pytest
from builders import coco_box, coco_file, coco_image

import wutdet
from wutdet.metrics import FoundBoxes
from wutdet.metrics.intervals import expanded_tail
from wutdet.scenarios import parse_scenarios
from wutdet.scoring.cells import CellInput, score_cells
from wutdet.scoring.measure import Settings
from wutdet.scoring.truth import truth_of
from wutdet.scoring.weather import robustness_of

KEPT = "recall@clear_fppi=0.1,iou=0.3"
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
    clear = CellInput(parse_scenarios("clear")[0], finds(1))
    _, cell = score_cells(truth, [clear, fog], Settings(level=None))
    rows = {item.bin: (item.ships, item.recall) for item in cell.scores.recall_by["transmittance"] if item.ships}
    assert rows == {"0.02-0.05": (20, 0.0), "0.2-0.4": (20, 1.0)}
    rows = {item.bin: (item.ships, item.recall) for item in cell.scores.recall_by["contrast"] if item.ships}
    assert rows == {"0.01-0.02": (20, 0.0), "0.1-0.2": (20, 1.0)}


def test_without_clear_weather_no_threshold_is_kept(truth):
    """Not even that of the fog itself: recall at it is another number. Ships are counted all the same."""
    fog = CellInput(parse_scenarios("fog:3")[0], finds(0.5), transmittance=np.full(FRAMES, 0.3))
    by_sequence = dataclasses.replace(truth, slices={"own": {"first": np.arange(FRAMES) < FRAMES // 2}})
    [cell] = score_cells(by_sequence, [fog], Settings(replicates=20))
    for numbers in (cell.scores, cell.scores.slices["own"]["first"]):
        kept = {name: value for name, value in numbers.operating.items() if "clear_fppi" in name}
        assert set(kept.values()) == {None}
        assert len(kept) == 6 * (2 + 1 + 5)  # recall, alarm frames and alarms, and recall in five sizes
        assert numbers.operating["recall@fppi=0.1,iou=0.3"] == 0.5
        assert [(row.bin, row.recall) for row in numbers.recall_by["transmittance"] if row.ships] == [("0.2-0.4", None)]
        assert "recall@fppi=0.1,iou=0.3" in numbers.intervals
        assert not any("clear_fppi" in name or name.startswith("recall_by") for name in numbers.intervals)
    assert cell.scores.recall_by["transmittance"][4].ships == FRAMES


def test_a_single_cell_of_clear_weather_keeps_its_own_threshold(truth):
    [clear] = cells(truth, {"clear": finds(0.75)})
    assert clear.scores.operating["recall@clear_fppi=0.1,iou=0.3"] == 0.75


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
    assert recall.half == {"fog": None, "rain": None}
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
    *_, small, recall = robustness_of(cells(truth, {"fog:1": finds(0.5)}), Settings(level=None))
    assert (small.mPC, small.rPC, small.half_value) == (pytest.approx(51 / 101), None, {"fog": ""})
    assert (recall.mPC, recall.rPC, recall.half_value) == (None, None, {"fog": ""})


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


def resampled(truth, recalls, settings):
    """What is left of the recall kept in fog, whose replicates are these; those of clear weather are 1."""
    found = cells(truth, {"clear": finds(1), **dict.fromkeys(recalls, finds(0.5))}, settings)
    again = {"clear": np.ones(settings.replicates)} | recalls
    held = [
        dataclasses.replace(
            cell, measured=dataclasses.replace(cell.measured, replicates={KEPT: again[cell.scores.name]})
        )
        for cell in found
    ]
    return robustness_of(held, settings)[-1]


def test_no_end_of_an_interval_lies_outside_the_weather_that_was_run(truth):
    """Of 199 resamples of ten sequences the ends are 1.71 places from the outermost: between the first two.

    Fog:1 is 1/4000, fog:3 1/1000. Where recall is 1 at fog:1 and r at fog:3, half is lost at 1/4000 + 3/4000 · 0.5 /
    (1 − r): MOR 1430 m for r = 1/6, and beyond for r over 1/2.
    """
    settings = Settings(replicates=199)
    full, early = np.ones(199), np.full(199, 1 / 6)
    inside = 1 / 4000 + 3 / 4000 * 0.6
    tail = expanded_tail(10.0, 0.95) * 200 - 1
    assert tail == pytest.approx(0.71, abs=0.01)

    soon = 1 / 4000 + 3 / 4000 * 0.1 / 0.6  # from 0.6 at fog:1 to 0 at fog:3
    one_beyond = {"fog:1": np.full(199, 0.6), "fog:3": np.where(np.arange(199) == 0, 0.9, 0)}
    recall = resampled(truth, one_beyond, settings)
    assert recall.intervals["half.fog"] == (pytest.approx(soon), None)  # one beyond is enough for a bound
    assert recall.half_interval["fog"] == ("MOR 2670 m", "beyond MOR 1000 m")

    recall = resampled(truth, {"fog:1": full, "fog:3": np.where(np.arange(199) == 0, 1 / 6, 0.9)}, settings)
    low = inside + tail * (1 / 1000 - inside)
    assert recall.intervals["half.fog"] == (pytest.approx(low), None)  # as if the others were lost just beyond

    recall = resampled(truth, {"fog:1": np.where(np.arange(199) == 0, 0.2, full), "fog:3": early}, settings)
    assert recall.intervals["half.fog"] == (None, pytest.approx(inside))
    assert recall.half_interval["fog"] == ("milder than MOR 4000 m", "MOR 1430 m")

    recall = resampled(truth, {"fog:1": np.where(np.arange(199) < 100, 0.2, 0.9)}, settings)
    assert recall.intervals["half.fog"] == (None, None)
    assert recall.half_interval["fog"] == ("milder than MOR 4000 m", "beyond MOR 4000 m")


def test_two_threads_score_what_one_scores(truth, monkeypatch):
    found = {"clear": finds(1), "fog:1": finds(0.75), "fog:3": finds(0.25), "lowlight:2": finds(0.5)}
    alone = [cell.scores for cell in cells(truth, found)]
    monkeypatch.setattr("wutdet.scoring.cells._WORTH_THREADS", 0)
    assert [cell.scores for cell in cells(truth, found)] == alone
