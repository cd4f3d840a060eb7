from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from builders import jpeg_bytes, png_header
from PIL import Image

from wutdet.dataset import Dataset, load
from wutdet.dataset.yolo_reader import read_yolo
from wutdet.dataset.yolo_yaml import find_data_yaml
from wutdet.errors import DataError, FrameError

SIZE = (100, 50)
NAMES = "names: [ship, boat, buoy]\n"


def put(root: Path, image: str, rows: str | bytes | None = "0 0.5 0.5 0.2 0.4\n", size: tuple[int, int] = SIZE) -> Path:
    """An image, and its label file where a trainer looks for it; returns the label's path."""
    path = root / image
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png_header(*size))
    head, _, tail = f"/{image}".rpartition("/images/")
    label = (root / f"{head}/labels/{tail}".lstrip("/")).with_suffix(".txt")
    label.parent.mkdir(parents=True, exist_ok=True)
    if rows is not None:
        label.write_bytes(rows if isinstance(rows, bytes) else rows.encode())
    return label


def yaml(root: Path, text: str, name: str = "data.yaml") -> Path:
    (root / name).write_text(text)
    return root / name


def one_frame(root: Path, rows: str | bytes, head: str = NAMES, **classes: str) -> Dataset:
    """One frame of 100x50 px with these rows."""
    put(root, "images/a.png", rows)
    yaml(root, f"{head}train: images\nval: images\n")
    return load(root, classes=classes)


def members(dataset: Dataset) -> dict[str, list[str]]:
    return dict(dataset.images.select("file_name", "splits").rows())


def test_a_row_is_centre_and_size_as_shares_of_the_frame(tmp_path: Path) -> None:
    """Centre (50, 25) and size 20 x 20 px: 40..60 by 15..35."""
    dataset = one_frame(tmp_path, "0 0.5 0.5 0.2 0.4\n")
    assert dataset[0].boxes.tolist() == [[40, 15, 60, 35]]
    assert dataset.boxes["area_px2"].to_list() == [400]
    assert (dataset[0].width, dataset[0].height) == SIZE


@pytest.mark.parametrize(
    "rows",
    [
        "\ufeff0 0.5 0.5 0.2 0.4",
        "\r\n0\t0.5  0.5 2e-1 .4\r\n\r\n",
        "0.0 0.5 0.5 0.2 0.4 \n",
        "0 0.4 0.3 0.6 0.3 0.6 0.7 0.45 0.65\n",  # a polygon with this bounding box
    ],
)
def test_every_spelling_of_a_row_is_read(tmp_path: Path, rows: str) -> None:
    assert one_frame(tmp_path, rows)[0].boxes.tolist() == [[40, 15, 60, 35]]


def test_boxes_and_polygons_may_stand_together(tmp_path: Path) -> None:
    rows = "0 0.5 0.5 0.2 0.4\n0 0.1 0.2 0.3 0.2 0.2 0.6\n"
    assert one_frame(tmp_path, rows)[0].boxes.tolist() == [[40, 15, 60, 35], [10, 10, 30, 30]]


def test_keypoints_of_a_pose_set_are_left_aside(tmp_path: Path) -> None:
    head = NAMES + "kpt_shape: [2, 3]\n"
    rows = "0 0.5 0.5 0.2 0.4 0.1 0.1 2 0.9 0.9 2\n"
    assert one_frame(tmp_path, rows, head)[0].boxes.tolist() == [[40, 15, 60, 35]]


