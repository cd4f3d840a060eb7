"""A frame that was skipped is looked at again: its image may have been restored."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
from blobs import blobs

import wutdet
from wutdet.errors import FrameError
from wutdet.scoring.measure import Settings

OPTIONS = {"scenarios": "clear,fog:3", "scoring": Settings(level=None)}


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a run but the manifest, which holds times."""
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


@pytest.fixture
def damaged(tiny_part, tmp_path):
    """The frames of a split with images of their own; the image of the tenth is cut short, at its size."""
    train = tiny_part.split("train")
    folder = tmp_path / "images"
    shutil.copytree(train.image_dir, folder)
    path = folder / train[9].name
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] + bytes(len(whole) - len(whole) // 2))
    return dataclasses.replace(train, image_dir=folder), path, whole


def test_once_its_image_is_restored_it_is_scored(damaged, tmp_path):
    dataset, path, whole = damaged
    run = wutdet.benchmark(blobs, dataset, out=tmp_path / "r", on_error="skip", **OPTIONS)
    assert path.name in run.scores.skipped[0]
    recorded = {path: path.stat().st_mtime_ns for path in (run.out / "shards").iterdir()}
    path.write_bytes(whole)
    again = wutdet.benchmark(blobs, dataset, out=tmp_path / "r", on_error="stop", **OPTIONS)
    assert again.scores.skipped == []
    assert contents(again.out) == contents(wutdet.benchmark(blobs, dataset, out=tmp_path / "whole", **OPTIONS).out)
    now = {path: path.stat().st_mtime_ns for path in (run.out / "shards").iterdir()}
    assert [path.name for path in now if now[path] != recorded[path]] == ["000001.msgpack"]


def test_while_it_is_bad_it_stops_the_run_or_changes_nothing(damaged, tmp_path):
    dataset, path, _ = damaged
    run = wutdet.benchmark(blobs, dataset, out=tmp_path / "r", on_error="skip", **OPTIONS)
    before = contents(run.out)
    written = {path: path.stat().st_mtime_ns for path in (run.out / "shards").iterdir()}
    with pytest.raises(FrameError, match=path.name):
        wutdet.benchmark(blobs, dataset, out=tmp_path / "r", on_error="stop", **OPTIONS)
    wutdet.benchmark(blobs, dataset, out=tmp_path / "r", on_error="skip", **OPTIONS)
    assert contents(run.out) == before
    assert {path: path.stat().st_mtime_ns for path in (run.out / "shards").iterdir()} == written
    measured = json.loads((run.out / "manifest.json").read_text())["measured"]
    assert measured["frames"] == len(dataset) - 1  # what the first call cost, not the second look
