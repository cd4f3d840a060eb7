from __future__ import annotations

import dataclasses
from pathlib import Path

import polars as pl
import pytest
from builders import tree_digest

from wutdet import load


def test_a_dataset_and_its_frames_cannot_be_changed(voc_part: Path) -> None:
    dataset = load(voc_part)
    with pytest.raises(dataclasses.FrozenInstanceError):
        dataset.name = "other"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        dataset[0].width = 1  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        dataset[0].boxes[0, 0] = 5
    assert dataset[0].boxes[0].tolist() == [0, 0, 10, 5]


def test_choosing_frames_leaves_the_dataset_as_it_was(voc_part: Path) -> None:
    dataset = load(voc_part)
    before = dataset.sha256
    train, none = dataset.split("train"), dataset.filter(pl.col("image_id") < 0)
    assert (len(train), len(none), len(dataset)) == (2, 0, 5)
    assert dataset.split_name is None
    assert load(voc_part).sha256 == before == dataset.sha256
    assert train.sha256 != before


def test_nothing_is_ever_written_into_the_data(voc_part: Path, tmp_path: Path) -> None:
    (voc_part / "frames.csv").write_text("image,camera\n0000000.jpg,bow\n")
    before = tree_digest(voc_part)
    dataset = load(voc_part)
    dataset.info()
    assert [frame.image.shape for frame in dataset] == [(48, 64, 3)] * 5
    dataset.to_coco(tmp_path / "coco")
    dataset.to_yolo(tmp_path / "linked", images="link")
    dataset.to_yolo(tmp_path / "copied", images="copy")
    assert tree_digest(voc_part) == before
    coco = tree_digest(tmp_path / "coco")
    load(tmp_path / "coco").info()
    assert tree_digest(tmp_path / "coco") == coco
