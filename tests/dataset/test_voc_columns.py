"""Reading a VOC folder in columns gives what reading it frame by frame gives: equal tables, problems and errors."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import polars as pl
import pytest
from builders import voc_xml, write_voc, xml_of
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from wutdet.dataset import Dataset, load, voc_shape
from wutdet.dataset.checks import check_box, is_ship
from wutdet.dataset.tables import BoxRecord, FrameRecord, Problem, build_tables
from wutdet.dataset.voc import OriginChoice, RawFrame, parse_voc_xml, scan_voc
from wutdet.dataset.voc_origin import decide_origin
from wutdet.dataset.voc_xml import parse_voc_bytes
from wutdet.errors import DataError, FrameError, WutdetError

CLASSES = {"boat": "ship", "buoy": ""}

ODD_NUMBERS = [
    "",
    " 7\n",
    "7.0",
    "7.5",
    "1e1",
    "-0",
    "1_0",
    "0x7",
    "nan",
    "-inf",
    "1e999",
    "७",
    "9" * 30,
    "1,5",
    "<a/>7",
]
ODD_NAMES = ["", " ship\n", "Ship", "whale", "sh<!-- -->ip", "<![CDATA[boat]]>", "&#98;oat", "ship<a/>", "<a>ship</a>"]
ODD_FILES: list[Callable[[str], bytes]] = [
    lambda text: text[:-9].encode(),
    lambda text: text.encode("utf-16"),
    lambda text: b"\xef\xbb\xbf" + text.encode(),
    lambda text: f'<?xml version="1.0" encoding="latin-1"?>{text}'.encode("latin-1", "replace"),
    lambda text: f"<!DOCTYPE a>{text}".encode(),
    lambda text: f"{text}<!-- -->\n".encode(),
    lambda text: f"{text}{text}".encode(),
    lambda text: text.replace("width", "Width").encode(),
    lambda text: b"",
]


def mostly(usual: st.SearchStrategy[Any], rare: st.SearchStrategy[Any], share: int = 20) -> st.SearchStrategy[Any]:
    """Once in `share` the second, so that whole files are often good."""
    return st.integers(1, share).flatmap(lambda number: rare if number == share else usual)


def element(tag: str, content: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A field that now and then lacks, is there twice, has an attribute, or is empty."""
    odd = st.sampled_from(["", f"<{tag}/>", f"<{tag}>1</{tag}><{tag}>1</{tag}>", f"<{tag} id='1'>1</{tag}>"])
    return mostly(content.map(lambda text: f"<{tag}>{text}</{tag}>"), odd, 60)


