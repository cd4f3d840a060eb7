import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import msgspec
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


def two_classes(architecture, folder):
    """An untrained network of two classes: neighbouring places find the same box as one or the other."""
    torch = pytest.importorskip("torch")
    from wutdet.detectors.runtime import import_ultralytics

    model = import_ultralytics().YOLO(f"{architecture}.yaml")
    torch.manual_seed(0)
    model.model = type(model.model)(f"{architecture}.yaml", nc=2, verbose=False)
    model.model.names = {0: "boat", 1: "ship"}
    model.model.args = {"imgsz": 160}
    model.save(folder / "two.pt")
    return folder / "two.pt"


def most_overlap(found):
    """The largest IoU of two boxes."""
    start = np.maximum(found.xyxy[:, None, :2], found.xyxy[None, :, :2])
    end = np.minimum(found.xyxy[:, None, 2:], found.xyxy[None, :, 2:])
    common = np.prod(np.clip(end - start, 0, None), axis=2)
    area = np.prod(found.xyxy[:, 2:] - found.xyxy[:, :2], axis=1)
    return np.triu(common / np.maximum(area[:, None] + area[None] - common, 1e-9), 1).max()


@pytest.mark.parametrize("architecture", ["yolo11n", pytest.param("yolo26n", marks=pytest.mark.nightly)])
def test_a_vessel_that_two_classes_find_comes_once(architecture, frames, tmp_path, monkeypatch):
    weights = two_classes(architecture, tmp_path)
    protocol = InferenceProtocol(imgsz=160, confidence=1e-7, nms_iou=0.3, max_det=100)
    both = load_detector(weights, protocol=protocol, classes={"boat": "ship"})
    assert both.info.ship_classes == ("boat", "ship")
    found = both(frames[:1])[0]
    assert len(found) >= 2
    assert most_overlap(found) <= 0.3 + 1e-6
    assert (np.diff(found.scores) <= 0).all()
    assert both.at(128).info.ship_classes == ("boat", "ship")
    # A network or an export that suppresses nothing, or each class for itself, whatever it is asked.
    torch = pytest.importorskip("torch")
    same = torch.tensor([[10.0, 20, 30, 40], [10, 20, 30, 41], [10, 20, 90, 40]])
    result = SimpleNamespace(
        boxes=SimpleNamespace(xyxy=same, conf=torch.tensor([0.25, 0.75, 0.5])),
        speed=dict.fromkeys(("preprocess", "inference", "postprocess"), 1.0),
    )
    monkeypatch.setattr(both._model, "predict", lambda *_, **asked: [result] if asked["agnostic_nms"] else [])
    found = both(frames[:1])[0]
    assert found.xyxy.tolist() == [[10, 20, 30, 41], [10, 20, 90, 40]]
    assert found.scores.tolist() == [0.75, 0.5]


def test_a_model_with_one_ship_class_is_recorded_as_ever(tiny_weights):
    info = load_detector(tiny_weights).info
    assert b"ship_classes" not in msgspec.json.encode(info)


def test_what_the_protocol_leaves_open_is_decided(tiny_weights):
    open_ = InferenceProtocol(confidence=None, nms_iou=None, max_det=None, imgsz=160)
    assert load_detector(tiny_weights, protocol=open_).info.protocol == InferenceProtocol(imgsz=160)


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
