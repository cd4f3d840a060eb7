"""A repaired copy: no error is left, nothing sound is lost, and the original is as it was."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from builders import jpeg_of, tree_digest, voc_xml, xml_of
from damage import (
    BOXES,
    COCO_DAMAGE,
    NAME,
    SIZE,
    STEM,
    VOC_DAMAGE,
    Damage,
    add_lines,
    encoded,
    image_bytes,
    in_box,
    in_coco,
    in_xml,
    json_of,
    labels,
    picture,
    sound_coco,
    sound_part,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import wutdet
from wutdet.dataset.audit import audit
from wutdet.errors import ConfigError, DataError


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WUTDET_NO_CACHE", "1")


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return sound_part(tmp_path / "part")


def changes(copy: Path) -> list[tuple[str, ...]]:
    with (copy / "changes.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["file", "what", "before", "after"]
    return [tuple(row) for row in rows]


@pytest.mark.parametrize("damage", VOC_DAMAGE, ids=lambda damage: damage.name)
def test_a_repaired_part_has_no_errors(part: Path, tmp_path: Path, damage: Damage) -> None:
    damage.do(part)
    frames = len({path.stem for path in (part / "voc").glob("*/*") if path.suffix in (".xml", ".jpg", ".png")})
    before = tree_digest(part)
    done = audit(part, hashes=False, fix=tmp_path / "copy").repair
    assert tree_digest(part) == before
    assert done is not None
    assert (done.left_out, done.frames) == (damage.gone, frames - damage.gone)
    again = audit(tmp_path / "copy", hashes=False)
    assert again.errors == []
    assert again.voc_origin == "1"
    loaded = wutdet.load(tmp_path / "copy")
    assert (len(loaded), loaded.boxes.height) == (done.frames, done.boxes)
    for frame in loaded:
        assert frame.image.ndim == 3


@pytest.mark.parametrize("damage", COCO_DAMAGE, ids=lambda damage: damage.name)
def test_a_repaired_coco_dataset_has_no_errors(tmp_path: Path, damage: Damage) -> None:
    data = sound_coco(tmp_path / "coco")
    damage.do(data)
    before = tree_digest(data)
    found = audit(data, hashes=False, fix=tmp_path / "copy")
    done = found.repair
    assert tree_digest(data) == before
    assert done is not None
    assert (done.left_out, done.frames) == (damage.gone, found.images - damage.gone)
    assert audit(tmp_path / "copy", hashes=False).errors == []
    loaded = wutdet.load(tmp_path / "copy")
    assert (len(loaded), loaded.boxes.height) == (done.frames, done.boxes)
    for frame in loaded:
        assert frame.image.ndim == 3


def test_what_is_sound_is_copied_byte_for_byte(part: Path, tmp_path: Path) -> None:
    (part / "frames.csv").write_text("image,camera\n0000000.jpg,bow\n")
    audit(part, hashes=False, fix=tmp_path / "copy")
    assert changes(tmp_path / "copy") == []
    (tmp_path / "copy/changes.csv").unlink()
    assert tree_digest(tmp_path / "copy") == tree_digest(part)


def test_a_copy_of_links_leaves_jpegs_without_end_marker_out_of_reach(part: Path, tmp_path: Path) -> None:
    """A trainer rewrites a JPEG that does not end with it through any link, so that one is copied."""
    with jpeg_of(part, STEM).open("ab") as file:
        file.write(b"\0")
    audit(part, hashes=False, fix=tmp_path / "copy", placement="link")
    links = {stem for stem in BOXES if jpeg_of(tmp_path / "copy", stem).is_symlink()}
    assert links == set(BOXES) - {STEM}


# What is repaired, to the number


def test_boxes_are_clipped_and_what_is_equal_then_is_one(part: Path, tmp_path: Path) -> None:
    """Two boxes differ only beyond the frame: inside they are the same."""
    labels((110, 90, 140, 96), (110, 90, 138, 97), (0.5, 3, 9, 9))(part)
    found = audit(part, hashes=False, fix=tmp_path / "copy", voc_origin="1")
    assert found.counts["box-over-edge"] == 3
    boxes = wutdet.load(tmp_path / "copy", voc_origin="1").boxes.filter(image_id=20)
    np.testing.assert_array_equal(
        boxes.select("xmin", "ymin", "xmax", "ymax").to_numpy(), [[109, 89, 128, 96], [0, 2, 9, 9]]
    )
    assert changes(tmp_path / "copy") == [
        (NAME, "box clipped", "[109, 89, 140, 96]", "[109, 89, 128, 96]"),
        (NAME, "duplicate box removed", "[109, 89, 138, 97]", ""),
        (NAME, "box clipped", "[-0.5, 2, 9, 9]", "[0, 2, 9, 9]"),
    ]


def test_an_edited_xml_keeps_what_else_it_says(part: Path, tmp_path: Path) -> None:
    in_xml("<object>", "<folder>x &amp; y</folder><object>")(part)
    in_xml("<name>ship</name>", "<name>ship</name><pose>Left</pose><difficult>1</difficult>")(part)
    in_xml("<xmax>64<", "<xmax>150<")(part)
    audit(part, hashes=False, fix=tmp_path / "copy")
    assert (
        xml_of(tmp_path / "copy", STEM).read_text() == xml_of(part, STEM).read_text().replace(">150<", ">128<") + "\n"
    )


def test_a_size_is_taken_from_the_image_and_clips_nothing(part: Path, tmp_path: Path) -> None:
    labels(*BOXES[STEM], size=(64, 48))(part)
    audit(part, hashes=False, fix=tmp_path / "copy")
    assert changes(tmp_path / "copy") == [(NAME, "size", "64x48", "128x96")]
    assert xml_of(tmp_path / "copy", STEM).read_text() == voc_xml(BOXES[STEM], SIZE) + "\n"


def test_boxes_of_another_origin_are_written_from_one(part: Path, tmp_path: Path) -> None:
    for stem, boxes in BOXES.items():
        shifted = [(a - 1, b - 1, c - 1, d - 1) for a, b, c, d in boxes]
        xml_of(part, stem).write_text(voc_xml(shifted, SIZE))
    before = wutdet.load(part)
    assert before.voc_origin == "0"
    audit(part, hashes=False, fix=tmp_path / "copy")
    after = wutdet.load(tmp_path / "copy")
    assert after.voc_origin == "1"
    assert after.boxes.equals(before.boxes)
    assert xml_of(tmp_path / "copy", STEM).read_text() == voc_xml(BOXES[STEM], SIZE) + "\n"
    assert changes(tmp_path / "copy") == [("voc/Annotations", "pixel origin", "0", "1")]


def test_classes_are_mapped_or_dropped_for_good(part: Path, tmp_path: Path) -> None:
    in_xml("ship", "boat")(part)
    in_xml("ship", "buoy", "0000000")(part)
    audit(part, hashes=False, fix=tmp_path / "copy", classes={"boat": "ship", "buoy": ""})
    assert audit(tmp_path / "copy", hashes=False).classes == {"ship": 7}
    assert changes(tmp_path / "copy") == [
        ("0000000.xml", "object of a dropped class removed", "buoy", ""),
        ("0000020.xml", "class", "boat", "ship"),
    ]


def test_lists_lose_only_bad_lines(part: Path, tmp_path: Path) -> None:
    """Lines stay as they are written; a frame of both stays in val."""
    xml_of(part, "0000000").unlink()
    add_lines("0000020.jpg\n0000999\n0000080  1\n  0000060 -1\n")(part)
    audit(part, hashes=False, fix=tmp_path / "copy")
    lists = tmp_path / "copy/voc/ImageSets/Main"
    assert (lists / "train.txt").read_text() == "0000020\n0000040\n0000060 -1\n"
    assert (lists / "val.txt").read_text() == (part / "voc/ImageSets/Main/val.txt").read_text()
    assert changes(tmp_path / "copy") == [
        ("0000000.jpg", "left out", "orphan-image: the image has no XML", ""),
        ("train.txt", "line removed: not in the copy", "0000000", ""),
        ("train.txt", "line removed: listed twice", "0000020.jpg", ""),
        ("train.txt", "line removed: not in the copy", "0000999", ""),
        ("train.txt", "line removed: kept in val", "0000080  1", ""),
    ]


def test_encodings_and_file_names_are_corrected(part: Path, tmp_path: Path) -> None:
    text = f'<?xml version="1.0" encoding="GBK"?>{voc_xml(BOXES[STEM], SIZE)}'.replace(
        "<size>", "<filename>舟山.jpg</filename><size>"
    )
    xml_of(part, STEM).write_bytes(text.encode("gb18030"))
    audit(part, hashes=False, fix=tmp_path / "copy")
    assert f"<filename>{NAME}</filename>" in xml_of(tmp_path / "copy", STEM).read_text(encoding="utf-8")
    assert changes(tmp_path / "copy") == [
        ("0000020.xml", "encoding", "gb18030", "UTF-8"),
        ("0000020.xml", "filename", "舟山.jpg", NAME),
    ]


def test_coco_keeps_what_it_says_beside_boxes(tmp_path: Path) -> None:
    """Of the box [-3.5, 5, 10, 9] 6.5 columns are in the frame; an area of 40 may be right, one of 90 is the box's."""
    data = sound_coco(tmp_path / "coco")
    in_box(bbox=[-3.5, 5, 10, 9], area=90, segmentation=[[1, 2, 3, 4, 5, 6]], iscrowd=0)(data)
    in_coco(lambda document: document["annotations"][0].update(bbox=[120, 90, 10, 4], area=40))(data)
    audit(data, hashes=False, fix=tmp_path / "copy")
    document = json.loads(json_of(tmp_path / "copy").read_text())
    original = json.loads(json_of(data).read_text())
    assert document["info"] == {"year": 2026}
    assert document["images"] == original["images"]
    assert document["annotations"][2] == original["annotations"][2] | {"bbox": [0, 5, 6.5, 9], "area": 58.5}
    assert document["annotations"][0] == original["annotations"][0] | {"bbox": [120, 90, 8, 4], "area": 32}
    assert document["annotations"][1] == original["annotations"][1]
    assert changes(tmp_path / "copy") == [
        ("0000000.jpg", "box clipped", "[120, 90, 130, 94]", "[120, 90, 128, 94]"),
        (NAME, "box clipped", "[-3.5, 5, 6.5, 14]", "[0, 5, 6.5, 14]"),
    ]


