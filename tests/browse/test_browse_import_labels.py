"""Labels that were mended in FiftyOne come back, with a log of every edit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wutdet.browse import import_labels, to_fiftyone
from wutdet.cli.look import import_labels as verb
from wutdet.dataset import Dataset, load
from wutdet.dataset.coco import encode_coco
from wutdet.errors import ConfigError, FrameError, WutdetError


def _bring(name: str, out: Path, **options: Any) -> tuple[Any, Dataset, dict[str, Any]]:
    result = import_labels(name, out / "fixed.json", **options)
    log = json.loads((out / "fixed.changes.json").read_text())
    return result, load(out / "fixed.json"), log


@pytest.fixture
def edit(fo: Any, part: Dataset) -> Callable[..., Any]:
    """A fresh dataset; `edit(0, change)` calls `change` with the boxes of frame 0 and saves them."""
    made = to_fiftyone(part, "mended", overwrite=True, persistent=False)

    def change(image_id: int, how: Callable[[list[Any]], None]) -> None:
        sample = made.one(fo.ViewField("image_id") == image_id)
        how(sample.ground_truth.detections)
        sample.save()

    change.made = made  # type: ignore[attr-defined]
    return change


def test_without_an_edit_nothing_changes(edit: Any, part: Dataset, tmp_path: Path) -> None:
    result, _, log = _bring("mended", tmp_path)
    assert (tmp_path / "fixed.json").read_bytes() == encode_coco(part.images, part.boxes)
    assert (result.changes, result.counts, result.unchanged, result.boxes) == ([], {}, 6, 6)
    assert (log["frames"], log["frames_of_data"], log["frames_not_shown"]) == (4, 4, 0)
    assert log["changes"] == []


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("by", [-1 / 64, 1 / 64])
def test_an_edit_of_one_number_is_seen(edit: Any, part: Dataset, tmp_path: Path, number: int, by: float) -> None:
    def nudge(boxes: list[Any]) -> None:
        box = list(boxes[0].bounding_box)
        box[number] += by
        boxes[0].bounding_box = box

    edit(0, nudge)
    _, back, log = _bring("mended", tmp_path)
    assert log["counts"] == {"moved": 1}
    edges = [4.0, 8.0, 12.0, 20.0]
    for side in (number, number + 2) if number < 2 else (number,):
        edges[side] += by * (64, 48)[number % 2]
    assert back.boxes.row(0)[2:6] == pytest.approx(edges, abs=1e-6)


def test_a_moved_box(edit: Any, part: Dataset, tmp_path: Path) -> None:
    edit(0, lambda boxes: setattr(boxes[0], "bounding_box", [0.25, 0.25, 0.125, 0.5]))
    result, back, log = _bring("mended", tmp_path)
    box_id = part.boxes["box_id"][0]
    moved = {"what": "moved", "image": "0000000.jpg", "box_id": box_id, "old": [4, 8, 12, 20], "new": [16, 12, 24, 36]}
    assert log["changes"] == [moved | {"old_area_px2": 96, "new_area_px2": 192}]
    assert log["counts"] == {"moved": 1}
    assert back.boxes.row(0) == (box_id, 0, 16, 12, 24, 36, 192, False, None, None)  # its area is that of the new box
    assert back.boxes[1:].equals(part.boxes[1:])
    assert result.unchanged == 5


def test_added_and_deleted_boxes(fo: Any, edit: Any, part: Dataset, tmp_path: Path) -> None:
    new = fo.Detection(label="ship", bounding_box=[0.5, 0.5, 0.25, 0.1], tags=["missing"])
    edit(60, lambda boxes: boxes.pop(1))
    edit(40, lambda boxes: boxes.append(new))
    _, back, log = _bring("mended", tmp_path)
    gone = part.boxes.row(4, named=True)
    last = part.boxes["box_id"].max()
    assert log["changes"] == [
        {"what": "added", "image": "0000040.jpg", "box_id": last + 1, "new": [60, 45, 90, 54], "tags": ["missing"]},
        {
            "what": "deleted",
            "image": "0000060.jpg",
            "box_id": gone["box_id"],
            "old": [gone[side] for side in ("xmin", "ymin", "xmax", "ymax")],
        },
    ]
    assert back.boxes.filter(image_id=40).rows() == [(last + 1, 40, 60, 45, 90, 54, 270, False, None, None)]
    assert gone["box_id"] not in back.boxes["box_id"]


def test_tags_of_boxes_and_frames(fo: Any, edit: Any, part: Dataset, tmp_path: Path) -> None:
    edit(20, lambda boxes: boxes[0].tags.append("wrong"))
    edit.made.match(fo.ViewField("image_id") == 40).tag_samples("missing")
    _, back, log = _bring("mended", tmp_path)
    tagged, frame = log["changes"]
    assert (tagged["what"], tagged["image"], tagged["tags"]) == ("tagged", "0000020.jpg", ["wrong"])
    assert tagged["old"] == tagged["new"] == [9, 9, 14, 14]
    assert frame == {"what": "frame tagged", "image": "0000040.jpg", "tags": ["missing"]}
    assert back.boxes.equals(part.boxes)


def test_a_copied_box_is_a_new_one(edit: Any, part: Dataset, tmp_path: Path) -> None:
    edit(20, lambda boxes: boxes.append(boxes[0].copy()))
    _, back, log = _bring("mended", tmp_path)
    assert [change["what"] for change in log["changes"]] == ["added"]
    assert back.boxes["box_id"].n_unique() == 7


def test_boxes_outside_are_clipped_or_dropped(edit: Any, part: Dataset, tmp_path: Path) -> None:
    def spoil(boxes: list[Any]) -> None:
        boxes[0].bounding_box = [0.75, 0.5, 0.5, 0.25]
        boxes[1].bounding_box = [1.5, 0.5, 0.5, 0.25]

    edit(0, spoil)
    _, back, log = _bring("mended", tmp_path)
    assert log["counts"] == {"clipped": 1, "dropped": 1, "moved": 1}
    by = {change["what"]: change for change in log["changes"]}
    assert (by["clipped"]["old"], by["clipped"]["new"]) == ([48, 24, 80, 36], [48, 24, 64, 36])
    assert by["moved"]["new"] == [48, 24, 64, 36]
    assert by["dropped"]["old"] == [96, 24, 128, 36]
    assert back.boxes.filter(image_id=0).select("xmin", "ymin", "xmax", "ymax", "area_px2").rows() == [
        (48, 24, 64, 36, 192)
    ]


def test_frames_and_facts_are_logged(fo: Any, edit: Any, part: Dataset, tmp_path: Path) -> None:
    made = edit.made
    made.delete_samples([made.one(fo.ViewField("image_id") == 60).id])
    sample = made.one(fo.ViewField("image_id") == 0)
    sample["camera"] = "stern"
    sample.ground_truth.detections[0].iscrowd = True
    sample.save()
    _, back, log = _bring("mended", tmp_path)
    told = [(change["what"], change["image"], change.get("note", "")) for change in log["changes"]]
    assert told == [
        ("crowd", "0000000.jpg", "iscrowd: False → True"),
        ("frame changed", "0000000.jpg", "camera: bow → stern"),
        ("frame deleted", "0000060.jpg", "with 3 boxes"),
    ]
    assert back.images["image_id"].to_list() == [0, 20, 40]
    assert back.images["camera"].to_list() == ["stern", "bow", None]
    assert back.boxes["iscrowd"].to_list() == [True, False, False]


def test_other_labels_need_a_word(edit: Any, part: Dataset, tmp_path: Path) -> None:
    edit(0, lambda boxes: setattr(boxes[0], "label", "buoy"))
    with pytest.raises(FrameError, match=r"0000000.jpg: unknown class 'buoy'"):
        _bring("mended", tmp_path)
    assert not list(tmp_path.iterdir())
    _, back, log = _bring("mended", tmp_path, classes={"buoy": ""})
    assert [change["what"] for change in log["changes"]] == ["deleted"]
    assert back.boxes.height == 5


def test_nothing_is_overwritten(edit: Any, tmp_path: Path) -> None:
    (tmp_path / "fixed.changes.json").write_text("mine")
    with pytest.raises(ConfigError, match=r"fixed.changes.json: exists; choose another --out"):
        import_labels("mended", tmp_path / "fixed.json")
    with pytest.raises(ConfigError, match=r"is no name for a COCO file"):
        import_labels("mended", tmp_path / "fixed.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["fixed.changes.json"]


def test_names_that_are_not_there(fo: Any, edit: Any, tmp_path: Path) -> None:
    with pytest.raises(WutdetError, match=r"FiftyOne has no dataset 'mendde'; choose from: .*mended"):
        import_labels("mendde", tmp_path / "fixed.json")
    fo.Dataset("not ours", overwrite=True)
    with pytest.raises(WutdetError, match=r"'not ours' was not made by wutdet; load its labels with"):
        import_labels("not ours", tmp_path / "fixed.json")


def test_a_dataset_with_a_run_comes_back_as_well(fo: Any, tiny_part: Dataset, weather_run: Any, tmp_path: Path) -> None:
    to_fiftyone(tiny_part, "with run", run=weather_run.out, persistent=False)
    import_labels("with run", tmp_path / "labels.json")
    frames = tiny_part.split("train")
    assert (tmp_path / "labels.json").read_bytes() == encode_coco(frames.images, frames.boxes)


def test_frames_that_a_run_is_not_of_are_counted(
    fo: Any, tiny_part: Dataset, weather_run: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = to_fiftyone(tiny_part, "of a run", run=weather_run.out, persistent=False)
    shown = len(tiny_part.split("train"))
    assert (made.info["frames_of_data"], made.info["frames_shown"]) == (40, shown)
    made.delete_samples([made.first().id])  # by hand: it is in the log of changes, and was shown
    out = tmp_path / "labels.json"
    verb("of a run", out)
    said, *_ = capsys.readouterr().err.splitlines()
    lost = f"{out} lacks {40 - shown} of the 40 frames of the data: "
    assert said == lost + "'of a run' was made with --run, of the run's frames alone; browse without --run shows all"
    log = json.loads((tmp_path / "labels.changes.json").read_text())
    assert (log["frames"], log["frames_of_data"], log["frames_not_shown"]) == (shown - 1, 40, 40 - shown)
    assert 0 < shown < 40


def test_frames_are_not_missed_where_all_are_shown(
    edit: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verb("mended", tmp_path / "all.json")
    assert "lacks" not in capsys.readouterr().err
    del edit.made.info["frames_of_data"]  # as of a dataset that was made before this was kept
    edit.made.save()
    verb("mended", tmp_path / "older.json")
    assert "lacks" not in capsys.readouterr().err
    log = json.loads((tmp_path / "older.changes.json").read_text())
    assert (log["frames_of_data"], log["frames_not_shown"]) == (None, 0)
