from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from builders import coco_box, coco_file, coco_image

from wutdet.scoring.comparison import Comparison
from wutdet.scoring.scores import read_scores, write_scores

Run = Callable[..., Any]

SIZE = (640, 480)
SMALL = [10, 20, 12, 9]
LARGE = [200, 100, 150, 120]
SEQUENCES = 30
REPLICATES = 400


def write_results(path: Path, boxes: dict[int, list[list[int]]], score: float = 0.9) -> Path:
    entries = [
        {"image_id": number, "category_id": 1, "bbox": box, "score": score} for number in boxes for box in boxes[number]
    ]
    path.write_text(json.dumps(entries))
    return path


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty sequences of one frame with a small and a large ship: `all` finds both, `blind` no small one.

    `short` was scored with fewer resamples, `bare` without intervals, and `half` on half of the frames.
    """
    from wutdet.cli.app import app

    folder = tmp_path_factory.mktemp("runs")
    images = [coco_image(number, f"{number}.jpg", SIZE, sequence=f"s{number}") for number in range(1, SEQUENCES + 1)]
    boxes = [
        coco_box(2 * number + place, number, box)
        for number in range(1, SEQUENCES + 1)
        for place, box in enumerate([SMALL, LARGE])
    ]
    labels = coco_file(folder / "labels.json", images, boxes)
    half = coco_file(folder / "half.json", images[:15], [box for box in boxes if box["image_id"] <= 15])
    everything = write_results(folder / "all.json", {number: [SMALL, LARGE] for number in range(1, SEQUENCES + 1)})
    large = write_results(folder / "blind.json", {number: [LARGE] for number in range(1, SEQUENCES + 1)})
    few = write_results(folder / "few.json", {number: [LARGE] for number in range(1, 16)})
    for name, data, found, options in (
        ("all", labels, everything, ()),
        ("blind", labels, large, ()),
        ("short", labels, large, ("--replicates", "50")),
        ("bare", labels, large, ("--interval", "0")),
        ("half", half, few, ()),
    ):
        words = ["score", data, found, "--out", folder / name, "--json", "--replicates", REPLICATES, *options]
        app(list(map(str, words)), standalone_mode=False)
    return folder


def comparison_of(answer: Any, code: int = 0) -> Any:
    assert answer.code == code, answer.err
    msgspec.json.decode(answer.out, type=Comparison)
    return json.loads(answer.out)


def test_a_run_does_not_differ_from_itself(runs: Path, run: Run) -> None:
    found = comparison_of(run("compare", runs / "all", runs / "all", "--json", "--max-drop", "AP=0"))
    assert {(cell["difference"], tuple(cell["interval"]), cell["p"]) for cell in found["cells"]} == {(0, (0, 0), 1)}
    assert [cell["number"] for cell in found["cells"]] == ["AP", "AP50", "AP_small", "recall@fppi=0.1,iou=0.3"]
    assert found["findings"] == ["no difference shown: of 4 comparisons none has p <= 0.05"]
    assert found["kept"] is True
    assert (found["comparisons"], found["replicates"], found["sequences"]) == (4, REPLICATES, SEQUENCES)


def test_a_detector_that_lost_all_small_ships(runs: Path, run: Run) -> None:
    """AP_small falls from 1 to 0 in every resample; recall from 1 to 1/2; AP50 to 51 of 101 recalls."""
    answer = run("compare", runs / "all", runs / "blind", "--json")
    found = comparison_of(answer)
    by_number = {cell["number"]: cell for cell in found["cells"]}
    small = by_number["AP_small"]
    assert (small["a"], small["b"], small["difference"]) == pytest.approx((1, 0, -1))
    assert small["interval"] == pytest.approx([-1, -1])
    assert small["p"] == pytest.approx(0.0099, abs=1e-4)  # the least that 400 replicates can give
    assert small["p_holm"] == pytest.approx(4 * small["p"])
    assert (small["shown"], small["survives"]) == (True, True)
    assert by_number["AP50"]["b"] == pytest.approx(51 / 101)
    assert by_number["recall@fppi=0.1,iou=0.3"]["difference"] == -0.5
    said = "A beats B on AP_small in clear by 1.000 [1.000, 1.000], p = 0.010, also after Holm's correction"
    assert said in found["findings"]
    assert answer.err == ""


def test_the_table(runs: Path, run: Run) -> None:
    answer = run("compare", runs / "all", runs / "blind", "--max-drop", "AP_small=0.5", "--max-drop", "AP_large=0")
    assert answer.code == 1
    lines = [" ".join(line.split()) for line in answer.out.splitlines()]
    assert lines[0] == f"A: all ({runs / 'all'})"[:100]
    assert lines[2] == "on labels, split all: 30 frames of 30 sequences, 60 boxes"
    assert "AP_small clear 1.000 0.000 −1.000 [−1.000, −1.000] 0.010 **" in lines
    assert "recall@fppi=0.1,iou=0.3 clear 1.000 0.500 −0.500 [−0.500, −0.500] 0.010 **" in lines
    assert lines[-2:] == [
        "limit AP_small@clear: worse by 1.000, allowed 0.5: MISSED",
        "limit AP_large@clear: equal, allowed 0: kept",
    ]
    assert max(map(len, answer.out.splitlines())) <= 100


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (["AP_small=1"], 0),
        (["AP_small@clear=0.99"], 1),
        (["recall@fppi=0.1,iou=0.3=0.5"], 0),
        (["recall@fppi=0.1,iou=0.3@clear=0.49"], 1),
        (["recall@fppi=0.1,iou=0.3,size=8-16@clear=0.99"], 1),
        (["recall@fppi=0.1,iou=0.3,size=>96@clear=0"], 0),
        (["AP_large=0", "AP=0.1"], 1),
        (["errors.missed.cost=0.4"], 1),
    ],
)
def test_limits_decide_the_exit(runs: Path, run: Run, limits: list[str], code: int) -> None:
    words = [word for limit in limits for word in ("--max-drop", limit)]
    found = comparison_of(run("compare", runs / "all", runs / "blind", "--json", *words), code)
    assert found["kept"] is (code == 0)
    assert len(found["drops"]) == len(limits)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--max-drop", "AP_smal=0.1"), "--max-drop: no number 'AP_smal'; did you mean AP_small"),
        (("--max-drop", "AP@cler=0.1"), "--max-drop: no scenario in both runs 'cler'; did you mean clear?"),
        (("--max-drop", "AP@fog:3"), "--max-drop: 'AP@fog:3' names no drop; write NUMBER@SCENARIO=DROP"),
        (("--max-drop", "AP=-1"), "--max-drop: the drop of 'AP' is -1; give 0 or more"),
        (("--max-drop", "AP=lots"), "--max-drop: 'AP=lots' names no drop"),
        (("--max-drop", "AP_medium=0.1"), "--max-drop: AP_medium in clear has no value"),
        (("--numbers", "AP,AQ"), "--numbers: no number 'AQ'; did you mean "),
        (("--numbers", ""), "--numbers: names no number"),
    ],
)
def test_wrong_words_end_in_one_line(runs: Path, run: Run, options: tuple[str, str], said: str) -> None:
    assert run("compare", runs / "all", runs / "blind", *options).complaint.startswith(said)


def test_numbers_are_chosen(runs: Path, run: Run) -> None:
    names = "bins.8-16.AP50,recall@fppi=0.1,iou=0.5,errors.missed.count"
    found = comparison_of(run("compare", runs / "all", runs / "blind", "--json", "--numbers", names))
    assert {cell["number"]: cell["difference"] for cell in found["cells"]} == {
        "bins.8-16.AP50": pytest.approx(-1),
        "recall@fppi=0.1,iou=0.5": -0.5,
        "errors.missed.count": SEQUENCES,
    }


def test_other_frames_are_refused(runs: Path, run: Run) -> None:
    said = run("compare", runs / "all", runs / "half").complaint
    assert "cannot be paired, as frames differ: 'labels' (all, 30 frames, sha256 " in said
    assert " and 'half' (all, 15 frames, sha256 " in said
    assert said.endswith("score both on the same split")


def test_other_resamples_are_refused(runs: Path, run: Run) -> None:
    assert "as replicates differ: 400 and 50; " in run("compare", runs / "all", runs / "short").complaint


def test_without_intervals_there_are_differences(runs: Path, run: Run) -> None:
    answer = run("compare", runs / "all", runs / "bare")
    assert answer.code == 0
    assert answer.err == (f"B ({runs / 'bare'}) has no replicates: differences are without intervals and p-values\n")
    assert "AP_small clear 1.000 0.000 −1.000 —" in [" ".join(line.split()) for line in answer.out.splitlines()]
    assert "Holm" not in answer.out


def test_no_run_there(runs: Path, tmp_path: Path, run: Run) -> None:
    said = f"{tmp_path / 'none'}: no scores here; run wutdet benchmark or score first"
    assert run("compare", runs / "all", tmp_path / "none").complaint == said
    assert run("compare", runs / "all").code == 2


@pytest.mark.parametrize("content", [b"", b"\x80\x04K\x01.", b"PK\x03\x04"])
def test_hostile_replicates_end_in_one_line(runs: Path, tmp_path: Path, run: Run, content: bytes) -> None:
    write_scores(tmp_path, read_scores(runs / "all"))
    (tmp_path / "replicates.npz").write_bytes(content)
    said = run("compare", runs / "all", tmp_path).complaint
    assert said.startswith(f"{tmp_path / 'replicates.npz'}: unreadable replicates (")
    np.savez(tmp_path / "replicates.npz", cells=["clear"], names=["AP"], sequences=[30.0], values=[[0.5]])
    assert run("compare", runs / "all", tmp_path).complaint.startswith(
        f"{tmp_path / 'replicates.npz'}: replicates that"
    )


def test_names_cannot_steer_the_terminal(runs: Path, tmp_path: Path, run: Run) -> None:
    scores = read_scores(runs / "all")
    named = msgspec.structs.replace(scores.detector, name="\x1b[2J[/red] [bold]x")
    write_scores(tmp_path, msgspec.structs.replace(scores, detector=named))
    answer = run("compare", tmp_path, tmp_path)
    assert answer.code == 0
    assert answer.out.startswith("A: �[2J[/red] [bold]x (")
