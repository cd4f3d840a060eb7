"""Labelled areas, which are not width times height, of boxes that were edited."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wutdet.browse import from_fiftyone, import_labels, to_fiftyone
from wutdet.browse.areas import areas_px2
from wutdet.dataset import Dataset, load

extent = st.floats(0.5, 500)
place = st.floats(0, 2000)


@given(
    corner=st.tuples(place, place), size=st.tuples(extent, extent), by=st.tuples(place, place), share=st.floats(0, 1)
)
def test_a_shift_keeps_the_area_to_the_last_bit(corner: Any, size: Any, by: Any, share: float) -> None:
    """Though its edges are rounded to a millionth of a pixel."""
    before = np.array([[*corner, *np.add(corner, size)]])
    now = (before + np.tile(by, 2)).round(6)
    area = share * size[0] * size[1]
    assert areas_px2(now, before, np.array([area])).tolist() == [area]


@given(size=st.tuples(extent, extent), to=st.tuples(extent, extent), share=st.floats(0.01, 1))
def test_a_resize_scales_the_area(size: Any, to: Any, share: float) -> None:
    before, now = np.array([[3.0, 4.0, 3 + size[0], 4 + size[1]]]), np.array([[0.0, 0.0, *to]])
    [area] = areas_px2(now, before, np.array([share * size[0] * size[1]]))
    assert area == pytest.approx(share * to[0] * to[1], rel=1e-5)
    whole = (before[:, 2:] - before[:, :2]).prod(axis=1)
    if max(np.abs(np.subtract(size, to))) > 1e-3:
        assert areas_px2(now, before, whole).tolist() == [to[0] * to[1]]  # a VOC box stays one


def test_an_area_that_is_not_known_is_width_times_height() -> None:
    now = np.array([[0.0, 0.0, 4.0, 5.0]] * 3)
    nan = [np.nan] * 4
    written = np.array([nan, nan, [0.0, 0.0, 2.0, 5.0]])
    assert areas_px2(now, written, np.array([np.nan, 11.0, np.nan])).tolist() == [20, 20, 20]
    assert areas_px2(now[:0], written[:0], np.empty(0)).tolist() == []


@pytest.fixture
def masked(part: Dataset) -> Dataset:
    """The part with areas as COCO has them of masks, and boxes on no pixel grid."""
    edges = [pl.col("xmin") + 0.3, pl.col("ymin") + 0.7, pl.col("xmax") - 1 / 3, pl.col("ymax") - 1 / 7]
    boxes = part.boxes.with_columns(*edges)
    own = (boxes["xmax"] - boxes["xmin"]) * (boxes["ymax"] - boxes["ymin"])
    return replace(part, boxes=boxes.with_columns(area_px2=0.55 * own))


def _bring(
    fo: Any, masked: Dataset, out: Path, image_id: int, how: Callable[[list[Any]], object]
) -> tuple[Dataset, dict[str, Any]]:
    made = to_fiftyone(masked, "masked", overwrite=True, persistent=False)
    sample = made.one(fo.ViewField("image_id") == image_id)
    how(sample.ground_truth.detections)
    sample.save()
    import_labels("masked", out / "fixed.json")
    back = load(out / "fixed.json")
    directly = from_fiftyone(made, outside="clip").boxes
    assert directly.filter(box_id=1)["area_px2"].item() == back.boxes.filter(box_id=1)["area_px2"].item()
    return back, json.loads((out / "fixed.changes.json").read_text())


def test_a_shifted_box_keeps_its_labelled_area(fo: Any, masked: Dataset, tmp_path: Path) -> None:
    def shift(boxes: list[Any]) -> None:
        x, y, w, h = boxes[0].bounding_box
        boxes[0].bounding_box = [x + 0.1, y + 0.05, w, h]

    back, log = _bring(fo, masked, tmp_path, 0, shift)
    [moved] = log["changes"]
    assert moved["what"] == "moved"
    assert moved["new"][0] == pytest.approx(moved["old"][0] + 6.4, abs=1e-6)
    assert back.boxes["area_px2"].to_list() == masked.boxes["area_px2"].to_list()
    assert not [key for key in moved if "area" in key]


def test_a_resized_box_scales_its_labelled_area_and_says_so(fo: Any, masked: Dataset, tmp_path: Path) -> None:
    def widen(boxes: list[Any]) -> None:
        x, y, w, h = boxes[0].bounding_box
        boxes[0].bounding_box = [x, y, 2 * w, 1.5 * h]

    back, log = _bring(fo, masked, tmp_path, 0, widen)
    before = masked.boxes["area_px2"][0]
    [moved] = log["changes"]
    assert back.boxes["area_px2"][0] == pytest.approx(3 * before, rel=1e-6)
    assert (moved["old_area_px2"], moved["new_area_px2"]) == (before, back.boxes["area_px2"][0])
    assert back.boxes["area_px2"].to_list()[1:] == masked.boxes["area_px2"].to_list()[1:]


def test_a_clipped_box_loses_its_share_of_the_area(fo: Any, masked: Dataset, tmp_path: Path) -> None:
    def push_out(boxes: list[Any]) -> None:
        _, y, w, h = boxes[0].bounding_box
        boxes[0].bounding_box = [1 - w / 4, y, w, h]

    back, log = _bring(fo, masked, tmp_path, 0, push_out)
    assert log["counts"] == {"clipped": 1, "moved": 1}
    assert back.boxes["area_px2"][0] == pytest.approx(masked.boxes["area_px2"][0] / 4, rel=1e-5)


def test_added_and_copied_boxes_have_width_times_height(fo: Any, masked: Dataset, tmp_path: Path) -> None:
    def add(boxes: list[Any]) -> None:
        boxes.append(fo.Detection(label="ship", bounding_box=[0.5, 0.5, 0.25, 0.1]))
        boxes.append(boxes[0].copy())

    back, log = _bring(fo, masked, tmp_path, 20, add)
    assert log["counts"] == {"added": 2}
    xmin, ymin, xmax, ymax = masked.boxes.filter(image_id=20).row(0)[2:6]
    own = [masked.boxes.filter(image_id=20)["area_px2"].item(), 30 * 9, (xmax - xmin) * (ymax - ymin)]
    assert sorted(back.boxes.filter(image_id=20)["area_px2"]) == pytest.approx(sorted(own))


def test_an_area_that_was_edited_alone_is_logged(fo: Any, masked: Dataset, tmp_path: Path) -> None:
    back, log = _bring(fo, masked, tmp_path, 20, lambda boxes: setattr(boxes[0], "area_px2", 7.5))
    row = masked.boxes.filter(image_id=20).row(0, named=True)
    edges = [row[side] for side in ("xmin", "ymin", "xmax", "ymax")]
    areas = {"old_area_px2": row["area_px2"], "new_area_px2": 7.5}
    change = {"what": "area", "image": "0000020.jpg", "box_id": row["box_id"], "old": edges, "new": edges, **areas}
    assert log["changes"] == [change]
    assert back.boxes.filter(image_id=20)["area_px2"].to_list() == [7.5]
    assert log["unchanged"] == 5
