from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from builders import write_voc
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO

from wutdet import load
from wutdet.dataset import Dataset
from wutdet.dataset.tables import BoxRecord, FrameRecord, build_tables

MICRO = 10**6  # canonical boxes are rounded to a millionth of a pixel
maybe_text = st.none() | st.text(max_size=8)
share = st.none() | st.floats(0, 1)


@st.composite
def boxes_in(draw: st.DrawFn, width: int, height: int) -> BoxRecord:
    def interval(side: int) -> tuple[float, float]:
        low = draw(st.integers(0, side * MICRO - 1) | st.integers(0, side - 1).map(lambda px: px * MICRO))
        high = draw(st.integers(low + 1, side * MICRO) | st.just(side * MICRO))
        return low / MICRO, high / MICRO

    (xmin, xmax), (ymin, ymax) = interval(width), interval(height)
    return BoxRecord(
        xmin,
        ymin,
        xmax,
        ymax,
        area_px2=draw(st.floats(0, 1e12) | st.just(1e300)),
        iscrowd=draw(st.booleans()),
        transmittance=draw(share),
        contrast=draw(share),
    )


@st.composite
def frames(draw: st.DrawFn) -> list[FrameRecord]:
    numeric = st.integers(0, 9999).map(lambda number: f"{number:04d}.jpg")
    worded = st.sampled_from(["a.jpg", "b.png", "day 2/a.jpg", "été.jpg", "x.y.jpg"])
    names = draw(st.lists(numeric | worded, unique=True, min_size=1, max_size=5))
    found = []
    for name in names:
        width, height = draw(st.tuples(st.integers(1, 4000), st.integers(1, 4000)))
        found.append(
            FrameRecord(
                name,
                width,
                height,
                tuple(draw(st.lists(boxes_in(width, height), max_size=4))),
                splits=tuple(sorted(draw(st.sets(st.sampled_from(["train", "val", "fold 1"]), max_size=2)))),
                camera=draw(maybe_text),
                sequence=draw(maybe_text),
                scene=draw(maybe_text),
                condition=draw(maybe_text),
                scenario=draw(maybe_text),
                horizon_row=draw(st.none() | st.floats(-1e4, 1e4) | st.just(1e300)),
            )
        )
    return found


def dataset_of(records: list[FrameRecord]) -> Dataset:
    return Dataset(*build_tables(records), Path(), "made")


def written(dataset: Dataset, out: Path) -> dict[str, bytes]:
    return {split: path.read_bytes() for split, path in dataset.to_coco(out).items()}


@settings(max_examples=120, deadline=None)
@given(records=frames())
def test_what_is_written_reads_back_and_writes_the_same_bytes(records: list[FrameRecord]) -> None:
    first = dataset_of(records)
    with TemporaryDirectory() as folder:
        before = written(first, Path(folder) / "once")
        again = load(Path(folder) / "once")
        after = written(again, Path(folder) / "twice")
    assert before == after
    assert again.images.equals(first.images)
    assert again.boxes.drop("xmax", "ymax").equals(first.boxes.drop("xmax", "ymax"))
    for edge in ("xmax", "ymax"):
        assert again.boxes[edge].to_list() == pytest.approx(first.boxes[edge].to_list(), abs=1e-6)
    assert again.sha256 == load_sha(again)


def load_sha(dataset: Dataset) -> str:
    """The hash of the same tables in another object: it depends on nothing else."""
    return Dataset(dataset.images, dataset.boxes, Path("elsewhere"), "other").sha256


