"""What a run has cost: medians without the first frame, detection by the cell, stages only where all are told."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from wutdet.benchmark.cost import cost_of
from wutdet.benchmark.frame_work import Seconds


def test_the_first_frame_warms_up_and_detection_is_by_the_cell() -> None:
    times = [Seconds(9.0, 9.0, 90.0), *(Seconds(0.01 * n, 0.2, 0.5) for n in range(1, 101))]
    cost = cost_of(times, cells=5)
    assert (cost.frames, cost.warm_up, cost.cells) == (101, 1, 5)
    assert set(cost.stages) == {"decode", "render", "detect"}
    decode = cost.stages["decode"]
    assert (decode.per, decode.median_ms, decode.p95_ms) == ("frame", 505.0, pytest.approx(950.5))
    assert decode.total_s == pytest.approx(9.0 + 50.5)
    assert (cost.stages["detect"].per, cost.stages["detect"].median_ms) == ("cell", 100.0)
    assert cost.cells_per_s == pytest.approx(100 * 5 / 50.0)
    assert cost.peak_memory_mb > 10


def test_stages_that_some_frame_does_not_tell_are_left_out() -> None:
    told, silent = Seconds(1, 1, 1, 0.1, 0.8, 0.1), Seconds(1, 1, 1)
    assert set(cost_of([told, told], 2).stages) == {"decode", "render", "detect", "preprocess", "infer", "postprocess"}
    assert cost_of([told, told], 2).stages["infer"].median_ms == 400.0
    assert set(cost_of([told, silent], 2).stages) == {"decode", "render", "detect"}


def test_one_frame_has_times_but_no_rate_and_none_has_nothing() -> None:
    one = cost_of([Seconds(1.0, 1.0, 2.0)], 4)
    assert (one.stages["detect"].median_ms, one.cells_per_s) == (500.0, None)
    assert (cost_of([], 4).stages, cost_of([], 4).frames) == ({}, 0)


def test_ultralytics_tells_its_stages(tiny_weights, tiny_part, tmp_path) -> None:
    import wutdet
    from wutdet.scoring.measure import Settings

    run = wutdet.benchmark(
        tiny_weights, tiny_part.split("val"), out=tmp_path / "r", scenarios="fog:1", scoring=Settings(level=None)
    )
    stages = json.loads((run.out / "manifest.json").read_text())["measured"]["stages"]
    parts = [stages[name]["total_s"] for name in ("preprocess", "infer", "postprocess")]
    assert all(part > 0 for part in parts)
    assert sum(parts) <= stages["detect"]["total_s"] + 0.01


@pytest.mark.parametrize(("platform", "told", "megabytes"), [("linux", 2_000_000, 2048.0), ("darwin", 3_000_000, 3.0)])
def test_memory_is_in_millions_of_bytes(monkeypatch, platform, told, megabytes) -> None:
    """The system tells KiB, but for macOS, which tells bytes."""
    monkeypatch.setattr("resource.getrusage", lambda _who: SimpleNamespace(ru_maxrss=told))
    monkeypatch.setattr("sys.platform", platform)
    assert cost_of([], 4).peak_memory_mb == megabytes
