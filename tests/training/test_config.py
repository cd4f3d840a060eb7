import msgspec
import pytest

from wutdet.errors import ConfigError
from wutdet.training import baseline_names, load_baseline, parse_overrides
from wutdet.training.overrides import apply_overrides


def test_every_baseline_that_ships_is_readable_and_named_as_its_file():
    shipped = {"demo", "rtdetr-l", "yolo11n", "yolo11n-tiles", "yolo11n-weather", "yolo11s", "yolo26n"}
    shipped |= {"yolov8n", "yolov8n-p2"}
    assert shipped <= set(baseline_names())
    for name in baseline_names():
        assert load_baseline(name).name == name


def test_an_unknown_baseline_offers_the_nearest():
    with pytest.raises(ConfigError, match=r"did you mean yolo26n\?"):
        load_baseline("yolo26m")


def test_an_unknown_field_and_a_wrong_type_are_named(tmp_path):
    good = "name: x\ndescription: y\nmodel: yolo11n.yaml\n"
    path = tmp_path / "b.yaml"
    path.write_text(good + "epoch: 5\n")
    with pytest.raises(ConfigError, match="epoch"):
        load_baseline(path)
    path.write_text(good + "epochs: many\n")
    with pytest.raises(ConfigError, match=r"epochs"):
        load_baseline(path)
    path.write_text(good + "epochs: 5\n")
    assert load_baseline(path).epochs == 5


def test_overrides_are_typed_by_how_they_are_written():
    assert parse_overrides(["epochs=5", "lr0=1e-3", "cos_lr=True", "optimizer=AdamW", "classes=none", "x=a=b"]) == {
        "epochs": 5,
        "lr0": 0.001,
        "cos_lr": True,
        "optimizer": "AdamW",
        "classes": None,
        "x": "a=b",
    }
    with pytest.raises(ConfigError, match="is not key=value"):
        parse_overrides(["epochs"])


def test_overrides_go_to_fields_or_pass_through():
    config = load_baseline("yolo11n")
    changed = apply_overrides(config, {"epochs": 3, "lr0": 0.1}, known=["lr0", "mosaic"])
    assert (changed.epochs, changed.overrides) == (3, {"lr0": 0.1})
    assert config.epochs == 100
    assert msgspec.structs.replace(changed, epochs=100, overrides={}) == config
    with pytest.raises(ConfigError, match=r"unknown setting 'mosiac'; did you mean mosaic\?"):
        apply_overrides(config, {"mosiac": 0.0}, known=["lr0", "mosaic"])
    with pytest.raises(ConfigError, match="epochs"):
        apply_overrides(config, {"epochs": "many"}, known=[])
    with pytest.raises(ConfigError, match="imgsz"):
        apply_overrides(config, {"imgsz": 0}, known=[])
