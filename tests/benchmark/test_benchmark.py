import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from blobs import blobs
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

import wutdet
from wutdet.benchmark import read_scores
from wutdet.errors import ConfigError, FrameError, ScenarioError
from wutdet.metrics.numbers import COCO_NAMES

SCENARIOS = "clear,fog:1,fog:5,glare:3,rain:3,lowlight:3,fog:2+lowlight:2"


@pytest.fixture(scope="module")
def run(tiny_part, tmp_path_factory):
    return wutdet.benchmark(
        blobs, tiny_part.split("train"), out=tmp_path_factory.mktemp("run") / "r", scenarios=SCENARIOS
    )


def contents(folder):
    """What must be equal between equal runs: detections and scores, byte for byte."""
    files = [folder / "scores.json", *sorted((folder / "detections").glob("*.json"))]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_scores_equal_an_independent_evaluation_of_the_stored_detections(run, tiny_part, tmp_path):
    truth = COCO(str(tiny_part.split("train").to_coco(tmp_path)["train"]))
    stored = json.loads((run.out / "scores.json").read_text())
    assert [cell["name"] for cell in stored["cells"]] == SCENARIOS.split(",")
    for cell in stored["cells"]:
        path = run.out / "detections" / f"{cell['name'].replace(':', '_')}.json"
        if not json.loads(path.read_text()):  # pycocotools cannot load an empty result
            assert (cell["AP"], cell["AP_small"]) == (0, 0)
            continue
        results = truth.loadRes(str(path))
        evaluation = COCOeval(truth, results, "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
        theirs = [None if value == -1 else pytest.approx(value, abs=1e-9) for value in evaluation.stats.tolist()]
        assert [cell[name] for name in COCO_NAMES] == theirs
    assert stored["cells"][0]["AP50"] > 0.05  # the comparison is not one of zeros


def test_scores_json_says_what_was_measured(run, tiny_part):
    stored = json.loads((run.out / "scores.json").read_text())
    used = tiny_part.split("train")
    assert stored["schema"] == "wutdet-scores-2"
    assert stored["detector"]["name"] == "blobs"
    assert stored["dataset"] == {
        "name": tiny_part.name,
        "split": "train",
        "images": len(used),
        "boxes": used.boxes.height,
        "sha256": used.sha256,
    }
    cells = {cell["name"]: cell for cell in stored["cells"]}
    assert (cells["fog:5"]["scenario"], cells["fog:5"]["severity"], cells["fog:5"]["value"]) == ("fog", 5, "MOR 200 m")
    assert (cells["clear"]["scenario"], cells["clear"]["severity"]) == ("clear", 0)
    assert cells["fog:2+lowlight:2"]["severity"] is None
    by_metric = {item["metric"]: item for item in stored["robustness"]}
    fog = [cells[name]["AP"] for name in ("fog:1", "fog:5")]
    assert by_metric["AP"]["per_kind"]["fog"] == pytest.approx(sum(fog) / 2)
    assert set(by_metric["AP"]["per_kind"]) == {"fog", "glare", "rain", "lowlight"}  # combinations stand apart


def test_weather_reached_the_detector(run):
    assert run.scores.cell("fog:5").AP < run.scores.cell("clear").AP / 2


def test_manifest_keeps_times_apart(run):
    manifest = json.loads((run.out / "manifest.json").read_text())
    assert manifest["plan"] == json.loads((run.out / "plan.json").read_text())
    assert manifest["measured"]["frames"] == manifest["plan"]["dataset"]["images"]
    stages = manifest["measured"]["stages"]
    assert set(stages) == {"decode", "render", "detect"}  # this detector does not tell its own stages
    assert all(0 < stage["median_ms"] <= stage["p95_ms"] for stage in stages.values())
    assert manifest["measured"]["cells_per_s"] > 0
    assert manifest["measured"]["peak_memory_mb"] > 50
    assert sum(manifest["horizon_sources"].values()) == manifest["plan"]["dataset"]["images"]


def test_two_runs_are_byte_identical(run, tiny_part, tmp_path):
    again = wutdet.benchmark(blobs, tiny_part.split("train"), out=tmp_path / "r", scenarios=SCENARIOS)
    assert contents(again.out) == contents(run.out)


@pytest.mark.parametrize("kill_at", [9, *(pytest.param(frame, marks=pytest.mark.nightly) for frame in (1, 10))])
def test_a_killed_run_continues_to_the_same_bytes(tiny_voc, tmp_path, kill_at):
    """Shards hold 8 frames: killed in the first, at the start of the second, and within it."""
    command = [sys.executable, "-m", "wutdet", "benchmark", str(tiny_voc), "--splits", str(tiny_voc / "splits")]
    command += ["--split", "train", "--detector", "blobs:make_mortal", "--scenarios", "clear,fog:3,rain:2"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    whole = subprocess.run(
        [*command, "--out", str(tmp_path / "whole")], env=environment, capture_output=True, text=True
    )
    assert whole.returncode == 0, whole.stderr
    killed = subprocess.run(
        [*command, "--out", str(tmp_path / "killed")],
        env=environment | {"KILL_AT_FRAME": str(kill_at)},
        capture_output=True,
    )
    assert killed.returncode == -9
    shards = list((tmp_path / "killed" / "shards").iterdir())
    assert len(shards) == (kill_at - 1) // 8
    written = {path: path.stat().st_mtime_ns for path in shards}
    assert not (tmp_path / "killed" / "scores.json").exists()
    again = subprocess.run(
        [*command, "--out", str(tmp_path / "killed")], env=environment, capture_output=True, text=True
    )
    assert again.returncode == 0, again.stderr
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")
    assert {path: path.stat().st_mtime_ns for path in shards} == written  # no shard was computed twice


def test_a_folder_with_another_plan_is_refused_and_says_what_differs(run, tiny_part):
    with pytest.raises(ConfigError, match=r"another plan \(seed: 0 there, 1 here\)"):
        wutdet.benchmark(blobs, tiny_part.split("train"), out=run.out, scenarios=SCENARIOS, seed=1)
    with pytest.raises(ConfigError, match="is no benchmark run"):
        wutdet.benchmark(blobs, tiny_part.split("train"), out=Path(__file__).parent)


def test_bad_frames_stop_or_are_skipped_and_listed(tiny_voc, tmp_path):
    import shutil

    copy = tmp_path / "part"
    shutil.copytree(tiny_voc, copy)
    dataset = wutdet.load(copy, splits=copy / "splits").split("test")
    victim = copy / "voc" / "JPEGImages" / dataset[1].name
    victim.write_bytes(victim.read_bytes()[:700])
    with pytest.raises(FrameError, match=victim.name):
        wutdet.benchmark(blobs, dataset, out=tmp_path / "stop", scenarios="clear")
    # the remedy that the error names works on the very folder that it stopped in
    run = wutdet.benchmark(blobs, dataset, out=tmp_path / "stop", scenarios="clear", on_error="skip")
    assert len(run.scores.skipped) == 1
    assert victim.name in run.scores.skipped[0]
    lost = len(dataset[1].boxes)
    assert run.scores.cells[0].ships.all == dataset.boxes.height - lost
    kept = json.loads((run.out / "detections" / "clear.json").read_text())
    assert dataset[1].image_id not in {entry["image_id"] for entry in kept}


def test_an_unknown_scenario_is_refused_before_any_work(tiny_part, tmp_path):
    with pytest.raises(ScenarioError, match="fgo"):
        wutdet.benchmark(blobs, tiny_part.split("train"), out=tmp_path / "r", scenarios="fgo:3")
    assert not (tmp_path / "r").exists()


def test_a_detector_that_loses_frames_is_refused(tiny_part, tmp_path):
    with pytest.raises(ConfigError, match="returned 1 results for 2 frames"):
        wutdet.benchmark(
            lambda frames: blobs(frames[:1]), tiny_part.split("train"), out=tmp_path / "r", scenarios="clear,fog:1"
        )


def test_ultralytics_twice_is_byte_identical(tiny_weights, tiny_part, tmp_path):
    test = tiny_part.split("test")
    first, second = (
        wutdet.benchmark(tiny_weights, test, out=tmp_path / name, scenarios="clear,fog:3,lowlight:4").out
        for name in ("a", "b")
    )
    assert contents(first) == contents(second)
    entries = json.loads((first / "detections" / "clear.json").read_text())
    assert entries  # bytes of empty lists would prove nothing


def test_scores_round_trip(run):
    assert read_scores(run.out) == run.scores
    encoded = msgspec.json.format(msgspec.json.encode(run.scores), indent=2) + b"\n"
    assert encoded == (run.out / "scores.json").read_bytes()
