"""What a run has cost as a table, and what of it survives a scoring."""

from __future__ import annotations

import io
import json

from rich.console import Console

import wutdet
from wutdet.benchmark.cost import cost_of
from wutdet.benchmark.frame_work import Seconds
from wutdet.benchmark.record import read_cost
from wutdet.detectors import DetectorInfo, InferenceProtocol
from wutdet.report.cost_table import rich_costs
from wutdet.scoring.measure import Settings

STAGED = cost_of([Seconds(0.006, 0.084, 0.5, 0.05, 0.4, 0.05)] * 3, cells=5)
SILENT = cost_of([Seconds(0.006, 0.084, 0.5)] * 3, cells=5)
NET = DetectorInfo(name="net.pt", parameters=2_590_000, gflops=6.44, protocol=InferenceProtocol(imgsz=960))


def printed(known) -> str:
    console = Console(width=100, file=io.StringIO(), markup=False)
    console.print(rich_costs(known))
    return console.file.getvalue()


def test_every_stage_has_its_median_and_its_95th_percentile():
    text = printed({"net.pt": (NET, STAGED)})
    assert "detect" not in text  # the sum of three that stand there
    row = next(line for line in text.splitlines() if line.startswith("net.pt")).split()
    expected = [
        "960",
        "2.6",
        "6.4",
        "6.0",
        "(6)",
        "84.0",
        "(84)",
        "10.0",
        "(10)",
        "80.0",
        "(80)",
        "10.0",
        "(10)",
        "10.0",
    ]
    assert row[1:-1] == expected


def test_slow_stages_break_no_heading_inside_a_word():
    slow = cost_of([Seconds(0.0123, 0.4025, 9.0, 0.05, 0.6226, 0.0036)] * 3, cells=5)
    text = printed({"yolo11n-shore.pt": (NET, slow)})
    heads = text[: text.index("─")].split()
    stages = ["pre-", "post-", "decode", "render", "process", "infer", "process", "pictures"]
    assert heads == [*stages, "cost", "px", "M", "par.", "GFLOPs", "ms", "ms", "ms", "ms", "ms", "/s", "MB"]
    assert "402 (402)" in text
    assert "125 (125)" in text  # a picture: 0.6226 s for five
    assert max(map(len, text.splitlines())) <= 100


def test_what_is_not_told_is_a_dash_and_a_column_of_dashes_is_left_out():
    both = printed({"a name that is longer than most are": (NET, STAGED), "own": (DetectorInfo(name="own"), SILENT)})
    own = next(line for line in both.splitlines() if line.startswith("own"))
    assert own.split()[1:4] == ["—", "—", "—"]
    assert " 100 " in own
    assert max(map(len, both.splitlines())) <= 100
    alone = printed({"own": (DetectorInfo(name="own"), SILENT)})
    assert "GFLOPs" not in alone
    assert "GPU" not in alone


def test_a_run_that_is_scored_anew_keeps_what_it_has_cost(tiny_part, tmp_path):
    import blobs

    def run(level):
        out = wutdet.benchmark(
            blobs.make(), tiny_part.split("val"), out=tmp_path / "r", scenarios="fog:1", scoring=Settings(level=level)
        ).out
        return json.loads((out / "manifest.json").read_text())["measured"], read_cost(out)

    first, cost = run(None)
    assert first["frames"] == cost.frames == len(tiny_part.split("val"))
    assert run(0.9) == (first, cost)


def test_a_folder_without_a_manifest_has_no_cost(tmp_path):
    assert read_cost(tmp_path) is None
