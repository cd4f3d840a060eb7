from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from builders import coco_box, coco_file, coco_image, png_header, write_voc
from exchange import EDGES, PLAIN_NAMES, edges_of, frames, on_disk, there_and_back
from hypothesis import given, settings
from hypothesis import strategies as st

from wutdet.dataset import Dataset, load
from wutdet.dataset.classes import read_class_map
from wutdet.dataset.convert import convert
from wutdet.dataset.losses import losses
from wutdet.dataset.tables import BoxRecord, FrameRecord
from wutdet.errors import FrameError

ONE_WORD = tuple(name for name in PLAIN_NAMES if " " not in name)
QUICK = settings(max_examples=20, deadline=None)
CHAINS = [
    ("coco", "voc", "coco"),
    ("coco", "yolo", "coco"),
    ("voc", "yolo", "voc"),
    ("voc", "coco", "voc"),
    ("yolo", "voc", "yolo"),
    ("yolo", "coco", "yolo"),
]


def assert_equal(found: Dataset, expected: Dataset, abs_px: float = 0.0) -> None:
    """The same frames with the same facts and splits, and the same boxes in the same order."""
    assert found.images.to_dicts() == expected.images.to_dicts()
    for name in ("box_id", "image_id", "iscrowd", "transmittance", "contrast"):
        assert found.boxes[name].to_list() == expected.boxes[name].to_list()
    for name in EDGES:
        assert found.boxes[name].to_list() == pytest.approx(expected.boxes[name].to_list(), rel=0, abs=abs_px)
    assert found.boxes["area_px2"].to_list() == pytest.approx(expected.boxes["area_px2"].to_list(), rel=1e-5)


@pytest.mark.parametrize("chain", CHAINS)
@settings(max_examples=10, deadline=None)
@given(data=st.data(), parts_per_px=st.sampled_from([1, 2]))
def test_whole_and_half_pixels_survive_every_way_bit_for_bit(
    chain: tuple[str, ...], data: st.DataObject, parts_per_px: int
) -> None:
    records = data.draw(frames(ONE_WORD if "voc" in chain else (*PLAIN_NAMES, "a/b c.jpg"), parts_per_px))
    with TemporaryDirectory() as name:
        first = current = on_disk(records, Path(name) / "images")
        for step, layout in enumerate(chain):
            current = there_and_back(current, layout, Path(name) / f"{step}")
            assert_equal(current, first)
            assert current.sha256 == first.sha256
        assert [frame.path.read_bytes() for frame in current] == [frame.path.read_bytes() for frame in first]


@QUICK
@given(records=frames())
def test_yolo_keeps_millionths_of_a_pixel_bit_for_bit(records: list[FrameRecord]) -> None:
    with TemporaryDirectory() as name:
        first = on_disk(records, Path(name) / "images")
        once = there_and_back(first, "yolo", Path(name) / "once")
        assert edges_of(once) == edges_of(first)
        assert_equal(once, first)


@QUICK
@given(data=st.data(), width=st.integers(1, 65_500), height=st.integers(1, 1300))
def test_yolo_keeps_any_edge_to_half_a_millionth_of_a_pixel_and_then_for_good(
    data: st.DataObject, width: int, height: int
) -> None:
    def interval(side: int) -> tuple[float, float]:
        low = data.draw(st.floats(0, side - 0.25))
        return low, data.draw(st.floats(min(low + 0.01, side), side))

    (xmin, xmax), (ymin, ymax) = interval(width), interval(height)
    box = BoxRecord(xmin, ymin, xmax, ymax, area_px2=(xmax - xmin) * (ymax - ymin))
    with TemporaryDirectory() as name:
        first = on_disk([FrameRecord("1.png", width, height, (box,))], Path(name) / "images")
        once = there_and_back(first, "yolo", Path(name) / "once")
        for (*_, found), (*_, expected) in zip(edges_of(once), edges_of(first), strict=True):
            assert found == pytest.approx(expected, rel=0, abs=0.501e-6)
        twice = there_and_back(once, "yolo", Path(name) / "twice")
    assert edges_of(twice) == edges_of(once)


