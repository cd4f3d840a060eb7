"""What an audit finds in damaged COCO files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from damage import COCO_DAMAGE, NAME, SOUND, Damage, Said, add_box, in_box, json_of, sound_coco

from wutdet.dataset.audit import Audit, audit
from wutdet.errors import DataError


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WUTDET_NO_CACHE", "1")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return sound_coco(tmp_path / "coco")


def said(found: Audit) -> list[Said]:
    everything = [(item.code, item.image, item.message) for item in (*found.errors, *found.warnings, *found.infos)]
    return [line for line in everything if line not in SOUND]


def test_a_sound_dataset_has_nothing_said_of_it(data: Path) -> None:
    found = audit(data)
    assert said(found) == []
    assert (found.images, found.boxes, found.voc_origin) == (7, 8, None)
    assert [(item.code, item.image, item.message) for item in found.infos] == SOUND
    assert found.leakage["train-val"].of == 3


@pytest.mark.parametrize("damage", COCO_DAMAGE, ids=lambda damage: damage.name)
def test_of_a_damage_everything_is_said_and_nothing_else(data: Path, damage: Damage) -> None:
    damage.do(data)
    assert sorted(said(audit(data))) == sorted(damage.said)


def test_a_file_that_is_no_json_hides_no_other(data: Path) -> None:
    in_box(bbox=[5, 5, 0, 9])(data)
    json_of(data, "val").write_text('{"images": [')
    found = audit(data)
    assert [(item.code, item.image) for item in found.errors] == [
        ("malformed-json", "instances_val.json"),
        ("degenerate-box", NAME),
    ]
    assert found.errors[0].message.startswith("not COCO JSON (Input data was truncated")


def test_a_file_alone_is_looked_at_alone(data: Path) -> None:
    found = audit(json_of(data))
    assert (found.images, said(found)) == (3, [])


def test_only_broken_files_are_still_an_answer(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    path.write_text("[]")
    assert [item.code for item in audit(path, look_at_images=False).errors] == ["malformed-json"]
    path.write_text('{"images": []}')
    with pytest.raises(DataError, match="holds no frame"):
        audit(path, look_at_images=False)


def test_labels_alone_need_no_image(data: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.json"
    alone.write_bytes(json_of(data).read_bytes())
    assert said(audit(alone, look_at_images=False)) == []
    with pytest.raises(DataError, match="none of its images is in a usual place; name their folder with --images"):
        audit(alone)
    assert said(audit(alone, images=data / "images")) == []


def test_the_images_are_found_although_the_first_is_missing(data: Path) -> None:
    (data / "images/0000000.jpg").unlink()
    assert said(audit(data)) == [("missing-image", "0000000.jpg", "the image is missing")]


def test_equal_stems_in_two_folders_are_two_frames(data: Path) -> None:
    json_of(data, "unsplit").unlink()
    for split in ("train", "val"):
        (data / "images" / split).mkdir()
        document = json.loads(json_of(data, split).read_text())
        for image, name in zip(document["images"], ("1", "2", "3"), strict=True):
            (data / "images" / image["file_name"]).rename(data / "images" / split / f"{name}.jpg")
            image["file_name"] = f"{split}/{name}.jpg"
        json_of(data, split).write_text(json.dumps(document))
    found = audit(data)
    assert "frame-in-several-splits" not in found.counts
    assert found.errors == []


def test_given_lists_name_frames_by_their_stem(data: Path, tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists/test.txt").write_text("0000000\n0000020.jpg\n0000999\n")
    found = audit(data, splits=tmp_path / "lists")
    assert [(item.code, item.image) for item in found.errors] == [("absent-in-split", "0000999")]
    assert found.counts["unlisted-frame"] == 5


def test_crowds_may_lie_over_one_another(data: Path) -> None:
    add_box(bbox=[54, 39, 10, 9], area=90, iscrowd=1)(data)
    assert said(audit(data)) == []


def test_a_polygon_fills_part_of_its_box(data: Path) -> None:
    in_box(area=45)(data)
    assert said(audit(data)) == []


def test_hostile_numbers_are_told_in_one_line(data: Path) -> None:
    text = json_of(data).read_text()
    json_of(data).write_text(text.replace('"image_id": 20', '"image_id": 1e400', 1))
    [item] = audit(data).errors
    assert (item.code, item.image) == ("bad-entry", "instances_train.json")
    assert "\n" not in item.message
