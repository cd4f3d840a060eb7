import shutil

import pytest

from wutdet.detectors import load_detector
from wutdet.detectors.weights_file import check_weights_file
from wutdet.errors import ConfigError


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("ev'il.pt", "evil.pt"),
        ("evil.pt ", "evil.pt"),
        ("yolov5n.pt", "yolov5nu.pt"),
        ("yolo11n", "yolo11n.pt"),
    ],
)
def test_a_name_for_which_ultralytics_reads_another_file_is_refused(given, read, tiny_weights, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(tiny_weights, given)
    (tmp_path / read).write_text("not looked at")
    with pytest.raises(ConfigError, match=f"ultralytics reads {read} in its place; rename it"):
        load_detector(given)


@pytest.mark.parametrize("name", ["net.yaml", "net.YML"])
def test_a_description_of_a_network_is_no_weights(name, tmp_path):
    """ultralytics would build it, and evaluates its activation."""
    (tmp_path / name).write_text("activation: __import__('os').mkdir('OWNED')\n")
    for trusted in (False, True):
        with pytest.raises(ConfigError, match="holds no weights"):
            check_weights_file(tmp_path / name, trust_weights=trusted)


def test_what_is_trusted_is_not_looked_into(tmp_path):
    (tmp_path / "w.pt").write_text("hello")
    check_weights_file(tmp_path / "w.pt", trust_weights=True)
    with pytest.raises(ConfigError, match="no PyTorch checkpoint"):
        check_weights_file(tmp_path / "w.pt", trust_weights=False)


def test_an_export_is_not_looked_into(tmp_path):
    (tmp_path / "w.onnx").write_text("hello")
    check_weights_file(tmp_path / "w.onnx", trust_weights=False)
