"""Size bins in FiftyOne are those of the scores: of the labels' areas, in the run's bins."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wutdet
from wutdet.browse import to_fiftyone
from wutdet.browse.labels import size_bins
from wutdet.dataset import Dataset
from wutdet.detectors import Detections
from wutdet.scoring.measure import Settings
from wutdet.sizes import bin_ranges

edges = st.lists(st.floats(0.5, 200), min_size=1, max_size=5, unique=True).map(lambda sides: tuple(sorted(sides)))


@given(edges_px=edges, areas=st.lists(st.floats(0, 1e5), max_size=9))
def test_bins_are_the_ranges_of_the_scores(edges_px: tuple[float, ...], areas: list[float]) -> None:
    """On the borders too."""
    borders = [side for edge in edges_px for side in (edge**2, np.nextafter(edge**2, 0), np.nextafter(edge**2, 1e9))]
    area_px2 = [*areas, *borders]
    ranges = bin_ranges(edges_px)
    wanted = [[one.name for one in ranges if one.low_px2 <= area <= one.high_px2] for area in area_px2]
    assert [[name] for name in size_bins(np.array(area_px2), edges_px)] == wanted


@pytest.fixture
def masked(tiny_part: Dataset) -> Dataset:
    """Five frames whose ships have areas as COCO has them of masks: about half of their boxes."""
    part = replace(tiny_part.split("val"), split_name="all")
    return replace(part, boxes=part.boxes.with_columns(area_px2=0.55 * pl.col("area_px2")))


def _nothing(views: Any) -> list[Detections]:
    return [Detections(np.empty((0, 4)), np.empty(0)) for _ in views]


def test_bins_of_a_run_are_those_of_its_scores(fo: Any, masked: Dataset, tmp_path: Path) -> None:
    settings = Settings(level=None, edges_px=(5.5, 9.0, 20.0))
    run = wutdet.benchmark(_nothing, masked, out=tmp_path / "run", scenarios="clear", scoring=settings)
    scored = {name: item.ships for name, item in run.scores.cell("clear").bins.items() if item.ships}
    made = to_fiftyone(masked, "run bins", run=run.out, persistent=False)
    assert made.count_values("ground_truth.detections.size_bin") == scored
    assert len(scored) >= 3
    small = made.load_saved_view("small ships").count("ground_truth.detections")
    assert small == masked.boxes.filter(pl.col("area_px2") < 1024).height


def test_bins_without_a_run_are_those_of_info(fo: Any, masked: Dataset) -> None:
    made = to_fiftyone(masked, "plain bins", persistent=False)
    known = {name: count for name, count in masked.info().size_bins.items() if count}
    assert made.count_values("ground_truth.detections.size_bin") == known
    boxes = masked.boxes
    own = ((boxes["xmax"] - boxes["xmin"]) * (boxes["ymax"] - boxes["ymin"])).to_numpy()
    of_boxes = size_bins(own, (8.0, 16.0, 32.0, 96.0))
    assert {name: of_boxes.count(name) for name in set(of_boxes)} != known  # else nothing is told apart here
