"""The main job's parts on real frames; the whole table takes half an hour and stands in the README."""

import json
import os
from pathlib import Path

import pytest

import wutdet

SPLIT = Path(__file__).parent.parent / "realdata" / "split_by_camera"


@pytest.fixture(scope="module")
def weights():
    path = Path(os.environ.get("WUTDET_WEIGHTS", "")) / "yolo11n-rebuilt.pt"
    if not os.environ.get("WUTDET_WEIGHTS") or not path.is_file():
        pytest.skip("PRETRAINED WEIGHTS NOT TESTED: WUTDET_WEIGHTS names no folder with yolo11n-rebuilt.pt")
    return path


@pytest.mark.realdata
def test_train_val_and_test_share_no_camera(realdata):
    cameras = {
        image["file_name"]: image["camera"] for image in json.loads((realdata / "truth.json").read_text())["images"]
    }
    dataset = wutdet.load(realdata, splits=SPLIT)
    assert dataset.splits == {"test": 97, "train": 196, "val": 36}
    by_split = {name: {cameras[file] for file in dataset.split(name).images["file_name"]} for name in dataset.splits}
    assert by_split["train"] & by_split["test"] == set()
    assert by_split["val"] & (by_split["train"] | by_split["test"]) == set()


@pytest.mark.realdata
def test_a_foreign_detector_finds_boats_on_real_frames(realdata, weights, tmp_path):
    import polars as pl

    test = wutdet.load(realdata, splits=SPLIT).split("test")
    busiest = test.boxes["image_id"].value_counts().sort("count", "image_id", descending=True)["image_id"].head(6)
    few = test.filter(pl.col("image_id").is_in(busiest.to_list()))
    run = wutdet.benchmark(
        weights,
        few,
        out=tmp_path / "run",
        scenarios="clear,fog:5",
        classes={"boat": "ship"},
        protocol=wutdet.InferenceProtocol(imgsz=960),
    )
    clear, fog = run.scores.cells
    assert clear.AP50 > 0.1
    assert fog.AP50 < clear.AP50
    assert run.scores.detector.parameters > 2_000_000
