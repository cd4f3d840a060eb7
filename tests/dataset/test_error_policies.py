from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from builders import jpeg_of, voc_xml, write_lists, write_voc, xml_of

import wutdet
from wutdet import load
from wutdet.errors import DataError, FrameError


def spoil_xml(part: Path) -> None:
    xml_of(part, "0000020").write_text("<annotation>")


def no_xml(part: Path) -> None:
    xml_of(part, "0000020").unlink()


def no_image(part: Path) -> None:
    jpeg_of(part, "0000020").unlink()


def degenerate(part: Path) -> None:
    xml_of(part, "0000020").write_text(voc_xml([(9, 9, 8, 12)]))


def outside(part: Path) -> None:
    xml_of(part, "0000020").write_text(voc_xml([(9, 9, 65, 12)]))


def other_class(part: Path) -> None:
    xml_of(part, "0000020").write_text(voc_xml([(9, 9, 12, 12)], name="boat"))


SPOILED = [
    (spoil_xml, "Annotations/0000020.xml", "malformed XML"),
    (no_xml, "JPEGImages/0000020.jpg", "the image has no XML"),
    (no_image, "Annotations/0000020.xml", "the XML has no image"),
    (degenerate, "Annotations/0000020.xml", "degenerate box [8, 8, 8, 12]"),
    (outside, "Annotations/0000020.xml", "reaches out of the 64x48 frame"),
    (other_class, "Annotations/0000020.xml", "unknown class 'boat'"),
]


@pytest.mark.parametrize(("spoil", "where", "said"), SPOILED)
def test_stop_raises_and_skip_leaves_the_frame_out_and_says_so(
    voc_part: Path, spoil: Callable[[Path], None], where: str, said: str
) -> None:
    spoil(voc_part)
    with pytest.raises(FrameError) as caught:
        load(voc_part)
    assert caught.value.where == where
    assert said in caught.value.what
    kept = load(voc_part, on_error="skip")
    assert kept.images["image_id"].to_list() == [0, 40, 60, 80]
    assert kept.boxes["image_id"].to_list() == [0, 0, 40, 80, 80]
    assert kept.splits == {"train": 1, "val": 2}
    assert [(problem.image, problem.message) for problem in kept.problems] == [(where, str(caught.value))]
    assert kept.info().problems == [str(caught.value)]


def test_a_frame_that_is_listed_but_absent(voc_part: Path) -> None:
    write_lists(voc_part / "voc/ImageSets/Main", {"test": ["0009999"], "val": ["0000040", "0009999"]})
    with pytest.raises(FrameError, match="voc/0009999: listed in test, val but not there; restore it"):
        load(voc_part)
    kept = load(voc_part, on_error="skip")
    assert kept.splits == {"train": 2, "val": 1}
    assert [problem.image for problem in kept.problems] == ["voc/0009999"]


@pytest.mark.parametrize(
    ("labels", "remedy"),
    [("<annotation>", "restore or delete it"), ("<annotation/>", "correct the XML"), ("<!DOCTYPE a>", "save it as pl")],
)
def test_an_xml_that_cannot_be_read_may_be_left_out(voc_part: Path, labels: str, remedy: str) -> None:
    xml_of(voc_part, "0000020").write_text(labels)
    with pytest.raises(FrameError) as caught:
        load(voc_part)
    assert caught.value.remedy.startswith(remedy)
    assert caught.value.remedy.endswith(", or leave such frames out with --on-error skip")


def test_skip_lists_every_problem_once(voc_part: Path) -> None:
    xml_of(voc_part, "0000000").write_text("")
    jpeg_of(voc_part, "0000020").unlink()
    xml_of(voc_part, "0000040").write_text(voc_xml([(5, 5, 4, 9), (60, 1, 70, 9)]))
    kept = load(voc_part, on_error="skip")
    assert kept.images["image_id"].to_list() == [60, 80]
    assert sorted(problem.image for problem in kept.problems) == [
        f"Annotations/{stem}.xml" for stem in ("0000000", "0000020", "0000040")
    ]


def test_stop_raises_the_first_bad_frame(voc_part: Path) -> None:
    for stem in ("0000060", "0000040"):
        xml_of(voc_part, stem).write_text(voc_xml([(5, 5, 4, 9)]))
    with pytest.raises(FrameError, match=r"^Annotations/0000040\.xml"):
        load(voc_part)


def test_a_good_part_has_no_problems(voc_part: Path) -> None:
    assert load(voc_part, on_error="skip").problems == ()


@pytest.mark.parametrize("labels", ["<annotation>", voc_xml([(9, 9, 8, 12)])])
def test_a_part_with_no_good_frame_is_an_error_even_when_skipping(tmp_path: Path, labels: str) -> None:
    part = write_voc(tmp_path / "part", {"1": [], "2": []})
    for stem in "12":
        xml_of(part, stem).write_text(labels)
    with pytest.raises(DataError, match=r"no frame with both|no good frame is left"):
        load(part, on_error="skip")


def test_nothing_to_load(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist; give a folder with voc/"):
        load(tmp_path / "nowhere")
    with pytest.raises(DataError, match="no dataset found here"):
        load(tmp_path)
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(DataError, match="no dataset found here"):
        load(tmp_path / "a.txt")
    (tmp_path / "voc/Annotations").mkdir(parents=True)
    with pytest.raises(DataError, match="no frame with both an XML and an image"):
        load(tmp_path)
    with pytest.raises(DataError, match="no image folder"):
        load(tmp_path, images=tmp_path / "elsewhere")
    (tmp_path / "voc/JPEGImages").mkdir()
    with pytest.raises(DataError, match="no frame with both an XML and an image"):
        load(tmp_path)


def test_lists_that_name_absent_frames_are_reported_for_coco_as_for_voc(voc_part, tmp_path):
    dataset = wutdet.load(voc_part)
    dataset.to_coco(tmp_path / "coco")
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "train.txt").write_text("0000000\n9999999\n")
    for data in (voc_part, tmp_path / "coco"):
        with pytest.raises(FrameError, match="9999999: listed in train but not there"):
            wutdet.load(data, splits=lists)
        kept = wutdet.load(data, splits=lists, on_error="skip")
        assert kept.splits == {"train": 1}
        assert len(kept.problems) == 1


def test_images_may_lie_elsewhere_for_voc_too(voc_part, tmp_path):
    whole = wutdet.load(voc_part)
    (voc_part / "voc" / "JPEGImages").rename(tmp_path / "frames")
    moved = wutdet.load(voc_part, images=tmp_path / "frames")
    assert moved.sha256 == whole.sha256
    assert moved[0].image.shape == (moved[0].height, moved[0].width, 3)


def test_labels_alone_are_read_where_there_is_no_image_folder(voc_part, tmp_path):
    """Splitting by ids and scoring need no image; a single lost image is still an error."""
    whole = wutdet.load(voc_part)
    for image in (voc_part / "voc/JPEGImages").iterdir():
        image.unlink()
    with pytest.raises(FrameError, match="the XML has no image"):
        wutdet.load(voc_part)
    (voc_part / "voc/JPEGImages").rmdir()
    alone = wutdet.load(voc_part)
    assert alone.images.equals(whole.images)
    assert alone.boxes.equals(whole.boxes)
    with pytest.raises(FrameError, match="cannot be read"):
        _ = alone[0].image
