"""A plan states what decides detections: the image files by name and size, and what runs the weights."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import shutil
import subprocess
import sys

import pytest
from blobs import blobs

import wutdet
from wutdet.benchmark.execution import Execution
from wutdet.benchmark.plan import decisive_versions, read_plan
from wutdet.detectors import DetectorInfo, describe, load_detector
from wutdet.detectors.packages import runtime_versions
from wutdet.errors import ConfigError
from wutdet.scoring.measure import Settings

QUICK = Settings(level=None)


def benchmark(dataset, out, **options):
    return wutdet.benchmark(blobs, dataset, out=out, scenarios="clear", scoring=QUICK, **options)


def test_two_images_that_were_swapped_are_another_plan(tiny_part, tmp_path):
    train = tiny_part.split("train")
    shutil.copytree(train.image_dir, tmp_path / "images")
    dataset = dataclasses.replace(train, image_dir=tmp_path / "images")
    benchmark(dataset, tmp_path / "r", execution=Execution(part=(1, 2)))
    one, other = (tmp_path / "images" / dataset[place].name for place in (0, 1))
    assert one.stat().st_size != other.stat().st_size
    data = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(data)
    with pytest.raises(ConfigError, match=r"another plan \(image_sizes_sha256: \w+… there, \w+… here\)"):
        benchmark(dataset, tmp_path / "r", execution=Execution(part=(2, 2)))


def test_a_plan_of_an_older_wutdet_is_read_and_its_run_not_continued(tiny_part, tmp_path):
    run = benchmark(tiny_part.split("val"), tmp_path / "r")
    path = run.out / "plan.json"
    plan = json.loads(path.read_text())
    assert len(plan.pop("image_sizes_sha256")) == 64
    path.write_text(json.dumps(plan))
    assert read_plan(run.out).image_sizes_sha256 is None
    with pytest.raises(ConfigError, match=r"another plan \(image_sizes_sha256: nothing there, \w+… here\)"):
        benchmark(tiny_part.split("val"), tmp_path / "r")


@pytest.mark.parametrize(
    ("name", "packages"),
    [
        ("best.pt", {"torchvision"}),
        ("best.onnx", {"torchvision", "onnxruntime"}),
        ("best.onnx + band tiles", {"torchvision", "onnxruntime"}),
        ("best_openvino_model", {"torchvision", "openvino"}),
        ("best.engine", {"torchvision", "tensorrt"}),
    ],
)
def test_the_packages_that_run_weights(monkeypatch, name, packages):
    versions = {"torchvision": "1", "onnxruntime": "2", "openvino": "3", "tensorrt": "4"}

    def version(package: str) -> str:
        if package not in versions:
            raise importlib.metadata.PackageNotFoundError
        return versions[package]

    monkeypatch.setattr("importlib.metadata.version", version)
    found = runtime_versions(DetectorInfo(name=name, weights_sha256="0", device="cpu"))
    assert {package: found[package] for package in found if package != "nms"} == {
        package: versions[package] for package in packages
    }
    assert runtime_versions(DetectorInfo(name=name, weights_sha256="0")) == {}


def test_the_plan_of_weights_says_whose_suppression_is_used(tiny_weights, monkeypatch):
    info = describe(load_detector(tiny_weights))
    ours = decisive_versions(info)
    assert ours["torchvision"] == importlib.metadata.version("torchvision")
    monkeypatch.setattr("wutdet.detectors.torchvision_ops._library", object())
    assert decisive_versions(info)["nms"] == "opencv"
    monkeypatch.setattr("wutdet.detectors.torchvision_ops._library", None)
    assert decisive_versions(info)["nms"] == "torchvision"
    assert "nms" not in decisive_versions(DetectorInfo(name="blobs"))


def test_a_plan_needs_no_torch():
    code = "import sys, wutdet.benchmark.plan, wutdet.benchmark.run; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
