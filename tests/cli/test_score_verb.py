from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from builders import coco_box, coco_file, coco_image

from wutdet.scoring import read_scores
from wutdet.scoring.scores import CellScores

Run = Callable[..., Any]

SHIP = [5, 5, 10, 10]
HALF = 51 / 101
"""AP of one hit first and one miss: precision 1 at recalls 0, 0.01, …, 0.5, which are 51 of COCO's 101."""
ALL = pytest.approx(1.0)
"""AP where everything is found: 2e-16 below 1, because COCO's precision has an epsilon under it."""


def results(path: Path, boxes: Sequence[Mapping[str, Any]]) -> Path:
    """A COCO results file of boxes that are as the ships, with score 0.9, but for what is given."""
    entries = [{"category_id": 1, "bbox": SHIP, "score": 0.9, **box} for box in boxes]
    path.write_text(json.dumps(entries))
    return path


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """Two frames of test and one of val, a ship in each; the first two are of different scenes and sequences."""
    test = [
        coco_image(number, f"{number:07d}.jpg", sequence=f"s{number}", scene=scene, camera="bow")
        for number, scene in ((7, "port"), (8, "anchorage"))
    ]
    coco_file(tmp_path / "data/annotations/instances_test.json", test, [coco_box(1, 7, SHIP), coco_box(2, 8, SHIP)])
    val = [coco_image(9, "0000009.jpg", sequence="s9", scene="port", camera="bow")]
    coco_file(tmp_path / "data/annotations/instances_val.json", val, [coco_box(1, 9, SHIP)])
    return tmp_path / "data"


@pytest.fixture
def one_hit(tmp_path: Path) -> Path:
    """The ship of frame 7 found, that of frame 8 not."""
    return results(tmp_path / "model.json", [{"image_id": 7}])


def cell_of(answer: Any) -> dict[str, Any]:
    assert answer.code == 0, answer.err
    found: dict[str, Any] = json.loads(answer.out)
    return found


# Known answers


def test_one_hit_and_one_miss(labels: Path, one_hit: Path, run: Run) -> None:
    answer = run("score", labels, one_hit, "--json", "--replicates", 50)
    cell = cell_of(answer)
    assert answer.err == "scoring the split 'test': 2 frames\n"
    assert {name: cell[name] for name in ("AP", "AP50", "AP75", "AP_small", "AP_uncapped")} == pytest.approx(
        dict.fromkeys(("AP", "AP50", "AP75", "AP_small", "AP_uncapped"), HALF)
    )
    assert (cell["AR_1"], cell["AR_100"], cell["AR_small"]) == (0.5, 0.5, 0.5)
    assert (cell["AP_medium"], cell["AR_large"]) == (None, None)
    assert (cell["images"], cell["sequences"], cell["ships"]["small"]) == (2, 2, 2)
    assert cell["bins"]["8-16"] == pytest.approx({"ships": 2, "AP": HALF, "AP50": HALF, "AP30": HALF, "recall": 0.5})
    assert cell["operating"]["recall@fppi=0.1,iou=0.3"] == 0.5
    assert cell["operating"]["threshold@fppi=0.1,iou=0.3"] == 0.9
    assert cell["errors"]["missed"] == {"count": 1, "cost": pytest.approx(1 - HALF)}
    assert cell["intervals"]["AP"] == [0.0, ALL]  # both resamples of one sequence alone are among fifty
    assert {name: part["AP"] for name, part in cell["slices"]["scene"].items()} == {"port": ALL, "anchorage": 0.0}
    assert set(cell["slices"]) == {"scene"}  # the camera is the same, the condition not known
    msgspec.convert(cell, CellScores)


def test_a_false_alarm_before_the_hit_halves_precision(labels: Path, tmp_path: Path, run: Run) -> None:
    """Right at rank 2 of 2, recall 0.5: precision 1/2 at 51 of 101 recalls."""
    found = results(tmp_path / "d.json", [{"image_id": 7}, {"image_id": 8, "bbox": [40, 30, 9, 9], "score": 0.95}])
    cell = cell_of(run("score", labels, found, "--json", "--interval", 0))
    assert cell["AP"] == pytest.approx(HALF / 2)
    assert cell["operating"]["recall@fppi=0.1,iou=0.3"] == 0.0
    assert cell["operating"]["recall@fppi=1,iou=0.3"] == 0.5
    assert cell["operating"]["false_alarm_frames_per_1000@fppi=1,iou=0.3"] == 500


