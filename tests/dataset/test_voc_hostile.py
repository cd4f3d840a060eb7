from __future__ import annotations

import math
import os
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
        (BOMB.encode("utf-16-le"), "NUL"),
        (BOMB.encode("utf-16-be"), "NUL"),
        (BOMB.encode("utf-32"), "NUL"),
        (b"\xef\xbb\xbf" + BOMB.encode(), "document type"),
        (BOMB.replace("<annotation>", "\n<annotation>").replace(" lolz ", "\nlolz\n"), "document type"),
        ('<!DOCTYPE a [<!ENTITY x SYSTEM "http://localhost/">]><a>&x;</a>', "document type"),
        ('<!DOCTYPE a [<!ENTITY % x SYSTEM "file:///dev/random"> %x;]><a/>', "document type"),
        ("<!doctype html><html/>", "malformed XML"),
        ("<annotation>&lol;</annotation>", "malformed XML"),
        (b"<!DOCTYP\xc3\x85 a><a/>", "malformed XML"),
        (b'<?xml version="1.0" encoding="shift_jis"?><annotation/>', "malformed XML"),
        (b'<?xml version="1.0" encoding="us-ascii"?><annotation>\xc3\xa9</annotation>', "malformed XML"),
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
        (swap("xmin", "1_0"), "<bndbox/xmin> is '1_0', not a number"),
        (swap("xmin", "0x1F"), "<bndbox/xmin> is '0x1F', not a number"),
        (swap("xmin", "\u0661"), "<bndbox/xmin> is '\u0661', not a number"),
        (swap("xmin", "1,5"), "<bndbox/xmin> is '1,5', not a number"),
        (swap("xmin", "Infinity"), "<bndbox/xmin> is 'Infinity', not a number"),
        (swap("xmin", "1 1"), "<bndbox/xmin> is '1 1', not a number"),
        (swap("xmin", "x" * 5_000_000), f"<bndbox/xmin> is {'x' * 40!r}…, not a number"),
        (swap("height", "4_8"), "<size/height> is '4_8', not a number"),
        (swap("width", "64.5"), "<size/width> is 64.5, not a whole number"),
        (swap("width", "1e300"), "<size/width> is 1e+300, not a whole number"),
        (swap("width", "9007199254740994"), "<size/width> is 9.0072e+15, not a whole number"),
        (GOOD.replace("<size>", "<size><width>1</width></size><size>"), "<size> is there 2 times"),
        (GOOD.replace("<height>", "<height>1</height><height>"), "<height> is there 2 times"),
        (GOOD.replace("<name>", "<name>buoy</name><name>"), "<name> is there 2 times"),
        (GOOD.replace("<bndbox>", "<bndbox/><bndbox/><bndbox>"), "<bndbox> is there 3 times"),
        (GOOD.replace("<xmax>", "<xmax>9</xmax><xmax>"), "<xmax> is there 2 times"),
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


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e1", 10.0), ("+7", 7.0), (".5", 0.5), ("5.", 5.0), ("\n\t 3\r\n", 3.0), ("-0", 0.0), ("007", 7.0)],
)
def test_plain_ways_to_write_a_number_are_fine(tmp_path: Path, text: str, value: float) -> None:
    found = parse(tmp_path, swap("xmin", text)).objects[0].xmin
    assert (found, math.copysign(1, found)) == (value, 1)


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + GOOD.encode(),
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n{GOOD}\n'.encode(),
        f'<?xml version="1.0" encoding="latin-1"?><!-- caf\xe9 -->{GOOD}'.encode("latin-1"),
        f"<?xml-stylesheet href='a'?><!-- <object/> -->{GOOD}".encode(),
        GOOD.replace("ship", "<![CDATA[ship]]>").encode(),
        GOOD.replace("ship", "&#115;h<!-- -->ip").encode(),
        GOOD.replace("<annotation>", "<annotation verified='yes'>").encode(),
        GOOD.replace("<name>", "<pose/><part><name>bow</name><bndbox/></part><part/><name>").encode(),
        GOOD.replace("<size>", "<source><size>7</size></source><size><depth>3</depth>").encode(),
        GOOD.replace("annotation", "anything").encode(),
    ],
)
def test_what_is_unusual_but_sound_is_read(tmp_path: Path, content: bytes) -> None:
    frame = parse(tmp_path, content)
    assert (frame.width, frame.height) == (64, 48)
    assert frame.objects == (voc.RawObject("ship", 1.0, 1.0, 9.0, 9.0),)


