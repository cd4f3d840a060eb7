"""Label documents, without a database."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wutdet.browse import prediction_field
from wutdet.browse.labels import ground_truth_documents, prediction_documents
from wutdet.dataset import Dataset

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


@given(rows=rows, min_score=st.floats(0, 1))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_predictions_keep_geometry_and_score(
    rows: list[tuple[float, ...]], min_score: float, part: Dataset, found: Callable[..., object]
) -> None:
    ids = count()
    made = dict(prediction_documents(part, {_FRAME: found(*rows)}, lambda: next(ids), min_score=min_score))
    assert list(made) == [_FRAME]
    kept = [row for row in rows if row[4] >= min_score]
    ships = made[_FRAME]["detections"]
    assert [ship["confidence"] for ship in ships] == [row[4] for row in kept]
    assert len({ship["_id"] for ship in ships}) == len(kept)
    for ship, row in zip(ships, kept, strict=True):
        x, y, w, h = np.multiply(ship["bounding_box"], (_WIDTH, _HEIGHT, _WIDTH, _HEIGHT))
        np.testing.assert_allclose((x, y, x + w, y + h), row[:4], rtol=0, atol=1e-6)


def test_detections_of_other_frames_are_left_out(part: Dataset, found: Callable[..., object]) -> None:
    made = prediction_documents(part, {7: found((0, 0, 9, 9, 0.9)), _FRAME: found()}, object, min_score=0)
    assert [(image_id, document["detections"]) for image_id, document in made] == [(_FRAME, [])]


def test_ground_truth_names_the_size_bin(part: Dataset) -> None:
    made = dict(ground_truth_documents(part, object))
    bins = {image_id: [ship["size_bin"] for ship in made[image_id]["detections"]] for image_id in made}
    assert bins == {0: ["8-16", "32-96"], 20: ["<8"], 40: [], 60: [">96", "32-96", "16-32"]}
