"""`load` finds every layout, and joins what is said beside the data and after it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from builders import coco_box, coco_file, coco_image, write_lists

from wutdet.dataset import Dataset, load
from wutdet.errors import DataError


@pytest.fixture
def yolo(voc_part: Path, tmp_path: Path) -> Path:
    """The five frames as a YOLO set."""
    load(voc_part).to_yolo(tmp_path / "yolo")
    return tmp_path / "yolo"


def cameras(dataset: Dataset) -> list[str | None]:
    return dataset.images["camera"].to_list()


@pytest.mark.parametrize("inside", ["", "data.yaml"])
def test_a_yolo_set_is_found_by_its_folder_and_its_file(voc_part: Path, yolo: Path, inside: str) -> None:
    found, expected = load(yolo / inside), load(voc_part)
    assert found.boxes["xmin"].to_list() == expected.boxes["xmin"].to_list()
    assert found.splits == {"train": 2, "val": 2}
    assert (found.name, found.voc_origin) == ("data" if inside else "yolo", None)
    assert found[0].image.shape == (48, 64, 3)


def test_lists_and_classes_reach_a_yolo_set(yolo: Path, tmp_path: Path) -> None:
    lists = write_lists(tmp_path / "lists", {"test": ["0000080"]})
    assert load(yolo, splits=lists).splits == {"test": 1}
    write_lists(lists, {"test": ["0009999"]})
    with pytest.raises(DataError, match="0009999: listed in test but not there"):
        load(yolo, splits=lists)


def test_json_goes_before_yaml_and_voc_before_both(voc_part: Path, yolo: Path) -> None:
    (yolo / "data.yaml").rename(voc_part / "data.yaml")
    assert load(voc_part).voc_origin == "1"
    (voc_part / "voc").rename(voc_part / "gone")
    coco_file(voc_part / "annotations/a.json", [coco_image(1, "a.jpg")])
    assert load(voc_part).images["file_name"].to_list() == ["a.jpg"]


def test_a_table_beside_the_data_is_joined_for_every_layout(voc_part: Path, yolo: Path, tmp_path: Path) -> None:
    table = pl.DataFrame({"image": ["0000020"], "camera": ["bow"]})
    load(voc_part).to_coco(tmp_path / "coco")
    file = coco_file(tmp_path / "file/a.json", [coco_image(1, "0000020.jpg")], [coco_box(1, 1, [1, 1, 2, 2])])
    for home in (voc_part, tmp_path / "coco", yolo):
        table.write_csv(home / "frames.csv")
        assert cameras(load(home)) == [None, "bow", None, None, None]
    table.write_parquet(file.parent / "frames.parquet")
    assert cameras(load(file)) == ["bow"]
    assert cameras(load(yolo / "data.yaml")) == [None, "bow", None, None, None]


def test_a_given_table_is_joined_last(voc_part: Path, tmp_path: Path) -> None:
    """It overrules the one beside the data where it says something."""
    (voc_part / "frames.csv").write_text("image,camera,scene\n0000000.jpg,bow,port\n0000020.jpg,bow,port\n")
    given = tmp_path / "mine.csv"
    given.write_text("image,camera\n0000020.jpg,aft\n0000040.jpg,mast\n")
    dataset = load(voc_part, sidecar=given)
    assert cameras(dataset) == ["bow", "aft", "mast", None, None]
    assert dataset.images["scene"].to_list() == ["port", "port", None, None, None]


def test_a_given_table_must_be_there(voc_part: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.csv: cannot be read \(No such file or directory\)"):
        load(voc_part, sidecar=tmp_path / "nowhere.csv")


def test_the_image_folder_may_be_given_for_every_layout(voc_part: Path, yolo: Path, tmp_path: Path) -> None:
    load(voc_part).to_coco(tmp_path / "coco")
    images = voc_part / "voc/JPEGImages"
    for home in (voc_part, tmp_path / "coco", yolo):
        assert load(home, images=images).image_dir == images


@pytest.mark.parametrize(
    ("name", "lines", "splits"),
    [
        ("default", ["0000020", "0000040"], {"default": 2}),
        ("train", ["0000020.jpg", "0000040.jpg"], {"train": 2}),
        ("ship_train", ["0000020  1", "0000040 -1", "0000060  0"], {"ship_train": 3}),
        (None, [], {}),
    ],
)
def test_a_plain_voc_tree_with_any_lists_is_read(
    voc_part: Path, name: str | None, lines: list[str], splits: dict[str, int]
) -> None:
    plain = voc_part / "voc"
    for file in (plain / "ImageSets/Main").iterdir():
        file.unlink()
    if name is None:
        (plain / "ImageSets/Main").rmdir()
    else:
        write_lists(plain / "ImageSets/Main", {name: lines})
    assert load(plain).splits == splits
    (plain / "JPEGImages").rename(voc_part / "frames")
    moved = load(plain, images=voc_part / "frames")
    assert (moved.splits, moved[0].image.shape) == (splits, (48, 64, 3))
