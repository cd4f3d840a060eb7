"""Label documents, without a database."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wutdet.browse import prediction_field
from wutdet.browse.given_evidence import evidence_of_detections
from wutdet.browse.labels import LabelTable, detection_columns, ground_truth_table, new_ids, ship_columns
from wutdet.dataset import Dataset
from wutdet.sizes import default_edges_px

_WIDTH, _HEIGHT, _FRAME = 120, 90, 20  # a frame of the part

rows = st.lists(st.tuples(*[st.floats(-5000, 5000) for _ in range(4)], st.floats(0, 1)), max_size=6)


@pytest.mark.parametrize(
    ("scenario", "field"),
    [
        ("clear", "predictions_clear"),
        ("fog:3", "predictions_fog_3"),
        ("fog:2+lowlight:3", "predictions_fog_2_lowlight_3"),
    ],
)
def test_prediction_field_names_the_scenario(scenario: str, field: str) -> None:
    assert prediction_field(scenario) == field


def _table(part: Dataset, found: dict[int, object], shown_from: float) -> LabelTable:
    evidence = evidence_of_detections({"clear": found}, part, min_score=0.5, shown_from=shown_from)
    [cell] = evidence.cells
    ids = new_ids(count().__next__, len(cell.found.scores))
    columns = detection_columns(cell, range(part.boxes.height))
    return LabelTable(part, cell.found, ids, columns, cell.image_ids.tolist())


@given(rows=rows, shown_from=st.floats(0, 1))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_predictions_keep_geometry_and_score(
    rows: list[tuple[float, ...]], shown_from: float, part: Dataset, found: Callable[..., object]
) -> None:
    ships = _table(part, {_FRAME: found(*rows)}, shown_from).of(_FRAME)["detections"]
    kept = [row for row in rows if row[4] >= min(shown_from, 0.5)]
    assert [ship["confidence"] for ship in ships] == [row[4] for row in kept]
    assert len({ship["_id"] for ship in ships}) == len(kept)
    for ship, row in zip(ships, kept, strict=True):
        x, y, w, h = np.multiply(ship["bounding_box"], (_WIDTH, _HEIGHT, _WIDTH, _HEIGHT))
        np.testing.assert_allclose((x, y, x + w, y + h), row[:4], rtol=0, atol=1e-6)


def test_detections_of_other_frames_are_left_out(part: Dataset, found: Callable[..., object]) -> None:
    table = _table(part, {7: found((0, 0, 9, 9, 0.9)), _FRAME: found()}, 0)
    assert [table.of(image_id) for image_id in (0, 40, 60)] == [None] * 3
    assert table.of(_FRAME)["detections"] == []


def test_ground_truth_names_the_size_bin(part: Dataset) -> None:
    table = ground_truth_table(part, range(part.boxes.height), ship_columns(part, default_edges_px()))
    bins = {image_id: [ship["size_bin"] for ship in table.of(image_id)["detections"]] for image_id in (0, 20, 40, 60)}
    assert bins == {0: ["8-16", "32-96"], 20: ["<8"], 40: [], 60: [">96", "32-96", "16-32"]}
