"""Reading in bulk gives what reading frame by frame gives: equal tables, problems and errors."""

from __future__ import annotations

import gc
import importlib
import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import msgspec
import numpy as np
import pytest
from builders import SIZE, coco_box, coco_file, coco_image, write_lists
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from polars.testing import assert_frame_equal

from wutdet import load
from wutdet.dataset import Dataset
from wutdet.dataset.coco import encode_coco
from wutdet.dataset.coco_columns import read_columns
from wutdet.dataset.coco_file import decode_coco
from wutdet.dataset.tables import BOX_SCHEMA, IMAGE_SCHEMA, BoxRecord, FrameRecord, build_tables
from wutdet.errors import DataError, WutdetError

loading = importlib.import_module("wutdet.dataset.load")

Json = dict[str, Any]
CLASSES = {"boat": "ship", "buoy": ""}
CATEGORIES = [{"id": number, "name": name} for number, name in enumerate(("ship", "boat", "buoy", "whale"), start=1)]
ODD_NAMES = ["..c.jpg", ".c", "d/./e", "d//e", "f.", "../a.jpg", "/a.jpg", "a/..", "a\\b", "C:a", "a\n", ".", ""]
ODD_SIZES = ((65_500, 1), (1, 65_500), (0, 48), (64, 0), (65_501, 48), (64, 65_501), (2**70, 48), (64, -(2**70)))
_NUMBERS = (0, -0.0, 0.1, 3.9000000001, 4, 60, 60.1, 64, -1e-7, -1e-6, -2e-6, 64.0000005, 64.000002, -4, 1e300, 1.7e308)
ODD_BOXES = [
    *((x, 2, w, 4) for x, w in itertools.product(_NUMBERS, repeat=2)),
    *((2, y, 4, h) for y, h in itertools.product((*_NUMBERS, 48, 44.1), repeat=2)),
]
SLACK_BOXES = [(60.1, 2, 3.9000000001, 4), (-1e-7, 2, 4, 4), (2, 3.9, 4, 44.1), (2, -1e-6, 4, 4), (0, 0, 64, 48)]
EXTRAS = [
    {},
    {"camera": "bow", "sequence": "été", "horizon_row": 20},
    {"camera": None, "scene": "", "condition": "fog", "scenario": "fog:3", "horizon_row": -0.5},
    {"sequence": "fog:3", "horizon_row": None, "licence": [1]},
]


def mostly(usual: st.SearchStrategy[Any], rare: st.SearchStrategy[Any], share: int = 8) -> st.SearchStrategy[Any]:
    """Once in `share` the second, so that whole documents are often good."""
    return st.integers(1, share).flatmap(lambda number: rare if number == share else usual)


maybe_number = st.none() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
ids = st.integers(0, 30) | st.integers(-(2**63), 2**63 - 1)
numbered_names = st.integers(0, 999).map("{}.jpg".format)
plain_names = mostly(numbered_names, st.sampled_from(["a.jpg", "day 2/b.png", "été.jpg", "9.9.jpg"]), 4)
odd_names = st.sampled_from(ODD_NAMES) | st.text("a./\\:\x00\n\x7f\x80 é", max_size=6)
boxes_inside = st.tuples(st.integers(0, 60), st.integers(0, 44), st.integers(1, 4), st.integers(1, 4))
image_entries = st.builds(
    lambda image_id, name, size, extras: coco_image(image_id, name, size, **extras),
    ids,
    mostly(plain_names, odd_names, 40),
    mostly(st.just(SIZE), st.sampled_from(ODD_SIZES), 40),
    st.sampled_from(EXTRAS),
)
box_entries = st.fixed_dictionaries(
    {
        "id": ids,
        "category_id": mostly(st.sampled_from([1, 2, 3]), st.sampled_from([4, 5, 2**70]), 40),
        "bbox": mostly(boxes_inside, mostly(st.sampled_from(SLACK_BOXES), st.sampled_from(ODD_BOXES), 5)),
    },
    optional={
        "area": maybe_number,
        "iscrowd": st.sampled_from([0, 1, 2, -1, 2**70]),
        "transmittance": maybe_number,
        "contrast": st.just(0.25),
        "segmentation": st.just([[1, 2]]),
    },
)


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """A COCO file, good or bad in the ways that the checks know."""
    unique_ids = draw(mostly(st.just(True), st.just(False)))
    fewest = draw(mostly(st.just(1), st.just(0)))
    images = draw(st.lists(image_entries, min_size=fewest, max_size=4, unique_by=_image_id if unique_ids else None))
    boxes = draw(st.lists(box_entries, max_size=5 if images else 0))
    known = [image["id"] for image in images]
    others = st.sampled_from([*known, 77, -1, 2**63 - 1])
    for box in boxes:
        box["image_id"] = draw(mostly(st.sampled_from(known), others, 40))
    whole = json.dumps({"images": images, "annotations": boxes, "categories": CATEGORIES}).encode()
    return bytes(draw(mostly(st.just(whole), st.sampled_from([whole[:-3], b"[]"]), 40)))


