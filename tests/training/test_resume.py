"""A training that is killed goes on where ultralytics left off."""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from wutdet.errors import ConfigError, DataError
from wutdet.scenarios import prepare
from wutdet.training import running, train
from wutdet.training import weather_loading as loading
from wutdet.training.checkpoints import find_checkpoint, keep_copies, read_checkpoint
from wutdet.training.sessions import read_sessions

EPOCHS = 3
SETTINGS = {
    "threads": 1,
    "epochs": EPOCHS,
    "imgsz": 64,
    "batch": 8,
    "weather.fog.mor_m_range": [300, 600],
    "weather.p": 1,
}
WORDS = [f"epochs={EPOCHS}", "imgsz=64", "batch=8", "weather.fog.mor_m_range=300,600", "weather.p=1"]
FIRST_EPOCH_S = 300.0


def halve(path):
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


@pytest.fixture(scope="module")
def killed(tiny_voc, tmp_path_factory) -> Path:
    """The folder of a training in weather that was killed after its first epoch."""
    out = tmp_path_factory.mktemp("killed") / "run"
    command = [sys.executable, "-m", "wutdet", "train", "demo", tiny_voc, "--splits", tiny_voc / "splits"]
    process = subprocess.Popen(
        [*map(str, command), "--out", str(out), "--threads", "1", *WORDS], stderr=subprocess.DEVNULL
    )
    saved = out / "ultralytics" / "weights" / "last-whole.pt"
    until = time.monotonic() + FIRST_EPOCH_S
    while not saved.is_file() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (out / "weights.pt").exists()
    return out


@pytest.fixture(scope="module")
def resumed(killed, tiny_part) -> SimpleNamespace:
    """The same training, gone on with in this process; what it told and drew."""
    done = find_checkpoint(killed / "ultralytics").epochs_done
    told, keys, steps, noted, patch = [], [], [], [], pytest.MonkeyPatch()

    def recording(image, **facts):
        keys.append(facts["key"])
        return prepare(image, **facts)

    def telling(epoch):
        state = read_checkpoint(killed / "ultralytics" / "weights" / "last.pt")["optimizer"]["state"]
        steps.append(int(next(iter(state.values()))["step"]))
        told.append(epoch)

    def saving(trainer):
        noted.append(read_sessions(killed)[-1].last_epoch)
        keep_copies(trainer)

    patch.setattr(loading, "prepare", recording)
    patch.setattr(running, "keep_copies", saving)
    try:
        run = train("demo", tiny_part, out=killed, on_epoch=telling, **SETTINGS)
    finally:
        patch.undo()
    return SimpleNamespace(run=run, done=done, told=told, keys=keys, steps=steps, noted=noted)


