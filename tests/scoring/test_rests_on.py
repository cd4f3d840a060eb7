"""Which sequences a number rests on: those with its ships, whatever they are chosen by."""

import numpy as np
import pytest
from builders import coco_box, coco_file, coco_image

import wutdet
from wutdet.metrics import FoundBoxes
from wutdet.metrics.intervals import interval_warning, p_value
from wutdet.metrics.numbers import BIN_NUMBERS
from wutdet.scenarios import CLEAR
from wutdet.scoring import evaluate
from wutdet.scoring.assemble import sequences_behind
from wutdet.scoring.cells import CellInput, score_cells
from wutdet.scoring.compare import compare_runs
from wutdet.scoring.doubts import interval_doubts
from wutdet.scoring.measure import Settings
from wutdet.scoring.truth import truth_of

SEQUENCES = 30
FEW = 3
SMALL = (10.0, 30, 6, 6)
"""16 rows below the horizon; 3 px at the network's input."""
LARGE = (10.0, 30, 40, 40)
"""50 rows below it; 20 px at the network's input."""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Thirty sequences of a frame of 100 px with one ship each, which is small in the first three."""
    images = [
        coco_image(number, f"{number}.jpg", (100, 80), sequence=f"s{number:02}", horizon_row=20.0)
        for number in range(SEQUENCES)
    ]
    boxes = [coco_box(number + 1, number, box_of(number)) for number in range(SEQUENCES)]
    return wutdet.load(coco_file(tmp_path_factory.mktemp("few") / "few.json", images, boxes))


def box_of(number):
    return SMALL if number < FEW else LARGE


def finds(numbers):
    numbers = np.array(numbers, np.int64)
    return FoundBoxes(
        numbers, np.array([box_of(number) for number in numbers]).reshape(-1, 4), np.full(len(numbers), 0.9)
    )


def measured_of(dataset, **settings):
    truth = truth_of(dataset)
    known = {"contrast": np.where(np.arange(SEQUENCES) < 5, 0.03, 0.3)}
    [cell] = score_cells(truth, [CellInput(CLEAR, finds(range(SEQUENCES)), **known)], Settings(**settings))
    return cell.measured


@pytest.mark.parametrize(
    ("number", "sequences"),
    [
        ("AP", SEQUENCES),
        ("recall@fppi=0.1,iou=0.3", SEQUENCES),
        ("errors.missed.cost", SEQUENCES),
        ("AP_small", FEW),
        ("AR_small", FEW),
        ("AP_medium", SEQUENCES - FEW),
        ("bins.<8.AP50", FEW),
        ("recall@fppi=0.1,iou=0.3,size=<8", FEW),
        ("recall@clear_fppi=1,iou=0.5,size=32-96", SEQUENCES - FEW),
        ("network_bins.<8.AP50", FEW),
        ("network_bins.16-32.recall", SEQUENCES - FEW),
        ("network_bins.small.AP", SEQUENCES),
        ("recall_by.rows_below_horizon.recall@10-20", FEW),
        ("recall_by.rows_below_horizon.recall@50-100", SEQUENCES - FEW),
        ("recall_by.contrast.recall@0.02-0.05", 5),
    ],
)
def test_a_number_rests_on_the_sequences_with_its_ships(dataset, number, sequences):
    measured = measured_of(dataset, imgsz=50, replicates=5)
    assert number in measured.replicates
    assert sequences_behind(measured, number) == pytest.approx(sequences)


@pytest.mark.parametrize("edges_px", [(8, 16, 32, 96), (7.5, 16)])
def test_every_number_of_some_ships_rests_on_as_many_as_are_counted(dataset, edges_px):
    measured = measured_of(dataset, imgsz=50, edges_px=edges_px, replicates=5)
    values, behind = measured.values, measured.rests_on
    assert set(behind) <= set(values) == set(measured.replicates)
    counted = {name.removesuffix("ships"): count for name, count in values.items() if name.endswith(".ships")}
    for start, count in counted.items():
        assert [behind[start + number].sum() for number in BIN_NUMBERS] == [count] * len(BIN_NUMBERS)
    by_property = {name: count for name, count in values.items() if "ships@" in name and not name.endswith("@none")}
    for name, count in by_property.items():
        assert behind[name.replace("ships@", "recall@")].sum() == count
    sized = [name for name in values if "size=" in name and "recall" in name]
    assert len(sized) == 12 * (len(edges_px) + 1)
    for name in sized:
        assert behind[name].sum() == values[f"bins.{name.rpartition('size=')[2]}.ships"]
    of_coco = {f"{kind}_{size}" for kind in ("AP", "AR") for size in ("small", "medium", "large")}
    in_bins = {start + number for start in counted for number in BIN_NUMBERS}
    assert set(behind) == of_coco | in_bins | {*sized} | {name.replace("ships@", "recall@") for name in by_property}


def test_bins_with_a_decimal_border(dataset, tmp_path):
    scores = evaluate(dataset, finds(range(5)), edges_px=(7.5, 16), imgsz=50, replicates=100, out=tmp_path / "a")
    cell = scores.cells[0]
    assert {name: item.ships for name, item in cell.bins.items()} == {"<7.5": FEW, "7.5-16": 0, ">16": SEQUENCES - FEW}
    assert cell.number("bins.<7.5.recall") == 1
    assert cell.intervals["bins.>16.recall"][0] < 2 / 27 < cell.intervals["bins.>16.recall"][1]
    evaluate(dataset, finds([]), edges_px=(7.5, 16), imgsz=50, replicates=100, out=tmp_path / "b")
    comparison = compare_runs(tmp_path / "a", tmp_path / "b", numbers=("bins.>16.recall", "network_bins.<7.5.AP50"))
    assert comparison.difference("bins.>16.recall").difference == pytest.approx(-2 / 27)
    assert comparison.difference("network_bins.<7.5.AP50").difference == -1


def test_p_at_the_networks_input_is_that_of_the_sequences_with_such_ships(dataset, tmp_path):
    """A finds the three small ships and B none, in every resample that holds one: 4 % hold none."""
    for name, numbers in (("a", range(SEQUENCES)), ("b", range(FEW, SEQUENCES))):
        evaluate(dataset, finds(numbers), imgsz=50, replicates=400, out=tmp_path / name)
    comparison = compare_runs(tmp_path / "a", tmp_path / "b", numbers=("AP", "AP_small", "network_bins.<8.AP50"))
    small, at_input = (comparison.difference(name) for name in ("AP_small", "network_bins.<8.AP50"))
    assert small.difference == at_input.difference == pytest.approx(-1)
    assert at_input.p == small.p
    known = int(400 * 0.96)
    assert at_input.p == pytest.approx(p_value(-np.ones(known), FEW), abs=0.002)
    assert at_input.p > 0.1 > p_value(-np.ones(known), SEQUENCES)
    assert not at_input.shown
    text = "interval rests on the worth of 3 sequences of equal size: below 25 it may still be too narrow"
    assert comparison.notes[:2] == [f"AP_small's {text}", f"network_bins.<8.AP50's {text}"]


def test_few_sequences_behind_the_headline_are_warned_of(dataset):
    [cell] = evaluate(dataset, finds(range(SEQUENCES)), replicates=20).cells
    text = "AP_small's interval rests on the worth of 3 sequences of equal size: below 25 it may still be too narrow"
    assert cell.warnings == [text]
    assert evaluate(dataset, finds(range(SEQUENCES)), interval=None).cells[0].warnings == []


@pytest.mark.parametrize(
    ("sequences", "said"),
    [
        ({"AP": 40.0, "AP_small": 30.0}, []),
        ({"AP": 40.0, "AP_small": 2.718}, ["AP_small's interval rests on the worth of 2.71 sequences of equal size"]),
        (
            {"AP": 40.0, "bins.<8.AP": 1.999},
            ["bins.<8.AP has no interval: it needs 2 sequences of equal size, here is"],
        ),
        (
            {"AP": 9.0, "AP_small": 4.0},
            [interval_warning(9.0), "AP_small's interval rests on the worth of 4 sequences"],
        ),
        ({"AP": 9.001, "AP_small": 9.0}, [interval_warning(9.0)]),  # the same to two decimals
        ({"AP": 9.0, "AP_small": 12.0}, [interval_warning(9.0)]),
        ({"AP": 40.0, "AP_small": 0.0}, []),  # no ships
        ({"AP": 1.5, "AP_small": 1.2}, [interval_warning(1.5)]),
        ({"AP": 0.0, "AP_small": 0.0}, [interval_warning(0.0)]),
    ],
)
def test_what_is_said_of_few_sequences(sequences, said):
    lines = list(interval_doubts(sequences))
    assert len(lines) == len(said)
    assert all(line.startswith(start) for line, start in zip(lines, said, strict=True))
