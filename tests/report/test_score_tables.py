from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from builders import coco_box, coco_file, coco_image
from rich.console import Console, RenderableType

from wutdet import Detections, evaluate, load
from wutdet.report.compare_table import compare_table
from wutdet.report.number_text import interval_text, number_text, plain
from wutdet.report.score_tables import score_tables
from wutdet.scoring.compare import compare_runs
from wutdet.scoring.scores import CellScores, ErrorKind, RecallBin, Scores

SIZE = (640, 480)
SHIPS = ([10, 20, 5, 6], [100, 100, 40, 40], [300, 200, 150, 120])


def shown(item: RenderableType, width: int = 100) -> list[str]:
    """The lines of a terminal of this width that shows no colour."""
    console = Console(width=width, file=io.StringIO(), record=True, color_system=None)
    console.print(item)
    return console.export_text().splitlines()


def words(item: RenderableType) -> list[str]:
    return [" ".join(line.split()) for line in shown(item)]


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> Scores:
    """Twenty-four frames of as many sequences in two scenes, a ship of each size in each; the largest is found."""
    images = [
        coco_image(
            number, f"{number}.jpg", SIZE, sequence=f"s{number}", scene="port" if number % 2 else "anchorage",
            horizon_row=90.0,
        )
        for number in range(24)
    ]  # fmt: skip
    boxes = [coco_box(3 * image + place, image, box) for image in range(24) for place, box in enumerate(SHIPS)]
    dataset = load(coco_file(tmp_path_factory.mktemp("tables") / "labels.json", images, boxes))
    found = [Detections(np.array([[300.0, 200, 450, 320], [5, 300, 30, 330]]), np.array([0.9, 0.4]))] * 24
    return evaluate(dataset, found, slices=["scene"], replicates=100, imgsz=320, detector="model")


def with_cell(scores: Scores, **fields: Any) -> Scores:
    [cell] = scores.cells
    changed: CellScores = msgspec.structs.replace(cell, **fields)
    return msgspec.structs.replace(scores, cells=[changed])


def test_it_says_what_was_measured(scores: Scores) -> None:
    assert words(score_tables(scores))[:3] == [
        "model on labels, split all: 24 frames of 24 sequences",
        "72 ships: 24 small, 24 medium, 24 large (COCO's areas, in native pixels)",
        "[95 % intervals] from 100 resamples of the sequences (24 of equal size)",
    ]


def test_every_table_is_there(scores: Scores) -> None:
    """A third of the ships is found, first in the ranking: 34 of the 101 recalls are reached."""
    lines = words(score_tables(scores))
    for line in (
        "all 72 AP 0.337 [0.337, 0.337] AR_100 0.333 [0.333, 0.333]",
        "all 72 AP_uncapped 0.337 [0.337, 0.337]",
        "small 24 AP_small 0.000 [0.000, 0.000] AR_small 0.000 [0.000, 0.000]",
        "<8 24 0.000 0.000 [0.000, 0.000] 0.000 0.000 0.000 [0.000, 0.000]",
        ">96 24 1.000 1.000 [1.000, 1.000] 1.000 1.000 1.000 [1.000, 1.000]",
        "at 320 px ships AP AP50 AP@.3 recall",
        "small 48 0.000 0.000 [0.000, 0.000] 0.000 0.000",
        "0.1 0.333 [0.333, 0.333] 0.900 0 0.333 [0.333, 0.333] 0.900 0",
        "1 0.333 [0.333, 0.333] 0.400 1000 0.333 [0.333, 0.333] 0.400 1000",
        "rows below horizon <0 24 0.000 [0.000, 0.000]",
        ">200 24 1.000 [1.000, 1.000] ██████████████████████████████",
        "missed 48 0.663 [0.663, 0.663]",
        "background 24 0.000 [0.000, 0.000]",
        "water 24 0.000 [0.000, 0.000]",
        "scene frames ships (small) AP AP50 AP_small",
        "port 12 36 12 0.337 [0.337, 0.337] 0.337 [0.337, 0.337] 0.000 [0.000, 0.000]",
    ):
        assert line in lines, line
    assert not any(line.startswith("20-50 ") for line in lines)  # no ship stands there


def test_it_fits_100_columns(scores: Scores) -> None:
    """Also with the counts of a hundred thousand frames, and long names."""
    [cell] = scores.cells
    many = msgspec.structs.replace(cell.ships, all=381_378, small=281_378, medium=90_000, large=10_000)
    slices = {"camera": {f"the starboard camera {n}": msgspec.structs.replace(
        cell.slices["scene"]["port"], images=100_576, ships=many
    ) for n in range(3)}}  # fmt: skip
    changed = with_cell(scores, images=100_576, ships=many, slices=slices)
    lines = shown(score_tables(changed))
    assert max(map(len, lines)) <= 100
    assert not any("…" in line for line in lines)
    assert "the starboard" in " ".join(lines)
    assert words(score_tables(changed))[0] == "model on labels, split all: 100,576 frames of 24 sequences"


def test_a_narrow_terminal_loses_no_number(scores: Scores) -> None:
    text = "".join("".join(shown(score_tables(scores), width=60)).split())
    assert "…" not in text
    assert max(map(len, shown(score_tables(scores), width=60))) <= 60
    assert text.count("0.333") == "".join(shown(score_tables(scores))).count("0.333")


