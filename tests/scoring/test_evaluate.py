"""From a dataset and detections to scores, by hand-built scenes."""

import dataclasses
import math

import numpy as np
import polars as pl
import pytest
from builders import coco_box, coco_file, coco_image

import wutdet
from wutdet.errors import ConfigError, DataError
from wutdet.metrics import FoundBoxes
from wutdet.metrics.coco import pycocotools_numbers
from wutdet.metrics.numbers import COCO_NAMES
from wutdet.scoring import evaluate, read_scores
from wutdet.scoring.replicates import read_replicates
from wutdet.scoring.truth import truth_of

SHIPS = {1: [(10, 10, 6, 6)], 2: [(10, 10, 20, 20)], 3: [(10, 10, 6, 6)], 4: []}
SCENES = {1: "port", 2: "port", 3: "navigation", 4: None}


@pytest.fixture
def four(tmp_path):
    """Four frames 100 x 80 in two sequences; ships of 6, 20 and 6 px; the third is missed; horizon at row 20."""
    images = [
        coco_image(
            number,
            f"{number}.jpg",
            (100, 80),
            sequence=f"s{number // 3}",
            horizon_row=20.0,
            **({"scene": SCENES[number]} if SCENES[number] else {}),
        )
        for number in SHIPS
    ]
    boxes = [coco_box(10 * number, number, box) for number, frame in SHIPS.items() for box in frame]
    return wutdet.load(coco_file(tmp_path / "gt.json", images, boxes))


FOUND = FoundBoxes(
    np.array([1, 2, 4, 4]),
    np.array([(10, 10, 6, 6), (10, 10, 20, 20), (40, 60, 6, 6), (60, 2, 6, 6)], float),
    np.array([0.9, 0.8, 0.7, 0.3]),
)
"""Two hits, one false alarm on the water (foot 66, 46 rows below the horizon), one in the sky (foot at row 8)."""


def test_the_numbers_of_a_scene_by_hand(four):
    """Recall 2/3 at precision 1: of 101 recall points 0.00 to 0.66 get 1, so AP is 67/101 at every IoU.

    `<8` holds two ships, one found: 51/101. `16-32` holds one, found. A false alarm in four frames is 0.25 a frame:
    at 0.1 a frame none is allowed, so the two hits are accepted, at 0.8; at 1 a frame all are, down to 0.3.
    """
    cell = evaluate(four, FOUND, interval=None).cells[0]
    assert cell.AP == cell.AP50 == cell.AP_uncapped == pytest.approx(67 / 101)
    assert (cell.images, cell.sequences, cell.ships.all, cell.ships.small) == (4, 2, 3, 3)
    assert (cell.bins["<8"].ships, cell.bins["<8"].AP50) == (2, pytest.approx(51 / 101))
    assert (cell.bins["<8"].recall, cell.bins["<8"].AP30) == (0.5, pytest.approx(51 / 101))
    assert (cell.bins["16-32"].ships, cell.bins["16-32"].AP) == (1, pytest.approx(1))
    assert (cell.bins[">96"].ships, cell.bins[">96"].AP50) == (0, None)
    assert cell.operating["recall@fppi=0.1,iou=0.3"] == pytest.approx(2 / 3)
    assert cell.operating["threshold@fppi=0.1,iou=0.3"] == 0.8
    assert cell.operating["threshold@fppi=1,iou=0.5"] == 0.3
    assert cell.operating["false_alarm_frames_per_1000@fppi=1,iou=0.5"] == 250
    assert cell.operating["recall@fppi=0.1,iou=0.3,size=<8"] == 0.5
    assert cell.intervals == {}
    assert {name: (kind.count) for name, kind in cell.errors.items() if kind.count} == {
        "background": 2,
        "background.water": 1,
        "background.sky": 1,
        "missed": 1,
        "false_positive": 2,
        "false_negative": 1,
    }
    assert cell.errors["missed"].cost == pytest.approx(1 - 67 / 101)


