"""Datasets in a real FiftyOne."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from wutdet.browse import samples, to_fiftyone
from wutdet.dataset import Dataset, load
from wutdet.errors import DataError, WutdetError
from wutdet.sample import render_part


@pytest.fixture(scope="module")
def made(fo: Any, part: Dataset) -> Any:
    return to_fiftyone(part, "plain", persistent=False)


def _native_xyxy(sample: Any, field: str) -> list[list[float]]:
    width, height = sample.metadata.width, sample.metadata.height
    boxes = [label.bounding_box for label in sample[field].detections]
    return [[x * width, y * height, (x + w) * width, (y + h) * height] for x, y, w, h in boxes]


def test_one_sample_a_frame_in_table_order(made: Any, part: Dataset) -> None:
    assert made.values("image_id") == [0, 20, 40, 60]
    assert made.values("filepath") == [str(frame.path.absolute()) for frame in part]
    assert all(Path(path).is_file() for path in made.values("filepath"))
    assert made.values("metadata.width") == part.images["width"].to_list()


def test_ground_truth_is_ours_in_native_pixels(made: Any, part: Dataset) -> None:
    assert made.count("ground_truth.detections") == part.boxes.height == 6
    for frame, sample in zip(part, made, strict=True):
        ours = frame.boxes.tolist()
        np.testing.assert_allclose(_native_xyxy(sample, "ground_truth"), ours or [], rtol=0, atol=1e-6)
    assert made.distinct("ground_truth.detections.label") == ["ship"]
    assert made.values("ground_truth.detections.area_px2") == [[96, 2560], [25], [], [10000, 1024, 1023]]
    assert made.distinct("ground_truth.detections.iscrowd") == [False]


def test_facts_are_fields_only_where_known(made: Any) -> None:
    assert made.values("camera") == ["bow", "bow", None, None]
    assert made.values("horizon_row") == [17.5, None, None, None]
    assert not {"scene", "condition", "sequence", "scenario"} & set(made.get_field_schema())


def test_splits_are_tags(made: Any) -> None:
    assert made.values("tags") == [["train"], ["train", "val"], ["val"], []]


def test_info_names_the_source(made: Any, part: Dataset) -> None:
    folder = str(part.image_dir.absolute())
    assert made.info["image_dir"] == folder
    assert (made.info["name"], made.info["splits"], made.info["voc_origin"]) == (part.name, ["train", "val"], "1")


def test_saved_views_hold_what_they_say(made: Any) -> None:
    assert made.list_saved_views() == ["small ships", "split train", "split val"]
    small = made.load_saved_view("small ships")
    assert small.values("ground_truth.detections.area_px2") == [[96], [25], [1023]]
    assert made.load_saved_view("split train").values("image_id") == [0, 20]
    assert made.load_saved_view("split val").values("image_id") == [20, 40]


def test_labels_are_stored_as_fiftyone_stores_them(fo: Any, made: Any) -> None:
    """Ours are written as plain documents: FiftyOne's own objects must come to the same."""
    label = made.first().ground_truth.detections[0]
    facts = {
        "box_id": label.box_id,
        "xyxy_px": [4.0, 8.0, 12.0, 20.0],
        "area_px2": 96.0,
        "size_bin": "8-16",
        "iscrowd": False,
    }
    own = fo.Dataset("own")
    own_label = fo.Detection(label="ship", bounding_box=label.bounding_box, **facts)
    own.add_samples([fo.Sample("a.jpg", ground_truth=fo.Detections(detections=[own_label]))], dynamic=True)
    ours, theirs = (kept._sample_collection.find_one()["ground_truth"] for kept in (made, own))
    assert ours.keys() == theirs.keys()
    assert {**ours["detections"][0], "_id": None} == {**theirs["detections"][0], "_id": None}
    assert type(ours["detections"][0]["_id"]) is type(theirs["detections"][0]["_id"])
    field = "ground_truth.detections"
    assert {name: type(made.get_field(f"{field}.{name}")) for name in facts} == {
        name: type(own.get_field(f"{field}.{name}")) for name in facts
    }


def test_every_scenario_is_a_field(fo: Any, part: Dataset, found: Callable[..., Any]) -> None:
    fog = {0: found((1.5, 2, 9.25, 12, 0.9), (0, 0, 64, 48, 0.049), (3, 3, 7, 7, 0.05)), 20: found()}
    with_detections = to_fiftyone(part, "scenarios", detections={"clear": {}, "fog:3": fog}, persistent=False)
    labelled = [name for name in with_detections.get_field_schema() if name.startswith("predictions")]
    assert labelled == ["predictions_clear", "predictions_fog_3"]
    assert with_detections.values("predictions_fog_3.detections.confidence") == [[0.9, 0.05], [], None, None]
    boxes = _native_xyxy(with_detections.first(), "predictions_fog_3")
    np.testing.assert_allclose(boxes, [[1.5, 2, 9.25, 12], [3, 3, 7, 7]], rtol=0, atol=1e-6)
    assert with_detections.count("predictions_clear") == 0