@pytest.mark.parametrize("image_id", ["0000007.jpg", "0000007", "somewhere/else/0000007.png", "7", 7])
def test_frames_may_be_named(labels: Path, tmp_path: Path, run: Run, image_id: Any) -> None:
    found = results(tmp_path / "d.json", [{"image_id": image_id}])
    assert cell_of(run("score", labels, found, "--json", "--interval", 0))["AP"] == pytest.approx(HALF)


def test_stems_of_a_file_numbered_from_one(tmp_path: Path, run: Run) -> None:
    """Frame 20 has id 1: `image_id` 20, as ultralytics writes it, is its stem, and the note says so."""
    images = [coco_image(1, "000020.jpg"), coco_image(2, "000040.jpg")]
    data = coco_file(tmp_path / "labels.json", images, [coco_box(1, 1, SHIP), coco_box(2, 2, SHIP)])
    answer = run("score", data, results(tmp_path / "d.json", [{"image_id": 20}]), "--json", "--interval", 0)
    assert cell_of(answer)["AP"] == pytest.approx(HALF)
    assert "image_id is read as the number in the file name" in answer.err


def test_no_detections_at_all_are_no_recall(labels: Path, tmp_path: Path, run: Run) -> None:
    cell = cell_of(run("score", labels, results(tmp_path / "d.json", []), "--json", "--replicates", 20))
    assert (cell["AP"], cell["AR_100"], cell["errors"]["missed"]["count"]) == (0.0, 0.0, 2)


def test_both_evaluators_agree(labels: Path, one_hit: Path, run: Run) -> None:
    ours, theirs = (
        cell_of(run("score", labels, one_hit, "--json", "--interval", 0, "--evaluator", name))
        for name in ("columnar", "pycocotools")
    )
    assert ours == theirs


# Splits


def test_detections_of_other_splits_are_left_out(labels: Path, tmp_path: Path, run: Run) -> None:
    found = results(tmp_path / "d.json", [{"image_id": 7}, {"image_id": 9}])
    answer = run("score", labels, found, "--json", "--interval", 0)
    assert cell_of(answer)["AP"] == pytest.approx(HALF)
    assert "left out 1 of 2 detections, which are outside the split" in answer.err
    answer = run("score", labels, found, "--json", "--interval", 0, "--split", "val")
    assert (cell_of(answer)["AP"], cell_of(answer)["images"]) == (ALL, 1)
    assert answer.err.startswith("scoring the split 'val': 1 frames\n")


def test_the_wrong_split_is_said(labels: Path, one_hit: Path, run: Run) -> None:
    assert run("score", labels, one_hit, "--split", "tset").complaint == (
        "data: no split 'tset'; choose from: test, val"
    )
    val_alone = labels / "annotations" / "instances_val.json"
    said = run("score", val_alone, one_hit).complaint
    assert "1 of 1 detections belong to images that DATA lacks (first: 7); DATA has 1 images" in said


def test_without_test_val_is_taken_and_without_both_everything(labels: Path, tmp_path: Path, run: Run) -> None:
    found = results(tmp_path / "d.json", [{"image_id": 9}])
    answer = run("score", labels / "annotations" / "instances_val.json", found, "--json", "--interval", 0)
    assert (cell_of(answer)["AP"], answer.err) == (ALL, "scoring the split 'val': 1 frames\n")
    (labels / "annotations" / "instances_val.json").rename(tmp_path / "labels.json")
    answer = run("score", tmp_path / "labels.json", found, "--json", "--interval", 0)
    assert (cell_of(answer)["AP"], answer.err) == (ALL, "scoring the split 'all': 1 frames\n")


# Options


@pytest.mark.parametrize(
    ("slices", "found"),
    [("camera", {"camera": ["bow"]}), ("scene, camera", {"scene": ["anchorage", "port"], "camera": ["bow"]}), ("", {})],
)
def test_slices(labels: Path, one_hit: Path, run: Run, slices: str, found: dict[str, list[str]]) -> None:
    cell = cell_of(run("score", labels, one_hit, "--json", "--interval", 0, "--slices", slices))
    assert {column: list(parts) for column, parts in cell["slices"].items()} == found


def test_intervals_follow_level_and_seed(labels: Path, tmp_path: Path, run: Run) -> None:
    """Half of 30 ships are found: AR is 0.5, give or take."""
    images = [coco_image(number, f"{number}.jpg", sequence=f"s{number}") for number in range(1, 31)]
    data = coco_file(tmp_path / "many.json", images, [coco_box(number, number, SHIP) for number in range(1, 31)])
    found = results(tmp_path / "d.json", [{"image_id": number} for number in range(1, 16)])

    def interval(*options: object) -> Any:
        return cell_of(run("score", data, found, "--json", "--replicates", 100, *options))["intervals"]["AR_100"]

    wide, narrow, other = interval(), interval("--interval", 0.5), interval("--seed", 1)
    assert wide[0] < narrow[0] <= 0.5 <= narrow[1] < wide[1]
    assert other != wide
    assert interval() == wide
    assert cell_of(run("score", data, found, "--json", "--interval", 0))["intervals"] == {}


