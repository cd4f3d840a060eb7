from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import jpeg_bytes, jpeg_of, write_voc
from exchange import on_disk

from wutdet.dataset import Dataset, load
from wutdet.dataset import huggingface as ours
from wutdet.dataset.convert import convert
from wutdet.dataset.huggingface import to_huggingface, write_huggingface
from wutdet.dataset.huggingface_reader import from_huggingface
from wutdet.dataset.tables import BoxRecord, FrameRecord
from wutdet.errors import DataError, FrameError, MissingExtraError

pytest.importorskip("pyarrow")


@pytest.fixture(scope="module")
def hf(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The module `datasets`, offline, with every cache in a folder of the test's own."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("huggingface")
        for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK"):
            patch.setenv(name, "1")
        patch.setenv("HF_HOME", str(home))
        module = pytest.importorskip("datasets")
        patch.setattr(module.config, "HF_DATASETS_CACHE", home / "datasets")
        patch.setattr(module.config, "HF_HUB_OFFLINE", True)
        module.disable_progress_bars()
        yield module


def opened(hf: Any, out: Path, tmp_path: Path) -> Any:
    return hf.load_dataset(str(out), cache_dir=str(tmp_path / "cache"))


def full(folder: Path) -> Dataset:
    """Every field said once, with fractions; a frame in two splits, one in none, one without ships."""
    boxes = (
        BoxRecord(0.5, 1.25, 10, 5.75, area_px2=9.5, box_id=70, iscrowd=True, transmittance=0.25),
        BoxRecord(1, 1, 5, 5, area_px2=16, box_id=60, contrast=0.5),
    )
    records = [
        FrameRecord("day 2/a.jpg", 64, 48, boxes, ("train", "val"), 30, "bow", "007", "port", "fog", "fog:3", 20.5),
        FrameRecord("b.jpg", 64, 48, (BoxRecord(2, 2, 9, 9, area_px2=49, box_id=5),), image_id=10),
        FrameRecord("c.jpg", 64, 48, (), ("val",), image_id=20),
    ]
    dataset = on_disk(records, folder)
    for number, record in enumerate(records):
        (folder / record.file_name).write_bytes(jpeg_bytes(rgb=(220, 20, number)))
    return dataset


def test_what_is_written_loads_offline_with_equal_boxes_and_identical_images(hf: Any, tmp_path: Path) -> None:
    dataset = full(tmp_path / "images")
    assert write_huggingface(dataset, tmp_path / "out") == tmp_path / "out"
    found = opened(hf, tmp_path / "out", tmp_path)
    assert {split: part["image_id"][:] for split, part in found.items()} == {
        "train": [30],
        "val": [20, 30],
        "unsplit": [10],
    }
    row = found["train"][0]
    image = row.pop("image")
    assert np.array_equal(np.asarray(image)[..., 0] > 200, np.ones((48, 64), bool))  # red is the first channel
    expected = {
        "image_id": 30,
        "file_name": "day 2/a.jpg",
        "width": 64,
        "height": 48,
        "objects": {
            "id": [60, 70],
            "bbox": [[1, 1, 4, 4], [0.5, 1.25, 9.5, 4.5]],
            "category": [0, 0],
            "area": [16, 9.5],
            "iscrowd": [False, True],
            "transmittance": [None, 0.25],
            "contrast": [0.5, None],
        },
        "camera": "bow",
        "sequence": "007",
        "scene": "port",
        "condition": "fog",
        "scenario": "fog:3",
        "horizon_row": 20.5,
    }
    assert {name: row[name] for name in expected} == expected
    assert found["train"].features["objects"]["category"].feature.names == ["ship"]
    assert found["train"].features == ours.features()
    raw = found["val"].cast_column("image", hf.Image(decode=False))
    assert {item["file_name"]: item["image"]["bytes"] for item in raw} == {
        "day 2/a.jpg": jpeg_bytes(rgb=(220, 20, 0)),
        "c.jpg": jpeg_bytes(rgb=(220, 20, 2)),
    }


def test_it_comes_back_whole(hf: Any, tmp_path: Path) -> None:
    dataset = full(tmp_path / "images")
    write_huggingface(dataset, tmp_path / "out")
    for number, source in enumerate((to_huggingface(dataset), opened(hf, tmp_path / "out", tmp_path))):
        back = from_huggingface(source, tmp_path / f"back{number}")
        assert back.images.equals(dataset.images)
        assert back.boxes.equals(dataset.boxes)
        assert [frame.path.read_bytes() for frame in back] == [frame.path.read_bytes() for frame in dataset]


def test_in_memory_images_stay_on_disk_until_asked_for(hf: Any, voc_part: Path) -> None:
    dataset = load(voc_part)
    found = to_huggingface(dataset)
    assert isinstance(found, hf.DatasetDict)
    assert {split: part.num_rows for split, part in found.items()} == {"train": 2, "val": 2, "unsplit": 1}
    assert found["train"].split == "train"
    raw = found["train"].cast_column("image", hf.Image(decode=False))[0]["image"]
    assert raw == {"bytes": None, "path": str(jpeg_of(voc_part, "0000000"))}
    assert np.array_equal(np.asarray(found["train"][0]["image"]), dataset[0].image)


def test_one_split_or_none_at_all(hf: Any, tmp_path: Path) -> None:
    part = load(write_voc(tmp_path / "part", {"1": [(1, 1, 9, 9)], "2": []}))
    assert list(to_huggingface(part)) == ["unsplit"]
    assert from_huggingface(to_huggingface(part), tmp_path / "back").images.equals(part.images)


def test_shards_are_bounded_and_hold_every_frame_once_in_order(hf: Any, tmp_path: Path) -> None:
    """Room for 40 images of equal size: 70 frames make shards of 40 and 30, the first in row groups of 32 and 8."""
    size = len(jpeg_bytes())
    dataset = load(write_voc(tmp_path / "part", {f"{n:02d}": [(1, 1, n % 60 + 2, 9)] for n in range(70)}))
    steps: list[int] = []
    write_huggingface(dataset, tmp_path / "out", shard_bytes=40 * size, advance=steps.append)
    names = sorted(path.name for path in (tmp_path / "out/data").iterdir())
    assert names == ["unsplit-00000-of-00002.parquet", "unsplit-00001-of-00002.parquet"]
    assert steps == [40, 30]
    import pyarrow.parquet as parquet

    first = parquet.ParquetFile(tmp_path / "out/data" / names[0])
    assert [first.metadata.row_group(n).num_rows for n in range(first.num_row_groups)] == [32, 8]
    found = opened(hf, tmp_path / "out", tmp_path)["unsplit"]
    assert found["image_id"][:] == list(range(70))
    assert [row["objects"]["bbox"][0][2] for row in found] == [n % 60 + 2 for n in range(70)]
    write_huggingface(dataset, tmp_path / "tiny", shard_bytes=1)
    assert len(list((tmp_path / "tiny/data").iterdir())) == 70


def test_the_card_says_where_the_shards_are(tmp_path: Path) -> None:
    dataset = full(tmp_path / "images")
    convert(dataset, tmp_path / "out", to="huggingface", placement="copy")
    card = (tmp_path / "out/README.md").read_text()
    assert card.startswith(
        '---\npretty_name: "made"\ntask_categories:\n  - object-detection\n'
        "configs:\n  - config_name: default\n    data_files:\n"
        "      - split: train\n        path: data/train-*.parquet\n"
        "      - split: val\n        path: data/val-*.parquet\n"
        "      - split: unsplit\n        path: data/unsplit-*.parquet\n---\n"
    )
    assert "3 frames, 3 ships" in card
    assert str(tmp_path) not in card


@pytest.mark.parametrize("split", ["fold 1", "all", "All", "a-b", "..", "a\nb"])
def test_a_split_whose_name_huggingface_refuses_is_said_first(tmp_path: Path, split: str) -> None:
    dataset = on_disk([FrameRecord("a.jpg", 64, 48, (), splits=(split,))], tmp_path / "images")
    with pytest.raises(DataError, match="is no name for a split in HuggingFace; rename it"):
        write_huggingface(dataset, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_missing_image_leaves_no_shard_and_no_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = full(tmp_path / "images")
    (tmp_path / "images/c.jpg").unlink()
    with pytest.raises(FrameError, match=r"c\.jpg: the image is missing"):
        write_huggingface(dataset, tmp_path / "out")
    monkeypatch.setattr(ours, "_size", lambda path: 1)  # it goes while we write
    with pytest.raises(FrameError, match=r"c\.jpg: the image is missing"):
        write_huggingface(dataset, tmp_path / "later")
    assert [path.name for path in (tmp_path / "later/data").iterdir()] == ["train-00000-of-00001.parquet"]
    assert not (tmp_path / "later/README.md").exists()


def test_nothing_at_all_is_refused(voc_part: Path, tmp_path: Path) -> None:
    import polars as pl

    with pytest.raises(DataError, match="holds no frame"):
        write_huggingface(load(voc_part).filter(pl.col("image_id") < 0), tmp_path / "out")


def foreign(hf: Any, **changes: Any) -> Any:
    """A set of other makers: fewer fields, other classes."""
    ours_features = ours.features()
    objects = {
        "bbox": ours_features["objects"]["bbox"],
        "category": hf.List(hf.ClassLabel(names=["boat", "buoy"])),
    }
    features = {"image": hf.Image(), "width": hf.Value("int64"), "height": hf.Value("int64"), "objects": objects}
    row = {
        "image": {"bytes": jpeg_bytes(), "path": "x.jpg"},
        "width": 64,
        "height": 48,
        "objects": {"bbox": [[1, 2, 3, 4], [5, 6, 7, 8]], "category": [0, 1]},
    }
    row |= changes
    data = {name: [row[name]] for name in features}
    return {"train": hf.Dataset.from_dict(data, features=hf.Features(features))}


def test_a_set_of_other_makers_reads_with_a_class_map(hf: Any, tmp_path: Path) -> None:
    dataset = from_huggingface(foreign(hf), tmp_path / "a", classes={"boat": "ship", "buoy": ""})
    assert dataset[0].boxes.tolist() == [[1, 2, 4, 6]]
    assert dataset.images.select("image_id", "file_name", "splits").rows() == [(1, "x.jpg", ["train"])]
    assert dataset[0].image.shape == (48, 64, 3)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "row 0: unknown class 'boat'"),
        ({"objects": {"bbox": [[1, 2, 300, 4]], "category": [0]}}, "row 0: box .* reaches out of the 64x48 frame"),
        ({"width": 0}, "row 0: impossible image size 0x48"),
        ({"width": None}, "row 0: impossible image size 0x48"),
        ({"image": {"bytes": jpeg_bytes(), "path": ".."}}, "row 0: unsafe file name"),
        ({"image": {"bytes": jpeg_bytes(), "path": None}}, "row 0: unsafe file name ''"),
        ({"image": {"bytes": None, "path": "/nowhere/x.jpg"}}, "row 0: its image is not there"),
    ],
)
def test_a_bad_row_is_one_line(hf: Any, tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    classes = {"boat": "ship", "buoy": ""} if changes else {}
    with pytest.raises(FrameError, match=said):
        from_huggingface(foreign(hf, **changes), tmp_path / "out", classes=classes)


def test_missing_fields_are_named(hf: Any, tmp_path: Path) -> None:
    flat = {"train": hf.Dataset.from_dict({"image": ["x"], "label": [1]})}
    with pytest.raises(DataError, match=r"split train: has no width, height, objects"):
        from_huggingface(flat, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_without_datasets_the_extra_is_named(voc_part: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    for attempt in (to_huggingface, lambda dataset: write_huggingface(dataset, tmp_path / "out")):
        with pytest.raises(MissingExtraError, match=r"pip install 'wutdet\[exchange\]'"):
            attempt(load(voc_part))
    assert not (tmp_path / "out").exists()