def test_the_text_of_filename_is_kept_as_it_is(tmp_path: Path) -> None:
    assert parse(tmp_path, GOOD).filename is None
    named = GOOD.replace("<size>", "<filename> a b.jpg\n</filename><filename>c.jpg</filename><size>")
    assert parse(tmp_path, named).filename == " a b.jpg\n"
    assert parse(tmp_path, GOOD.replace("<size>", "<filename/><size>")).filename == ""


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


def test_a_file_without_end_is_refused(tmp_path: Path) -> None:
    """A device states no size; NULs are not looked for before the end."""
    path = tmp_path / "0000000.xml"
    path.symlink_to("/dev/zero")
    with pytest.raises(FrameError, match="XML larger than 8 MiB"):
        parse_voc_xml(path)


@pytest.mark.parametrize("size", [2**16 - 1, 2**16, 2**16 + 1, 2**20 + 2**16 + 1, 8 * 2**20])
def test_a_file_of_any_size_up_to_the_limit_is_read_whole(tmp_path: Path, size: int) -> None:
    """The file that is good only with its last byte."""
    content = GOOD.replace("<size>", f"{' ' * (size - len(GOOD))}<size>")
    assert len(content) == size
    assert parse(tmp_path, content).width == 64


def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    path = tmp_path / "0000000.xml"
    os.mkfifo(path)
    with pytest.raises(FrameError, match="malformed XML"):
        parse_voc_xml(path)


def test_a_folder_called_xml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "0000000.xml").mkdir()
    with pytest.raises(FrameError, match=r"0000000\.xml: cannot be read \(Is a directory\); restore it"):
        parse_voc_xml(tmp_path / "0000000.xml")


def test_deep_nesting_is_no_crash(tmp_path: Path) -> None:
    deep = "<a>" * 100_000 + "</a>" * 100_000
    assert parse(tmp_path, GOOD.replace("<name>", f"{deep}<name>")).width == 64
    with pytest.raises(FrameError, match="<size/width> is None"):
        parse(tmp_path, f"<annotation><object>{'<object>' * 100_000}{'</object>' * 100_001}</annotation>")
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


def test_two_files_that_would_be_one_together_are_both_refused(tmp_path: Path) -> None:
    part = write_voc(tmp_path / "part", {"0": [], "1": [], "2": [(1, 1, 9, 9)]})
    head, middle, tail = GOOD.partition("<object>")
    xml_of(part, "0").write_text(f"{head}{middle}<!--")
    xml_of(part, "1").write_text(f"-->{tail}")
    kept = load(part, on_error="skip")
    assert kept.images["file_name"].to_list() == ["2.jpg"]
    assert [problem.image for problem in kept.problems] == ["Annotations/0.xml", "Annotations/1.xml"]


@pytest.mark.parametrize(
    ("name", "shown"), [(b"a\xff", r"a\udcff"), (b"a\nb", r"a\nb"), (b"a\x1b[31m", r"a\x1b[31m"), (b"a\x7f", r"a\x7f")]
)
def test_a_file_name_that_cannot_be_shown_is_refused(tmp_path: Path, name: bytes, shown: str) -> None:
    part = write_voc(tmp_path / "part", {"0": [(1, 1, 9, 9)]})
    for folder, suffix in (("Annotations", b".xml"), ("JPEGImages", b".jpg")):
        path = part / "voc" / folder
        os.rename(path / f"0{suffix.decode()}", os.fsencode(path) + b"/" + name + suffix)
    with pytest.raises(FrameError) as caught:
        load(part)
    assert caught.value.where == f"Annotations/{shown}.xml"
    assert caught.value.what == "the file name has control characters or is not UTF-8"
    jpeg = os.fsencode(part / "voc/JPEGImages") + b"/" + name + b".jpg"
    os.unlink(jpeg)
    with pytest.raises(FrameError, match="the XML has no image") as caught:
        load(part)
    assert str(caught.value).isprintable()


def test_a_file_name_in_any_script_is_fine(tmp_path: Path) -> None:
    names = ["船\u3000一", "a\u00a0b", "été"]
    dataset = load(write_voc(tmp_path / "part", {name: [(1, 1, 9, 9)] for name in names}))
    assert sorted(dataset.images["file_name"]) == sorted(f"{name}.jpg" for name in names)
