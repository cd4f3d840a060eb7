"""From FiftyOne back: what nobody edited comes back to the last bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import wutdet
from wutdet.browse import from_fiftyone, to_fiftyone
from wutdet.browse.labels import relative_xywh
from wutdet.browse.view_boxes import native_boxes
from wutdet.dataset import Dataset
from wutdet.dataset.tables import BoxRecord, FrameRecord, columns_of, number_tables
from wutdet.errors import DataError, FrameError


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Frames in folders, with every fact, boxes on no pixel grid, a crowd, an area of its own, large ids."""
    folder = tmp_path_factory.mktemp("odd")
    rng = np.random.default_rng(4)
    frames = []
    for number, name in enumerate(("port/a.png", "port/b.png", "sea/a.png", "c.png")):
        width, height = 97 + 10 * number, 61 + number
        (folder / name).parent.mkdir(exist_ok=True)
        cv2.imwrite(str(folder / name), np.full((height, width, 3), 40 * number, np.uint8))
        corner = rng.uniform(0, 40, (number * 3, 2))
        far = corner + rng.uniform(0.1, 15, (number * 3, 2))
        boxes = tuple(
            BoxRecord(
                *a,
                *b,
                area_px2=float(rng.uniform(1, 99)),
                box_id=70 - 10 * number + place,
                iscrowd=place == 2,
                transmittance=0.1 * place,
                contrast=None if place else 0.3,
            )
            for place, (a, b) in enumerate(zip(corner.tolist(), far.tolist(), strict=True))
        )
        facts = {"camera": "bow", "sequence": f"s{number % 2}", "scene": "port", "condition": "fog", "scenario": None}
        known = {"horizon_row": 17.25 + number, "condition_score": 1 / 3, "condition_by": "hand"}
        frames.append(
            FrameRecord(
                name,
                width,
                height,
                boxes,
                splits=("train", "test")[: number % 3],
                image_id=900 - number,
                **facts,
                **(known if number else {}),
            )
        )
    return Dataset(*number_tables(columns_of(frames)), folder, "odd")


def _same(one: Dataset, other: Dataset) -> None:
    assert_frame_equal(one.images, other.images)
    assert_frame_equal(one.boxes, other.boxes)
    assert one.sha256 == other.sha256


def test_all_comes_back(fo: Any, odd: Dataset, part: Dataset) -> None:
    for ours in (odd, part):
        back = from_fiftyone(ours.to_fiftyone(f"back {ours.name}", persistent=False))
        _same(back, ours)
        assert (back.name, back.voc_origin) == (ours.name, ours.voc_origin)
        assert [frame.path for frame in back] == [frame.path.absolute() for frame in ours]
        assert np.array_equal(back[0].image, ours[0].image)


def test_the_public_name(fo: Any, part: Dataset) -> None:
    made = part.to_fiftyone(overwrite=True, persistent=False)
    assert made.name == part.name
    _same(wutdet.from_fiftyone(made), part)


number = st.floats(0, 4000, allow_subnormal=False)


@given(
    boxes=st.lists(st.tuples(number, number, number, number), max_size=20),
    width=st.integers(1, 4000),
    height=st.integers(1, 4000),
)
@settings(max_examples=100)
def test_boxes_that_nobody_edits_are_known_as_such(boxes: list, width: int, height: int) -> None:
    """Whatever the division by the size of the frame does to them."""
    xyxy = np.array([(a, b, a + c, b + d) for a, b, c, d in boxes], float).reshape(-1, 4)
    xywh = np.concatenate([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]], axis=1)
    relative = relative_xywh(xywh, width, height).tolist()
    sizes = np.tile([float(width), float(height)], (len(xyxy), 1))
    native, same = native_boxes(relative, xyxy.tolist(), sizes)
    assert same.all()
    assert np.array_equal(native, xyxy)
    without, edited = native_boxes(relative, [None] * len(relative), sizes)
    assert not edited.any()
    np.testing.assert_allclose(without, xyxy, rtol=0, atol=2e-6)


def test_a_view_is_what_it_shows(fo: Any, part: Dataset) -> None:
    made = to_fiftyone(part, "viewed", persistent=False)
    val = from_fiftyone(made.match_tags("val"))
    _same(val, Dataset(*_tables(part.split("val")), part.image_dir, part.name, part.voc_origin))
    small = from_fiftyone(made.load_saved_view("small ships"))
    assert small.boxes["area_px2"].to_list() == [96, 25, 1023]
    assert small.images["image_id"].to_list() == [0, 20, 60]
    whole = from_fiftyone(made.filter_labels("ground_truth", fo.ViewField("area_px2") < 100, only_matches=False))
    assert len(whole) == 4
    assert from_fiftyone(made.match_tags("nothing")).images.height == 0


def _tables(dataset: Dataset) -> tuple[pl.DataFrame, pl.DataFrame]:
    return dataset.images, dataset.boxes


def test_patches_are_read_as_their_frames(fo: Any, part: Dataset) -> None:
    made = to_fiftyone(part, "patched", persistent=False)
    back = from_fiftyone(made.to_patches("ground_truth"))
    assert back.images["file_name"].to_list() == ["0000000.jpg", "0000020.jpg", "0000060.jpg"]
    assert back.images["image_id"].to_list() == [0, 20, 60]
    assert_frame_equal(back.boxes, part.boxes)


