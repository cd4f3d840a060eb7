import json
import shutil
import subprocess
import sys

import pytest
from alike import PX, SCORE, agree

import wutdet
from wutdet.detectors import InferenceProtocol, Tiling, load_detector
from wutdet.detectors.exports import digest
from wutdet.errors import ConfigError


def test_an_export_finds_what_its_weights_find(lively_weights, flexible, frames):
    pt, onnx = load_detector(lively_weights), load_detector(flexible)
    agree(pt(frames), onnx(frames))
    assert onnx.info.protocol == pt.info.protocol  # the size it was exported at
    assert onnx.info.weights_sha256 == digest(flexible)
    assert onnx.info.parameters is None
    assert onnx.info.threads is None  # onnxruntime has threads of its own


def test_a_benchmark_of_an_export_finds_what_its_weights_find(lively_weights, flexible, four, tmp_path):
    found = {}
    for name, spec in (("pt", lively_weights), ("onnx", flexible)):
        run = wutdet.benchmark(spec, four, out=tmp_path / name, scenarios="fog:1")
        assert run.scores.detector.name == f"ships.{name}"
        found[name] = json.loads((tmp_path / name / "detections" / "fog_1.json").read_bytes())
    assert len(found["pt"]) > 4
    for a, b in zip(found["pt"], found["onnx"], strict=True):
        assert a["image_id"] == b["image_id"]
        assert a["score"] == pytest.approx(b["score"], abs=SCORE)
        assert a["bbox"] == pytest.approx(b["bbox"], abs=PX)


def test_an_export_takes_tiles_at_another_size(lively_weights, flexible, frames):
    protocol = InferenceProtocol(imgsz=160, tiles=Tiling(plan="full", tile_px=160, imgsz=192))
    agree(load_detector(lively_weights, protocol=protocol)(frames), load_detector(flexible, protocol=protocol)(frames))


def test_a_fixed_export_refuses_another_size_in_one_line(fixed):
    assert load_detector(fixed).info.protocol.imgsz == 160
    message = "exported for inputs of 160 px, not of 192.*dynamic=True"
    with pytest.raises(ConfigError, match=message):
        load_detector(fixed, protocol=InferenceProtocol(imgsz=192))
    with pytest.raises(ConfigError, match=message):
        load_detector(fixed, protocol=InferenceProtocol(tiles=Tiling(tile_px=192)))


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("ships.onnx", "onnxruntime"),
        pytest.param("ships.engine", "tensorrt", marks=pytest.mark.nightly),
        pytest.param("ships_openvino_model", "openvino", marks=pytest.mark.nightly),
    ],
)
def test_a_missing_runtime_is_named_in_one_line(name, package, fixed, tmp_path):
    """In a process of its own, where the package cannot be imported."""
    path = tmp_path / name
    shutil.copy(fixed, path) if path.suffix else path.mkdir()
    code = (
        "import importlib.util, sys\n"
        f"class Hidden:\n def find_spec(self, name, *_):\n"
        f"  if name == {package!r}: raise ModuleNotFoundError(name=name)\n"
        "genuine = importlib.util.find_spec\n"
        f"importlib.util.find_spec = lambda name, *a: None if name == {package!r} else genuine(name, *a)\n"
        "sys.meta_path.insert(0, Hidden())\n"
        "from wutdet.detectors import load_detector\n"
        "from wutdet.errors import ConfigError\n"
        "try: load_detector(sys.argv[1])\n"
        "except ConfigError as error: print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=120)
    assert (
        f"needs the package '{package}', which is not installed; install it with: pip install {package}" in run.stdout
    )
    assert "Traceback" not in run.stderr


def test_a_file_that_is_no_onnx_ends_in_one_line(tmp_path):
    pytest.importorskip("onnxruntime")
    (tmp_path / "ships.onnx").write_text("hello")
    with pytest.raises(ConfigError, match="cannot be run") as caught:
        load_detector(tmp_path / "ships.onnx")
    assert "\n" not in str(caught.value)


def test_the_digest_of_a_folder_knows_names_and_contents(tmp_path):
    for name, text in (("a/x", "1"), ("b/x", "1"), ("c/y", "1"), ("d/x", "2")):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    digests = [digest(tmp_path / name) for name in "abcd"]
    assert digests[0] == digests[1]
    assert len({*digests}) == 3
