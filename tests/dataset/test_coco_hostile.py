from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from builders import coco_box, coco_file, coco_image

from wutdet import load
from wutdet.errors import DataError, FrameError, WutdetError

IMAGE = coco_image(1, "a.jpg")
BOX = coco_box(1, 1, [1, 2, 3, 4])


def document(**changes: Any) -> str:
    whole = {"images": [IMAGE], "annotations": [BOX], "categories": [{"id": 1, "name": "ship"}]}
    return json.dumps({**whole, **changes})


def refused(tmp_path: Path, content: str | bytes) -> WutdetError:
    path = tmp_path / "labels.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(WutdetError) as caught:
        load(path)
    assert "labels.json" in caught.value.where or "a.jpg" in caught.value.where
    assert "\n" not in str(caught.value)
    return caught.value


def test_the_document_that_the_others_spoil_is_good(tmp_path: Path) -> None:
    (tmp_path / "labels.json").write_text(document())
    assert load(tmp_path / "labels.json").boxes.height == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "truncated"),
        ("null", "Expected `object`, got `null`"),
        ("[]", "Expected `object`, got `array`"),
        ("{}", "missing required field `images`"),
        (b"\xff\xfe\x00", "malformed"),
        (document()[:-9], "truncated"),
        (document(images={}), "Expected `array`, got `object` - at `$.images`"),
        (document(images=[1]), "Expected `object`, got `int` - at `$.images[0]`"),
        (document(images=[{**IMAGE, "id": "one"}]), "Expected `int`, got `str` - at `$.images[0].id`"),
        (document(images=[{**IMAGE, "id": 1.5}]), "Expected `int`, got `float`"),
        (document(images=[{**IMAGE, "id": 2**63}]), "at `$.images[0].id`"),
        (document(images=[{**IMAGE, "id": -(2**70)}]), "at `$.images[0].id`"),
        (document(images=[{**IMAGE, "file_name": None}]), "at `$.images[0].file_name`"),
        (document(images=[{**IMAGE, "width": None}]), "at `$.images[0].width`"),
        (document(images=[{"id": 1, "file_name": "a.jpg"}]), "missing required field `width`"),
        (document(images=[{**IMAGE, "camera": 3}]), "Expected `str | null`, got `int` - at `$.images[0].camera`"),
        (document(images=[{**IMAGE, "horizon_row": "sea"}]), "at `$.images[0].horizon_row`"),
        (document(annotations=[{**BOX, "id": 2**64}]), "at `$.annotations[0].id`"),
        (document(annotations=[{**BOX, "bbox": [1, 2, 3]}]), "length 4"),
        (document(annotations=[{**BOX, "bbox": None}]), "at `$.annotations[0].bbox`"),
        (document(annotations=[{**BOX, "bbox": ["1", 2, 3, 4]}]), "at `$.annotations[0].bbox[0]`"),
        (document(annotations=[{**BOX, "bbox": [1, 2, float("nan"), 4]}]), "malformed"),
        (document(annotations=[{**BOX, "bbox": [1, 2, float("inf"), 4]}]), "malformed"),
        (document(annotations=[BOX]).replace("[1, 2,", "[1e999, 2,"), "out of range"),
        (document(categories="ship"), "at `$.categories`"),
        ("[" * 300_000, "Expected `object`"),
        ('{"x":' + "[" * 300_000 + "]" * 300_000 + ',"images":[]}', "recursion"),
        ('{"images":[{"id":1,"file_name":"\\ud800.jpg","width":1,"height":1}]}', "surrogate"),
    ],
)
def test_what_is_no_coco_names_its_path(tmp_path: Path, content: str | bytes, said: str) -> None:
    error = refused(tmp_path, content)
    assert type(error) is DataError
    assert said in error.what


def test_a_box_of_no_image_is_refused(tmp_path: Path) -> None:
    error = refused(tmp_path, document(annotations=[BOX, coco_box(5, 99, [1, 2, 3, 4])]))
    assert error.what == "annotation 5 belongs to image 99, which is not there"


def test_two_images_with_one_id_are_refused(tmp_path: Path) -> None:
    """Their boxes could not be told apart."""
    assert refused(tmp_path, document(images=[IMAGE, coco_image(1, "b.jpg")])).what == "two images have the same id"


def test_one_image_twice_with_other_boxes_is_refused(tmp_path: Path) -> None:
    error = refused(tmp_path, document(images=[IMAGE, coco_image(2, "a.jpg")]))
    assert error.what == "is there twice, with different boxes or facts"


def test_no_image_is_no_dataset(tmp_path: Path) -> None:
    assert refused(tmp_path, document(images=[], annotations=[])).what == "holds no frame"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"annotations": [coco_box(1, 1, [1, 2, 0, 4])]}, "degenerate box [1, 2, 1, 6]"),
        ({"annotations": [coco_box(1, 1, [1, 2, 3, -4])]}, "degenerate box [1, 2, 4, -2]"),
        ({"annotations": [coco_box(1, 1, [60, 2, 5, 4])]}, "reaches out of the 64x48 frame"),
        ({"annotations": [coco_box(1, 1, [1e300, 2, 1, 4])]}, "degenerate box"),
        ({"annotations": [coco_box(1, 1, [1, 2, 1.7e308, 4])]}, "reaches out"),
        ({"images": [coco_image(1, "a.jpg", size=(0, 48))]}, "impossible image size 0x48"),
        ({"images": [coco_image(1, "a.jpg", size=(2**70, 48))]}, "impossible image size"),
        ({"images": [coco_image(1, "../a.jpg")]}, "unsafe file name '../a.jpg'"),
        ({"categories": [{"id": 1, "name": "boat"}]}, "unknown class 'boat'"),
        ({"categories": []}, "unknown class 'category 1'"),
    ],
)
def test_a_bad_frame_is_one_bad_frame(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    error = refused(tmp_path, document(**changes))
    assert isinstance(error, FrameError)
    assert said in error.what
    good = coco_image(2, "b.jpg")
    spoiled = json.loads(document(**changes))
    (tmp_path / "labels.json").write_text(json.dumps({**spoiled, "images": [*spoiled["images"], good]}))
    kept = load(tmp_path / "labels.json", on_error="skip")
    assert kept.images["file_name"].to_list() == ["b.jpg"]
    assert kept.boxes.height == 0
    assert [said in problem.message for problem in kept.problems] == [True]


def test_a_box_may_pass_the_edge_by_a_rounding_error(tmp_path: Path) -> None:
    inside = coco_file(tmp_path / "in.json", [IMAGE], [coco_box(1, 1, [60.1, 2, 3.9000000001, 4])])
    assert load(inside).boxes.height == 1
    outside = coco_file(tmp_path / "out.json", [IMAGE], [coco_box(1, 1, [60.1, 2, 3.91, 4])])
    with pytest.raises(FrameError, match="reaches out"):
        load(outside)


def test_an_area_beyond_all_integers_can_be_written(tmp_path: Path) -> None:
    dataset = load(coco_file(tmp_path / "c.json", [IMAGE], [coco_box(1, 1, [1, 2, 3, 4], area=1e300)]))
    [path] = dataset.to_coco(tmp_path / "out").values()
    assert load(path).boxes["area_px2"].to_list() == [1e300]


def test_what_no_field_is_for_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "labels.json").write_text(
        document(licenses=[{"id": 1}], info=None, annotations=[{**BOX, "segmentation": [[1]]}])
    )
    assert load(tmp_path / "labels.json").boxes.height == 1