@QUICK
@given(data=st.data(), origin=st.sampled_from(["1", "0", "0x"]))
def test_voc_keeps_any_edge_to_8e_12_px_and_then_for_good(data: st.DataObject, origin: str) -> None:
    """`0x` writes the edges as they are, so nothing is lost at all."""
    side = 65_500
    low = data.draw(st.floats(0, side - 0.25))
    high = data.draw(st.floats(low + 0.01, side) if low < side - 1 else st.just(float(side)))
    box = BoxRecord(low, low, high, high, area_px2=(high - low) ** 2)
    with TemporaryDirectory() as name:
        first = on_disk([FrameRecord("1.png", side, side, (box,))], Path(name) / "images")
        once = there_and_back(first, "voc", Path(name) / "once", origin)
        if origin == "0x":
            assert edges_of(once) == edges_of(first)
        assert edges_of(once)[0] == pytest.approx(edges_of(first)[0], rel=0, abs=8e-12)
        assert edges_of(there_and_back(once, "voc", Path(name) / "twice", origin)) == edges_of(once)


@pytest.mark.parametrize("origin", ["1", "0", "0x"])
@settings(max_examples=8, deadline=None)
@given(records=frames(ONE_WORD, 1))
def test_voc_keeps_whole_pixels_from_every_origin(origin: str, records: list[FrameRecord]) -> None:
    with TemporaryDirectory() as name:
        first = on_disk(records, Path(name) / "images")
        assert_equal(there_and_back(first, "voc", Path(name) / "out", origin), first)


def rich(folder: Path) -> Dataset:
    """A frame with everything that only COCO holds, and one with nothing of it."""
    full = BoxRecord(1, 1, 5, 5, area_px2=9, box_id=7, iscrowd=True, transmittance=0.25, contrast=0.5)
    records = [
        FrameRecord("a.png", 64, 48, (full,), image_id=30, camera=""),
        FrameRecord("b.png", 64, 48, (BoxRecord(1, 1, 5, 5, area_px2=16, box_id=9),), image_id=40),
    ]
    return on_disk(records, folder)


def test_what_a_layout_cannot_hold_is_said(tmp_path: Path) -> None:
    dataset = rich(tmp_path)
    assert losses(dataset, "coco") == losses(dataset, "huggingface") == ()
    assert losses(dataset, "yolo") == (
        "YOLO has no place for an area other than width × height (1 box); it is not written",
        "YOLO has no place for iscrowd (1 box); it is not written",
        "YOLO has no place for transmittance (1 box); it is not written",
        "YOLO has no place for contrast (1 box); it is not written",
        "YOLO has no image ids (2 frames have one that is not its number by the rule); reading numbers them anew",
        "YOLO has no box ids (2 boxes); reading numbers them anew",
        "frames.csv cannot hold a blank camera (1 frame); it reads as unknown",
    )
    said = losses(dataset, "voc")
    assert len(said) == 7
    assert said[1] == ("VOC has no place for iscrowd (1 box); it is written into elements that wutdet alone reads")
    assert all("\n" not in line for line in said)


@pytest.mark.parametrize("origin", ["1", "0", "0x"])
def test_voc_returns_what_pascal_has_no_place_for(tmp_path: Path, origin: str) -> None:
    first = rich(tmp_path / "images")
    facts = ("area_px2", "iscrowd", "transmittance", "contrast")
    again = there_and_back(first, "voc", tmp_path / "out", origin)
    assert (
        again.boxes.select(facts).rows()
        == first.boxes.select(facts).rows()
        == [(9, True, 0.25, 0.5), (16, False, None, None)]
    )


@pytest.mark.parametrize("layout", ["voc", "yolo"])
@settings(max_examples=8, deadline=None)
@given(records=frames(ONE_WORD, 1))
def test_where_nothing_is_said_nothing_is_lost(layout: str, records: list[FrameRecord]) -> None:
    with TemporaryDirectory() as name:
        assert losses(on_disk(records, Path(name)), layout) == ()  # type: ignore[arg-type]


# A worked example: the labels of another harbour, where ferries and tugs are ships, buoys are not, and nobody has
# decided about kayaks yet.

HARBOUR = {"a": ["ferry", "buoy", "tug"], "b": ["buoy"], "c": ["ferry"]}
BOXES = [(2, 2, 10, 6), (20, 20, 24, 28), (30, 8, 50, 20)]
"""xyxy of the first, second and third object of a frame, 0-based."""