def test_an_edge_that_few_digits_push_out_is_cut_and_a_box_further_out_is_refused(tmp_path: Path) -> None:
    """0.1 + 0.21 / 2 = 0.205 of 100 px begins 0.5 px outside; a share of 0.22 a whole pixel."""
    assert one_frame(tmp_path, "0 0.1 0.5 0.21 1.01\n")[0].boxes.tolist() == [[0, 0, 20.5, 50]]
    with pytest.raises(FrameError, match=r"a\.txt, row 1: box \[-1, 0, 21, 50\] reaches out of the 100x50 frame"):
        one_frame(tmp_path, "0 0.1 0.5 0.22 1\n")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("0 0.5 0.5 0.2\n", "row 1: row of 4 columns is neither a box (5) nor a polygon (7, 9, …)"),
        ("0 0.5 0.5 0.2 0.4 0.9\n", "row 1: row of 6 columns"),
        ("0 0.1 0.1 0.2 0.2 0.3 0.3 0.4\n", "row 1: row of 8 columns"),
        ("0\n", "row 1: row of 1 columns"),
        ("\n0 0.5 0.5 0.2 0.4\n0 nan 0.5 0.2 0.4\n", "row 2: 'nan' is no number"),
        ("0 inf 0.5 0.2 0.4\n", "'inf' is no number"),
        ("0 0.5 0.5 0.2 1e999\n", "'1e999' is no number"),
        ("0 0.5 0.5 0.2 0_4\n", "'0_4' is no number"),
        ("0 0.5 0.5 0.2 ٠\n", "is no number"),
        ("0 0x1 0.5 0.2 0.4\n", "'0x1' is no number"),
        ("ship 0.5 0.5 0.2 0.4\n", "'ship' is no number"),
        ("0 0,5 0.5 0.2 0.4\n", "'0,5' is no number"),
        ("0.5 0.5 0.5 0.2 0.4\n", "class '0.5' is no whole number from 0 on"),
        ("-1 0.5 0.5 0.2 0.4\n", "class '-1' is no whole number"),
        ("1e300 0.5 0.5 0.2 0.4\n", "class '1e300' is no whole number"),
        ("3 0.5 0.5 0.2 0.4\n", "class 3 is not among the 3 names of data.yaml"),
        ("0 0.5 0.5 0 0.4\n", "degenerate box [50, 15, 50, 35]"),
        ("0 0.5 0.5 -0.2 0.4\n", "degenerate box"),
        ("0 50 25 20 20\n", "reaches out of the 100x50 frame"),
        ("0 1e300 0.5 1e300 0.4\n", "reaches out"),
        (b"\xff\xfe0\x00", "label file is no text"),
        (b"\x00" * 100, "is no number"),
        (b" " * (8 * 2**20 + 1), "label file larger than 8 MiB"),
    ],
)
def test_a_bad_row_is_one_line_that_names_it(tmp_path: Path, rows: str | bytes, said: str) -> None:
    with pytest.raises(FrameError) as caught:
        one_frame(tmp_path, rows)
    assert said in str(caught.value)
    assert "labels/a.txt" in caught.value.where
    assert "\n" not in str(caught.value)