def test_the_canonical_file_to_the_letter(tmp_path: Path) -> None:
    records = [
        FrameRecord("0020.jpg", 64, 48, (), splits=("val",)),
        FrameRecord(
            "0001.jpg",
            64,
            48,
            (BoxRecord(1, 2, 4.5, 8, area_px2=21, contrast=0.25), BoxRecord(0, 0, 1, 1, area_px2=1, iscrowd=True)),
            splits=("val",),
            camera="bow",
            horizon_row=20,
        ),
    ]
    [path] = dataset_of(records).to_coco(tmp_path).values()
    assert path == tmp_path / "annotations" / "instances_val.json"
    assert path.read_text() == (
        '{"info":{"description":"ships as COCO, boxes in native pixels"},\n'
        '"images":[\n'
        '{"id":1,"file_name":"0001.jpg","width":64,"height":48,"camera":"bow","horizon_row":20},\n'
        '{"id":20,"file_name":"0020.jpg","width":64,"height":48}\n'
        "],\n"
        '"annotations":[\n'
        '{"id":1,"image_id":1,"category_id":1,"iscrowd":0,"bbox":[1,2,3.5,6],"area":21,"contrast":0.25},\n'
        '{"id":2,"image_id":1,"category_id":1,"iscrowd":1,"bbox":[0,0,1,1],"area":1}\n'
        "],\n"
        '"categories":[{"id":1,"name":"ship","supercategory":"vessel"}]}\n'
    )


def test_each_split_is_a_file_and_the_rest_is_unsplit(tmp_path: Path) -> None:
    ship = (BoxRecord(1, 2, 4, 8, area_px2=18),)
    records = [
        FrameRecord("1.jpg", 64, 48, ship, splits=("train",)),
        FrameRecord("2.jpg", 64, 48, ship, splits=("train", "val")),
        FrameRecord("3.jpg", 64, 48, ship),
    ]
    files = dataset_of(records).to_coco(tmp_path / "split")
    members = {
        split: [image["id"] for image in json.loads(path.read_text())["images"]] for split, path in files.items()
    }
    assert members == {"train": [1, 2], "val": [2], "unsplit": [3]}
    boxes = {
        split: [box["image_id"] for box in json.loads(path.read_text())["annotations"]] for split, path in files.items()
    }
    assert boxes == members
    assert load(tmp_path / "split").images["splits"].to_list() == [["train"], ["train", "val"], []]
    assert list(dataset_of(records[2:]).to_coco(tmp_path / "whole")) == ["all"]
    assert load(files["val"]).splits == {"val": 1}


def test_pycocotools_sees_the_same_boxes(voc_part: Path, tmp_path: Path) -> None:
    dataset = load(voc_part).split("train")
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(dataset.to_coco(tmp_path)["train"]))
    assert coco.loadCats(coco.getCatIds()) == [{"id": 1, "name": "ship", "supercategory": "vessel"}]
    assert sorted(coco.getImgIds()) == [0, 20]
    for frame in dataset:
        entries = coco.loadAnns(coco.getAnnIds(imgIds=frame.image_id))
        assert [entry["bbox"] for entry in entries] == [
            [xmin, ymin, xmax - xmin, ymax - ymin] for xmin, ymin, xmax, ymax in frame.boxes.tolist()
        ]
        assert [entry["area"] for entry in entries] == [entry["bbox"][2] * entry["bbox"][3] for entry in entries]


def test_a_width_is_written_without_the_noise_of_a_subtraction(tmp_path: Path) -> None:
    assert 0.3 - 0.1 != 0.2
    record = FrameRecord("1.jpg", 64, 48, (BoxRecord(0.1, 0.1, 0.3, 0.3, area_px2=0.04),))
    [path] = dataset_of([record]).to_coco(tmp_path).values()
    assert '"bbox":[0.1,0.1,0.2,0.2],' in path.read_text()


@pytest.mark.parametrize("on_voc", [True, False])
def test_equal_labels_have_equal_hashes_in_any_layout(tmp_path: Path, on_voc: bool) -> None:
    part = load(write_voc(tmp_path / "part", {"1": [(1, 1, 9, 9)], "2": []}, splits={"val": ["1", "2"]}))
    other: Any = part
    if not on_voc:
        part.to_coco(tmp_path / "coco")
        other = load(tmp_path / "coco")
    assert other.sha256 == part.sha256
    moved = write_voc(tmp_path / "moved", {"1": [(1, 1, 9, 8)], "2": []}, splits={"val": ["1", "2"]})
    assert load(moved).sha256 != part.sha256