def joined(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map("".join)


def number(low: int, high: int) -> st.SearchStrategy[str]:
    return mostly(st.integers(low, high).map(str), st.sampled_from(ODD_NUMBERS), 40)


space = st.sampled_from(["", "\n\t", "<pose>Unspecified</pose>", "<part><name>bow</name></part>"])
names = mostly(st.sampled_from(["ship", "boat", "buoy"]), st.sampled_from(ODD_NAMES), 12)
low, high = number(0, 20), number(20, 64)
edges = joined(element("xmin", low), element("ymin", low), space, element("xmax", high), element("ymax", high))
objects = joined(space, element("name", names), space, element("bndbox", edges)).map("<object>{}</object>".format)
sizes = joined(element("width", number(64, 64)), element("height", mostly(st.just("48"), number(-1, 70_000))))
documents = joined(
    element("filename", st.sampled_from(["a.jpg", " b.png ", ""])),
    element("size", sizes),
    st.lists(objects, max_size=3).map("\n".join),
).map("<annotation>{}</annotation>".format)
encodings = mostly(st.just(str.encode), st.sampled_from(ODD_FILES), 12)
files = st.tuples(documents, encodings).map(lambda pair: pair[1](pair[0]))
folders = st.lists(files, min_size=1, max_size=4)


@contextmanager
def written(contents: list[bytes]) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        part = write_voc(Path(folder) / "part", {str(place): [] for place in range(len(contents))})
        for place, content in enumerate(contents):
            xml_of(part, str(place)).write_bytes(content)
        yield part


def frame_by_frame(part: Path, origin: OriginChoice, classes: Mapping[str, str], on_error: str) -> Dataset:
    """The reading that the columns are held against: every rule asked about every box, one after the other."""
    problems: list[Problem] = []

    def report(error: FrameError) -> None:
        if on_error == "stop":
            raise error
        problems.append(Problem(error.where, str(error)))

    raw: list[RawFrame] = []
    for path in sorted((part / "voc/Annotations").glob("*.xml")):
        try:
            raw.append(parse_voc_xml(path))
        except FrameError as error:
            hint = "" if "--on-error" in error.remedy else ", or leave such frames out with --on-error skip"
            report(FrameError(error.what, where=error.where, remedy=f"{error.remedy}{hint}"))
    if not raw:
        raise DataError("no frame with both an XML and an image", where=part / "voc", remedy="check the folder")
    edges = [
        edge
        for frame in raw
        for item in frame.objects
        for edge in ((item.xmin, item.xmax, frame.width), (item.ymin, item.ymax, frame.height))
    ]
    decided = decide_origin(edges, choice=origin, where=part / "voc")
    low, high = decided.origin.shifts
    frames = []
    for frame in raw:
        boxes = []
        try:
            for item in frame.objects:
                where = f"Annotations/{frame.stem}.xml"
                if is_ship(item.name, classes, where=where):
                    xyxy = (item.xmin + low, item.ymin + low, item.xmax + high, item.ymax + high)
                    check_box(*xyxy, width=frame.width, height=frame.height, where=where)
                    boxes.append(BoxRecord(*xyxy, area_px2=(xyxy[2] - xyxy[0]) * (xyxy[3] - xyxy[1])))
        except FrameError as error:
            report(error)
            continue
        frames.append(FrameRecord(f"{frame.stem}.jpg", frame.width, frame.height, tuple(boxes)))
    if not frames:
        raise DataError("no good frame is left", where=part / "voc", remedy="correct the labels")
    image_dir = part / "voc/JPEGImages"
    found = build_tables(frames)
    return Dataset(*found, image_dir, part.name, decided.origin.value, decided.evidence, tuple(problems))


def outcome(read: Callable[[], Dataset]) -> Dataset | WutdetError:
    try:
        return read()
    except WutdetError as error:
        return error


def assert_same_outcome(one: Dataset | WutdetError, other: Dataset | WutdetError) -> None:
    if isinstance(one, WutdetError) or isinstance(other, WutdetError):
        assert (type(one), str(one)) == (type(other), str(other))
        return
    assert_frame_equal(one.images, other.images, check_exact=True)
    assert_frame_equal(one.boxes, other.boxes, check_exact=True)
    assert dataclasses.replace(one, images=other.images, boxes=other.boxes) == other


@settings(max_examples=200, deadline=None)
@given(
    contents=folders,
    origin=st.sampled_from(["auto", "auto", "1", "0", "0x"]),
    classes=st.sampled_from([CLASSES, CLASSES, {}]),
    on_error=st.sampled_from(["stop", "skip"]),
)
def test_in_columns_and_frame_by_frame_are_one_reading(
    contents: list[bytes], origin: OriginChoice, classes: dict[str, str], on_error: Any
) -> None:
    with written(contents) as part:
        fast = outcome(lambda: load(part, voc_origin=origin, classes=classes, on_error=on_error))
        slow = outcome(lambda: frame_by_frame(part, origin, classes, on_error))
    assert_same_outcome(fast, slow)


@settings(max_examples=100, deadline=None)
@given(contents=folders)
def test_a_file_is_read_the_same_whether_it_is_plain_or_not(contents: list[bytes]) -> None:
    """The short way, for files that have every field once, takes nothing that the long way would refuse."""
    with written(contents) as part:
        short = scan_voc(part / "voc")
        with mock.patch.object(voc_shape.PlainReader, "read", return_value=None):
            long = scan_voc(part / "voc")
    assert_frame_equal(short.files, long.files, check_exact=True)
    assert_frame_equal(short.objects, long.objects, check_exact=True)


def said_alone(content: bytes, stem: str) -> tuple[Any, ...]:
    """What the reader of one file makes of it."""
    try:
        frame = parse_voc_bytes(content, stem, "")
    except FrameError as error:
        return stem, None, None, None, error.what, []
    items = [(item.name, item.xmin, item.ymin, item.xmax, item.ymax) for item in frame.objects]
    return stem, frame.filename, frame.width, frame.height, None, items


@settings(max_examples=50, deadline=None)
@given(contents=folders)
def test_scanning_says_of_each_file_what_reading_it_alone_says(contents: list[bytes]) -> None:
    with written(contents) as part:
        scanned = scan_voc(part / "voc")
    for row, (*said, _) in enumerate(scanned.files.iter_rows()):
        items = scanned.objects.filter(pl.col("file") == row).drop("file").rows()
        assert (*said, items) == said_alone(contents[row], str(row))


GOOD = voc_xml([(1, 2, 3, 4), (5, 6, 7, 8)])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<size>", "<size/><size>"),
        ("</size>", "</size><size><width>64</width><height>48</height></size>"),
        ("<size><width>64</width><height>48</height></size>", ""),
        ("<width>", "<width>64</width><width>"),
        ("<height>48</height>", "<height>48</height><height>48</height>"),
        ("<width>64</width>", ""),
        ("<width>64", "<width>64.5"),
        ("<object>", "<object><name>ship</name>"),
        ("<bndbox>", "<bndbox/><bndbox>"),
        ("<xmin>1</xmin>", "<xmin>1</xmin><xmin>1</xmin>"),
        ("<xmin>1</xmin>", "<xmin>1</xmin><note/>"),
        ("<ymax>4</ymax>", ""),
        ("<ymax>4</ymax>", "<note/>"),
        ("<ymax>4", "<ymax>4_0"),
        ("<ymax>4", "<ymax>inf"),
        ("<name>ship", "<name> ship\n"),
        ("<name>ship</name>", "<name/>"),
        ("<name>ship</name>", ""),
        ("<object>", "<object/><object>"),
    ],
)
def test_what_is_out_of_the_ordinary_is_scanned_as_it_is_read_alone(old: str, new: str) -> None:
    content = GOOD.replace(old, new, 1).encode()
    assert content != GOOD.encode()
    with written([content, GOOD.encode()]) as part:
        scanned = scan_voc(part / "voc")
    for row, alone in enumerate((said_alone(content, "0"), said_alone(GOOD.encode(), "1"))):
        items = scanned.objects.filter(pl.col("file") == row).drop("file").rows()
        assert (*scanned.files.row(row)[:-1], items) == alone