def test_bad_frames_are_left_out_when_reporting_goes_on(tmp_path: Path) -> None:
    put(tmp_path, "images/a.png")
    put(tmp_path, "images/b.png", "0 nan 0 0 0")
    put(tmp_path, "images/c.png").with_name("d.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    (tmp_path / "images/d.png").write_bytes(b"no image")
    put(tmp_path, "images/e.png", size=(70_000, 1))
    path = yaml(tmp_path, f"{NAMES}train: images\nval: images\n")
    reported: list[FrameError] = []
    columns, image_dir = read_yolo(path, classes={}, report=reported.append)
    assert columns.images["file_name"].to_list() == ["a.png", "c.png"]
    assert columns.boxes["frame"].to_list() == [0, 1]
    assert image_dir == tmp_path / "images"
    said = ["'nan' is no number", "not an image", "impossible image size 70000x1"]
    assert [error.what for error in reported] == said


def test_classes_are_mapped_by_name(tmp_path: Path) -> None:
    rows = "0 0.5 0.5 0.2 0.4\n1 0.5 0.5 0.1 0.1\n2 0.5 0.5 0.3 0.3\n"
    with pytest.raises(FrameError, match=r"a\.txt, row 2: unknown class 'boat'; map it with --classes 'boat=ship'"):
        one_frame(tmp_path, rows)
    assert one_frame(tmp_path, rows, boat="ship", buoy="").boxes["area_px2"].to_list() == [400, 50]


@pytest.mark.parametrize(
    ("names", "name"),
    [
        ("names: [a, boat]", "boat"),
        ("names: {0: a, 1: boat}", "boat"),
        ("names: {'0': a, '1': boat}", "boat"),
        ("names: {1: boat, 0: a}\nnc: 2", "boat"),
        ("nc: 2", "class_1"),
        ("names: [a, 7]", "7"),
        ("names: [a, yes]", "True"),  # as trainers print it
    ],
)
def test_names_come_as_a_list_a_mapping_or_a_number(tmp_path: Path, names: str, name: str) -> None:
    with pytest.raises(FrameError, match=f"unknown class '{name}'"):
        one_frame(tmp_path, "1 0.5 0.5 0.2 0.4", names + "\n")


def test_a_frame_without_a_label_file_or_with_an_empty_one_has_no_ships(tmp_path: Path) -> None:
    put(tmp_path, "images/a.png")
    put(tmp_path, "images/b.png", None)
    put(tmp_path, "images/c.png", "\n \n")
    yaml(tmp_path, f"{NAMES}train: images\nval: images\n")
    assert [len(frame.boxes) for frame in load(tmp_path)] == [1, 0, 0]


def test_a_set_without_any_label_file_is_an_error_that_says_where_one_would_be(tmp_path: Path) -> None:
    """A wrong folder looks just like a set without ships."""
    put(tmp_path, "pictures/a.png", None)
    yaml(tmp_path, f"{NAMES}train: pictures\nval: pictures\n")
    with pytest.raises(
        DataError, match=r"none of the 1 images has a label file \(the first would be .*pictures/a\.txt"
    ):
        load(tmp_path)


def test_folders_of_coco8(tmp_path: Path) -> None:
    put(tmp_path, "images/train/1.png")
    put(tmp_path, "images/val/2.png")
    yaml(tmp_path, f"path: .\n{NAMES}train: images/train\nval: images/val\ntest:\n")
    dataset = load(tmp_path)
    assert members(dataset) == {"train/1.png": ["train"], "val/2.png": ["val"]}
    assert dataset.image_dir == tmp_path / "images"
    assert dataset.images["image_id"].to_list() == [1, 2]
    assert dataset[1].path.is_file()


def test_folders_of_roboflow_one_up(tmp_path: Path) -> None:
    """Its files say `../train/images` although the folder is beside them."""
    put(tmp_path, "train/images/a.png")
    put(tmp_path, "valid/images/b.png")
    yaml(tmp_path, f"train: ../train/images\nval: ../valid/images\nnc: 3\n{NAMES}roboflow: {{version: 2}}\n")
    dataset = load(tmp_path)
    assert members(dataset) == {"train/images/a.png": ["train"], "valid/images/b.png": ["val"]}
    assert [len(frame.boxes) for frame in dataset] == [1, 1]


def test_lists_of_darknet(tmp_path: Path) -> None:
    put(tmp_path, "images/a.png")
    put(tmp_path, "images/sub/b c.png")
    put(tmp_path, "images/.hidden.png")
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists/one.txt").write_text(f"\ufeff{tmp_path}/images/a.png\r\nnotes\n")
    (tmp_path / "two.txt").write_text("./images/sub/b c.png\nimages/a.png\n\n")
    yaml(tmp_path, f"{NAMES}train: [lists/one.txt, two.txt]\nvalidation: two.txt\n")
    dataset = load(tmp_path)
    assert members(dataset) == {"a.png": ["train", "val"], "sub/b c.png": ["train", "val"]}


def test_folders_are_searched_to_the_bottom_without_hidden_files_and_circles(tmp_path: Path) -> None:
    put(tmp_path, "images/day 1/x.y.png")
    put(tmp_path, "images/A.JPG")
    put(tmp_path, "images/._a.png")
    put(tmp_path, "images/.git/b.png")
    (tmp_path / "images/notes.txt").write_text("")
    (tmp_path / "images/day 1/circle").symlink_to(tmp_path / "images")
    yaml(tmp_path, f"{NAMES}train: images\nval: images\n")
    assert set(members(load(tmp_path))) == {"day 1/x.y.png", "A.JPG"}


def test_a_set_elsewhere_is_found_by_its_path_and_a_moved_one_beside_its_file(tmp_path: Path) -> None:
    put(tmp_path / "disk/set", "images/a.png")
    (tmp_path / "yamls").mkdir()
    path = yaml(tmp_path / "yamls", f"path: ../disk/set\n{NAMES}train: images\nval: images\n", "boats.yaml")
    assert load(path).image_dir == tmp_path / "disk/set/images"
    yaml(tmp_path / "disk/set", f"path: /nowhere/set\n{NAMES}train: images\nval: images\n")
    assert load(tmp_path / "disk/set").image_dir == tmp_path / "disk/set/images"


def test_data_yaml_is_found_by_its_usual_names(tmp_path: Path) -> None:
    assert find_data_yaml(tmp_path) is None
    other = yaml(tmp_path, "", "dataset.yaml")
    assert find_data_yaml(tmp_path) == other
    usual = yaml(tmp_path, "")
    assert find_data_yaml(tmp_path) == usual
    assert find_data_yaml(other) == other
    assert find_data_yaml(yaml(tmp_path, "", "a.json")) is None
    assert find_data_yaml(tmp_path / "nowhere") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no mapping"),
        ("- a\n", "is no mapping"),
        ("a: [", "not YAML"),
        ("[" * 5000, "not YAML"),
        ("a: !!python/object/apply:os.system [ls]", "not YAML"),
        (NAMES, "names no train, val or test images"),
        (NAMES + "train: nowhere\nval: images\n", "'train' names 'nowhere', which is not there"),
        (NAMES + "train: 7\n", "'train' is no folder, list of images or several of these"),
        (NAMES + "train: [images, 7]\n", "'train' is no folder"),
        (NAMES + "train: ''\n", "'train' is no folder"),
        (NAMES + 'train: "a\\0b"\n', "'train' is no folder"),
        (NAMES + "train: empty\n", "names no image"),
        (NAMES + "train: images/a.png\n", "cannot be read as a list of images"),
        ("train: images\n", "has no class names"),
        ("names: []\ntrain: images\n", "has no class names"),
        ("names: ship\ntrain: images\n", "has no class names"),
        ("nc: -1\ntrain: images\n", "has no class names"),
        ("names: [[ship]]\ntrain: images\n", "'names' is no list or mapping of class names"),
        ("names: {a: ship}\ntrain: images\n", "'names' is no list or mapping"),
        ("#" * 2**20 + "\n", "larger than 1 MiB"),
    ],
)
def test_a_bad_data_yaml_is_one_line_that_names_it(tmp_path: Path, text: str, said: str) -> None:
    put(tmp_path, "images/a.png")
    (tmp_path / "images/a.png").write_bytes(jpeg_bytes())
    (tmp_path / "empty").mkdir()
    path = yaml(tmp_path, text)
    with pytest.raises(DataError) as caught:
        load(path)
    assert said in caught.value.what
    assert "\n" not in str(caught.value)