def test_an_area_is_never_more_than_its_box(tmp_path: Path) -> None:
    """Of [-4, 5, 10, 10] the frame holds 6 x 10 = 60 px²: a ship of 80 px² does not fit, one of 30 does."""
    data = sound_coco(tmp_path / "coco")
    in_box(bbox=[-4, 5, 10, 10], area=80)(data)
    in_coco(lambda document: document["annotations"][3].update(bbox=[-4, 5, 10, 10], area=30))(data)
    audit(data, hashes=False, fix=tmp_path / "copy")
    areas = [item["area"] for item in json.loads(json_of(tmp_path / "copy").read_text())["annotations"]]
    assert areas[2:] == [60, 30]


def test_a_frame_of_two_coco_files_stays_in_the_one_that_is_evaluated(tmp_path: Path) -> None:
    data = sound_coco(tmp_path / "coco")
    next(damage for damage in COCO_DAMAGE if damage.name == "a frame in train and val").do(data)
    audit(data, hashes=False, fix=tmp_path / "copy")
    loaded = wutdet.load(tmp_path / "copy")
    assert dict(loaded.images.select("file_name", "splits").rows())[NAME] == ["val"]
    assert loaded.boxes.filter(image_id=20).height == 1


def test_repeated_ids_are_numbered_anew(tmp_path: Path) -> None:
    data = sound_coco(tmp_path / "coco")
    next(damage for damage in COCO_DAMAGE if damage.name == "two boxes of one id").do(data)
    audit(data, hashes=False, fix=tmp_path / "copy")
    numbers = [item["id"] for item in json.loads(json_of(tmp_path / "copy").read_text())["annotations"]]
    assert numbers == [1, 2, 3, 4, 5]
    assert changes(tmp_path / "copy") == [("instances_train.json", "annotation id", "1 of [1, 1, 10, 10]", "5")]