@pytest.mark.parametrize(("size", "said"), [((0, 48), "0x48"), ((64, -1), "64x-1"), ((65_501, 48), "65501x48")])
def test_an_impossible_frame_size_is_refused_by_a_load(tmp_path: Path, size: tuple[int, int], said: str) -> None:
    part = write_voc(tmp_path / "part", {"0": [(1, 1, 9, 9)], "1": []})
    xml_of(part, "1").write_text(voc_xml([], size))
    with pytest.raises(FrameError, match=rf"^Annotations/1\.xml: impossible image size {said}; correct"):
        load(part)
    assert load(part, on_error="skip").images["file_name"].to_list() == ["0.jpg"]


def test_the_largest_frame_that_can_be_is_fine(tmp_path: Path) -> None:
    part = write_voc(tmp_path / "part", {"0": [(1, 1, 65_500, 9)]})
    xml_of(part, "0").write_text(voc_xml([(1, 1, 65_500, 9)], (65_500, 65_500)))
    assert load(part).boxes["xmax"].to_list() == [65_500]


def test_a_scan_converts_nothing_and_refuses_no_file(tmp_path: Path) -> None:
    """In the order of the stems; impossible sizes, boxes and classes stay as they are."""
    part = write_voc(tmp_path / "part", {"b": [(5, 5, 4.5, 70), (0, 1, 2, 3)], "a": [(1, 1, 9, 9)], "c": []})
    xml_of(part, "a").write_text(
        voc_xml([(9, 8, 7, 6)], (0, -5), "buoy").replace("<size>", "<filename>z</filename><size>")
    )
    xml_of(part, "c").write_text("<annotation>")
    (part / "voc/JPEGImages/a.jpg").unlink()
    (part / "voc/Annotations/notes.txt").write_text("no label")
    scanned = scan_voc(part / "voc")
    assert scanned.files.schema == {
        "stem": pl.String,
        "filename": pl.String,
        "width": pl.Int64,
        "height": pl.Int64,
        "error": pl.String,
        "remedy": pl.String,
    }
    assert scanned.files.rows() == [
        ("a", "z", 0, -5, None, None),
        ("b", None, 64, 48, None, None),
        ("c", None, None, None, "malformed XML (no element found: line 1, column 12)", "restore or delete it"),
    ]
    assert scanned.objects.rows() == [
        (0, "buoy", 9.0, 8.0, 7.0, 6.0),
        (1, "ship", 5.0, 5.0, 4.5, 70.0),
        (1, "ship", 0.0, 1.0, 2.0, 3.0),
    ]


