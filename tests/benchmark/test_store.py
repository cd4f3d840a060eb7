import os
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wutdet.benchmark.detection_files import write_cells
from wutdet.benchmark.store import FrameResult, Store, cell_file_stem, cell_result, read_detections
from wutdet.detectors import Detections
from wutdet.errors import DataError

finite = st.floats(0, 4000, allow_nan=False)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(finite, finite, finite, finite, st.floats(0, 1)), max_size=20))
def test_what_is_stored_is_what_the_file_says(tmp_path_factory, rows):
    table = np.array(rows, float).reshape(-1, 5)
    xyxy = np.concatenate([table[:, :2], table[:, :2] + table[:, 2:4]], axis=1)
    found = Detections(xyxy, table[:, 4])
    result = cell_result(found, np.empty(0), np.empty(0))
    folder = tmp_path_factory.mktemp("store")
    store = Store(folder)
    frame = FrameResult(7, "given", (20.0, 21.0), "", [result])
    store.write(0, [frame])
    assert store.read(0) == [frame]
    [path] = write_cells(folder, ["fog:3"], [frame])
    columns = read_detections(path)
    assert columns.image_ids.tolist() == [7] * len(rows)
    np.testing.assert_array_equal(columns.xywh, np.array(result.xywh).reshape(-1, 4))
    np.testing.assert_array_equal(columns.scores, np.array(result.scores))
    np.testing.assert_allclose(columns.xywh, np.c_[table[:, :2], xyxy[:, 2:] - xyxy[:, :2]], atol=5.1e-4)


def test_a_damaged_shard_is_named_with_the_remedy(tmp_path):
    store = Store(tmp_path)
    store.write(0, [])
    path = next((tmp_path / "shards").iterdir())
    path.write_bytes(b"\xc1")
    with pytest.raises(DataError, match=r"damaged shard; delete it"):
        store.read(0)


def test_cell_files_have_names_that_every_file_system_takes():
    assert cell_file_stem("fog:2+lowlight:3") == "fog_2+lowlight_3"


def test_a_store_that_is_only_read_makes_no_folders(tmp_path):
    assert not Store(tmp_path).has(0)
    with pytest.raises(DataError, match="damaged shard"):
        Store(tmp_path).read(0)
    assert os.listdir(tmp_path) == []


def test_the_first_shard_that_is_written_sweeps_what_kills_left_and_no_living_job_s_file(tmp_path):
    (tmp_path / "shards").mkdir()
    old, young = ".000000.msgpack.1a.part", ".000001.msgpack.1b.part"
    for folder in (tmp_path, tmp_path / "shards"):
        for name in (old, young):
            (folder / name).write_bytes(b"half")
        os.utime(folder / old, (time.time() - 90_000,) * 2)
    Store(tmp_path).write(0, [])
    assert sorted(os.listdir(tmp_path)) == [young, "shards"]
    assert sorted(os.listdir(tmp_path / "shards")) == [young, "000000.msgpack"]
