from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from builders import SIZE, write_lists, write_voc, xml_of

from wutdet import load
from wutdet.errors import DataError, FrameError


def test_a_part_reads_as_two_tables(voc_part: Path) -> None:
    dataset = load(voc_part)
    assert dataset.name == "part"
    assert dataset.images.select("image_id", "file_name", "width", "height").rows() == [
        (0, "0000000.jpg", *SIZE),
        (20, "0000020.jpg", *SIZE),
        (40, "0000040.jpg", *SIZE),
        (60, "0000060.jpg", *SIZE),
        (80, "0000080.jpg", *SIZE),
    ]
    assert dataset.images["splits"].to_list() == [["train"], ["train"], ["val"], ["val"], []]
    assert dataset.boxes.select("box_id", "image_id", "xmin", "ymin", "xmax", "ymax", "area_px2").rows() == [
        (1, 0, 0.0, 0.0, 10.0, 5.0, 50.0),
        (2, 0, 19.0, 19.0, 29.0, 24.0, 50.0),
        (3, 20, 54.0, 39.0, 64.0, 48.0, 90.0),
        (4, 40, 1.0, 2.0, 5.0, 9.0, 28.0),
        (5, 80, 6.0, 6.0, 7.0, 7.0, 1.0),
        (6, 80, 4.0, 0.0, 44.0, 40.0, 1600.0),
    ]
    assert dataset.boxes["iscrowd"].any() is False


def test_frames_carry_their_boxes_and_pixels(voc_part: Path) -> None:
    frames = list(load(voc_part))
    assert [frame.name for frame in frames] == [f"{number:07d}.jpg" for number in (0, 20, 40, 60, 80)]
    np.testing.assert_array_equal(frames[2].boxes, [[1, 2, 5, 9]])
    assert frames[3].boxes.shape == (0, 4)
    assert frames[0].image.shape == (SIZE[1], SIZE[0], 3)
    assert frames[0].path == voc_part / "voc" / "JPEGImages" / "0000000.jpg"


@pytest.mark.parametrize("inside", ["", "voc"])
def test_a_part_is_found_from_its_folder_and_from_inside(voc_part: Path, inside: str) -> None:
    assert len(load(voc_part / inside)) == 5


def test_counts(voc_part: Path) -> None:
    info = load(voc_part).info()
    assert (info.images, info.boxes, info.frames_without_ships) == (5, 6, 1)
    assert info.splits == {"train": 2, "val": 2}
    assert info.size_bins == {"<8": 4, "8-16": 1, "16-32": 0, "32-96": 1, ">96": 0}
    assert info.coco_small_share == pytest.approx(5 / 6)
    assert (info.width_px, info.height_px) == ((64, 64), (48, 48))
    assert (info.sequences, info.cameras, info.problems) == (None, None, [])


def test_a_size_bin_begins_with_its_lower_bound(tmp_path: Path) -> None:
    squares = [(1, 1, side, side) for side in (7, 8, 15, 16, 31, 32, 95, 96, 97)]
    info = load(write_voc(tmp_path / "part", {"0": squares}, size=(200, 200))).info()
    assert info.size_bins == {"<8": 1, "8-16": 2, "16-32": 2, "32-96": 2, ">96": 2}
    assert info.coco_small_share == pytest.approx(5 / 9)  # 32 px squared is medium


def test_a_split_holds_its_frames_and_their_boxes(voc_part: Path) -> None:
    train = load(voc_part).split("train")
    assert train.split_name == "train"
    assert train.images["image_id"].to_list() == [0, 20]
    assert train.boxes["box_id"].to_list() == [1, 2, 3]
    with pytest.raises(DataError, match="no split 'test'; choose from: train, val"):
        load(voc_part).split("test")


def test_filter_keeps_the_boxes_of_what_is_left(voc_part: Path) -> None:
    kept = load(voc_part).filter(pl.col("image_id") >= 40)
    assert kept.boxes["box_id"].to_list() == [4, 5, 6]
    assert len(kept) == 3


@pytest.mark.parametrize(
    ("splits", "name", "frames"),
    [
        ({"test": ["0"], "val": ["1"], "train": ["2"]}, "test", [0]),
        ({"val": ["1"], "train": ["2"]}, "val", [1]),
        ({"train": ["2"]}, "all", [0, 1, 2]),
        ({}, "all", [0, 1, 2]),
    ],
)
def test_the_test_split_falls_back_and_says_so(
    tmp_path: Path, splits: dict[str, list[str]], name: str, frames: list[int]
) -> None:
    part = write_voc(tmp_path / "part", {stem: [(1, 1, 9, 9)] for stem in "012"}, splits=splits)
    chosen = load(part).test_split()
    assert chosen.split_name == name
    assert chosen.images["image_id"].to_list() == frames


