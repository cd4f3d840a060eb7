"""Which frame a line of a split list names, for whoever reads it."""

import pytest
from builders import jpeg_bytes, jpeg_of, xml_of

import wutdet
from wutdet.dataset.audit import audit
from wutdet.dataset.splits import stem_of_line


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
        ("  \t", ""),
        ("", ""),
    ],
)
def test_a_line_names_a_frame(line, stem):
    assert stem_of_line(line) == stem


def test_loading_and_auditing_read_a_name_with_a_space_alike(voc_part, monkeypatch):
    monkeypatch.setenv("WUTDET_NO_CACHE", "1")
    xml_of(voc_part, "north pier").write_bytes(xml_of(voc_part, "0000020").read_bytes())
    jpeg_of(voc_part, "north pier").write_bytes(jpeg_bytes(rgb=(9, 9, 9)))
    (voc_part / "voc/ImageSets/Main/test.txt").write_text("north pier.jpg\n")
    assert wutdet.load(voc_part).split("test").images["file_name"].to_list() == ["north pier.jpg"]
    assert audit(voc_part, look_at_images=False).errors == []