def test_what_is_shown_is_the_callers(fo: Any, part: Dataset, found: Callable[..., Any]) -> None:
    weak = {"clear": {0: found((0, 0, 9, 9, 0.001))}}
    kept = to_fiftyone(part, "weak", detections=weak, shown_from=0.0, persistent=False)
    assert kept.count("predictions_clear.detections") == 1


def test_an_existing_dataset_is_replaced_only_when_asked(fo: Any, part: Dataset) -> None:
    first = to_fiftyone(part, "taken")
    with pytest.raises(WutdetError, match=r"already has a dataset 'taken'; .*overwrite"):
        to_fiftyone(part.split("val"), "taken")
    assert len(fo.load_dataset("taken")) == 4
    assert first.persistent
    to_fiftyone(part.split("val"), "taken", overwrite=True, persistent=False)
    assert len(fo.load_dataset("taken")) == 2
    assert not fo.load_dataset("taken").persistent


def test_a_failed_replacement_leaves_the_edits_that_were_there(fo: Any, part: Dataset, monkeypatch: Any) -> None:
    before = to_fiftyone(part, "edited")
    sample = before.first()
    sample.ground_truth.detections[0].label = "buoy"
    sample.save()
    names = fo.list_datasets()

    def fail(*_: Any) -> None:
        raise DataError("the disk is full", remedy="make room")

    monkeypatch.setattr(samples, "keep_original", fail)
    with pytest.raises(DataError, match="the disk is full"):
        to_fiftyone(part, "edited", overwrite=True)
    assert fo.list_datasets() == names
    assert fo.load_dataset("edited").first().ground_truth.detections[0].label == "buoy"
    fo.delete_dataset("edited")


def test_a_replacement_is_whole_under_its_name(fo: Any, part: Dataset, found: Callable[..., Any]) -> None:
    detections = {"clear": {0: found((4, 8, 12, 20, 0.9))}}
    to_fiftyone(part, "replaced", detections=detections, persistent=False)
    to_fiftyone(part, "replaced", detections=detections, overwrite=True, persistent=False)
    made = fo.load_dataset("replaced")
    assert made.name == "replaced"
    assert [name for name in fo.list_datasets() if name.startswith("replaced")] == ["replaced"]
    assert len(made.load_saved_view("small ships")) > 0
    assert made.load_evaluation_view("eval_clear").count("predictions_clear.detections") == 1
    assert made.to_evaluation_patches("eval_clear").count() == 6


def test_a_name_that_fiftyone_refuses_is_one_line(fo: Any, part: Dataset) -> None:
    to_fiftyone(part, "my part", persistent=False)
    with pytest.raises(WutdetError, match=r"refuses the dataset name 'my-part' .*; choose another name") as caught:
        to_fiftyone(part, "my-part")
    assert "\n" not in str(caught.value)


def test_a_missing_image_is_named(fo: Any, part: Dataset, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"0000000.jpg: there is no such image; .*--images"):
        to_fiftyone(replace(part, image_dir=tmp_path), "imageless")
    assert not fo.dataset_exists("imageless")


def test_detections_of_another_dataset_are_refused(fo: Any, part: Dataset, found: Callable[..., Any]) -> None:
    with pytest.raises(DataError, match="fog:3: none of its detections"):
        to_fiftyone(part, "foreign", detections={"fog:3": {7: found()}})


def test_a_rendered_part_has_our_counts(fo: Any, tmp_path: Path) -> None:
    rendered = load(render_part(tmp_path / "part", images=12, size=(320, 180)))
    shown = to_fiftyone(rendered, "rendered", persistent=False)
    _assert_counts_are_ours(shown, rendered)
    assert shown.count_values("sequence") == dict(rendered.images["sequence"].value_counts().iter_rows())


@pytest.mark.realdata
def test_real_frames_have_our_counts(fo: Any, realdata: Path) -> None:
    real = load(realdata)
    _assert_counts_are_ours(to_fiftyone(real, "real", persistent=False), real)


def _assert_counts_are_ours(shown: Any, ours: Dataset) -> None:
    info = ours.info()
    assert len(shown) == info.images > 0
    assert shown.count("ground_truth.detections") == info.boxes > 0
    assert Counter(shown.count_values("ground_truth.detections.size_bin")) == Counter(info.size_bins)
    assert shown.count_sample_tags() == info.splits
    for split, frames in info.splits.items():
        assert len(shown.load_saved_view(f"split {split}")) == frames
    small = ours.boxes.filter(pl.col("area_px2") < 1024).height
    assert shown.load_saved_view("small ships").count("ground_truth.detections") == small > 0


def test_the_app_opens_with_truth_and_clear_detections_on(fo: Any, part: Dataset) -> None:
    opened = to_fiftyone(part, "active", detections={"clear": {}, "fog:3": {}}, persistent=False)
    assert opened.app_config.active_fields.paths == ["ground_truth", "predictions_clear"]
