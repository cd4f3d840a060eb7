"""A matrix: what is run, what is kept, and the tables that come of it."""

from __future__ import annotations

import csv
import dataclasses
import io
import statistics

import msgspec
import pytest

from wutdet.benchmark.matrix import run_matrix
from wutdet.benchmark.matrix_plan import MatrixDetector, MatrixPlan, load_matrix
from wutdet.benchmark.record import read_cost
from wutdet.errors import ConfigError, DataError
from wutdet.report.matrix_table import (
    ScoredRun,
    csv_text,
    latex_text,
    matrix_rows,
    rich_matrix,
    rich_matrix_costs,
    summed_up,
)
from wutdet.scoring.measure import Settings

QUICK = Settings(level=None)
PLAN = MatrixPlan(
    name="two",
    detectors=(
        MatrixDetector(detector="blobs:make", name="blobs_50%"),
        MatrixDetector(baseline="demo", seeds=(0, 1), settings={"epochs": 1, "imgsz": 64, "batch": 8}),
    ),
    scenarios="clear,fog:1,fog:3,rain:2",
    splits=("val", "test"),
)


@pytest.fixture(scope="module")
def done(tiny_part, tmp_path_factory):
    out = tmp_path_factory.mktemp("matrix") / "m"
    return out, run_matrix(PLAN, tiny_part, out, scoring=QUICK)


@pytest.fixture(scope="module")
def scored(done):
    return [
        ScoredRun(item.cell.detector.label, item.cell.seed, item.cell.split, item.run.scores, read_cost(item.run.out))
        for item in done[1]
    ]


def test_every_detector_seed_and_split_has_a_run(done):
    out, runs = done
    assert [item.cell.run for item in runs] == [
        "blobs_50%-val",
        "blobs_50%-test",
        "demo-seed0-val",
        "demo-seed0-test",
        "demo-seed1-val",
        "demo-seed1-test",
    ]
    assert sorted(path.name for path in (out / "models").iterdir()) == ["demo-seed0", "demo-seed1"]
    weights = [(out / "models" / f"demo-seed{seed}" / "weights.pt").read_bytes() for seed in (0, 1)]
    assert weights[0] != weights[1]


def test_what_is_finished_is_not_done_again(done, tiny_part):
    out, runs = done
    kept = [*(out / "models").rglob("weights.pt"), *out.rglob("*.msgpack")]
    times = {path: path.stat().st_mtime_ns for path in kept}
    again = run_matrix(PLAN, tiny_part, out, scoring=QUICK)
    assert [item.run.scores for item in again] == [item.run.scores for item in runs]
    assert {path: path.stat().st_mtime_ns for path in kept} == times


def test_other_data_and_a_missing_split_are_refused(done, tiny_part, tmp_path):
    fewer = dataclasses.replace(tiny_part, images=tiny_part.images.head(39))
    shorts = [data.sha256[:12] for data in (tiny_part, fewer)]
    with pytest.raises(ConfigError, match=r"of other data \(sha256: {}… there, {}… here\)".format(*shorts)):
        run_matrix(msgspec.structs.replace(PLAN, splits=("val",)), fewer, done[0])
    (tmp_path / "full").mkdir()
    (tmp_path / "full/note.txt").write_text("mine")
    with pytest.raises(ConfigError, match="exists and is no matrix"):
        run_matrix(PLAN, tiny_part, tmp_path / "full")
    with pytest.raises(DataError, match="no split 'tset'"):
        run_matrix(msgspec.structs.replace(PLAN, splits=("tset",)), tiny_part, tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_rows_sum_the_seeds_up(scored):
    rows = matrix_rows(scored)
    assert [(row.detector, row.split) for row in rows] == [
        ("blobs_50%", "val"),
        ("blobs_50%", "test"),
        ("demo", "val"),
        ("demo", "test"),
    ]
    two = [run.scores for run in scored if run.detector == "demo" and run.split == "test"]
    assert rows[3].values["AP clear"] == [scores.cells[0].AP for scores in two]
    blobs = next(run.scores for run in scored if run.split == "test")
    fog = [blobs.cell(name).AP_small for name in ("fog:1", "fog:3")]
    assert rows[1].values["fog"] == [pytest.approx(statistics.mean(fog))]
    assert list(rows[1].values) == ["AP clear", "AP_small clear", "fog", "rain", "mPC", "rPC"]


def test_several_seeds_are_a_mean_and_a_deviation():
    assert summed_up([0.1234]) == "0.123"
    assert summed_up([0.1, 0.2, 0.3]) == "0.200 ± 0.100"
    assert summed_up([0.1, None]) == "—"
    assert summed_up([]) == "—"


def test_the_csv_has_every_cell(scored):
    lines = list(csv.DictReader(io.StringIO(csv_text(scored))))
    assert len(lines) == 6 * 4
    row = next(line for line in lines if (line["detector"], line["split"]) == ("blobs_50%", "test"))
    assert float(row["AP_small"]) == scored[1].scores.cells[0].AP_small
    assert {line["scenario"] for line in lines} == {"clear", "fog:1", "fog:3", "rain:2"}
    assert row["detect_ms"] == str(scored[1].cost.stages["detect"].median_ms)
    assert (row["parameters"], row["infer_ms"]) == ("", "")
    demo = next(line for line in lines if line["detector"] == "demo")
    assert int(demo["parameters"]) == scored[2].scores.detector.parameters
    assert float(demo["infer_ms_p95"]) >= float(demo["infer_ms"]) > 0


def test_the_latex_escapes_names_and_has_as_many_cells_as_columns(scored):
    text = latex_text(matrix_rows(scored))
    assert r"blobs\_50\%" in text
    assert r"AP\_small clear" in text
    assert r"$\pm$" in text
    counts = {line.count(" & ") for line in text.splitlines() if line.endswith(r"\\")}
    assert counts == {11}
    demo = next(line for line in text.splitlines() if line.startswith("demo & test"))
    median = (
        next(run.cost for run in scored if (run.detector, run.split) == ("demo", "test")).stages["detect"].median_ms
    )
    assert demo.endswith(rf" & 0.9 & 0.0 & {median:.1f} \\")
    blobs = next(line for line in text.splitlines() if line.startswith("blobs"))
    assert " & -- & -- & " in blobs  # a callable tells neither parameters nor GFLOPs


def test_the_terminal_table_fits_100_columns(scored):
    from rich.console import Console

    console = Console(width=100, record=True, file=io.StringIO())
    console.print(rich_matrix(matrix_rows(scored)))
    console.print(rich_matrix_costs(scored))
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= 100
    assert "demo" in text
    assert "infer" in text


def test_a_detector_may_look_at_tiles(tiny_weights, tiny_part, tmp_path):
    (tmp_path / "p.yaml").write_text(
        f"name: x\ndetectors: [{{detector: {tiny_weights}, imgsz: 96, tiles: {{plan: full, tile_px: 64}}}}]\n"
        "scenarios: clear\nsplits: [val]\n"
    )
    [done] = run_matrix(load_matrix(tmp_path / "p.yaml"), tiny_part, tmp_path / "m", scoring=QUICK)
    protocol = done.run.scores.detector.protocol
    assert (protocol.imgsz, protocol.tiles.plan, protocol.tiles.tile_px) == (96, "full", 64)
    assert done.run.scores.detector.name.endswith("+ full tiles")
