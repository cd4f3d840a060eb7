"""Which run a folder may be continued as."""

from __future__ import annotations

import dataclasses
import multiprocessing
import shutil

import msgspec
import polars as pl
import pytest
from blobs import blobs

import wutdet
import wutdet.rendering.plan as rendering
import wutdet.training.plan as training
from wutdet.benchmark.merge import merge_runs
from wutdet.benchmark.partial import score_recorded
from wutdet.benchmark.plan import claim_folder, read_plan
from wutdet.detectors import DetectorInfo
from wutdet.errors import ConfigError, WutdetError
from wutdet.training import load_baseline

OPTIONS = {"scenarios": "fog:1"}
RENDERING = rendering.RenderPlan(
    source=rendering.SourceInfo(name="a", split=None, frames=1, ships=None, sha256="0", image_bytes=1),
    scenarios=(),
    image_format="png",
    pixels="",
    ignore_below=None,
    camera={},
    cameras={},
    ambient={},
    seed=0,
    versions={},
)
TRAINING = training.TrainingPlan(
    baseline=load_baseline("demo"),
    architecture_sha256=None,
    start_weights_sha256=None,
    dataset=training.TrainedOn(name="a", splits={"train": 1}, train_sha256="0", val_sha256=None, image_bytes=1),
    versions={},
)


class Weights:
    """A detector that is known by the hash of its weights."""

    def __init__(self, name, sha256="a" * 64):
        self.info = DetectorInfo(name=name, weights_sha256=sha256)
        self.calls = 0

    def __call__(self, frames):
        self.calls += 1
        return blobs(frames)


@pytest.fixture(scope="module")
def frames(tiny_part):
    test = tiny_part.split("test")
    return test.filter(pl.col("image_id").is_in(test.images["image_id"][:2].implode()))


def test_weights_and_data_that_were_renamed_go_on_under_the_names_the_run_began_with(frames, tmp_path):
    wutdet.benchmark(Weights("old.pt"), frames, out=tmp_path / "r", **OPTIONS)
    renamed = Weights("new.pt")
    moved = dataclasses.replace(frames, name="moved")
    again = wutdet.benchmark(renamed, moved, out=tmp_path / "r", **OPTIONS)
    assert renamed.calls == 0
    assert (again.scores.detector.name, again.scores.dataset.name) == ("old.pt", frames.name)


def test_parts_whose_data_lay_in_folders_of_other_names_are_merged(frames, tmp_path):
    parts = []
    for place, name in enumerate(("job-1", "job-2")):
        run = wutdet.benchmark(
            Weights(f"{name}.pt"), dataclasses.replace(frames, name=name), out=tmp_path / name, **OPTIONS
        )
        parts.append(run.out)
        assert read_plan(run.out).dataset.name == f"job-{place + 1}"
    assert merge_runs(parts, tmp_path / "whole") == (1, 1)
    assert read_plan(tmp_path / "whole").dataset.name == "job-1"


@pytest.mark.parametrize(
    ("detector", "said"),
    [
        (DetectorInfo(name="old.pt", weights_sha256="b" * 64), "detector.weights_sha256: aaaaaaaaaaaa… there, bbbb"),
        (DetectorInfo(name="new", weights_sha256=None), "detector.name: old.pt there, new here; detector.weights"),
    ],
)
def test_other_weights_do_not_and_a_callable_is_known_by_its_name(frames, tmp_path, detector, said):
    plan = read_plan(wutdet.benchmark(Weights("old.pt"), frames, out=tmp_path / "r", **OPTIONS).out)
    with pytest.raises(ConfigError, match=said):
        claim_folder(tmp_path / "r", msgspec.structs.replace(plan, detector=detector))
    nameless = msgspec.structs.replace(plan, detector=DetectorInfo(name="one"))
    claim_folder(tmp_path / "callable", nameless)
    with pytest.raises(ConfigError, match=r"another plan \(detector.name: one there, two here\)"):
        claim_folder(tmp_path / "callable", msgspec.structs.replace(nameless, detector=DetectorInfo(name="two")))


def test_jobs_that_start_together_share_a_new_run_and_of_two_plans_one_gets_it(frames, tmp_path):
    plan = read_plan(wutdet.benchmark(Weights("a.pt"), frames, out=tmp_path / "r", **OPTIONS).out)
    other = msgspec.structs.replace(plan, seed=1)
    rounds = _race(tmp_path, [plan, plan, plan, other])
    assert {len(answers) for answers in rounds} == {4}
    for answers in rounds:
        won, lost = (0, 1) if answers[0] == "taken" else (1, 0)
        refused = f"holds a run of another plan (seed: {won} there, {lost} here); choose another --out"
        assert answers == (["taken"] * 3 + [refused] if won == 0 else [refused] * 3 + ["taken"])


def _race(folder, plans):
    """Round by round what each process got that claimed a new folder in the same moment."""
    context = multiprocessing.get_context("fork")
    start, answers = context.Barrier(len(plans)), context.Queue()

    def job(number):
        got = []
        for place in range(15):
            start.wait(60)
            try:
                assert claim_folder(folder / str(place), plans[number]) == plans[number]
                got.append("taken")
            except WutdetError as error:
                got.append(f"{error.what}; {error.remedy}")
        answers.put((number, got))

    jobs = [context.Process(target=job, args=(number,)) for number in range(len(plans))]
    for one in jobs:
        one.start()
    by_job = dict(answers.get(timeout=60) for _ in jobs)
    for one in jobs:
        one.join(60)
    return [list(row) for row in zip(*(by_job[number] for number in range(len(jobs))), strict=True)]


@pytest.mark.parametrize(
    ("claims", "plan", "refusal"),
    [
        (rendering.claim_folder, RENDERING, "exists and holds no rendered copies; choose another --out"),
        (training.claim_folder, TRAINING, "exists and is not empty; choose another --out or delete it"),
    ],
)
def test_what_a_kill_left_of_a_plan_does_not_close_a_folder_of_copies_or_of_a_training(tmp_path, claims, plan, refusal):
    (tmp_path / ".plan.json.123.part").write_bytes(b"{")
    for _ in range(2):
        claims(tmp_path, plan)
    assert msgspec.json.decode((tmp_path / "plan.json").read_bytes())["schema"] == plan.schema
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "note.txt").write_text("mine")
    with pytest.raises(WutdetError, match=refusal):
        claims(tmp_path / "other", plan)


def test_nothing_is_written_into_runs_that_are_merged_or_scored(frames, tmp_path):
    run = wutdet.benchmark(Weights("a.pt"), frames, out=tmp_path / "r", **OPTIONS).out
    shutil.rmtree(run / "detections")
    before = sorted(run.rglob("*"))
    assert merge_runs([run], tmp_path / "whole") == (1, 1)
    assert score_recorded(run, frames).shards_done == 1
    (tmp_path / "begun").mkdir()
    shutil.copy(run / "plan.json", tmp_path / "begun")
    assert merge_runs([tmp_path / "begun"], tmp_path / "none") == (0, 1)
    assert sorted(run.rglob("*")) == before
    assert [path.name for path in (tmp_path / "begun").iterdir()] == ["plan.json"]
