from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from builders import jpeg_bytes, jpeg_of

from wutdet.dataset import load
from wutdet.dataset.supervision_dataset import to_supervision
from wutdet.errors import MissingExtraError

supervision = pytest.importorskip("supervision")
RED = (220, 20, 20)


def test_frames_and_boxes_are_those_of_the_dataset(voc_part: Path) -> None:
    dataset = load(voc_part)
    found = to_supervision(dataset)
    assert isinstance(found, supervision.DetectionDataset)
    assert found.classes == ["ship"]
    assert found.image_paths == [str(frame.path) for frame in dataset]
    for (_, image, detections), frame in zip(found, dataset, strict=True):
        assert image.shape == (48, 64, 3)
        assert detections.xyxy.tolist() == frame.boxes.tolist()
        assert detections.class_id.tolist() == [0] * len(frame.boxes)
        assert detections.data["class_name"].tolist() == ["ship"] * len(frame.boxes)
    _, _, first = found[0]
    assert first.data["box_id"].tolist() == [1, 2]
    assert first.data["area_px2"].tolist() == [50, 50]
    assert first.data["iscrowd"].tolist() == [False, False]
    assert len(found[3][2]) == 0


def test_one_split_is_that_split_alone(voc_part: Path) -> None:
    found = to_supervision(load(voc_part).split("val"))
    assert [Path(path).stem for path in found.image_paths] == ["0000040", "0000060"]
    assert found[0][2].xyxy.tolist() == [[1, 2, 5, 9]]


def test_a_red_ship_is_red_at_their_border(voc_part: Path) -> None:
    """Supervision reads BGR, as its annotators want it; ours is RGB."""
    jpeg_of(voc_part, "0000000").write_bytes(jpeg_bytes(rgb=RED))
    dataset = load(voc_part)
    _, theirs, _ = to_supervision(dataset)[0]
    blue, green, red = theirs.mean(axis=(0, 1))
    assert red > 200
    assert max(blue, green) < 40
    assert np.array_equal(theirs[..., ::-1], dataset[0].image)


def test_images_are_read_only_when_asked_for(voc_part: Path) -> None:
    jpeg_of(voc_part, "0000000").unlink()
    jpeg_of(voc_part, "0000000").write_bytes(b"")
    found = to_supervision(load(voc_part))
    with pytest.raises(ValueError, match="Could not read image"):
        found[0]
    assert found[1][1].shape == (48, 64, 3)


def test_without_supervision_the_extra_is_named(voc_part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "supervision", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'wutdet\[exchange\]'"):
        to_supervision(load(voc_part))