def test_recall_is_read_against_rows_below_the_horizon(four):
    """Waterlines at rows 16 (4 above the horizon), 30 (10 below) and 16: one of two found, and the other found."""
    rows = {item.bin: item for item in evaluate(four, FOUND, interval=None).cells[0].recall_by["rows_below_horizon"]}
    assert (rows["<0"].ships, rows["<0"].recall) == (2, 0.5)
    assert (rows["10-20"].ships, rows["10-20"].recall) == (1, 1.0)
    assert rows["5-10"].recall is None


def test_every_slice_has_all_numbers_and_slices_may_overlap(four):
    """Port: two ships, both found. Navigation: one, missed."""
    slices = evaluate(four, FOUND, slices=["scene"], interval=None).cells[0].slices["scene"]
    assert set(slices) == {"port", "navigation", "unknown"}
    assert (slices["port"].images, slices["port"].ships.all, slices["port"].AP_small) == (2, 2, pytest.approx(1))
    assert (slices["navigation"].AP_small, slices["unknown"].AP_small) == (0, None)
    assert slices["navigation"].bins["<8"].ships == 1
    own = {"first three": pl.col("image_id") < 4, "odd": pl.col("image_id") % 2 == 1}
    found = evaluate(four, FOUND, slices=own, interval=None).cells[0].slices["own"]
    assert (found["first three"].images, found["odd"].images) == (3, 2)
    assert pytest.approx(51 / 101) == found["odd"].AP


def test_a_slice_equals_scoring_its_frames_alone(four):
    whole = evaluate(four, FOUND, slices=["scene"], replicates=30)
    in_port = FoundBoxes(FOUND.image_ids[:2], FOUND.xywh[:2], FOUND.scores[:2])
    alone = evaluate(four.filter(pl.col("scene") == "port"), in_port, replicates=30)
    part = whole.cells[0].slices["scene"]["port"]
    skipped = ("operating", "recall_by", "intervals", "warnings")  # these keep the threshold of the whole
    for field in (name for name in part.__struct_fields__ if name not in skipped):
        assert getattr(part, field) == getattr(alone.cells[0], field), field


def test_slices_that_are_no_columns_or_predicates_are_refused(four):
    with pytest.raises(ConfigError, match="no slices by 'weather'"):
        evaluate(four, FOUND, slices=["weather"])
    for bad in (pl.col("absent") == 1, pl.col("image_id"), pl.col("image_id").max() > 1):
        with pytest.raises(ConfigError, match="is no predicate on images"):
            evaluate(four, FOUND, slices={"mine": bad})


def test_detections_come_as_columns_as_a_list_and_by_name(four):
    empty = wutdet.Detections(np.empty((0, 4)), np.empty(0))
    listed = [
        wutdet.Detections(np.array([(10, 10, 16, 16)], float), np.array([0.9])),
        wutdet.Detections(np.array([(10, 10, 30, 30)], float), np.array([0.8])),
        empty,
        wutdet.Detections(np.array([(40, 60, 46, 66), (60, 2, 66, 8)], float), np.array([0.7, 0.3])),
    ]
    named = {"1.jpg": listed[0], "2.jpg": listed[1], "4.jpg": listed[3]}
    columns = evaluate(four, FOUND, replicates=20)
    assert evaluate(four, listed, replicates=20) == columns
    assert evaluate(four, named, replicates=20) == columns
    with pytest.raises(DataError, match="detections of 3 frames, but DATA has 4"):
        evaluate(four, listed[:3])
    with pytest.raises(DataError, match=r"'7.jpg' and 0 more, but DATA has '1.jpg'"):
        evaluate(four, {"7.jpg": empty})


def test_pycocotools_gives_the_twelve_numbers_when_asked(four, monkeypatch):
    theirs = evaluate(four, FOUND, evaluator="pycocotools", interval=None)
    assert theirs.scoring.evaluator == "pycocotools"
    assert {name: getattr(theirs.cells[0], name) for name in COCO_NAMES} == {
        name: None if math.isnan(value) else value
        for name, value in pycocotools_numbers(truth_of(four).boxes, FOUND).items()
    }
    monkeypatch.setattr(
        "wutdet.scoring.cells.pycocotools_numbers", lambda *_: dict.fromkeys(COCO_NAMES, 0.125)
    )  # so that equality proves something
    assert evaluate(four, FOUND, evaluator="pycocotools", interval=None).cells[0].AP == 0.125