def test_the_epochs_of_both_add_up(resumed):
    assert 1 <= resumed.done < EPOCHS
    assert resumed.run.epochs_before == resumed.done
    assert [epoch.number for epoch in resumed.told] == list(range(resumed.done + 1, EPOCHS + 1))
    assert {epoch.of for epoch in resumed.told} == {EPOCHS}
    table = (resumed.run.out / "ultralytics" / "results.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in table] == ["epoch", *map(str, range(1, EPOCHS + 1))]


def test_the_optimizer_goes_on_and_the_result_is_whole(resumed, tiny_part):
    batches = math.ceil(len(tiny_part.split("train")) / 8)
    assert resumed.steps == [batches * epoch for epoch in range(resumed.done + 1, EPOCHS + 1)]
    assert read_checkpoint(resumed.run.weights)["epoch"] == -1  # ultralytics' mark of a finished training
    left = (resumed.run.out / "ultralytics" / "weights").iterdir()
    assert sorted(path.name for path in left) == ["best.pt", "last.pt"]
    settings = read_checkpoint(resumed.run.weights)["train_args"]
    assert (settings["epochs"], settings["imgsz"], settings["lr0"]) == (EPOCHS, 64, 0.003)


def test_frames_get_the_weather_of_their_epoch(resumed, tiny_part):
    wanted = {(name, n) for name in tiny_part.split("train").images["file_name"] for n in range(resumed.done, EPOCHS)}
    assert {(name, int(epoch)) for name, epoch in (key.rsplit("/", 1) for key in resumed.keys)} == wanted


def test_the_manifest_says_where_it_was_resumed(resumed):
    manifest = json.loads((resumed.run.out / "manifest.json").read_text())
    assert manifest["resumed_after_epochs"] == [resumed.done]
    assert manifest["epochs_run"] == EPOCHS
    first, second = manifest["measured"]["sessions"]
    assert (first["first_epoch"], second["first_epoch"], second["last_epoch"]) == (1, resumed.done + 1, EPOCHS)
    assert manifest["measured"]["seconds"] == pytest.approx(first["seconds"] + second["seconds"])


def test_an_epoch_is_noted_before_a_checkpoint_can_be_gone_on_from(resumed):
    assert resumed.noted == list(range(resumed.done + 1, EPOCHS + 1))


def test_a_finished_training_is_returned_at_once(resumed, tiny_part):
    before = resumed.run.weights.stat().st_mtime_ns
    told = []
    again = train("demo", tiny_part, out=resumed.run.out, on_epoch=told.append, **SETTINGS)
    assert (told, again.epochs_before) == ([], EPOCHS)
    assert again.weights.stat().st_mtime_ns == before


def test_another_plan_is_refused_and_named(resumed, tiny_part):
    out = resumed.run.out
    with pytest.raises(ConfigError, match=r"another plan \(baseline.imgsz: 64 there, 96 here\)"):
        train("demo", tiny_part, out=out, **(SETTINGS | {"imgsz": 96}))
    with pytest.raises(ConfigError, match=r"baseline.weather.p: 1.0 there, 0.5 here"):
        train("demo", tiny_part, out=out, **(SETTINGS | {"weather.p": 0.5}))
    fewer = tiny_part.filter(tiny_part.images["image_id"] != tiny_part.split("train").images["image_id"][0])
    with pytest.raises(ConfigError, match=r"dataset.splits.train: \d+ there, \d+ here; dataset.train_sha256"):
        train("demo", fewer, out=out, **SETTINGS)


def test_a_kill_after_the_last_epoch_needs_no_training(resumed, tiny_part, tmp_path):
    out = shutil.copytree(resumed.run.out, tmp_path / "run", symlinks=True)
    for name in ("weights.pt", "manifest.json"):
        (out / name).unlink()
    told = []
    run = train("demo", tiny_part, out=out, on_epoch=told.append, **SETTINGS)
    assert told == []
    one, other = (read_checkpoint(path)["model"].state_dict() for path in (run.weights, resumed.run.weights))
    assert all(one[name].equal(other[name]) for name in other)
    assert json.loads((out / "manifest.json").read_text())["epochs_run"] == EPOCHS


def test_a_kill_before_the_first_epoch_begins_anew(killed, resumed, tiny_part, tmp_path):
    out = tmp_path / "run"
    (out / "data").mkdir(parents=True)
    shutil.copy(killed / "plan.json", out)
    (out / "data" / "half.txt").touch()
    (out / "ultralytics" / "weights").mkdir(parents=True)
    (out / "ultralytics" / "weights" / "last.pt").write_bytes(b"PK\x03\x04 half of a checkpoint")
    told = []
    train("demo", tiny_part, out=out, on_epoch=told.append, **SETTINGS)
    assert [epoch.number for epoch in told] == list(range(1, EPOCHS + 1))
    assert not (out / "data" / "half.txt").exists()


def test_a_checkpoint_that_was_being_written_gives_way_to_the_one_before(resumed, tmp_path):
    folder = tmp_path / "weights"
    folder.mkdir()
    whole = resumed.run.weights.read_bytes()
    (folder / "last.pt").write_bytes(whole)
    keep_copies(SimpleNamespace(last=folder / "last.pt", best_fitness=0.5, fitness=0.25))
    halve(folder / "last.pt")
    assert find_checkpoint(tmp_path).path.name == "last-whole.pt"
    os.remove(folder / "last-whole.pt")
    assert find_checkpoint(tmp_path) is None


def test_a_folder_of_something_else_is_left_alone(tiny_part, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match="not empty"):
        train("demo", tiny_part, out=tmp_path, **SETTINGS)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