def test_sizes_and_network_scale(labels: Path, one_hit: Path, tmp_path: Path, run: Run) -> None:
    """The frames are 64 px wide, so at 640 px a ship of √100 = 10 px is 100 px: large, and above 20."""
    (tmp_path / "sizes.yaml").write_text("edges_px: [10, 20]")
    options = ("--json", "--interval", 0, "--sizes", tmp_path / "sizes.yaml", "--imgsz", 640)
    cell = cell_of(run("score", labels, one_hit, *options))
    bins, network_bins = (
        {name: part["ships"] for name, part in cell[group].items()} for group in ("bins", "network_bins")
    )
    assert bins == {"<10": 0, "10-20": 2, ">20": 0}
    assert network_bins == {"small": 0, "medium": 0, "large": 2, "<10": 0, "10-20": 0, ">20": 2}
    assert cell_of(run("score", labels, one_hit, "--json", "--interval", 0))["network_bins"] == {}


def test_the_category_of_ships_is_chosen(labels: Path, tmp_path: Path, run: Run) -> None:
    boxes = [{"image_id": 7, "category_id": 9}, {"image_id": 8, "category_id": 1, "score": 0.99}]
    found = results(tmp_path / "d.json", boxes)
    assert "has detections of several categories: 9 (1), 1 (1); say which one is ship" in (
        run("score", labels, found).complaint
    )
    answer = run("score", labels, found, "--json", "--interval", 0, "--category", 9)
    assert cell_of(answer)["slices"]["scene"]["anchorage"]["AP"] == 0.0
    assert cell_of(answer)["slices"]["scene"]["port"]["AP"] == ALL
    assert "left out 1 of 2 detections, of category 1 (1)" in answer.err


def test_out_is_a_run_folder(labels: Path, one_hit: Path, tmp_path: Path, run: Run) -> None:
    command = ("score", labels, one_hit, "--json", "--replicates", 50)
    cell = cell_of(run(*command, "--out", tmp_path / "run"))
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["replicates.npz", "scores.json"]
    scores = read_scores(tmp_path / "run")
    assert msgspec.to_builtins(scores.cells[0]) == msgspec.to_builtins(msgspec.convert(cell, CellScores))
    assert (scores.detector.name, scores.dataset.name, scores.dataset.split) == ("model", "data", "test")
    assert (scores.scoring.replicates, scores.scoring.seed, scores.scoring.level) == (50, 0, 0.95)
    assert "exists and is not empty" in run(*command, "--out", tmp_path / "run").complaint
    run(*command, "--out", tmp_path / "named", "--name", "YOLO [red]")
    assert read_scores(tmp_path / "named").detector.name == "YOLO [red]"
    run(*command, "--out", tmp_path / "again")
    for name in ("scores.json", "replicates.npz"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "run" / name).read_bytes()


def test_a_bad_frame_is_left_out_on_demand(tmp_path: Path, run: Run) -> None:
    images = [coco_image(1, "1.jpg"), coco_image(2, "2.jpg")]
    data = coco_file(tmp_path / "labels.json", images, [coco_box(1, 1, SHIP), coco_box(2, 2, [5, 5, 0, 0])])
    found = results(tmp_path / "d.json", [{"image_id": 1}])
    assert "degenerate box" in run("score", data, found).complaint
    answer = run("score", data, found, "--json", "--interval", 0, "--on-error", "skip")
    assert cell_of(answer)["AP"] == ALL
    assert "left out: " in answer.err


# Mistakes


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--slices", "weather"), "slices: no slices by 'weather'; choose from: scene, condition"),
        (("--interval", "1.5"), "interval: 1.5 is no level; give one such as 0.95"),
        (("--interval", "nan"), "interval: nan is no level; give one such as 0.95"),
        (("--sizes", "none.yaml"), "none.yaml: cannot be read (No such file or directory); check the path"),
        (("--seed", str(2**64)), "seed: the seed is 18446744073709551616; "),
    ],
)
def test_mistakes_end_in_one_line(
    labels: Path, one_hit: Path, tmp_path: Path, run: Run, options: tuple[str, str], said: str
) -> None:
    out = tmp_path / "run"
    assert run("score", labels, one_hit, "--out", out, *options).complaint.startswith(said)
    assert not out.exists() or not list(out.iterdir())