def harbour(layout: str, out: Path, kayak: bool) -> Path:
    """The harbour set in a layout, with the class names of its makers."""
    named = {**HARBOUR, "d": ["kayak"]} if kayak else HARBOUR
    numbers = {"ferry": 0, "tug": 1, "buoy": 2, "kayak": 3}
    if layout == "voc":
        voc = write_voc(out, {stem: [] for stem in named}) / "voc"
        for stem, names in named.items():
            objects = "".join(
                f"<object><name>{name}</name><bndbox><xmin>{a + 1}</xmin><ymin>{b + 1}</ymin><xmax>{c}</xmax>"
                f"<ymax>{d}</ymax></bndbox></object>"
                for name, (a, b, c, d) in zip(names, BOXES, strict=False)
            )
            size = "<size><width>64</width><height>48</height></size>"
            (voc / "Annotations" / f"{stem}.xml").write_text(f"<annotation>{size}{objects}</annotation>")
        return out
    for folder in ("images", "labels"):
        (out / folder).mkdir(parents=True)
    for stem in named:
        (out / "images" / f"{stem}.jpg").write_bytes(png_header(64, 48))
    if layout == "coco":
        images = [coco_image(row, f"{stem}.jpg") for row, stem in enumerate(named, start=1)]
        annotations = [
            {**coco_box(9 * row + n, row, (a, b, c - a, d - b)), "category_id": numbers[name]}
            for row, names in enumerate(named.values(), start=1)
            for n, (name, (a, b, c, d)) in enumerate(zip(names, BOXES, strict=False))
        ]
        path = coco_file(out / "harbour.json", images, annotations)
        categories = ", ".join(f'{{"id": {number}, "name": "{name}"}}' for name, number in numbers.items())
        path.write_text(path.read_text().replace('[{"id": 1, "name": "ship"}]', f"[{categories}]"))
        return path
    for stem, names in named.items():
        rows = [
            f"{numbers[name]} {(a + c) / 128} {(b + d) / 96} {(c - a) / 64} {(d - b) / 48}\n"
            for name, (a, b, c, d) in zip(names, BOXES, strict=False)
        ]
        (out / "labels" / f"{stem}.txt").write_text("".join(rows))
    (out / "data.yaml").write_text(f"train: images\nval: images\nnames: {list(numbers)}\n")
    return out


@pytest.mark.parametrize("layout", ["coco", "voc", "yolo"])
def test_another_harbours_classes_become_ships(layout: str, tmp_path: Path) -> None:
    path = harbour(layout, tmp_path / "set", kayak=False)
    (tmp_path / "harbour.yaml").write_text("ship: [ferry, tug]\ndrop: [buoy]\n")
    dataset = load(path, classes=read_class_map(tmp_path / "harbour.yaml"))
    found = {frame.name: frame.boxes.tolist() for frame in dataset}
    assert found == {"a.jpg": [[2, 2, 10, 6], [30, 8, 50, 20]], "b.jpg": [], "c.jpg": [[2, 2, 10, 6]]}
    convert(dataset, tmp_path / "out", to="yolo", placement="copy")
    assert edges_of(load(tmp_path / "out")) == [
        (row, box_id, *edges)
        for box_id, (row, *edges) in enumerate([(1, *BOXES[0]), (1, *BOXES[2]), (3, *BOXES[0])], 1)
    ]


@pytest.mark.parametrize("layout", ["coco", "voc", "yolo"])
def test_a_class_that_nobody_decided_about_is_named(layout: str, tmp_path: Path) -> None:
    path = harbour(layout, tmp_path / "set", kayak=True)
    with pytest.raises(FrameError, match="unknown class 'kayak'; map it with --classes 'kayak=ship', or drop it with"):
        load(path, classes={"ferry": "ship", "tug": "ship", "buoy": ""})
    assert len(load(path, classes={"ferry": "ship", "tug": "ship", "buoy": "", "kayak": ""})) == 4


@settings(max_examples=8, deadline=None)
@given(records=frames(PLAIN_NAMES, 1))
def test_lists_keep_names_with_spaces(records: list[FrameRecord]) -> None:
    with TemporaryDirectory() as name:
        first = on_disk(records, Path(name) / "images")
        assert_equal(there_and_back(first, "voc", Path(name) / "out"), first)
