import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from wutdet.detectors import InferenceProtocol, load_detector
from wutdet.detectors.ultralytics import UltralyticsDetector, _detections, _name, ship_classes
from wutdet.errors import ConfigError


def test_a_red_ship_reaches_the_network_red(tiny_weights):
    detector = UltralyticsDetector(tiny_weights, protocol=InferenceProtocol(imgsz=160))
    seen = []
    network = detector._model.predictor.model
    network.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].clone()))
    red = np.zeros((90, 160, 3), np.uint8)
    red[:, :, 0] = 255
    detector([red])
    channels = seen[-1][0, :, 40:50, 40:120].mean(dim=(1, 2)).tolist()
    assert channels == pytest.approx([1.0, 0.0, 0.0], abs=1e-6)


def test_detections_are_native_pixels_best_first_and_within_the_protocol(tiny_weights, tiny_part):
    protocol = InferenceProtocol(imgsz=160, confidence=0.001, max_det=7)
    detector = load_detector(tiny_weights, protocol=protocol)
    frames = [tiny_part[0].image, tiny_part[1].image]
    found = detector(frames)
    assert len(found) == 2
    for detections in found:
        assert len(detections) <= 7
        assert (np.diff(detections.scores) <= 0).all()
        assert (detections.scores >= 0.001).all()
        assert (detections.xyxy >= 0).all()
        assert (detections.xyxy <= [320, 180, 320, 180]).all()
    assert (
        max(detections.xyxy[:, 2].max() for detections in found) > 160
    )  # the network saw 160 px, the boxes are native


def test_info_states_the_protocol_and_the_size(tiny_weights):
    info = load_detector(tiny_weights).info
    assert info.protocol == InferenceProtocol(imgsz=160)  # the size it was trained at
    assert info.parameters > 100_000
    assert info.gflops > 0
    assert len(info.weights_sha256) == 64


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("y11n/weights.pt", "y11n.pt"),
        ("y11n/weights.onnx", "y11n.onnx"),
        ("y11n/weights_openvino_model", "y11n_openvino_model"),
        ("y11n/weightsmith.pt", "weightsmith.pt"),
        ("found/weights.pt", "weights.pt"),  # no training's folder
        ("train3/weights/best.pt", "train3.pt"),
        ("train3/weights/last_openvino_model", "train3_openvino_model"),
        ("found/best.pt", "best.pt"),
        ("found/ships.pt", "ships.pt"),
    ],
)
def test_what_a_training_wrote_is_called_as_its_folder(tmp_path, monkeypatch, file, name):
    (tmp_path / "y11n").mkdir()
    (tmp_path / "y11n" / "manifest.json").touch()
    assert _name(tmp_path / file) == name
    folder = (tmp_path / file).parent
    folder.mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(folder)
    assert _name(Path(Path(file).name)) == name


def test_ship_classes_are_ship_and_what_is_mapped_to_it(tmp_path):
    names = {0: "person", 8: "boat", 9: "ship"}
    assert ship_classes(names, {}, where=tmp_path) == [9]
    assert ship_classes(names, {"boat": "ship"}, where=tmp_path) == [8, 9]
    with pytest.raises(ConfigError, match=r"no class 'ship'.*person, boat.*boat=ship"):
        ship_classes({0: "person", 8: "boat"}, {}, where=tmp_path)


def test_files_that_are_no_weights_end_in_one_line(tmp_path):
    with pytest.raises(ConfigError, match="no such weights file"):
        load_detector(tmp_path / "none.pt")
    (tmp_path / "text.pt").write_text("hello")
    with pytest.raises(ConfigError, match="no PyTorch checkpoint") as caught:
        load_detector(tmp_path / "text.pt")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("no_such_package:make", "cannot import 'no_such_package'"),
        ("blobs:no_such", "'blobs' has no 'no_such'"),
        ("os:getpid", "does not return a callable"),
    ],
)
def test_factories_that_do_not_work_end_in_one_line(spec, message):
    with pytest.raises(ConfigError, match=message):
        load_detector(spec)


def test_a_callable_is_a_detector():
    from blobs import blobs

    assert load_detector("blobs:make") is blobs
    assert load_detector(blobs) is blobs


def test_bad_images_are_refused_also_when_ultralytics_came_first(tmp_path):
    """Ultralytics replaces Pillow's opener by one that looks for a package when a file is no image."""
    (tmp_path / "a.jpg").write_text("no image")
    code = (
        "from wutdet.detectors.runtime import import_ultralytics; import_ultralytics()\n"
        "import sys; from pathlib import Path\n"
        "from wutdet.dataset.images import decode_image; from wutdet.errors import FrameError\n"
        "try: decode_image(Path(sys.argv[1]))\n"
        "except FrameError as error: print(error.what)\n"
    )
    run = subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.jpg")], capture_output=True, text=True)
    assert run.stdout == "not an image\n", run.stderr


def test_a_box_whose_edges_cross_is_empty():
    """As of YOLO26, whose network states the distances of edges from a point, with nothing that keeps them above 0."""
    torch = pytest.importorskip("torch")
    edges = torch.tensor([[10.0, 20, 30, 40], [50, 60, 45, 70]])
    boxes = SimpleNamespace(xyxy=edges, conf=torch.tensor([0.25, 0.75]))
    found = _detections(SimpleNamespace(boxes=boxes))
    assert found.xyxy.tolist() == [[50, 60, 50, 70], [10, 20, 30, 40]]
    assert found.scores.tolist() == [0.75, 0.25]
