"""What an audit finds in a damaged part: every kind of damage alone, then together."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest
from builders import jpeg_of, voc_xml, xml_of
from damage import (
    BOXES,
    EXIF,
    GOOD_XML,
    NAME,
    SIZE,
    SOUND,
    STEM,
    TURNED,
    VOC_DAMAGE,
    Damage,
    Said,
    cut,
    encoded,
    image_bytes,
    in_xml,
    labels,
    picture,
    rename,
    sound_part,
)

import wutdet
from wutdet.dataset.audit import KINDS, Audit, audit
from wutdet.dataset.dataset import Dataset
from wutdet.dataset.splitting.hashes import FrameHashes, hash_frames
from wutdet.errors import DataError


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WUTDET_NO_CACHE", "1")


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return sound_part(tmp_path / "part")


def said(found: Audit) -> list[Said]:
    """Everything that was found, but for what is said of the sound part."""
    everything = [(item.code, item.image, item.message) for item in (*found.errors, *found.warnings, *found.infos)]
    return [line for line in everything if line not in SOUND]


def test_a_sound_part_has_no_error_and_no_warning(part: Path) -> None:
    found = audit(part)
    assert (found.errors, found.warnings) == ([], [])
    assert [(item.code, item.image, item.message) for item in found.infos] == SOUND
    assert (found.images, found.boxes, found.classes) == (7, 8, {"ship": 8})
    assert (found.voc_origin, found.near_duplicates, found.near_duplicate_pairs) == ("1", [], 0)
    assert found.voc_evidence == "0 zero minima, 2 maxima at the frame's side, 0 sides of one pixel"
    assert {key: (leak.frames, leak.of, leak.share) for key, leak in found.leakage.items()} == {
        "train-val": (0, 3, 0.0),
        "val-train": (0, 3, 0.0),
    }
    assert found.sound


def test_a_rendered_part_is_sound_but_for_what_its_random_split_leaks(tiny_voc: Path) -> None:
    found = audit(tiny_voc)
    assert found.errors == []
    assert {item.code for item in found.warnings} == {"split-leakage"}
    assert found.leakage["train-val"].share > 0.9


@pytest.mark.parametrize("damage", VOC_DAMAGE, ids=lambda damage: damage.name)
def test_of_a_damage_everything_is_said_and_nothing_else(part: Path, damage: Damage) -> None:
    damage.do(part)
    found = audit(part)
    assert sorted(said(found)) == sorted(damage.said)
    assert sum(found.counts.values()) == len(found.errors) + len(found.warnings) + len(found.infos)
    for item in (*found.errors, *found.warnings, *found.infos):
        assert item.severity == KINDS[item.code].severity


def test_a_sound_load_is_what_has_no_errors(tmp_path: Path) -> None:
    """What stops a load is an error; what only warns loads."""
    for number, damage in enumerate(VOC_DAMAGE):
        damaged = sound_part(tmp_path / str(number))
        damage.do(damaged)
        if audit(damaged, hashes=False).sound:
            for frame in wutdet.load(damaged):
                assert frame.image.shape == (SIZE[1], SIZE[0], 3), damage.name


def test_several_defects_hide_none_another(part: Path) -> None:
    """Two bad files, two bad boxes in one frame, a bad image with a bad box, and a bad list."""
    xml_of(part, "0000000").write_text("<annotation>")
    jpeg_of(part, "0000000").write_bytes(b"\xff\xd8")
    xml_of(part, "0000060").unlink()
    labels((9, 9, 3, 12), (120, 1, 140, 9), (120, 1, 140, 9))(part)
    cut(part)
    in_xml("ship", "kayak", "0000080")(part)
    (part / "voc/ImageSets/Main/val.txt").write_text("0000080\n0000080\n0000999\n")
    assert said(audit(part)) == [
        ("orphan-image", "0000060.jpg", "the image has no XML"),
        ("unreadable-image", "0000000.jpg", "not an image"),
        ("truncated-image", NAME, "truncated image"),
        ("malformed-xml", "0000000.jpg", "malformed XML (no element found: line 1, column 12)"),
        ("degenerate-box", NAME, "box [8, 8, 3, 12] is empty"),
        ("box-over-edge", NAME, "box [119, 0, 140, 9] reaches out of the 128x96 frame"),
        ("box-over-edge", NAME, "box [119, 0, 140, 9] reaches out of the 128x96 frame"),
        ("duplicate-box", NAME, "box [119, 0, 140, 9] is there twice"),
        ("foreign-class", "0000080.jpg", "unknown class 'kayak' on 1 box"),
        ("absent-in-split", "0000999", "val lists it, but it is not there"),
        ("listed-twice", "0000080.jpg", "val lists it 2 times"),
        ("unlisted-frame", "0000100.jpg", "no split lists it"),
        ("unlisted-frame", "0000120.jpg", "no split lists it"),
    ]


def test_all_kinds_of_damage_at_once_are_all_found(tmp_path: Path) -> None:
    """Each damage to a part of its own, all parts in one: whatever a kind says alone is said here."""
    whole = sound_part(tmp_path / "whole")
    expected = []
    pixels_and_boxes = [
        damage
        for damage in VOC_DAMAGE
        if {code for code, _, _ in damage.said}
        & {"degenerate-box", "malformed-xml", "truncated-image", "unreadable-image", "wrong-size", "foreign-class"}
    ]
    for number, damage in enumerate(pixels_and_boxes, start=10):
        other = sound_part(tmp_path / str(number))
        damage.do(other)
        stem = f"{20 * number:07d}"
        xml_of(whole, stem).write_bytes(xml_of(other, STEM).read_bytes())
        jpeg_of(whole, stem).write_bytes(jpeg_of(other, STEM).read_bytes())
        expected += [(code, f"{stem}.jpg", message) for code, _, message in damage.said]
    found = said(audit(whole, hashes=False))
    assert len(expected) >= 11
    assert set(expected) <= set(found)


def test_the_box_stands_beside_the_message(part: Path) -> None:
    labels((120, 90, 140, 96))(part)
    [item] = audit(part).errors
    assert item.box == (119.0, 89.0, 140.0, 96.0)


# Origin


def test_conflicting_evidence_about_the_origin_is_an_error_and_the_rest_is_looked_at(part: Path) -> None:
    """A zero, a maximum at the side and a box of one pixel: as 1 one box is spoilt, as 0 two, as 0x one."""
    labels((0, 5, 9, 9), (60, 60, 60, 70), (90, 9, 80, 19))(part)
    found = audit(part)
    assert said(found) == [
        (
            "origin-conflict",
            "Annotations",
            "conflicting evidence about the VOC origin (1 zero minima, 2 maxima at the frame's side, "
            "1 sides of one pixel); read as 1, which spoils the fewest boxes",
        ),
        ("degenerate-box", NAME, "box [89, 8, 80, 19] is empty"),
        ("box-over-edge", NAME, "box [-1, 4, 9, 9] reaches out of the 128x96 frame"),
    ]


def test_maxima_that_stop_a_pixel_short_make_an_origin_of_1_doubtful(part: Path) -> None:
    """22 maxima at 127 of 128 and none at the side; three minima at 1 (of frames 0 and 120) do not outweigh them."""
    labels(*[(40, y, 127, y + 1) for y in range(10, 32)])(part)
    labels((100, 80, 120, 90), stem="0000100")(part)
    assert said(audit(part)) == [
        (
            "doubtful-origin",
            "Annotations",
            "read as 1, but 0 minima at 0 and 2 at 1, 0 maxima at the side and 22 one pixel short of it",
        )
    ]
    labels(*[(1, y, 9, y + 1) for y in range(10, 32)], stem="0000040")(part)
    assert said(audit(part)) == []


def test_a_given_origin_is_taken_whatever_it_spoils(part: Path) -> None:
    found = audit(part, voc_origin="0")
    assert found.voc_origin == "0"
    assert said(found) == [("box-over-edge", "0000100.jpg", "box [100, 80, 129, 97] reaches out of the 128x96 frame")]


def test_a_file_name_of_a_missing_image_is_right_when_its_stem_is(part: Path) -> None:
    in_xml("<size>", "<filename>0000020.jpg</filename><size>")(part)
    assert said(audit(part)) == []
    jpeg_of(part, STEM).unlink()
    assert said(audit(part)) == [("missing-image", STEM, "the XML has no image")]


# Images


def test_a_picture_that_exif_lays_on_its_side_fits_labels_of_either_side(part: Path) -> None:
    image_bytes(encoded(picture(20), exif=TURNED))(part)
    turned = ("exif-rotated", NAME, "EXIF orientation 6: some tools turn it, the boxes not")
    assert said(audit(part)) == [turned]
    xml_of(part, STEM).write_text(voc_xml(BOXES[STEM], SIZE[::-1]))
    assert said(audit(part)) == [turned]
    xml_of(part, STEM).write_text(voc_xml(BOXES[STEM], (100, 100)))
    assert said(audit(part)) == [("wrong-size", NAME, "is 128x96 px but the labels say 100x100"), turned]


def test_a_long_header_is_read_to_its_end(part: Path) -> None:
    """A comment of 65 kB before the picture: the first 64 KiB hold no size."""
    image_bytes(encoded(picture(20), comment=b"x" * 65_000, exif=EXIF.tobytes() + b"\0" * 2_000))(part)
    assert [line[0] for line in said(audit(part))] == ["exif-rotated"]


def test_padding_after_the_end_marker_is_no_damage(part: Path) -> None:
    with jpeg_of(part, STEM).open("ab") as file:
        file.write(b"\0" * 3000)
    assert said(audit(part)) == []


def test_a_png_with_damage_in_the_middle_is_found_by_decoding_all(part: Path) -> None:
    data = bytearray(encoded(picture(20), "PNG"))
    data[len(data) // 2] ^= 255
    jpeg_of(part, STEM).unlink()
    (part / "voc/JPEGImages/0000020.png").write_bytes(data)
    assert ("unreadable-image", "0000020.png", "cannot be decoded as an image") in said(audit(part, decode=True))


def test_an_image_that_claims_too_much_is_not_decoded(part: Path) -> None:
    from builders import png_header

    image_bytes(png_header(60_000, 60_000))(part)
    assert said(audit(part)) == [("unreadable-image", NAME, "claims more than 178 megapixels")]


def test_near_duplicates_are_named_with_their_distance(part: Path) -> None:
    jpeg_of(part, "0000040").write_bytes(jpeg_of(part, STEM).read_bytes())
    found = audit(part)
    assert found.near_duplicates == [(NAME, "0000040.jpg", 0)]
    assert (found.near_duplicate_pairs, found.near_duplicate_frames) == (1, 2)
    assert audit(part, hashes=False).hash_radius is None


def test_an_image_that_only_hashing_finds_unreadable_is_told(part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def all_but_one(dataset: Dataset, **_: object) -> FrameHashes:
        hashes = hash_frames(dataset)
        known = hashes.known & (hashes.image_ids != 20)
        return dataclasses.replace(hashes, known=known)

    monkeypatch.setattr("wutdet.dataset.audit.similar.hash_frames", all_but_one)
    assert said(audit(part)) == [("unreadable-image", NAME, "cannot be decoded")]


def test_labels_alone_need_no_image(part: Path) -> None:
    for path in (part / "voc/JPEGImages").iterdir():
        path.unlink()
    (part / "voc/JPEGImages").rmdir()
    labels((9, 9, 3, 12))(part)
    found = audit(part, look_at_images=False)
    assert [(item.code, item.image) for item in found.errors] == [("degenerate-box", STEM)]
    assert found.leakage["train-val"].by_hash == 0
    with pytest.raises(DataError, match="no image folder; put the frames there"):
        audit(part)


# Lists


def test_lists_that_are_subsets_are_not_compared_with_train_and_val(part: Path) -> None:
    lists = part / "voc/ImageSets/Main"
    (lists / "trainval.txt").write_text("\n".join(BOXES))
    (lists / "port.txt").write_text("0000000\n0000080\n")
    found = audit(part)
    assert said(found) == []
    assert set(found.leakage) == {"train-val", "val-train"}


def test_given_lists_replace_those_of_the_part(part: Path, tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists/test.txt").write_text("".join(f"{stem}\n" for stem in [*BOXES, "0000999"]))
    found = audit(part, splits=tmp_path / "lists")
    assert said(found) == [("absent-in-split", "0000999", "test lists it, but it is not there")]
    assert found.leakage == {}


def test_a_part_without_lists_has_no_unlisted_frames(part: Path) -> None:
    for path in (part / "voc/ImageSets/Main").iterdir():
        path.unlink()
    assert (audit(part).infos, audit(part).leakage) == ([], {})


def test_where_no_step_is_usual_there_are_no_gaps(tmp_path: Path) -> None:
    """Steps of 20, 30, 50, 5, 7 and 20: none is half of them."""
    part = sound_part(tmp_path / "odd")
    numbers = (0, 20, 50, 100, 105, 112, 132)
    for old, new in zip(list(BOXES)[:0:-1], numbers[:0:-1], strict=True):
        rename(old, f"{new:07d}")(part)
    assert "id-gap" not in audit(part, look_at_images=False).counts
    rename("0000132", "0000119")(part)  # 20, 30, 50, 5, 7, 7
    assert "id-gap" not in audit(part, look_at_images=False).counts


# Classes


def test_classes_are_counted_and_mapped(part: Path) -> None:
    in_xml("ship", "boat")(part)
    in_xml("ship", "sh\nip", "0000040")(part)
    found = audit(part)
    assert found.classes == {"ship": 6, "boat": 1, "sh\nip": 1}
    assert [item.message for item in found.errors] == [
        "unknown class 'boat' on 1 box",
        "unknown class 'sh\\nip' on 1 box",
    ]
    assert audit(part, classes={"boat": "ship", "sh\nip": ""}).errors == []


def test_a_dropped_class_may_have_any_box(part: Path) -> None:
    xml_of(part, STEM).write_text(voc_xml([(50, 9, 3, 12)], SIZE, "buoy"))
    assert said(audit(part, classes={"buoy": ""})) == [("frame-without-ships", NAME, "no ship is labelled")]


# Nothing to look at


def test_what_is_no_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        audit(tmp_path / "nowhere")
    with pytest.raises(DataError, match="no dataset found here"):
        audit(tmp_path)
    (tmp_path / "voc/Annotations").mkdir(parents=True)
    (tmp_path / "voc/JPEGImages").mkdir()
    with pytest.raises(DataError, match="no frame here"):
        audit(tmp_path)


def test_names_that_are_no_text_are_told(part: Path) -> None:
    for folder, suffix in (("Annotations", b"xml"), ("JPEGImages", b"jpg")):
        name = os.path.join(os.fsencode(part / "voc" / folder), b"\xff1." + suffix)
        with open(name, "wb") as file:
            file.write(b"x")
    assert said(audit(part)) == [
        ("unsafe-file-name", "\\udcff1.jpg", "the name is no UTF-8"),
        ("unsafe-file-name", "\\udcff1.xml", "the name is no UTF-8"),
    ]


def test_odd_things_among_the_files_do_no_harm(part: Path) -> None:
    (part / "voc/Annotations/0000140.xml").mkdir()
    (part / "voc/JPEGImages/0000160.jpg").symlink_to(part / "nowhere")
    xml_of(part, "0000160").write_text(GOOD_XML)
    (part / "voc/JPEGImages/Thumbs.db").write_bytes(b"\0")
    found = said(audit(part))
    assert ("missing-image", "0000140", "the XML has no image") in found
    assert ("missing-image", "0000160.jpg", "the image is missing") in found
    assert [code for code, _, _ in found if code not in ("missing-image", "unlisted-frame")] == ["malformed-xml"]