def test_a_scan_of_an_empty_folder_has_the_same_columns(tmp_path: Path) -> None:
    full = scan_voc(write_voc(tmp_path / "full", {"a": [(1, 1, 9, 9)]}) / "voc")
    empty = scan_voc(write_voc(tmp_path / "empty", {}) / "voc")
    assert (empty.files.height, empty.objects.height) == (0, 0)
    assert (empty.files.schema, empty.objects.schema) == (full.files.schema, full.objects.schema)


def test_more_different_numbers_than_are_remembered_are_still_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voc_shape, "_MOST_KNOWN", 3)
    boxes = [(1, 2, 3, 4), (5, 6, 7, 8), (1, 6, 9, 10)]
    scanned = scan_voc(write_voc(tmp_path / "part", {"a": boxes, "b": boxes}) / "voc")
    assert scanned.objects.select("xmin", "ymin", "xmax", "ymax").rows() == boxes * 2


def test_more_different_shapes_than_are_remembered_are_still_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voc_shape, "_MOST_SHAPES", 1)
    one, two = [(1, 2, 3, 4)], [(1, 2, 3, 4), (5, 6, 7, 8)]
    scanned = scan_voc(write_voc(tmp_path / "part", {"a": one, "b": two, "c": one, "d": two}) / "voc")
    assert scanned.objects.select("xmin", "ymin", "xmax", "ymax").rows() == (one + two) * 2


def test_files_of_one_shape_are_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parser sees the tags of the first file alone; the texts of all come out."""
    parsed: list[bytes] = []
    parse = voc_shape.parse_tree
    monkeypatch.setattr(voc_shape, "parse_tree", lambda data, where: parsed.append(data) or parse(data, where))
    boxes = {stem: [(place, 2, 40, 9)] for place, stem in enumerate("abcd")}
    scanned = scan_voc(write_voc(tmp_path / "part", boxes) / "voc")
    assert scanned.objects["xmin"].to_list() == [0.0, 1.0, 2.0, 3.0]
    assert len(parsed) == 1


def test_a_box_that_passes_the_edge_by_a_rounding_error_is_kept(tmp_path: Path) -> None:
    """A ten-millionth of a pixel: the screen doubts it, the rule lets it pass."""
    part = write_voc(tmp_path / "part", {"a": [(0, 2, 64.0000005, 9)], "b": [(1, 1, 3, 3)]})
    assert load(part, voc_origin="0x").boxes["xmax"].to_list() == [64.0000005, 3.0]


def test_boxes_of_a_dropped_class_are_not_looked_at(tmp_path: Path) -> None:
    part = write_voc(tmp_path / "part", {"a": [(1, 1, 9, 9)], "b": [(9, 9, 1, 999)]})
    xml_of(part, "b").write_text(xml_of(part, "b").read_text().replace("ship", "buoy"))
    dataset = load(part, classes={"buoy": ""})
    assert (len(dataset), dataset.boxes["image_id"].to_list()) == (2, [1])


@pytest.mark.parametrize("suffix", ["jpg", "JPG", "jpeg", "Jpeg", "png", "PnG"])
def test_an_image_is_known_by_its_suffix_in_any_case(tmp_path: Path, suffix: str) -> None:
    part = write_voc(tmp_path / "part", {"a.b": [(1, 1, 9, 9)]})
    (part / "voc/JPEGImages/a.b.jpg").rename(part / f"voc/JPEGImages/a.b.{suffix}")
    (part / "voc/JPEGImages/a.b.txt").write_text("no image")
    assert load(part).images["file_name"].to_list() == [f"a.b.{suffix}"]


def test_two_images_of_one_frame_are_a_question_for_the_user(voc_part: Path) -> None:
    (voc_part / "voc/JPEGImages/0000020.png").touch()
    with pytest.raises(FrameError) as caught:
        load(voc_part)
    assert str(caught.value) == "JPEGImages: 0000020.jpg and 0000020.png are images of one frame; keep the right one"
    assert load(voc_part, on_error="skip").images["image_id"].to_list() == [0, 40, 60, 80]


def test_a_folder_that_cannot_be_listed_is_named(voc_part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> list[str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "listdir", refuse)
    with pytest.raises(DataError, match=r"cannot be listed \(Permission denied\); check its permissions"):
        load(voc_part)