def _image_id(entry: Json) -> int:
    return int(entry["id"])


@st.composite
def folders(draw: st.DrawFn) -> dict[str, bytes]:
    """One or two COCO files and, at times, a split list, by their paths."""
    files = {"annotations/instances_train.json": draw(documents())}
    if draw(st.booleans()):
        files["annotations/instances_val.json"] = draw(documents())
    if draw(st.integers(0, 3)) == 3:
        files["lists/test.txt"] = draw(st.sampled_from([b"\n", b"0.jpg\n", b"9.9\n7\n"]))
    return files


@contextmanager
def written(files: dict[str, bytes]) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).parent.mkdir(exist_ok=True)
            (Path(folder) / name).write_bytes(content)
        yield Path(folder)


def outcome(path: Path, on_error: str, classes: dict[str, str]) -> Dataset | WutdetError:
    lists = path / "lists"
    try:
        return load(path, classes=classes, splits=lists if lists.exists() else None, on_error=on_error)  # type: ignore[arg-type]
    except WutdetError as error:
        return error


def assert_same_outcome(one: Dataset | WutdetError, other: Dataset | WutdetError) -> None:
    if isinstance(one, WutdetError) or isinstance(other, WutdetError):
        assert (type(one), str(one)) == (type(other), str(other))
        return
    assert_frame_equal(one.images, other.images, check_exact=True)
    assert_frame_equal(one.boxes, other.boxes, check_exact=True)
    assert (one.problems, one.image_dir, one.name) == (other.problems, other.image_dir, other.name)
    assert one.sha256 == other.sha256


@settings(max_examples=200, deadline=None)
@given(files=folders(), on_error=st.sampled_from(["stop", "skip"]), classes=st.sampled_from([CLASSES, CLASSES, {}]))
def test_in_bulk_and_frame_by_frame_are_one_reading(
    files: dict[str, bytes], on_error: str, classes: dict[str, str]
) -> None:
    with written(files) as folder:
        fast = outcome(folder, on_error, classes)
        with mock.patch.object(loading, "read_columns", return_value=None):
            slow = outcome(folder, on_error, classes)
    assert_same_outcome(fast, slow)


GOOD_IMAGES = [coco_image(9, "b.jpg", camera="bow", horizon_row=20), coco_image(3, "day/0100.jpg", scene="port")]
GOOD_BOXES = [
    coco_box(77, 3, [1, 1, 2, 2], area=3.5, contrast=0.25),
    coco_box(5, 9, [60.1, 0, 3.9000000001, 48], iscrowd=1),  # passes the edge by a rounding error
    coco_box(6, 9, [-1e-7, 1, 2, 2], transmittance=1),
]


def test_a_good_file_is_read_in_bulk(tmp_path: Path) -> None:
    """In the file's order: x2 = x + w, the area as given and else w·h."""
    path = coco_file(tmp_path / "instances_val.json", GOOD_IMAGES, GOOD_BOXES)
    columns = read_columns([path], classes={})
    assert columns is not None
    assert columns.images.schema == IMAGE_SCHEMA
    assert columns.images.select("image_id", "file_name", "splits", "camera", "scene", "horizon_row").rows() == [
        (9, "b.jpg", ["val"], "bow", None, 20.0),
        (3, "day/0100.jpg", ["val"], None, "port", None),
    ]
    assert dict(columns.boxes.schema) == {"frame" if k == "image_id" else k: v for k, v in BOX_SCHEMA.items()}
    assert columns.boxes.rows() == [
        (77, 1, 1.0, 1.0, 3.0, 3.0, 3.5, False, None, 0.25),
        (5, 0, 60.1, 0.0, 60.1 + 3.9000000001, 48.0, 3.9000000001 * 48, True, None, None),
        (6, 0, -1e-7, 1.0, -1e-7 + 2, 3.0, 4.0, False, 1.0, None),
    ]