def test_sizes_at_network_scale(four):
    """Frames of 100 px at imgsz 400: four times as large, so 6 px ships are 24 and the one of 20 px is 80."""
    cell = evaluate(four, FOUND, imgsz=400, interval=None).cells[0]
    assert {name: item.ships for name, item in cell.network_bins.items() if item.ships} == {
        "small": 2,
        "16-32": 2,
        "medium": 1,
        "32-96": 1,
    }
    assert pytest.approx(51 / 101) == cell.network_bins["16-32"].AP50
    assert evaluate(four, FOUND, interval=None).cells[0].network_bins == {}


def test_own_bins(four):
    cell = evaluate(four, FOUND, edges_px=(6, 20), interval=None).cells[0]
    assert {name: item.ships for name, item in cell.bins.items()} == {"<6": 0, "6-20": 2, ">20": 1}


def test_a_frame_with_more_than_100_detections_is_warned_of(four):
    many = FoundBoxes(np.full(101, 4), np.tile([(40.0, 60, 6, 6)], (101, 1)), np.linspace(0.1, 0.2, 101))
    assert any("1 of 4 frames" in warning for warning in evaluate(four, many).cells[0].warnings)
    assert not any("frames have more" in warning for warning in evaluate(four, FOUND).cells[0].warnings)


def test_the_uncapped_ap_counts_what_maxdets_drops(four):
    """In frame 1 a hundred false alarms score above the hit: capped AP loses that ship, the uncapped one finds it."""
    alarms = np.tile([(40.0, 60, 6, 6)], (100, 1))
    found = FoundBoxes(
        np.array([1] * 101 + [2]),
        np.concatenate([alarms, [(10.0, 10, 6, 6), (10, 10, 20, 20)]]),
        np.concatenate([np.linspace(0.5, 0.4, 100), [0.3, 0.9]]),
    )
    cell = evaluate(four, found, interval=None).cells[0]
    assert pytest.approx(34 / 101) == cell.AP
    assert cell.AP_uncapped == pytest.approx((34 + 33 * 2 / 102) / 101)


def test_intervals_hold_the_number_and_are_the_same_every_time(tmp_path):
    """Nine frames, each a sequence of its own with one ship; the ships of frames 1 to 6 are found."""
    images = [coco_image(number, f"{number}.jpg", sequence=f"s{number}") for number in range(9)]
    boxes = [coco_box(number + 1, number, (10, 10, 6, 6)) for number in range(9)]
    nine = wutdet.load(coco_file(tmp_path / "nine.json", images, boxes))
    found = FoundBoxes(np.arange(6), np.tile([(10.0, 10, 6, 6)], (6, 1)), np.linspace(0.9, 0.4, 6))
    first, second = (evaluate(nine, found, replicates=200, seed=3) for _ in range(2))
    assert first == second
    cell = first.cells[0]
    low, high = cell.intervals["AP_small"]
    assert 0 <= low <= cell.AP_small <= high <= 1
    assert low < high
    assert {"bins.<8.AP50", "recall@fppi=0.1,iou=0.3", "errors.missed.cost"} <= set(cell.intervals)
    assert not any("ships" in name or name.startswith("threshold") for name in cell.intervals)
    assert any("sequences" in warning for warning in cell.warnings)


def test_frames_without_sequences_are_said_to_be_resampled_one_by_one(four):
    loose = wutdet.dataset.Dataset(
        four.images.with_columns(sequence=pl.lit(None, pl.String)), four.boxes, four.image_dir, "loose"
    )
    scores = evaluate(loose, FOUND)
    assert scores.scoring.sequences == 4
    assert any("without a sequence" in warning for warning in scores.cells[0].warnings)
    assert not any("without a sequence" in warning for warning in evaluate(four, FOUND).cells[0].warnings)