def test_the_unknown_is_an_em_dash_and_a_number_without_interval_stands_alone(scores: Scores) -> None:
    lines = words(score_tables(with_cell(scores, AP_large=None, AR_large=None, intervals={})))
    assert "large 24 AP_large — AR_large —" in lines
    assert "all 72 AP 0.337 AR_100 0.333" in lines
    assert not any("[0." in line for line in lines if not line.startswith(("port", "anchorage")))


def test_without_intervals_the_caption_tells_of_none(scores: Scores) -> None:
    scoring = msgspec.structs.replace(scores.scoring, level=None, replicates=0)
    lines = words(score_tables(msgspec.structs.replace(scores, scoring=scoring)))
    assert lines[2] == ""
    assert not any("resamples" in line for line in lines)


def test_parts_of_errors_stand_below_their_kind(scores: Scores) -> None:
    kinds = {
        "background.water": ErrorKind(count=0, cost=0.0),
        "background.sky": ErrorKind(count=1_234, cost=0.25),
        "background.unknown": ErrorKind(count=3, cost=None),
        "background": ErrorKind(count=1_237, cost=0.5),
        "false_negative": ErrorKind(count=2, cost=0.1),
    }
    lines = words(score_tables(with_cell(scores, errors=kinds, intervals={})))
    first = lines.index("background 1,237 0.500")
    assert lines[first : first + 4] == [
        "background 1,237 0.500",
        "sky 1,234 0.250",
        "unknown 3 —",
        "false negative 2 0.100",
    ]
    unplaced = {name: kinds[name] for name in ("background.unknown", "background")}
    assert not any(line.startswith("unknown") for line in words(score_tables(with_cell(scores, errors=unplaced))))


def test_bars_are_as_long_as_recall(scores: Scores) -> None:
    rows = [
        RecallBin(bin="0-0.02", ships=10, recall=0.5),
        RecallBin(bin="0.02-0.05", ships=0, recall=None),
        RecallBin(bin="0.8-1", ships=9, recall=0.1),
    ]
    lines = words(score_tables(with_cell(scores, recall_by={"transmittance": rows}, intervals={})))
    assert f"share of its light 0-0.02 10 0.500 {'█' * 15}" in lines
    assert "0.8-1 9 0.100 ███" in lines
    assert not any("0.02-0.05" in line for line in lines)


def test_warnings_come_last_and_slices_do_not_drown_them(scores: Scores) -> None:
    part = scores.cells[0].slices["scene"]["port"]
    doubtful = msgspec.structs.replace(part, warnings=["intervals rest on 3 sequences", "capped"])
    slices = {"camera": {f"c{number}": doubtful for number in range(8)}}
    lines = words(score_tables(with_cell(scores, warnings=["look here"], slices=slices)))
    assert lines[-8:] == [
        "warning: look here",
        *(f"warning: c{number}: intervals rest on 3 sequences" for number in range(6)),
        "warning: so it is with 2 slices more",
    ]


def test_names_from_outside_are_shown_as_they_are(scores: Scores) -> None:
    part = scores.cells[0].slices["scene"]["port"]
    changed = with_cell(scores, slices={"scene": {"[/b]\x1b[2J": part}})
    detector = msgspec.structs.replace(scores.detector, name="[red]\nx")
    lines = words(score_tables(msgspec.structs.replace(changed, detector=detector)))
    assert lines[0].startswith("[red]�x on labels")
    assert any(line.startswith("[/b]�[2J 12 36") for line in lines)


@pytest.mark.parametrize(
    ("value", "interval", "text"),
    [
        (0.1234, (0.1009, 0.1451), "0.123 [0.101, 0.145]"),
        (-0.5, (-0.75, 0.25), "−0.500 [−0.750, 0.250]"),
        (0.5, None, "0.500"),
        (None, None, "—"),
    ],
)
def test_numbers_with_intervals(value: float | None, interval: tuple[float, float] | None, text: str) -> None:
    assert interval_text(value, interval) == text


def test_small_things() -> None:
    assert number_text(12.6, ".0f") == "13"
    assert plain("a\tb\x00é船") == "a�b�é船"


def test_a_comparison_fits_and_groups_by_number(scores: Scores, tmp_path: Path) -> None:
    from wutdet.scoring.scores import write_scores

    [cell] = scores.cells
    foggy = [
        msgspec.structs.replace(
            cell, scenario="fog", severity=number, name=f"fog:{number}", value=f"{number} m", AP=0.1
        )
        for number in (1, 3)
    ]
    both = msgspec.structs.replace(cell, scenario="fog+lowlight", severity=None, name="fog:1+lowlight:1", value="dim")
    write_scores(tmp_path, msgspec.structs.replace(scores, cells=[cell, *foggy, both]))
    long = "false_alarm_frames_per_1000@clear_fppi=0.01,iou=0.5"
    table = compare_table(compare_runs(tmp_path, tmp_path, numbers=("AP", long)))
    lines = shown(table)
    assert max(map(len, lines)) <= 100
    assert not any("…" in line for line in lines)
    rows = words(table)
    first = rows.index("AP clear 0.337 0.337 +0.000 —")
    assert rows[first + 1 : first + 6] == [
        "fog:1 0.100 0.100 +0.000 —",
        "fog:3 0.100 0.100 +0.000 —",
        "fog:1+lowlight:1 0.337 0.337 +0.000 —",
        "mPC 0.100 0.100 +0.000 —",
        "rPC 0.297 0.297 +0.000 —",
    ]
