"""Engines and parts: whatever works a run off, its files are the same to the byte."""

from __future__ import annotations

import os
import pickle
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest
from blobs import blobs
from hypothesis import given
from hypothesis import strategies as st

import wutdet
from wutdet.benchmark.execution import Execution, Recipe, make_engine
from wutdet.benchmark.merge import merge_runs
from wutdet.benchmark.weather import make_weather
from wutdet.detectors import DetectorInfo
from wutdet.errors import ConfigError, DataError, FrameError, MissingExtraError, ScenarioError
from wutdet.scoring.measure import Settings

SCENARIOS = "clear,fog:3,rain:2"
WEATHER = make_weather("clear", camera=None, cameras=None, ambient=None, severities=None, seed=0)
QUICK = Settings(level=None)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a run but the manifest, which holds times."""
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def frames(tiny_part):
    return tiny_part.split("train")


@pytest.fixture(scope="module")
def plain(frames, tmp_path_factory):
    """A run that renders between detections, in one thread."""
    out = tmp_path_factory.mktemp("engines") / "plain"
    how = Execution(render_threads=0)
    return wutdet.benchmark(blobs, frames, out=out, scenarios=SCENARIOS, scoring=QUICK, execution=how)


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_that_render_ahead_change_nothing(plain, frames, tmp_path, threads):
    how = Execution(render_threads=threads)
    run = wutdet.benchmark(blobs, frames, out=tmp_path / "r", scenarios=SCENARIOS, scoring=QUICK, execution=how)
    assert contents(run.out) == contents(plain.out)


def test_parts_in_one_folder_make_the_whole(plain, frames, tmp_path):
    runs = []
    for place in (3, 1, 2):
        how = Execution(part=(place, 3))
        runs.append(
            wutdet.benchmark(blobs, frames, out=tmp_path / "r", scenarios=SCENARIOS, scoring=QUICK, execution=how)
        )
    assert [run.shards_done < run.shards for run in runs] == [True, True, False]
    with pytest.raises(DataError, match=r"has \d of \d shards; run the other parts, or merge them"):
        _ = runs[0].scores
    assert contents(tmp_path / "r") == contents(plain.out)
    assert runs[2].scores == plain.scores


def test_parts_in_folders_of_their_own_are_merged(plain, frames, tmp_path):
    folders = []
    for place in (1, 2):
        how = Execution(part=(place, 2))
        run = wutdet.benchmark(
            blobs, frames, out=tmp_path / str(place), scenarios=SCENARIOS, scoring=QUICK, execution=how
        )
        folders.append(run.out)
    done, of = merge_runs(folders, tmp_path / "whole")
    assert done == of == plain.shards
    assert merge_runs(folders, tmp_path / "whole") == (done, of)  # again: nothing is left to do
    run = wutdet.benchmark(blobs, frames, out=tmp_path / "whole", scenarios=SCENARIOS, scoring=QUICK)
    assert contents(run.out) == contents(plain.out)


def test_runs_of_other_plans_or_other_results_are_not_merged(plain, frames, tmp_path):
    other = wutdet.benchmark(blobs, frames, out=tmp_path / "o", scenarios="clear,fog:1", scoring=QUICK).out
    with pytest.raises(ConfigError, match=r"another plan \(scenarios: .* only "):
        merge_runs([plain.out, other], tmp_path / "m")
    twin = wutdet.benchmark(blobs, frames, out=tmp_path / "t", scenarios=SCENARIOS, scoring=QUICK).out
    shard = sorted((twin / "shards").iterdir())[0]
    shard.write_bytes(sorted((twin / "shards").iterdir())[1].read_bytes())
    with pytest.raises(DataError, match="differs from the same shard"):
        merge_runs([plain.out, twin], tmp_path / "n")
    with pytest.raises(DataError, match="no benchmark run"):
        merge_runs([tmp_path], tmp_path / "n2")


@given(shards=st.integers(0, 40), of=st.integers(1, 9))
def test_every_shard_is_of_one_part(shards, of):
    parts = [[s for s in range(shards) if Execution(part=(place, of)).takes(s)] for place in range(1, of + 1)]
    assert sorted(s for part in parts for s in part) == list(range(shards))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize("part", [(0, 3), (4, 3), (1, 0)])
def test_an_impossible_part_is_refused(part):
    with pytest.raises(ConfigError, match="is no part"):
        Execution(part=part)


@pytest.mark.parametrize(
    "error",
    [FrameError("a", where="b", remedy="c"), ScenarioError("a", remedy="c"), MissingExtraError("ray", "ray")],
)
def test_errors_travel_between_processes(error):
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.what, again.where) == (type(error), str(error), error.what, error.where)


@pytest.mark.parametrize(
    ("how", "device", "said"),
    [
        (
            Execution(engine="ray", gpus_per_detector=1),
            "cpu",
            "they compute on the CPU; add --device 0, or leave it out",
        ),
        (Execution(engine="ray", gpus_per_detector=1), "7", "--device 7: .*; start it on a node with a GPU: it loads"),
        (Execution(), "7", "--device 7: no such device here; use cpu, or"),
    ],
)
def test_a_device_that_does_not_fit_is_refused_before_anything_is_written(
    tiny_weights, frames, tmp_path, how, device, said
):
    with pytest.raises(ConfigError, match=said) as caught:
        wutdet.benchmark(tiny_weights, frames, out=tmp_path / "r", scenarios="clear", execution=how, device=device)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "r").exists()


def test_every_worker_computes_with_the_threads_of_the_plan(monkeypatch):
    """A node with other cores would choose another number."""
    pytest.importorskip("ray", reason="THE RAY ENGINE IS NOT TESTED: pip install 'wutdet[ray]'")
    given = []
    monkeypatch.setattr("wutdet.benchmark.engine_ray.ray_engine", lambda *words, **_: given.extend(words[:2]))
    loaded = SimpleNamespace(info=DetectorInfo(name="a", threads=3))
    make_engine(Execution(engine="ray"), Recipe("a.pt"), loaded, WEATHER, "stop")
    assert given == [Recipe("a.pt", threads=3), loaded.info]


PATHS = {"env_vars": {"PYTHONPATH": str(Path(__file__).parent.parent)}}


@pytest.fixture(scope="module")
def cluster():
    """A cluster of three CPUs: two detectors and a renderer."""
    ray = pytest.importorskip("ray", reason="THE RAY ENGINE IS NOT TESTED: pip install 'wutdet[ray]'")
    ray.init(num_cpus=3, include_dashboard=False, log_to_driver=False, logging_level="ERROR", runtime_env=PATHS)
    yield
    ray.shutdown()


def ray_run(frames, out: Path, detector: str = "blobs:make"):
    how = Execution(engine="ray", detectors=2)
    return wutdet.benchmark(detector, frames, out=out, scenarios=SCENARIOS, scoring=QUICK, execution=how)


@pytest.mark.usefixtures("cluster")
def test_ray_gives_the_same_bytes(frames, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent.parent)
    local = wutdet.benchmark("blobs:make", frames, out=tmp_path / "l", scenarios=SCENARIOS, scoring=QUICK)
    assert contents(ray_run(frames, tmp_path / "r").out) == contents(local.out)


@pytest.mark.usefixtures("cluster")
def test_a_bad_frame_is_one_line_from_ray_too(frames, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent.parent)
    import dataclasses
    import shutil

    copy = tmp_path / "images"
    shutil.copytree(frames.image_dir, copy)
    (copy / frames[3].name).write_bytes(b"no image")
    damaged = dataclasses.replace(frames, image_dir=copy)
    with pytest.raises(FrameError, match=frames[3].name) as caught:
        ray_run(damaged, tmp_path / "r")
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("cluster")
def test_a_worker_with_other_weights_stops_the_run_in_one_line(frames, tmp_path, monkeypatch):
    """A detector that says of another process that it loaded another file there."""
    monkeypatch.syspath_prepend(Path(__file__).parent.parent)
    here = os.getpid()

    class Stale:
        @property
        def info(self):
            return DetectorInfo(name="stale", weights_sha256="a" * 64 if os.getpid() == here else "b" * 64)

        def __call__(self, images):
            return blobs(images)

    how = Execution(engine="ray", detectors=1)
    said = (
        r"ray, node \S+: its detector is not the one here \(detector.weights_sha256: bbb\w+… there, aaa\w+… here\); put"
    )
    with pytest.raises(ConfigError, match=said) as caught:
        wutdet.benchmark(Stale(), frames, out=tmp_path / "r", scenarios=SCENARIOS, scoring=QUICK, execution=how)
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "r").glob("shards/*"))


@pytest.mark.usefixtures("cluster")
def test_a_lost_worker_is_started_again(frames, tmp_path, monkeypatch):
    """A detector that kills its own process, once: the run goes on, to the same bytes."""
    monkeypatch.syspath_prepend(Path(__file__).parent.parent)
    marker = tmp_path / "died"

    def mortal(images):
        if not marker.exists():
            marker.write_text("once")
            os.kill(os.getpid(), signal.SIGKILL)
        return blobs(images)

    how = Execution(engine="ray", detectors=1)
    run = wutdet.benchmark(mortal, frames, out=tmp_path / "r", scenarios=SCENARIOS, scoring=QUICK, execution=how)
    assert marker.exists()
    mine = wutdet.benchmark(mortal, frames, out=tmp_path / "l", scenarios=SCENARIOS, scoring=QUICK)
    shards = [{k: v for k, v in contents(out).items() if k.startswith("shards")} for out in (run.out, mine.out)]
    assert shards[0] == shards[1]