def test_a_good_file_never_becomes_frames(tmp_path: Path) -> None:
    """Nor do two files of different frames, whose ids clash."""
    coco_file(tmp_path / "annotations/instances_train.json", GOOD_IMAGES, GOOD_BOXES)
    coco_file(tmp_path / "annotations/instances_val.json", [coco_image(9, "c.jpg")], [coco_box(5, 9, [7, 7, 1, 1])])
    with mock.patch.object(loading, "read_coco", side_effect=AssertionError):
        dataset = load(tmp_path)
    assert dataset.images.select("image_id", "file_name", "splits").rows() == [
        (1, "b.jpg", ["train"]),
        (2, "c.jpg", ["val"]),
        (3, "day/0100.jpg", ["train"]),
    ]
    assert dataset.boxes.select("box_id", "image_id", "xmin").rows() == [
        (1, 1, 60.1),
        (2, 1, -1e-7),
        (3, 2, 7),
        (4, 3, 1),
    ]


@pytest.mark.parametrize(
    ("given", "settled"),
    [
        ([9, 7, 8], [(7, 2), (9, 1), (8, 3)]),
        ([9, 0, 8], [(1, 1), (2, 2), (3, 3)]),
        ([9, 7, 9], [(1, 1), (2, 2), (3, 3)]),
    ],
)
def test_box_ids_are_kept_unless_one_is_0_or_there_twice(
    tmp_path: Path, given: list[int], settled: list[tuple[int, int]]
) -> None:
    """New ones count in table order: by image, then as in the file. Each box is told by its x."""
    boxes = [
        coco_box(given[0], 3, [1, 1, 2, 2]),
        coco_box(given[2], 9, [3, 1, 2, 2]),
        coco_box(given[1], 3, [2, 1, 2, 2]),
    ]
    dataset = load(coco_file(tmp_path / "a.json", GOOD_IMAGES, boxes))
    assert dataset.boxes.select("box_id", "xmin").rows() == settled


def test_boxes_that_a_class_drops_are_not_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    buoy = coco_box(1, 9, [1, 1, -5, 1e300]) | {"category_id": 3}
    boat = coco_box(2, 3, [1, 1, 5, 5]) | {"category_id": 2}
    path.write_text(json.dumps({"images": GOOD_IMAGES, "annotations": [buoy, boat], "categories": CATEGORIES}))
    columns = read_columns([path], classes=CLASSES)
    assert columns is not None
    assert columns.boxes.select("box_id", "frame", "xmax").rows() == [(2, 1, 6.0)]


@pytest.mark.parametrize(
    ("images", "boxes"),
    [
        ([*GOOD_IMAGES, coco_image(3, "c.jpg")], []),
        ([*GOOD_IMAGES, coco_image(4, "b.jpg")], []),
        ([*GOOD_IMAGES, coco_image(4, "../c.jpg")], []),
        ([*GOOD_IMAGES, coco_image(4, "c.jpg", size=(0, 9))], []),
        (GOOD_IMAGES, [coco_box(1, 4, [1, 1, 2, 2])]),
        (GOOD_IMAGES, [coco_box(1, 10, [1, 1, 2, 2])]),
        (GOOD_IMAGES, [coco_box(1, 9, [1, 1, 0, 2])]),
        (GOOD_IMAGES, [coco_box(1, 9, [1, 1, 2, 0])]),
        (GOOD_IMAGES, [coco_box(1, 9, [63, 1, 1.5, 2])]),
        (GOOD_IMAGES, [coco_box(1, 9, [1, 47, 2, 1.5])]),
        (GOOD_IMAGES, [coco_box(1, 9, [-0.5, 1, 2, 2])]),
        (GOOD_IMAGES, [coco_box(1, 9, [1, -0.5, 2, 2])]),
        (GOOD_IMAGES, [coco_box(1, 9, [1.7e308, 1, 1.7e308, 4])]),
        (GOOD_IMAGES, [coco_box(1, 9, [1, 1, 2, 2]) | {"category_id": 2}]),
    ],
)
@pytest.mark.filterwarnings("error")
def test_anything_bad_is_left_to_the_other_reader(tmp_path: Path, images: list[Json], boxes: list[Json]) -> None:
    assert read_columns([coco_file(tmp_path / "a.json", images, [*GOOD_BOXES, *boxes])], classes={}) is None


