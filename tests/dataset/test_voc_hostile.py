from __future__ import annotations

import time
from pathlib import Path

import pytest
from builders import voc_xml, write_voc, xml_of

from wutdet import load
from wutdet.dataset import voc
from wutdet.dataset.voc import parse_voc_xml
from wutdet.errors import FrameError

GOOD = voc_xml([(1, 1, 9, 9)])
BOMB = (
    '<!DOCTYPE lolz [<!ENTITY lol "lol">'
    + "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1 if n > 1 else str()};" * 10}">' for n in range(1, 10))
    + "]><annotation>&lol9;</annotation>"
)


def parse(tmp_path: Path, content: str | bytes) -> voc.RawFrame:
    path = tmp_path / "0000000.xml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return parse_voc_xml(path)


def swap(tag: str, value: str) -> str:
    head, _, rest = GOOD.partition(f"<{tag}>")
    return f"{head}<{tag}>{value}</{tag}>{rest.partition(f'</{tag}>')[2]}"


def without(tag: str) -> str:
    return swap(tag, "").replace(f"<{tag}></{tag}>", "")


def test_the_file_that_the_others_spoil_is_good(tmp_path: Path) -> None:
    frame = parse(tmp_path, GOOD)
    assert (frame.stem, frame.width, frame.height) == ("0000000", 64, 48)
    assert frame.objects == (voc.RawObject("ship", 1.0, 1.0, 9.0, 9.0),)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (BOMB, "document type"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><annotation/>', "document type"),
        (GOOD.replace("ship", "sh\0ip"), "NUL"),
        (GOOD.encode("utf-16"), "NUL"),
        (BOMB.replace("<!DOCTYPE", '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE').encode("utf-16"), "NUL"),
        (b'<?xml version="1.0" encoding="utf-7"?><annotation/>', "malformed XML"),
        (b'<?xml version="1.0" encoding="no-such"?><annotation/>', "malformed XML"),
        (b"", "malformed XML"),
        (b"\x89PNG\r\n\x1a\n", "malformed XML"),
        (GOOD[:-20], "malformed XML"),
        (b"<annotation>\xff\xfe</annotation>", "malformed XML"),
        ("<html/>", "<size/width> is None, not a number"),
        (without("size"), "<size/width> is None, not a number"),
        (without("height"), "<size/height> is None, not a number"),
        (without("bndbox"), "<bndbox/xmin> is None, not a number"),
        (without("ymax"), "<bndbox/ymax> is None, not a number"),
        (swap("xmin", ""), "<bndbox/xmin> is '', not a number"),
        (swap("xmin", "ten"), "<bndbox/xmin> is 'ten', not a number"),
        (swap("xmin", "nan"), "<bndbox/xmin> is 'nan', not a number"),
        (swap("xmax", "1e999"), "<bndbox/xmax> is '1e999', not a number"),
        (swap("ymin", "-inf"), "<bndbox/ymin> is '-inf', not a number"),
        (swap("width", "64.5"), "<size/width> is 64.5, not a whole number"),
        (swap("width", "0"), "impossible image size 0x48"),
        (swap("height", "-48"), "impossible image size 64x-48"),
        (swap("width", "65501"), "impossible image size 65501x48"),
    ],
)
def test_a_hostile_file_is_refused_in_one_line(tmp_path: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(FrameError) as caught:
        parse(tmp_path, content)
    assert said in caught.value.what
    assert caught.value.where.endswith("/0000000.xml")
    assert "\n" not in str(caught.value)


def test_a_fractional_box_and_a_whole_float_size_are_fine(tmp_path: Path) -> None:
    frame = parse(tmp_path, swap("xmin", " 1.25 ").replace("<width>64<", "<width>64.0<"))
    assert (frame.width, frame.objects[0].xmin) == (64, 1.25)


def test_a_bomb_in_an_encoding_that_hides_it_does_not_go_off(tmp_path: Path) -> None:
    head = b'<?xml version="1.0" encoding="cp037"?>'
    started = time.monotonic()
    with pytest.raises(FrameError, match="malformed XML"):
        parse(tmp_path, head + BOMB.encode("cp037"))
    with pytest.raises(FrameError, match="malformed XML"):
        parse(tmp_path, (head.decode() + BOMB).encode("cp037"))
    assert time.monotonic() - started < 5


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "0000000.xml"
    with path.open("wb") as file:
        file.truncate(8 * 2**20 + 1)  # sparse: NULs, which another rule would refuse after reading
    with pytest.raises(FrameError, match="XML larger than 8 MiB"):
        parse_voc_xml(path)


def test_deep_nesting_is_no_crash(tmp_path: Path) -> None:
    with pytest.raises(FrameError, match=r"malformed XML|not a number"):
        parse(tmp_path, "<a>" * 500_000)
    with pytest.raises(FrameError, match="<size/width> is None"):
        parse(tmp_path, "<a>" * 200_000 + "</a>" * 200_000)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FrameError, match=r"0000000\.xml: cannot be read \(No such file"):
        parse_voc_xml(tmp_path / "0000000.xml")


def test_a_hostile_class_name_stays_on_one_line(tmp_path: Path) -> None:
    part = write_voc(tmp_path / "part", {"0": [(1, 1, 9, 9)]}, name="sh\nip")
    with pytest.raises(FrameError, match="unknown class") as caught:
        load(part)
    assert "\n" not in str(caught.value)


def test_a_hostile_file_stops_a_load_and_names_itself(tmp_path: Path) -> None:
    part = write_voc(tmp_path / "part", {"0": [(1, 1, 9, 9)], "1": [(1, 1, 9, 9)]})
    xml_of(part, "1").write_text(BOMB)
    with pytest.raises(FrameError, match=r"^Annotations/1\.xml: XML with a document type"):
        load(part)
