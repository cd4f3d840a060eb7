from __future__ import annotations

import json
from pathlib import Path

import pytest
from builders import coco_box, coco_file, coco_image

from wutdet import load


def test_area_is_kept_as_given_and_else_is_that_of_the_box(tmp_path: Path) -> None:
    boxes = [coco_box(1, 1, [1, 2, 3, 4], area=7.25), coco_box(2, 1, [1, 2, 3, 4])]
    dataset = load(coco_file(tmp_path / "c.json", [coco_image(1, "a.jpg")], boxes))
    assert dataset.boxes["area_px2"].to_list() == [7.25, 12.0]


def test_ids_of_a_file_are_kept_and_annotations_are_written_in_their_order(tmp_path: Path) -> None:
    images = [coco_image(9, "a.jpg"), coco_image(3, "0100.jpg")]
    boxes = [coco_box(77, 3, [1, 1, 2, 2]), coco_box(5, 9, [1, 1, 2, 2])]
    dataset = load(coco_file(tmp_path / "c.json", images, boxes))
    assert dataset.images.select("image_id", "file_name").rows() == [(3, "0100.jpg"), (9, "a.jpg")]
    assert dataset.boxes.select("box_id", "image_id").rows() == [(77, 3), (5, 9)]
    [path] = dataset.to_coco(tmp_path / "out").values()
    assert [box["id"] for box in json.loads(path.read_text())["annotations"]] == [5, 77]


def test_two_files_with_clashing_ids_get_new_ids_and_keep_their_boxes(tmp_path: Path) -> None:
    for split, name, x in (("train", "b.jpg", 1), ("val", "a.jpg", 5)):
        coco_file(
            tmp_path / f"annotations/instances_{split}.json", [coco_image(1, name)], [coco_box(1, 1, [x, 1, 2, 2])]
        )
    dataset = load(tmp_path)
    assert dataset.images.select("image_id", "file_name", "splits").rows() == [
        (1, "a.jpg", ["val"]),
        (2, "b.jpg", ["train"]),
    ]
    assert dataset.boxes.select("box_id", "image_id", "xmin").rows() == [(1, 1, 5.0), (2, 2, 1.0)]


@pytest.mark.parametrize("other_id", [1, 7])
def test_one_frame_numbered_differently_in_two_files_is_one_frame(tmp_path: Path, other_id: int) -> None:
    """Split files are often numbered from 1 each; the file name says what is the same frame."""
    box = [3, 4, 5, 6]
    coco_file(
        tmp_path / "annotations/instances_train.json",
        [coco_image(1, "a.jpg"), coco_image(2, "b.jpg")],
        [coco_box(1, 1, [1, 1, 2, 2]), coco_box(2, 2, box)],
    )
    coco_file(
        tmp_path / "annotations/instances_val.json", [coco_image(other_id, "b.jpg")], [coco_box(1, other_id, box)]
    )
    dataset = load(tmp_path)
    assert dataset.images.select("image_id", "file_name", "splits").rows() == [
        (1, "a.jpg", ["train"]),
        (2, "b.jpg", ["train", "val"]),
    ]
    assert dataset.boxes.select("image_id", "xmin").rows() == [(1, 1.0), (2, 3.0)]


@pytest.mark.parametrize(
    ("place", "named"),
    [
        ("images/a.jpg", "images"),
        ("a.jpg", "."),
        ("annotations/a.jpg", "annotations"),
        ("JPEGImages/a.jpg", "JPEGImages"),
    ],
)
def test_images_are_found_in_the_usual_places(tmp_path: Path, place: str, named: str) -> None:
    coco_file(tmp_path / "annotations/instances_val.json", [coco_image(1, "a.jpg")])
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).touch()
    assert load(tmp_path).image_dir.resolve() == (tmp_path / named).resolve()
    assert load(tmp_path, images=tmp_path / "mine").image_dir == tmp_path / "mine"


def test_labels_alone_load_without_images(tmp_path: Path) -> None:
    dataset = load(coco_file(tmp_path / "labels.json", [coco_image(1, "a.jpg")], [coco_box(1, 1, [1, 1, 2, 2])]))
    assert (len(dataset), dataset.boxes.height, dataset.name, dataset.voc_origin) == (1, 1, "labels", None)


def test_split_lists_replace_the_splits_of_file_names(tmp_path: Path) -> None:
    path = coco_file(tmp_path / "instances_val.json", [coco_image(1, "day/a.jpg"), coco_image(2, "b.jpg")])
    (tmp_path / "test.txt").write_text("a\n")
    assert load(path).splits == {"val": 2}
    assert load(path, splits=tmp_path).images["splits"].to_list() == [["test"], []]