def test_the_first_image_of_the_file_tells_where_the_images_are(tmp_path: Path) -> None:
    """Not the one with the lowest id, which comes first in the table."""
    path = coco_file(tmp_path / "annotations/a.json", GOOD_IMAGES)
    (tmp_path / "images").mkdir()
    (tmp_path / "images/b.jpg").touch()
    assert load(path).image_dir == tmp_path / "images"


def test_lists_give_the_splits_in_their_own_order(tmp_path: Path) -> None:
    path = coco_file(tmp_path / "instances_val.json", GOOD_IMAGES)
    write_lists(tmp_path / "lists", {"b": ["0100"], "a": ["0100"]})
    assert load(path, splits=tmp_path / "lists").images.select("image_id", "splits").rows() == [
        (3, ["a", "b"]),
        (9, []),
    ]


@pytest.mark.parametrize("enabled", [True, False])
def test_decoding_leaves_the_collector_as_it_was(tmp_path: Path, enabled: bool) -> None:
    good, bad = coco_file(tmp_path / "a.json", GOOD_IMAGES), tmp_path / "b.json"
    bad.write_text("[")
    try:
        gc.enable() if enabled else gc.disable()
        decode_coco(good)
        assert gc.isenabled() is enabled
        with pytest.raises(DataError):
            decode_coco(bad)
        assert gc.isenabled() is enabled
    finally:
        gc.enable()


def micro_boxes(side_px: int, *, within: bool) -> list[list[float]]:
    """Boxes of every size, in whole millionths of a pixel: xywh below `side_px`, x + w too if `within`."""
    rng = np.random.default_rng(0)
    end = side_px * 10**6
    low = np.concatenate([rng.integers(0, end, (9_000, 2)), rng.integers(0, 10**6, (1_000, 2))])
    size = (10 ** rng.uniform(0, np.log10(end), low.shape)).astype(np.int64)
    size = np.minimum(size, end - low) if within else size
    boxes: list[list[float]] = (np.concatenate([low, size], axis=1) / 10**6).tolist()
    return boxes


def sizes_of(dataset: Dataset) -> NDArray[np.float64]:
    edges = dataset.boxes.select("xmin", "ymin", "xmax", "ymax").to_numpy()
    return edges[:, 2:] - edges[:, :2]


def bboxes_written(dataset: Dataset) -> list[list[float]]:
    document = msgspec.json.decode(encode_coco(dataset.images, dataset.boxes))
    return [item["bbox"] for item in document["annotations"]]


def test_a_float_bbox_survives_as_edges(tmp_path: Path) -> None:
    """Over the largest frame there may be. (x + w) − x is off by 2⁻³⁷ px at most, so six decimals give w again."""
    given = micro_boxes(65_500, within=True)
    boxes = [coco_box(number, 1, xywh) for number, xywh in enumerate(given, start=1)]
    dataset = load(coco_file(tmp_path / "a.json", [coco_image(1, "a.jpg", size=(65_500, 65_500))], boxes))
    sizes = [xywh[2:] for xywh in given]
    assert sizes_of(dataset).tolist() != sizes
    assert sizes_of(dataset).round(6).tolist() == sizes
    assert bboxes_written(dataset) == given


def test_a_float_bbox_survives_below_a_hundred_thousand() -> None:
    given = micro_boxes(100_000, within=False)
    boxes = tuple(BoxRecord(x, y, x + w, y + h, area_px2=w * h) for x, y, w, h in given)
    dataset = Dataset(*build_tables([FrameRecord("a.jpg", 1, 1, boxes)]), Path(), "made")
    assert sizes_of(dataset).round(6).tolist() == [xywh[2:] for xywh in given]
    assert bboxes_written(dataset) == given
