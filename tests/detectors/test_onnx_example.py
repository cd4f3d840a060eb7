import subprocess
import sys
from pathlib import Path

import pytest
from alike import agree

from wutdet.detectors import InferenceProtocol, Tiling, load_detector
from wutdet.errors import ConfigError

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def example(monkeypatch):
    pytest.importorskip("onnxruntime")
    monkeypatch.syspath_prepend(EXAMPLES)
    import onnxruntime_detector

    return onnxruntime_detector


def test_the_example_finds_what_ultralytics_finds(example, flexible, fixed, frames, monkeypatch):
    for path in (flexible, fixed):
        monkeypatch.setenv("SHIP_ONNX", str(path))
        agree(example.make()(frames), load_detector(path)(frames))


def test_the_example_takes_tiles(example, flexible, fixed, frames, monkeypatch):
    protocol = InferenceProtocol(tiles=Tiling(plan="full", tile_px=160, imgsz=192))
    monkeypatch.setenv("SHIP_ONNX", str(flexible))
    found = load_detector("onnxruntime_detector:make", protocol=protocol)(frames[:1])
    agree(found, load_detector(flexible, protocol=protocol)(frames[:1]))
    monkeypatch.setenv("SHIP_ONNX", str(fixed))
    with pytest.raises(ConfigError, match="takes 160 px, not 192"):
        load_detector("onnxruntime_detector:make", protocol=protocol)


def test_the_example_needs_no_ultralytics_and_no_torch(flexible):
    code = (
        "import sys, numpy as np, onnxruntime_detector as o\n"
        "o.make()([np.zeros((90, 160, 3), np.uint8)])\n"
        "print(sorted({'torch', 'ultralytics'} & set(sys.modules)))\n"
    )
    env = {"PYTHONPATH": f"{EXAMPLES}:{EXAMPLES.parent}", "SHIP_ONNX": str(flexible)}
    run = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=120)
    assert run.stdout == "[]\n", run.stderr


def test_the_example_says_what_is_missing(example, monkeypatch, flexible, tmp_path):
    monkeypatch.setenv("SHIP_ONNX", str(tmp_path / "none.onnx"))
    with pytest.raises(ConfigError, match="no such file"):
        example.make()
    monkeypatch.setenv("SHIP_ONNX", str(flexible))
    monkeypatch.setenv("SHIP_CLASSES", "boat")
    with pytest.raises(ConfigError, match=r"has no class boat \(it has .*ship.*\); set SHIP_CLASSES to names of ships"):
        example.make()


@pytest.mark.parametrize("content", [b"", b"no onnx\n", b"\x08\x07" + b"\x12\x07pytorch" * 9])
def test_the_example_takes_no_file_of_another_kind(example, content, monkeypatch, tmp_path):
    (tmp_path / "bad.onnx").write_bytes(content)
    monkeypatch.setenv("SHIP_ONNX", str(tmp_path / "bad.onnx"))
    with pytest.raises(ConfigError, match=r"bad\.onnx: onnxruntime cannot load it \(.*\); check the file") as caught:
        example.make()
    assert "\n" not in str(caught.value)


def test_the_example_names_the_classes_that_are_there(example, tmp_path):
    names = ["person", "boat", *(f"thing{number}" for number in range(8))]
    said = str(example._no_class(tmp_path / "coco.onnx", ["ship"], names))
    assert said.startswith(f"{tmp_path}/coco.onnx: has no class ship (it has person, boat, thing0, ")
    assert said.endswith("thing6, …); set SHIP_CLASSES=boat, which it has")