OF_RUN = {"--split": "train", "--slices": "scene", "--category": "1", "--name": "m", "--out": "o", "--severities": "s"}
OF_COPIES = {
    "--slices": "scene",
    "--images": "i",
    "--splits": "s",
    "--sidecar": "s",
    "--voc-origin": "0",
    "--classes": "boat=ship",
    "--on-error": "skip",
}


@pytest.mark.parametrize(
    ("subject", "option", "value"),
    [
        *(("run", name, value) for name, value in OF_RUN.items()),
        *(("copies", name, value) for name, value in OF_COPIES.items()),
        ("file", "--severities", "s"),
    ],
)
def test_options_that_would_be_ignored_are_refused(
    labels: Path, one_hit: Path, tmp_path: Path, run: Run, subject: str, option: str, value: str
) -> None:
    (tmp_path / "s").write_text("kinds:\n  fog: {severities: [3000, 900]}\n")
    (tmp_path / "i").mkdir()
    given = tmp_path / value if option in ("--out", "--severities", "--images", "--splits", "--sidecar") else value
    data, detections, words = labels, one_hit, "one results file, without weather"
    if subject == "run":
        detections, words = tmp_path / "run", "a run, whose plan says it; nothing is written"
        detections.mkdir()
    if subject == "copies":
        data, words = rendered(tmp_path / "copies"), "rendered copies, whose labels say it all"
    assert (
        run("score", data, detections, option, given).complaint == f"{option}: means nothing for {words}; leave it out"
    )
    assert not (tmp_path / "o").exists()


def test_several_options_that_would_be_ignored_are_one_line(labels: Path, tmp_path: Path, run: Run) -> None:
    (tmp_path / "run").mkdir()
    said = run("score", labels, tmp_path / "run", "--split", "val", "--out", tmp_path / "o").complaint
    assert said == "--split, --out: mean nothing for a run, whose plan says it; nothing is written; leave them out"


def rendered(folder: Path) -> Path:
    """What tells a folder of copies."""
    folder.mkdir()
    source = {"name": "a", "split": None, "frames": 1, "ships": 1, "sha256": "", "image_bytes": 1}
    plan = {"schema": "wutdet-render-1", "source": source, "scenarios": [], "image_format": "png", "pixels": ""}
    more = {"ignore_below": None, "camera": {}, "cameras": {}, "ambient": {}, "seed": 0, "versions": {}}
    (folder / "plan.json").write_text(json.dumps(plan | more))
    return folder


def test_detections_that_are_none(labels: Path, tmp_path: Path, run: Run) -> None:
    (tmp_path / "d.json").write_text('{"images": []}')
    assert run("score", labels, tmp_path / "d.json").complaint.startswith(f"{tmp_path / 'd.json'}: is a COCO dataset,")
    assert run("score", labels, tmp_path / "none.json").complaint.startswith(f"{tmp_path / 'none.json'}: cannot be rea")
    assert run("score", labels).code == 2


# Output


def test_the_table(labels: Path, one_hit: Path, run: Run) -> None:
    answer = run("score", labels, one_hit, "--replicates", 50)
    assert answer.code == 0
    lines = [line.rstrip() for line in answer.out.splitlines()]
    assert lines[0] == "model on data, split test: 2 frames of 2 sequences"
    assert lines[1] == "2 ships: 2 small, 0 medium, 0 large (COCO's areas, in native pixels)"
    shown = {" ".join(line.split()) for line in lines}
    assert shown >= {
        "all 2 AP 0.505 [0.000, 1.000] AR_100 0.500 [0.000, 1.000]",
        "large 0 AP_large — AR_large —",
        "8-16 2 0.505 0.505 [0.000, 1.000] 0.505 0.500 0.500 [0.000, 1.000]",
        "0.1 0.500 [0.000, 1.000] 0.900 0 0.500 [0.000, 1.000] 0.900 0",
        "missed 1 0.495",
        "port 1 1 1 1.000 1.000 1.000",
    }
    assert max(map(len, lines)) <= 100
    assert "\x1b" not in answer.out


def test_help_names_the_schema_and_is_light(run: Run) -> None:
    answer = run("score", "--help")
    assert "annotations/scores.schema.json is the JSON Schema" in " ".join(answer.out.split())
    heavy = ("numpy", "polars", "cv2", "pycocotools", "matplotlib", "torch")
    for verb in ("score", "compare"):
        code = (
            f"import sys; sys.argv = ['wutdet', '{verb}', '--help']\nfrom wutdet.cli import main\n"
            f"try: main()\nexcept SystemExit: print([name for name in {heavy} if name in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == "[]"