def test_what_is_written_is_what_was_returned(four, tmp_path):
    scores = evaluate(four, FOUND, replicates=50, out=tmp_path / "run")
    assert read_scores(tmp_path / "run") == scores
    replicates = read_replicates(tmp_path / "run")
    values = replicates.of("clear", "AP")
    assert values.shape == (50,)
    assert values.min() >= 0
    assert values.max() <= 1
    with pytest.raises(KeyError):
        replicates.of("fog:1", "AP")
    with pytest.raises(DataError, match="not empty"):
        evaluate(four, FOUND, out=tmp_path / "run")
    evaluate(four, FOUND, interval=None, out=tmp_path / "plain")
    with pytest.raises(DataError, match="no replicates here"):
        read_replicates(tmp_path / "plain")


def test_numbers_by_dotted_names(four):
    cell = evaluate(four, FOUND, interval=None).cells[0]
    assert cell.number("AP_small") == cell.AP_small
    assert cell.number("bins.<8.AP50") == cell.bins["<8"].AP50
    assert cell.number("errors.background.water.count") == 1
    assert cell.number("recall@fppi=1,iou=0.5") == cell.operating["recall@fppi=1,iou=0.5"]
    for unknown in ("AP_tiny", "bins.<9.AP", "bins.<8.AP60", "slices", "recall@fppi=2,iou=0.5", ""):
        with pytest.raises(KeyError):
            cell.number(unknown)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"interval": 1.0}, "no level"),
        ({"replicates": 0}, "0 replicates"),
        ({"imgsz": 0}, "0 px"),
        ({"seed": -1}, "seed"),
        ({"edges_px": (32, 8)}, "edges_px: edges_px does not rise; give 1 to 11 finite numbers that rise from above 0"),
        ({"edges_px": (8, 8)}, "does not rise"),
        ({"edges_px": ()}, "does not rise"),
        ({"edges_px": (0, 8)}, "does not rise"),
        ({"edges_px": tuple(range(1, 13))}, "does not rise"),
        ({"evaluator": "foo"}, "evaluator: no evaluator 'foo'; choose from: columnar, pycocotools"),
    ],
)
def test_impossible_options_are_one_line(four, options, message):
    with pytest.raises(ConfigError, match=message):
        evaluate(four, FOUND, **options)


def test_a_dataset_without_frames_is_refused(four):
    with pytest.raises(DataError, match="no frames"):
        evaluate(four.filter(pl.col("image_id") > 9), FOUND)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"image_ids": np.array([1, 2, 7, 8])},
            "image_id 7 and 1 more are of no frame of gt; give ids of dataset.images",
        ),
        (
            {"scores": np.array([0.9, np.nan, 0.7, 0.3])},
            "row 1 is the box [10.0, 10.0, 20.0, 20.0] with the score nan; ",
        ),
        ({"scores": np.array([0.9, 0.8, 0.7, np.inf])}, "row 3 is the box [60.0, 2.0, 6.0, 6.0] with the score inf; "),
        ({"xywh": FOUND.xywh * [np.nan, 1, 1, 1]}, "row 0 is the box [nan, 10.0, 6.0, 6.0] with the score 0.9; "),
        (
            {"xywh": FOUND.xywh * [1, 1, 1, -1]},
            "row 0 is the box [10.0, 10.0, 6.0, -6.0] with the score 0.9; give finite ",
        ),
        ({"xywh": FOUND.xywh[:, :2]}, "image_ids (4,), xywh (4, 2) and scores (4,) are not (D,), (D, 4) and (D,); "),
        ({"scores": FOUND.scores[:3]}, "xywh (4, 4) and scores (3,) are not"),
        (
            {"categories": np.full(4, 3)},
            "have categories, and labels have one class; keep the ships, and leave categories",
        ),
    ],
)
def test_columns_that_do_not_fit_are_one_line(four, tmp_path, changes, said):
    with pytest.raises(DataError) as caught:
        evaluate(four, dataclasses.replace(FOUND, **changes), out=tmp_path / "run")
    assert str(caught.value).startswith("detections: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_an_empty_box_is_a_false_alarm(four):
    """Two of three ships found, then as many false alarms: precision 1 up to recall 2/3, so AP is 67/101."""
    empty = dataclasses.replace(
        FOUND, xywh=FOUND.xywh * np.array([[1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 0, 1], [1, 1, 0, 0]])
    )
    cell = evaluate(four, empty, interval=None).cells[0]
    assert pytest.approx(67 / 101) == cell.AP
    assert cell.errors["false_positive"].count == 2
