"""A matrix whose plan changes, whose detectors fail, and which several jobs are at."""

from __future__ import annotations

import contextlib

import msgspec
import pytest

from wutdet.benchmark import matrix
from wutdet.benchmark.execution import Execution
from wutdet.benchmark.matrix import run_matrix
from wutdet.benchmark.matrix_plan import MatrixDetector, MatrixPlan
from wutdet.errors import ConfigError, ScenarioError, WutdetError
from wutdet.scoring.measure import Settings
from wutdet.training import TrainedRun, TrainingBusyError, load_baseline

QUICK = Settings(level=None)


def test_a_plan_may_change_and_what_it_names_no_longer_stays(tiny_part, tmp_path):
    blobs, other = (MatrixDetector(detector="blobs:make", name=name) for name in ("a", "b"))
    plan = MatrixPlan(name="m", detectors=(blobs,), scenarios="clear", splits=("val", "test"))
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / ".matrix.json.123.part").write_bytes(b"{")
    run_matrix(plan, tiny_part, tmp_path / "m", scoring=QUICK)
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "m").rglob("*.msgpack")}
    assert len(kept) > 1
    changed = msgspec.structs.replace(plan, description="other words", detectors=(blobs, other), splits=("val",))
    again = run_matrix(changed, tiny_part, tmp_path / "m", scoring=QUICK)
    assert [item.cell.run for item in again] == ["a-val", "b-val"]
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    told = msgspec.json.decode((tmp_path / "m/matrix.json").read_bytes())
    assert (told["plan"]["description"], told["sha256"]) == ("other words", tiny_part.sha256)
    with pytest.raises(ConfigError, match=r"m/runs/a-val: holds a run of another plan \(seed: 0 there, 1 here\)"):
        run_matrix(msgspec.structs.replace(changed, seed=1), tiny_part, tmp_path / "m", scoring=QUICK)


def test_what_cannot_be_run_is_told_and_the_others_go_on(tiny_part, tmp_path):
    (tmp_path / "empty.onnx").write_bytes(b"")
    plan = MatrixPlan(
        name="m",
        detectors=(
            MatrixDetector(detector=str(tmp_path / "empty.onnx")),
            MatrixDetector(baseline="demo", settings={"epochs": 1, "imgsz": 64}),
            MatrixDetector(detector="blobs:make"),
        ),
        scenarios="clear",
        splits=("val", "test"),
    )
    (tmp_path / "m/models/demo-seed0").mkdir(parents=True)
    (tmp_path / "m/models/demo-seed0/note.txt").write_text("mine")
    (tmp_path / "m/matrix.json").write_text(msgspec.json.encode({"sha256": tiny_part.sha256}).decode())
    failures: list[tuple[str, str]] = []
    done = run_matrix(
        plan,
        tiny_part,
        tmp_path / "m",
        scoring=QUICK,
        failed=lambda cell, error: failures.append((cell.run, error.what)),
    )
    assert [item.cell.run for item in done] == ["blobs-make-val", "blobs-make-test"]
    assert [cell for cell, _ in failures] == ["empty-val", "empty-test", "demo-seed0-val", "demo-seed0-test"]
    assert [what for _, what in failures[2:]] == ["exists and is not empty"] * 2


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"detector": "nomodule:make"}, "cannot import 'nomodule'"),
        ({"detector": "blobs:mak"}, "did you mean blobs:make"),
        ({"detector": "none.pt"}, "no such weights file"),
        ({"baseline": "dmo"}, "did you mean demo"),
        ({"baseline": "demo", "weights": "none.pt"}, "no such weights file"),
        ({"baseline": "demo", "settings": {"epoch": 5}}, "unknown setting 'epoch'"),
        ({"baseline": "demo", "settings": {"epochs": "many"}}, "Expected `int`"),
        ({"baseline": "demo", "settings": {"optimizer": 3}}, "'optimizer' must be a str"),
    ],
)
def test_what_is_wrong_with_the_last_detector_is_told_before_the_first_is_run(tiny_part, tmp_path, wrong, said):
    plan = MatrixPlan(name="m", detectors=(MatrixDetector(detector="blobs:make"), MatrixDetector(**wrong)))
    with pytest.raises(ConfigError, match=said):
        run_matrix(plan, tiny_part, tmp_path / "m", scoring=QUICK, failed=lambda cell, error: None)
    assert not (tmp_path / "m").exists()


def test_wrong_weather_is_told_before_a_training(tiny_part, tmp_path):
    plan = MatrixPlan(name="m", detectors=(MatrixDetector(baseline="demo"),), scenarios="fgo:1")
    with pytest.raises(ScenarioError, match="fog"):
        run_matrix(plan, tiny_part, tmp_path / "m", failed=lambda cell, error: None)
    assert not (tmp_path / "m").exists()


def test_a_baseline_s_own_seed_is_not_replaced_unasked(tiny_part, tmp_path):
    own = tmp_path / "own.yaml"
    own.write_bytes(msgspec.yaml.encode(msgspec.structs.replace(load_baseline("demo"), seed=7)))
    plan = MatrixPlan(name="m", detectors=(MatrixDetector(baseline=str(own)),))
    with pytest.raises(ConfigError, match=r"own: the baseline's seed 7 would be replaced by 0; give seeds: \[7\]"):
        run_matrix(plan, tiny_part, tmp_path / "m")


@pytest.mark.parametrize("part", [(1, 1), (2, 3)])
def test_a_job_of_several_waits_for_another_s_training(tiny_part, tmp_path, monkeypatch, part):
    waits: list[bool] = []

    def busy(*_, wait_if_busy, seed, out, **__):
        waits.append(wait_if_busy)
        if not wait_if_busy:
            raise TrainingBusyError("is being trained by another process", where=out, remedy="wait for it")
        return TrainedRun(out, "blobs:make", load_baseline("demo"))

    monkeypatch.setattr(matrix, "train", busy)
    plan = MatrixPlan(name="m", detectors=(MatrixDetector(baseline="demo"),), scenarios="clear", splits=("val", "test"))
    titles: list[str] = []
    failures: list[WutdetError] = []
    done = run_matrix(
        plan,
        tiny_part,
        tmp_path / "m",
        scoring=QUICK,
        execution=Execution(part=part),
        stage=lambda title, _: titles.append(title) or contextlib.nullcontext(lambda _: None),
        failed=lambda _, error: failures.append(error),
    )
    if part == (1, 1):
        assert ([item.cell.run for item in done], len(failures), waits) == ([], 2, [False])
    else:
        assert ([item.cell.run for item in done], failures) == (["demo-seed0-val", "demo-seed0-test"], [])
        assert waits == [False, True]  # asked for once, for both splits
        assert titles[:2] == ["training demo-seed0", "another job is training demo-seed0"]
