import json
from pathlib import Path

import pytest

from wutdet.errors import ConfigError, DataError
from wutdet.training import train


def test_a_run_holds_weights_and_a_manifest(tiny_weights, tiny_part):
    folder = tiny_weights.parent
    manifest = json.loads((folder / "manifest.json").read_text())
    assert tiny_weights.stat().st_size > 100_000
    assert manifest["baseline"]["name"] == "demo"
    assert manifest["baseline"]["epochs"] == 1
    assert manifest["baseline"]["overrides"]["fliplr"] == 0.25  # ultralytics' own setting passed through
    assert manifest["dataset"]["splits"]["train"] == tiny_part.splits["train"]
    assert manifest["dataset"]["train_sha256"] == tiny_part.split("train").sha256
    assert manifest["start_weights_sha256"] is None
    assert len(manifest["weights_sha256"]) == 64
    settings = (folder / "ultralytics" / "args.yaml").read_text()
    assert "fliplr: 0.25" in settings
    assert "imgsz: 160" in settings


def test_only_train_and_val_are_handed_to_the_trainer(tiny_weights):
    lists = (tiny_weights.parent / "data").glob("*.txt")
    assert sorted(path.name for path in lists) == ["train.txt", "val.txt"]


def test_the_width_makes_the_model_smaller(tiny_weights):
    architecture = (tiny_weights.parent / "yolov8n.yaml").read_text()
    assert "0.125" in architecture


def test_mistakes_end_before_anything_is_written(tiny_part, tmp_path):
    with pytest.raises(DataError, match="no split 'train'"):
        train("demo", tiny_part.split("test"), out=tmp_path / "a")
    with pytest.raises(ConfigError, match="no such weights file"):
        train("demo", tiny_part, out=tmp_path / "b", weights=tmp_path / "none.pt")
    with pytest.raises(ConfigError, match="unknown setting 'epoch'"):
        train("demo", tiny_part, out=tmp_path / "c", epoch=3)
    with pytest.raises(DataError, match="not empty"):
        train("demo", tiny_part, out=Path(__file__).parent)
    with pytest.raises(ConfigError, match="no such device"):
        train("demo", tiny_part, out=tmp_path / "d", device="77")
    with pytest.raises(ConfigError, match="mosaic"):
        train("demo", tiny_part, out=tmp_path / "e", mosaic="much")
    for name in "ade":
        assert not (tmp_path / name).exists()
    assert not (tmp_path / "b").exists()
    assert not (tmp_path / "c").exists()


def test_training_asks_no_host(tiny_weights, look_ups):
    assert look_ups == []


def test_epochs_are_told_once_each(tiny_part, tmp_path):
    told = []
    train("demo", tiny_part, out=tmp_path / "run", on_epoch=told.append, threads=1, epochs=2, imgsz=64, batch=16)
    assert [(epoch.number, epoch.of) for epoch in told] == [(1, 2), (2, 2)]
