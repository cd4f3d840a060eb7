"""Whatever file a kill cuts short, the best weights are found again."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import msgspec
import pytest
import torch

from wutdet.errors import DataError
from wutdet.training import load_baseline, train
from wutdet.training.checkpoints import find_checkpoint, keep_copies, mend_best, read_checkpoint, take_weights


@pytest.fixture
def weights(tmp_path):
    folder = tmp_path / "weights"
    folder.mkdir()
    return folder


def save(path, epoch, fitness, best_fitness):
    torch.save({"epoch": epoch, "best_fitness": best_fitness, "train_metrics": {"fitness": fitness}}, path)


def train_epoch(folder, epoch, fitness, best_fitness):
    """What ultralytics does after an epoch."""
    save(folder / "last.pt", epoch, fitness, best_fitness)
    if fitness == best_fitness:
        (folder / "best.pt").write_bytes((folder / "last.pt").read_bytes())
    keep_copies(SimpleNamespace(last=folder / "last.pt", fitness=fitness, best_fitness=best_fitness))


def halve(path):
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def mend(folder):
    mend_best(folder.parent, find_checkpoint(folder.parent))
    return read_checkpoint(folder / "best.pt")["epoch"]


def test_cut_short_while_the_best_so_far_was_written(weights):
    train_epoch(weights, 0, 0.25, 0.25)
    save(weights / "last.pt", 1, 0.5, 0.5)
    (weights / "best.pt").write_bytes((weights / "last.pt").read_bytes())
    halve(weights / "best.pt")
    assert mend(weights) == 1


def test_killed_between_the_last_and_the_best(weights):
    save(weights / "last.pt", 0, 0.25, 0.25)
    assert mend(weights) == 0
    train_epoch(weights, 0, 0.25, 0.25)
    save(weights / "last.pt", 1, 0.5, 0.5)
    assert mend(weights) == 1


def test_cut_short_while_the_optimizer_was_taken_out_of_the_best(weights):
    train_epoch(weights, 0, 0.5, 0.5)
    train_epoch(weights, 1, 0.25, 0.5)
    torch.save({"epoch": -1, "best_fitness": None, "train_metrics": {"fitness": 0.25}}, weights / "last.pt")
    halve(weights / "best.pt")
    assert mend(weights) == 0


def test_an_earlier_best_stays(weights):
    train_epoch(weights, 0, 0.5, 0.5)
    train_epoch(weights, 1, 0.25, 0.5)
    assert mend(weights) == 0
    halve(weights / "last.pt")
    assert mend(weights) == 0
    torch.save({"epoch": -1, "best_fitness": None, "train_metrics": {"fitness": None}}, weights / "last.pt")
    assert mend(weights) == 0


def test_damage_without_a_copy_is_said(weights, tmp_path):
    train_epoch(weights, 0, 0.5, 0.5)
    train_epoch(weights, 1, 0.25, 0.5)
    halve(weights / "best.pt")
    halve(weights / "best-whole.pt")
    last = find_checkpoint(tmp_path)
    mend_best(tmp_path, last)
    with pytest.raises(DataError, match="the best epoch's weights are not whole; delete the folder, train again"):
        take_weights(tmp_path, "best", tmp_path / "weights.pt", last=last.path)
    assert not (tmp_path / "weights.pt").exists()


def test_a_training_is_taken_up_whose_best_weights_were_cut_short(tiny_part, tmp_path):
    config = msgspec.structs.replace(load_baseline("demo"), select="best", overrides={"lr0": 0.003})
    killed, same, told = tmp_path / "killed", [], []

    def on_epoch(epoch):
        made = tmp_path / "run" / "ultralytics" / "weights"
        same.append((made / "best-whole.pt").read_bytes() == (made / "best.pt").read_bytes())
        if epoch.number == 2:
            shutil.copytree(tmp_path / "run", killed, symlinks=True)
            (killed / ".training.lock").unlink()

    settings = {"epochs": 2, "imgsz": 64, "batch": 16, "threads": 1}
    whole = train(config, tiny_part, out=tmp_path / "run", on_epoch=on_epoch, **settings)
    halve(killed / "ultralytics" / "weights" / "best.pt")
    mended = train(config, tiny_part, out=killed, on_epoch=told.append, **settings)
    assert (same, told) == ([True, True], [])
    one, other = (read_checkpoint(run.weights)["model"].state_dict() for run in (mended, whole))
    assert all(one[name].equal(other[name]) for name in other)
    left = (killed / "ultralytics" / "weights").iterdir()
    assert sorted(path.name for path in left) == ["best.pt", "last.pt"]