# What is refused


def test_a_copy_goes_to_a_new_folder_outside_of_the_data(part: Path, tmp_path: Path) -> None:
    before = tree_digest(tmp_path)
    with pytest.raises(DataError, match="is inside the data"):
        audit(part, hashes=False, fix=part / "copy")
    with pytest.raises(DataError, match="is inside the data"):
        audit(part, hashes=False, fix=part / "voc" / ".." / "copy")
    with pytest.raises(ConfigError, match="a repair needs to look at the images"):
        audit(part, look_at_images=False, fix=tmp_path / "copy")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("x")
    with pytest.raises(DataError, match="exists and is not empty"):
        audit(part, hashes=False, fix=tmp_path / "full")
    (tmp_path / "full/mine.txt").unlink()
    (tmp_path / "full").rmdir()
    assert tree_digest(tmp_path) == before


def test_without_a_clear_origin_nothing_is_repaired(part: Path, tmp_path: Path) -> None:
    labels((0, 5, 9, 9), (60, 60, 60, 70))(part)
    with pytest.raises(DataError, match="a repair needs --voc-origin 1, 0 or 0x"):
        audit(part, hashes=False, fix=tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    audit(part, hashes=False, fix=tmp_path / "copy", voc_origin="1")
    assert audit(tmp_path / "copy", hashes=False).errors == []


def test_where_no_frame_is_good_there_is_no_copy(part: Path, tmp_path: Path) -> None:
    for stem in BOXES:
        in_xml("ship", "boat", stem)(part)
    with pytest.raises(DataError, match="no good frame is left for a copy; look at the errors; classes that count"):
        audit(part, hashes=False, fix=tmp_path / "copy")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["part"]


def test_a_copy_that_fails_midway_leaves_nothing(part: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("wutdet.dataset.audit.repair.place_image", full)
    with pytest.raises(DataError, match=r"the copy cannot be written \(No space left on device\)"):
        audit(part, hashes=False, fix=tmp_path / "copy")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["part"]


# Any damage

EDGE = st.one_of(st.integers(-5, 140), st.floats(-5, 140, width=32), st.sampled_from([0, 1, 96, 128, 1e-9]))
FRAME = st.tuples(
    st.lists(st.tuples(EDGE, EDGE, EDGE, EDGE), max_size=5),
    st.sampled_from([SIZE, (130, 96), (0, 0), (50, 50)]),
    st.sampled_from(["ship", "ship", "ship", "boat", "buoy"]),
)


@given(frames=st.lists(FRAME, min_size=1, max_size=4), origin=st.sampled_from(["1", "0", "0x"]))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_boxes_a_repaired_part_has_no_errors(
    tmp_path_factory: pytest.TempPathFactory, frames: list[tuple[object, ...]], origin: str
) -> None:
    """One frame is sound, so that there is always something to copy; sound boxes are never moved."""
    folder = tmp_path_factory.mktemp("any")
    part = sound_part(folder / "part")
    for stem, (boxes, size, name) in zip(list(BOXES)[1:], frames, strict=False):
        xml_of(part, stem).write_text(voc_xml(boxes, size, name))  # type: ignore[arg-type]
    classes = {"boat": "ship", "buoy": ""}
    found = audit(part, hashes=False, voc_origin=origin, classes=classes, fix=folder / "copy")  # type: ignore[arg-type]
    again = audit(folder / "copy", hashes=False)
    assert again.errors == []
    assert again.voc_origin == "1"
    assert found.repair is not None
    assert again.boxes == found.repair.boxes
    kept = wutdet.load(folder / "copy")
    shifts = {"1": (-1, 0), "0": (0, 1), "0x": (0, 0)}[origin]
    before = {
        (a + shifts[0], b + shifts[0], c + shifts[1], d + shifts[1])
        for boxes in (*BOXES.values(), *(item[0] for item in frames))
        for a, b, c, d in boxes  # type: ignore[attr-defined]
    }
    for box in kept.boxes.select("xmin", "ymin", "xmax", "ymax").to_numpy():
        near = [np.abs(np.clip(other, 0, [*SIZE, *SIZE]) - box).max() for other in before]
        assert min(near) < 1e-6


@given(boxes=st.lists(st.tuples(EDGE, EDGE, EDGE, EDGE), max_size=6), area=st.one_of(st.none(), st.floats(0, 1e5)))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_boxes_a_repaired_coco_dataset_has_no_errors(
    tmp_path_factory: pytest.TempPathFactory, boxes: list[tuple[float, ...]], area: float | None
) -> None:
    folder = tmp_path_factory.mktemp("any")
    data = sound_coco(folder / "coco")
    added = [{"id": 1, "image_id": 20, "category_id": 1, "bbox": list(box), "area": area} for box in boxes]
    in_coco(lambda document: document["annotations"].extend(added))(data)
    audit(data, hashes=False, fix=folder / "copy")
    assert audit(folder / "copy", hashes=False).errors == []
    assert len(wutdet.load(folder / "copy")) in (6, 7)


def test_a_wide_image_in_place_of_a_high_one_is_left_out(part: Path, tmp_path: Path) -> None:
    """The box reaches row 48; the image has 45."""
    image_bytes(encoded(picture(20, (200, 45))))(part)
    audit(part, hashes=False, fix=tmp_path / "copy")
    assert changes(tmp_path / "copy")[0] == (NAME, "left out", "wrong-size: its boxes do not fit the image", "")
