"""Which frame a line of a split list names, for whoever reads it."""

import pytest
from builders import jpeg_bytes, jpeg_of, xml_of

import wutdet
from wutdet.dataset.audit import audit
from wutdet.dataset.splits import stem_of_line
from wutdet.errors import FrameError


@pytest.mark.parametrize(
    ("line", "stem"),
    [
        ("0000020", "0000020"),
        ("0000020.jpg\r", "0000020"),
        ("0000020  -1", "0000020"),
        ("./images/0000020.PNG", "0000020"),
        ("north pier.v2.jpg", "north pier.v2"),
        ("b.c 1", "b.c"),
        (".jpg", ".jpg"),
        ("кадр 1 (copy)", "кадр 1 (copy)"),
        ("кадр 1 (copy).jpg  0", "кадр 1 (copy)"),
        ("quay 12 -1", "quay 12"),
        ("  \t", ""),
        ("", ""),
    ],
)
def test_a_line_names_a_frame(line, stem):
    assert stem_of_line(line) == stem


@pytest.mark.parametrize(
    ("line", "stem"),
    [
        ("bow 1", "bow 1"),
        ("bow 1 1", "bow 1"),
        ("bow 1.jpg", "bow 1"),
        ("bow  -1", "bow"),
        ("bow 0\r", "bow"),
        ("bow", "bow"),
        ("bow 2", "bow 2"),
        ("aft .jpg", "aft "),
        ("aft ", "aft "),
        ("aft.png", "aft.png"),
        ("bow.png", "bow"),
    ],
)
def test_a_flag_is_one_only_where_the_whole_line_names_no_frame(line, stem):
    assert stem_of_line(line, {"bow", "bow 1", "aft ", "aft.png"}) == stem


def test_a_listed_name_with_spaces_that_is_absent_is_named_whole(voc_part):
    (voc_part / "voc/ImageSets/Main/test.txt").write_text("кадр 1 (copy)\n", encoding="utf-8")
    with pytest.raises(FrameError, match=r"voc/кадр 1 \(copy\): listed in test but not there"):
        wutdet.load(voc_part)


@pytest.mark.parametrize("line", ["north 1", "north 1  -1", "north 1.jpg 0"])
def test_loading_and_auditing_read_a_name_with_a_number_alike(voc_part, line):
    xml_of(voc_part, "north 1").write_bytes(xml_of(voc_part, "0000020").read_bytes())
    jpeg_of(voc_part, "north 1").write_bytes(jpeg_bytes(rgb=(9, 9, 9)))
    (voc_part / "voc/ImageSets/Main/test.txt").write_text(f"{line}\n")
    assert wutdet.load(voc_part).split("test").images["file_name"].to_list() == ["north 1.jpg"]
    assert audit(voc_part, look_at_images=False).errors == []


def test_loading_and_auditing_read_a_name_with_a_space_alike(voc_part, monkeypatch):
    monkeypatch.setenv("WUTDET_NO_CACHE", "1")
    xml_of(voc_part, "north pier").write_bytes(xml_of(voc_part, "0000020").read_bytes())
    jpeg_of(voc_part, "north pier").write_bytes(jpeg_bytes(rgb=(9, 9, 9)))
    (voc_part / "voc/ImageSets/Main/test.txt").write_text("north pier.jpg\n")
    assert wutdet.load(voc_part).split("test").images["file_name"].to_list() == ["north pier.jpg"]
    assert audit(voc_part, look_at_images=False).errors == []
