"""Cells are read and written a few at a time: the memory holds these alone, and no byte of the scores changes."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import msgspec
import numpy as np
import pytest
from blobs import blobs

import wutdet
from wutdet.benchmark import columns
from wutdet.benchmark.columns import DETECTION_BYTES, RecordedShards, cell_groups
from wutdet.benchmark.detection_files import write_cells
from wutdet.benchmark.partial import score_recorded
from wutdet.benchmark.store import CellResult, FrameResult, Store
from wutdet.errors import DataError
from wutdet.scoring.measure import Settings

CELLS, BOXES = 6, 200


def frame(image_id: int, *, skipped: str = "", boxes: int = BOXES) -> FrameResult:
    """Numbers that tell the frame and the cell they are of; in each cell two ships."""
    if skipped:
        return FrameResult(image_id, "", (0.0, 0.0), skipped, [])
    cells = [
        CellResult(
            [(image_id + 0.5, float(cell), float(box), 1.0) for box in range(boxes)],
            [(1000 - box) / 1000 for box in range(boxes)],
            [image_id / 100, 0.25],
            [image_id / 1000, cell / 10],
        )
        for cell in range(CELLS)
    ]
    return FrameResult(image_id, "found", (10.0 + image_id, 20.0), "", cells)


def recorded(folder: Path, shards: int) -> Store:
    folder.mkdir()
    store = Store(folder)
    for shard in range(shards):
        store.write(shard, [frame(8 * shard + place) for place in range(8)])
    return store


def peak_bytes(work) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_columns_are_what_the_frames_say_by_rising_image_id(tmp_path):
    store = Store(tmp_path)
    store.write(0, [frame(7, boxes=2), frame(9, skipped="cut short")])
    store.write(2, [frame(3, boxes=1), frame(5, boxes=0)])
    shards = RecordedShards(store, [0, 2], CELLS)
    assert shards.frames.image_ids.tolist() == [3, 5, 7]
    assert shards.frames.horizon_px.tolist() == [[13, 20], [15, 20], [17, 20]]
    assert (shards.frames.horizon_sources, shards.frames.skipped) == (("found",) * 3, ("cut short",))
    assert shards.at_once == CELLS
    last, first = shards.cells([5, 0])
    assert last.found.image_ids.tolist() == [3, 7, 7]
    assert last.found.xywh.tolist() == [[3.5, 5, 0, 1], [7.5, 5, 0, 1], [7.5, 5, 1, 1]]
    assert last.found.scores.tolist() == [1, 1, 0.999]
    assert last.transmittance.tolist() == [0.03, 0.25, 0.05, 0.25, 0.07, 0.25]
    assert last.contrast.tolist() == [0.003, 0.5, 0.005, 0.5, 0.007, 0.5]
    assert first.found.xywh[:, 1].tolist() == [0, 0, 0]


def test_the_memory_holds_the_cells_that_are_asked_for_alone(tmp_path):
    """What more shards add: the columns of one cell of six, and an eighth, by which arrays grow ahead."""
    few, many = recorded(tmp_path / "few", 4), recorded(tmp_path / "many", 24)
    peaks = [
        peak_bytes(lambda store=store, count=count: RecordedShards(store, range(count), CELLS).cells([3]))
        for store, count in ((few, 4), (many, 24))
    ]
    assert peaks[1] - peaks[0] < 1.3 * DETECTION_BYTES * 20 * 8 * BOXES


def test_files_are_written_frame_by_frame(tmp_path):
    store = recorded(tmp_path / "run", 24)
    names = [f"fog:{number}" for number in range(CELLS)]
    few, many = (
        peak_bytes(lambda count=count: write_cells(tmp_path / "run", names, store.frames(count))) for count in (4, 24)
    )
    assert many < 1.1 * few
    entries = json.loads((tmp_path / "run/detections/fog_2.json").read_text())
    assert len(entries) == 24 * 8 * BOXES
    assert entries[-1] == {"image_id": 191, "category_id": 1, "bbox": [191.5, 2, BOXES - 1, 1], "score": 0.801}
    assert not list((tmp_path / "run/detections").glob(".*"))


def test_a_file_without_detections_and_one_that_fails(tmp_path):
    [empty] = write_cells(tmp_path, ["clear"], [frame(1, skipped="bad")])
    assert json.loads(empty.read_text()) == []

    def failing():
        yield frame(1)
        raise DataError("damaged shard", remedy="none")

    with pytest.raises(DataError):
        write_cells(tmp_path, [f"fog:{number}" for number in range(CELLS)], failing())
    assert [path.name for path in (tmp_path / "detections").iterdir()] == ["clear.json"]


@pytest.mark.parametrize("damage", [b"\xc1", msgspec.msgpack.encode([[1, "found", [0.0, 0.0], "", ["no cell"]]])])
def test_damage_is_one_line_wherever_it_is(tmp_path, damage):
    store = recorded(tmp_path / "run", 1)
    next((tmp_path / "run/shards").iterdir()).write_bytes(damage)
    for place in (0, CELLS - 1):
        with pytest.raises(DataError, match="damaged shard; delete it and run the benchmark again"):
            RecordedShards(store, [0], CELLS).cells([place])


def test_groups_of_cells():
    assert [list(group) for group in cell_groups([2, 0, 1], 2)] == [[2, 0], [1]]
    assert [list(group) for group in cell_groups(range(3), 9)] == [[0, 1, 2]]


def test_cells_scored_one_by_one_give_the_same_bytes(tiny_part, tmp_path, monkeypatch):
    settings = Settings(replicates=30, ignore_below=0.02)
    train = tiny_part.split("train")
    options = {"scenarios": "fog:3,clear,rain:2", "scoring": settings}
    together = wutdet.benchmark(blobs, train, out=tmp_path / "a", **options)
    asked = []
    cells = RecordedShards.cells
    monkeypatch.setattr(columns, "_AT_ONCE_BYTES", 1.0)
    monkeypatch.setattr(RecordedShards, "cells", lambda self, places: asked.append(list(places)) or cells(self, places))
    apart = wutdet.benchmark(blobs, train, out=tmp_path / "b", **options)
    first = apart.scores.cells[0]
    assert sorted(asked) == [[0], [1], [2]]
    assert any(line.startswith("ignored, with less contrast than 0.02 left: ") for line in first.warnings)
    assert np.isfinite(apart.scores.cell("fog:3").operating["recall@clear_fppi=0.1,iou=0.3"])
    for name in ("scores.json", "replicates.npz"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert score_recorded(tmp_path / "b", tiny_part, settings).scores == together.scores
