import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    store = Store(tmp_path_factory.mktemp("store"))
    frame = FrameResult(7, "given", (20.0, 21.0), "", [result])
    store.write(0, [frame])
    assert store.read(0) == [frame]
    columns = read_detections(store.write_cell("fog:3", [frame], 0))
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