def test_ids_follow_numeric_stems_else_the_order_of_names(tmp_path: Path) -> None:
    ship = [(1, 1, 9, 9)]
    numeric = load(write_voc(tmp_path / "a", {"0100": ship, "20": ship}))
    assert dict(numeric.images.select("file_name", "image_id").rows()) == {"20.jpg": 20, "0100.jpg": 100}
    same_number = load(write_voc(tmp_path / "b", {"7": ship, "007": ship}))
    assert dict(same_number.images.select("file_name", "image_id").rows()) == {"007.jpg": 1, "7.jpg": 2}
    named = load(write_voc(tmp_path / "c", {"b": ship, "a": ship, "3": ship}))
    assert dict(named.images.select("file_name", "image_id").rows()) == {"3.jpg": 1, "a.jpg": 2, "b.jpg": 3}


def test_split_lists_are_read_in_every_form_in_use(tmp_path: Path) -> None:
    part = write_voc(tmp_path / "part", {stem: [(1, 1, 9, 9)] for stem in ("1", "2", "3.5", "4")})
    lists = part / "voc" / "ImageSets" / "Main"
    (lists / "train.txt").write_text("\ufeff1\r\n2.jpg\n\n3.5\n", encoding="utf-8")  # a mark, CRLF, a name, a blank
    (lists / "val.txt").write_text("2  1\n4 -1\n2 1", encoding="utf-8")  # Pascal's own class lists, a repeat
    member = dict(load(part).images.select("file_name", "splits").rows())
    assert member == {"1.jpg": ["train"], "2.jpg": ["train", "val"], "3.5.jpg": ["train"], "4.jpg": ["val"]}


def test_given_lists_replace_those_of_the_part(voc_part: Path, tmp_path: Path) -> None:
    lists = write_lists(tmp_path / "mine", {"test": ["0000080", "0000000"], "train": ["0000040"]})
    dataset = load(voc_part, splits=lists)
    assert dataset.splits == {"test": 2, "train": 1}
    assert dataset.split("test").images["image_id"].to_list() == [0, 80]
    assert load(voc_part).splits == {"train": 2, "val": 2}


def test_a_folder_without_lists_is_refused(voc_part: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no split lists \(\*\.txt\) here"):
        load(voc_part, splits=tmp_path / "nowhere")


def test_a_list_that_is_no_text_is_refused(voc_part: Path) -> None:
    (voc_part / "voc/ImageSets/Main/train.txt").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(DataError, match=r"train\.txt: cannot be read as text"):
        load(voc_part)


def test_other_classes_are_mapped_or_dropped(tmp_path: Path) -> None:
    part = write_voc(tmp_path / "part", {"0": [(1, 1, 9, 9)], "1": [(1, 1, 5, 5)]})
    xml = xml_of(part, "1")
    xml.write_text(xml.read_text().replace("ship", "buoy"))
    assert load(part, classes={"buoy": "ship"}).boxes["image_id"].to_list() == [0, 1]
    dropped = load(part, classes={"buoy": ""})
    assert (len(dropped), dropped.boxes["image_id"].to_list()) == (2, [0])
    with pytest.raises(FrameError, match="unknown class 'buoy'; map it with --classes 'buoy=ship'"):
        load(part)


@pytest.mark.realdata
def test_real_frames_equal_their_truth_box_for_box(realdata: Path) -> None:
    truth = json.loads((realdata / "truth.json").read_text())
    expected: dict[int, list[list[float]]] = {image["id"]: [] for image in truth["images"]}
    for annotation in truth["annotations"]:
        expected[annotation["image_id"]].append([float(value) for value in annotation["bbox"]])
    dataset = load(realdata)
    found = {}
    for frame in dataset:
        sides = frame.boxes[:, 2:] - frame.boxes[:, :2]
        found[frame.image_id] = np.hstack([frame.boxes[:, :2], sides]).tolist()
    assert found == expected
    assert (len(dataset), dataset.boxes.height) == (329, 1787)
    names = {image["id"]: (image["file_name"], image["width"], image["height"]) for image in truth["images"]}
    assert {
        row[0]: row[1:] for row in dataset.images.select("image_id", "file_name", "width", "height").rows()
    } == names
    assert dataset.voc_origin == "1"
    assert dataset.splits == {"train": 259, "val": 70}


@pytest.mark.realdata
def test_real_truth_as_coco_gives_the_same_boxes_as_voc(realdata: Path) -> None:
    columns = ("image_id", "xmin", "ymin", "xmax", "ymax")
    from_coco = load(realdata / "truth.json")
    assert from_coco.boxes.select(columns).sort(columns).rows() == (
        load(realdata).boxes.select(columns).sort(columns).rows()
    )
    assert from_coco.image_dir == realdata / "voc" / "JPEGImages"
    assert from_coco.info().cameras == 7