def test_aliases_that_multiply_end_soon(tmp_path: Path) -> None:
    """Ten lists of ten of each other: ten thousand million names if anyone unfolded them."""
    layers = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 11)]
    put(tmp_path, "images/a.png")
    yaml(tmp_path, "\n".join(["a0: &a0 x", *layers, "names: *a10", "train: images"]))
    with pytest.raises(DataError, match="aliases"):
        load(tmp_path)


@pytest.mark.parametrize(
    "own",
    [
        "wutdet: 7",
        "wutdet: {splits: 7, images: images}",
        "wutdet: {splits: {a: images}, images: ../..}",
        "wutdet: {splits: {a: images}, images: /}",
        "wutdet: {splits: {a: images}, images: [7]}",
    ],
)
def test_a_spoiled_key_of_our_own_cannot_lead_out_of_the_images(tmp_path: Path, own: str) -> None:
    put(tmp_path, "images/a.png")
    yaml(tmp_path, f"{NAMES}train: images\n{own}\n")
    dataset = load(tmp_path)
    assert [frame.path for frame in dataset] == [tmp_path / "images/a.png"]
    assert dataset.images["file_name"].to_list() == ["a.png"]


def picture(path: Path, orientation: int | None, form: str) -> tuple[int, int]:
    """Write 40x20 px with an EXIF orientation; returns the (width, height) that decoding gives."""
    exif = Image.Exif()
    if orientation is not None:
        exif[274] = orientation
    Image.new("RGB", (40, 20)).save(path, format=form, exif=exif)
    height, width = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR).shape[:2]
    return width, height


@pytest.mark.parametrize("form", ["jpeg", "png", "webp", "tiff", "bmp"])
@pytest.mark.parametrize("orientation", [None, 1, 3, 6, 8])
def test_the_size_is_that_of_the_picture_as_it_decodes(tmp_path: Path, form: str, orientation: int | None) -> None:
    """A frame whose EXIF turns it is as wide as its file says it is high."""
    put(tmp_path, f"images/a.{form}", "0 0.5 0.5 0.5 0.5\n")
    expected = picture(tmp_path / f"images/a.{form}", orientation, form)
    yaml(tmp_path, f"{NAMES}train: images\n")
    frame = load(tmp_path)[0]
    assert (frame.width, frame.height) == expected
    assert frame.image.shape == (expected[1], expected[0], 3)


def test_a_long_header_is_read_to_its_end(tmp_path: Path) -> None:
    put(tmp_path, "images/a.jpg", "0 0.5 0.5 0.5 0.5\n")
    profile: Sequence[int] = range(256)
    Image.new("RGB", (40, 20)).save(tmp_path / "images/a.jpg", icc_profile=bytes(profile) * 200)
    yaml(tmp_path, f"{NAMES}train: images\n")
    frame = load(tmp_path)[0]
    assert (frame.width, frame.height) == (40, 20)
