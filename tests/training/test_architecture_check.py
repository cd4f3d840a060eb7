"""A file that others wrote names an architecture, and runs none of their code."""

from __future__ import annotations

import pytest
import torch

from wutdet.detectors.checkpoint import check_checkpoint
from wutdet.detectors.runtime import import_ultralytics
from wutdet.errors import ConfigError
from wutdet.training import load_baseline, train
from wutdet.training.architecture import read_architecture
from wutdet.training.architecture_check import check_layout
from wutdet.training.config import BaselineConfig
from wutdet.training.overrides import apply_overrides, known_settings


def layout(activation=None, layer="Conv"):
    rows = [[-1, 1, layer, [64, 3, 2]]]
    return {"nc": 1, "activation": activation, "backbone": rows, "head": [[[0], 1, "Detect", ["nc"]]]}


def marking(marker):
    return f"__import__('pathlib').Path({str(marker)!r}).touch() or nn.SiLU()"


@pytest.fixture
def small():
    """The layers of the smallest baseline."""
    import_ultralytics()
    found = read_architecture(load_baseline("demo"))
    return {name: value for name, value in found.items() if name not in ("yaml_file", "scale")}


def test_an_activation_that_is_code_is_not_run(small, tiny_part, tmp_path):
    from ultralytics.utils import YAML

    marker = tmp_path / "marker"
    YAML.save(tmp_path / "hostile.yaml", small | {"activation": marking(marker)})
    config = BaselineConfig(name="x", description="x", model=str(tmp_path / "hostile.yaml"))
    with pytest.raises(ConfigError, match=r"hostile\.yaml: activation is .*, no layer of torch\.nn with plain arg"):
        train(config, tiny_part, out=tmp_path / "run", epochs=1, imgsz=64, batch=16, threads=1)
    assert not marker.exists()
    assert not (tmp_path / "run").exists()


def test_neither_is_one_in_start_weights_unless_they_are_trusted(tiny_weights, tiny_part, tmp_path):
    marker = tmp_path / "marker"
    held = torch.load(tiny_weights, map_location="cpu", weights_only=False)
    held["model"].yaml["activation"] = marking(marker)
    hostile = tmp_path / "hostile.pt"
    torch.save(held, hostile)
    check_checkpoint(hostile)  # a pickle of strings and layers
    settings = {"weights": hostile, "epochs": 1, "imgsz": 64, "batch": 16, "threads": 1}
    with pytest.raises(ConfigError, match=r"hostile\.pt: activation is "):
        train("demo", tiny_part, out=tmp_path / "run", **settings)
    assert not marker.exists()
    train("demo", tiny_part, out=tmp_path / "run", trust_weights=True, **settings)
    assert marker.exists()


@pytest.mark.parametrize(
    "activation", ["nn.ReLU()", " torch.nn.LeakyReLU(0.1, inplace=True)", "nn.Hardtanh(-1.0, 2)", "", None]
)
def test_activations_of_torch_are_taken(activation):
    import_ultralytics()
    check_layout(layout(activation), "x.yaml")


@pytest.mark.parametrize(
    "activation",
    [
        "print(1)",
        "nn.ReLU",
        "nn.ReLU() or print(1)",
        "nn.ReLU(print(1))",
        "nn.ReLU(inplace=print(1))",
        "nn.ReLU(*[print(1)])",
        "nn.ReLU()()",
        "nn.modules.activation.ReLU()",
        "(lambda: nn).ReLU()",
        "torch.load('x')",
        "nn.init.zeros_(1)",
        "nn.factory_kwargs({})",
        "nn.NoSuch()",
        "nn.ReLU(\n",
        "nn.ReLU(" + "(" * 9000 + ")" * 9000 + ")",
        b"nn.ReLU()",
        7,
    ],
)
def test_others_are_refused(activation):
    import_ultralytics()
    with pytest.raises(ConfigError, match=r"x\.yaml: activation is .*; write it as nn\.ReLU\(\)") as caught:
        check_layout(layout(activation), "x.yaml")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("layer", ["Conv", "C2f", "nn.Conv2d", "torchvision.ops.Permute"])
def test_layers_are_taken(layer):
    import_ultralytics()
    check_layout(layout(layer=layer), "x.yaml")


@pytest.mark.parametrize(
    "layer",
    [
        "load_checkpoint",
        "torch_safe_load",
        "DetectionModel",
        "Path",
        "__builtins__",
        "nn.init",
        "nn.Parameter",
        "torchvision.ops.nms",
        "torch.nn.Conv2d",
        "NoSuch",
        7,
    ],
)
def test_what_is_no_layer_is_refused(layer):
    import_ultralytics()
    with pytest.raises(ConfigError, match=rf"x\.yaml: '?{layer}'? is no layer; name one"):
        check_layout(layout(layer=layer), "x.yaml")


@pytest.mark.parametrize(
    "broken", [{}, {"backbone": []}, {"backbone": [[1, 2]], "head": []}, {"backbone": 1, "head": 2}]
)
def test_what_has_no_rows_is_refused(broken):
    with pytest.raises(ConfigError, match=r"x\.yaml: has no layers that can be read"):
        check_layout(broken, "x.yaml")
    with pytest.raises(ConfigError, match=r"x\.yaml: holds no architecture"):
        check_layout("other.yaml", "x.yaml")


def test_every_architecture_that_ultralytics_ships_is_taken():
    import_ultralytics()
    from ultralytics.utils import ROOT, YAML

    paths = sorted((ROOT / "cfg" / "models").rglob("*.yaml"))
    assert len(paths) > 50
    for path in paths:
        check_layout(YAML.load(path), path)


@pytest.mark.parametrize(("name", "text"), [("x.pt", "nc: 1"), ("x.yaml", "[1, 2"), ("x.yaml", "- 1")])
def test_a_file_that_is_no_architecture_is_refused_in_a_line(name, text, tmp_path):
    import_ultralytics()
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=r"is no architecture; give a \.yaml file"):
        read_architecture(BaselineConfig(name="x", description="x", model=str(tmp_path / name)))


@pytest.mark.parametrize(
    "weights", ["https://host/hostile.pt", " hostile.pt", "folder/hostile.pt", "hostile.yaml", "hostile"]
)
def test_weights_come_from_no_address_and_no_other_name(weights, tiny_part, tmp_path):
    config = BaselineConfig(name="x", description="x", model="yolov8n.yaml", weights=weights)
    with pytest.raises(ConfigError, match="no such weights file"):
        train(config, tiny_part, out=tmp_path / "run")


@pytest.mark.parametrize("name", ["pretrained", "distill_model", "cfg"])
def test_no_setting_names_a_further_file_to_load(name):
    import_ultralytics()
    with pytest.raises(ConfigError, match=f"unknown setting '{name}'"):
        apply_overrides(load_baseline("demo"), {name: "hostile.pt"}, known=known_settings())
