"""The code on docs/detectors.md does what it says."""

import re
import sys
import types
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from wutdet.detectors import Tiling
from wutdet.detectors.tiles import band_windows
from wutdet.scenarios import Horizon

PAGE = (Path(__file__).parents[2] / "docs" / "detectors.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


class Predicted:
    """What supervision's Detections has of it."""

    xyxy = np.array([[0, 0, 9, 9], [5, 5, 20, 12], [1, 1, 4, 4]], np.float32)
    confidence = np.array([0.9, 0.2, 0.7], np.float32)
    class_id = np.array([1, 9, 9])


class RFDETRMedium:
    shown: ClassVar = []

    def predict(self, image, threshold):
        self.shown.append((image.mode, image.size, threshold))
        return Predicted()


def test_the_callable_is_a_detector():
    names = {}
    exec(BLOCKS[0], names)
    [found] = names["make"]()([np.zeros((20, 30, 3), np.uint8)])
    assert len(found) == 0


def test_rf_detr_goes_through_the_adapter(monkeypatch):
    monkeypatch.setitem(sys.modules, "rfdetr", types.SimpleNamespace(RFDETRMedium=RFDETRMedium))
    names = {}
    exec(next(block for block in BLOCKS if "rfdetr" in block), names)
    [found] = names["make"]()([np.zeros((20, 30, 3), np.uint8)])
    assert found.xyxy.tolist() == [[1, 1, 4, 4], [5, 5, 20, 12]]
    assert found.scores.tolist() == pytest.approx([0.7, 0.2])
    assert RFDETRMedium.shown == [("RGB", (30, 20), 0.001)]


def test_the_table_has_every_setting_and_its_default():
    fields = zip(Tiling.__struct_fields__, Tiling.__struct_defaults__, strict=True)
    for name, default in fields:
        row = next(line for line in PAGE.splitlines() if f"| `{name}` |" in line)
        shown = ",".join(map(str, default)) if isinstance(default, tuple) else str(default)
        assert name in ("plan", "imgsz", "skip_below") or f"| {shown} |" in row


def test_the_band_has_the_size_that_is_stated():
    tiling = Tiling()
    windows = band_windows(Horizon.level(500), 1920, 1080, tiling.band, tiling.tile_px, tiling.overlap)
    sizes = {(window.right - window.left, window.bottom - window.top) for window in windows}
    assert (len(windows), sizes) == (4, {(640, 272)})
