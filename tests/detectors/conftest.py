"""Exports of a tiny model, made once a session."""

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest


@pytest.fixture(scope="session")
def lively_weights(tiny_weights, tmp_path_factory):
    """The tiny model with lively scores: after one epoch they are ties, which any kernel breaks in its own way."""
    import torch

    from wutdet.detectors.runtime import import_ultralytics

    model = import_ultralytics().YOLO(tiny_weights)
    network = model.model.float().train()
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = 1.0
    with torch.no_grad():
        network(torch.rand(8, 3, 96, 160, generator=torch.Generator().manual_seed(0)))
        for branch in network.model[-1].cv3:
            branch[-1].weight *= 8
    network.eval()
    path = tmp_path_factory.mktemp("lively") / "ships.pt"
    model.save(path)
    return path


def export(weights, folder, **settings):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    from wutdet.detectors.runtime import import_ultralytics

    copied = shutil.copy(weights, folder / "ships.pt")
    return Path(import_ultralytics().YOLO(copied).export(format="onnx", simplify=False, **settings))


@pytest.fixture(scope="session")
def flexible(lively_weights, tmp_path_factory):
    """An ONNX file that takes any input size."""
    return export(lively_weights, tmp_path_factory.mktemp("flexible"), imgsz=160, dynamic=True)


@pytest.fixture(scope="session")
def fixed(lively_weights, tmp_path_factory):
    """An ONNX file that takes 160 x 160 alone."""
    return export(lively_weights, tmp_path_factory.mktemp("fixed"), imgsz=160)


@pytest.fixture(scope="session")
def four(tiny_part):
    return tiny_part.filter(pl.col("image_id").is_in(tiny_part.images["image_id"][:4].implode()))


@pytest.fixture(scope="session")
def frames():
    """Noise: every place has a score of its own, so that no two are ties."""
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (180, 320, 3), dtype=np.uint8) for _ in range(4)]