def test_detections_are_boxes_too(fo: Any, part: Dataset, found: Any) -> None:
    clear = {"clear": {0: found((4, 8.5, 12, 20, 0.9), (1, 1, 3, 3, 0.6)), 60: found((1, 2, 3, 4, 0.8))}}
    made = to_fiftyone(part, "found", detections=clear, persistent=False)
    back = from_fiftyone(made, field="predictions_clear")
    assert back.boxes.select("image_id", "xmin", "ymin", "xmax", "ymax", "area_px2").rows() == [
        (0, 4, 8.5, 12, 20, 92),
        (0, 1, 1, 3, 3, 4),
        (60, 1, 2, 3, 4, 4),
    ]
    assert back.boxes["box_id"].to_list() == [1, 2, 3]
    sure = from_fiftyone(
        made.filter_labels("predictions_clear", fo.ViewField("confidence") > 0.7), field="predictions_clear"
    )
    assert sure.boxes.height == 2


@pytest.fixture
def foreign(fo: Any, tmp_path: Path) -> Any:
    """A dataset that wutdet has not made: two folders, several classes, no metadata, tags of its own."""
    for name in ("x/one.png", "y/two.png"):
        (tmp_path / name).parent.mkdir()
        cv2.imwrite(str(tmp_path / name), np.zeros((50, 200, 3), np.uint8))
    made = fo.Dataset("foreign", overwrite=True)
    boat = fo.Detection(label="boat", bounding_box=[0.1, 0.2, 0.3, 0.4], iscrowd=1)
    buoy = fo.Detection(label="buoy", bounding_box=[0.5, 0.5, 0.1, 0.1])
    made.add_samples(
        [
            fo.Sample(
                str(tmp_path / "y/two.png"), tags=["val", "blurred"], objects=fo.Detections(detections=[buoy, boat])
            ),
            fo.Sample(str(tmp_path / "x/one.png"), tags=["day"], scene="port"),
        ],
        dynamic=True,
    )
    return made


def test_any_dataset_can_be_read(foreign: Any, tmp_path: Path) -> None:
    back = from_fiftyone(foreign, field="objects", classes={"boat": "ship", "buoy": ""})
    assert back.image_dir == tmp_path
    assert back.images.select("image_id", "file_name", "width", "height", "splits", "scene").rows() == [
        (1, "x/one.png", 200, 50, [], "port"),
        (2, "y/two.png", 200, 50, ["val"], None),
    ]
    assert back.boxes.select("box_id", "image_id", "xmin", "ymin", "xmax", "ymax", "area_px2", "iscrowd").rows() == [
        (1, 2, 20, 10, 80, 30, 1200, True)
    ]
    assert from_fiftyone(foreign, field="objects", classes=["buoy"]).boxes["xmin"].to_list() == [100]
    assert from_fiftyone(foreign, field="objects", classes=[], splits=["day"]).splits == {"day": 1}
    assert from_fiftyone(foreign, field="objects", classes=["boat"], name="mine").name == "mine"
    assert back.name == "foreign"


def test_mistakes_are_one_line(fo: Any, foreign: Any) -> None:
    with pytest.raises(FrameError, match=r"y/two.png: unknown class 'buoy'; map it with"):
        from_fiftyone(foreign, field="objects", classes={"boat": "ship"})
    with pytest.raises(DataError, match=r"foreign: the field 'ground_truth' holds no boxes; choose from: objects"):
        from_fiftyone(foreign)
    with pytest.raises(DataError, match=r"the field 'filepath' holds no boxes"):
        from_fiftyone(foreign, field="filepath")
    video = fo.Dataset("a video", overwrite=True)
    video.add_sample(fo.Sample("x.mp4"))
    with pytest.raises(DataError, match=r"a video: holds video, not images"):
        from_fiftyone(video)


@pytest.mark.parametrize(
    "box", [[0.9, 0.5, 0.2, 0.1], [-0.1, 0.5, 0.2, 0.1], [0.5, 0.5, 0.0, 0.1], [1.1, 0.5, 0.2, 0.1]]
)
def test_a_box_outside_stops_or_is_clipped(fo: Any, foreign: Any, box: list[float]) -> None:
    sample = foreign.first()
    sample.objects.detections[1].bounding_box = box
    sample.save()
    with pytest.raises(FrameError, match=r"y/two.png: box .* is empty or reaches out of the 200x50 frame"):
        from_fiftyone(foreign, field="objects", classes=["boat"])
    clipped = from_fiftyone(foreign, field="objects", classes=["boat"], outside="clip").boxes
    inside = [(max(0.0, box[0]) * 200, min(1.0, box[0] + box[2]) * 200)]
    assert [(a, b) for a, b in clipped.select("xmin", "xmax").rows()] == [
        pytest.approx(i) for i in inside if i[1] > i[0]
    ]
    assert clipped["area_px2"].to_list() == [pytest.approx((b - a) * 5) for a, b in inside if b > a]
