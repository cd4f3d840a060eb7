"""Every baseline that ships is one that the installed ultralytics builds, offline."""

from __future__ import annotations

import json

import pytest

from wutdet.detectors.runtime import import_ultralytics
from wutdet.errors import ConfigError
from wutdet.training import baseline_names, load_baseline, train
from wutdet.training.architecture import architecture_sha256, write_architecture
from wutdet.training.config import BaselineConfig
from wutdet.training.overrides import check_settings

HEADS = {
    "demo": ("YOLO", [8, 16, 32]),
    "rtdetr-l": ("RTDETR", [32]),
    "yolo11n": ("YOLO", [8, 16, 32]),
    "yolo11n-tiles": ("YOLO", [8, 16, 32]),
    "yolo11n-weather": ("YOLO", [8, 16, 32]),
    "yolo11s": ("YOLO", [8, 16, 32]),
    "yolo26n": ("YOLO", [8, 16, 32]),
    "yolov8n": ("YOLO", [8, 16, 32]),
    "yolov8n-p2": ("YOLO", [4, 8, 16, 32]),
}


def test_every_baseline_is_known_here():
    assert sorted(HEADS) == baseline_names()


@pytest.mark.parametrize("name", sorted(HEADS))
def test_a_baseline_builds_offline(name, tmp_path):
    config = load_baseline(name)
    ultralytics = import_ultralytics()
    check_settings(config)
    model = ultralytics.YOLO(str(write_architecture(config, tmp_path)), task="detect")
    family, strides = HEADS[name]
    assert type(model).__name__ == family
    assert model.model.stride.tolist() == strides


def test_nano_and_small_differ_in_their_layers_and_files_do_not():
    import_ultralytics()
    hashes = {name: architecture_sha256(load_baseline(name)) for name in HEADS}
    assert hashes["yolo11n"] == hashes["yolo11n-weather"] == hashes["yolo11n-tiles"]
    assert len(set(hashes.values())) == len(HEADS) - 2


def test_a_p2_model_trains(tiny_part, tmp_path):
    config = load_baseline("yolov8n-p2")
    run = train(config, tiny_part, out=tmp_path / "run", epochs=1, imgsz=64, batch=16, threads=1)
    manifest = json.loads((run.out / "manifest.json").read_text())
    assert manifest["baseline"]["model"] == "yolov8n-p2.yaml"
    assert (manifest["settings"]["imgsz"], manifest["chosen_epoch"]) == (64, "best")
    model = import_ultralytics().YOLO(str(run.weights))
    assert (model.model.stride.tolist(), model.names) == ([4, 8, 16, 32], {0: "ship"})


@pytest.mark.nightly
def test_an_rtdetr_trains_in_weather(tiny_part, tmp_path):
    """33 million parameters: half a minute on one core."""
    weather = {"p": 1.0, "fog": {}}
    run = train("rtdetr-l", tiny_part, out=tmp_path / "run", epochs=1, imgsz=64, batch=16, weather=weather, threads=1)
    model = import_ultralytics().YOLO(str(run.weights))
    assert (type(model).__name__, model.names) == ("RTDETR", {0: "ship"})


def test_an_unknown_setting_in_a_file_offers_the_nearest():
    import_ultralytics()
    config = BaselineConfig(name="x", description="y", model="yolo11n.yaml", overrides={"mosiac": 0.5})
    with pytest.raises(ConfigError, match=r"x: overrides: unknown setting 'mosiac'; did you mean mosaic\?"):
        check_settings(config)
    config = BaselineConfig(name="x", description="y", model="yolo11n.yaml", overrides={"epochs": 5})
    with pytest.raises(ConfigError, match="write epochs beside overrides"):
        check_settings(config)
