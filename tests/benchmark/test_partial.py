"""A run can be scored while it goes on: what is recorded, and nothing else."""

from __future__ import annotations

import dataclasses

import polars as pl
import pytest
from blobs import blobs

import wutdet
from wutdet.benchmark.execution import Execution
from wutdet.benchmark.partial import score_recorded
from wutdet.errors import ConfigError, DataError
from wutdet.scoring.measure import Settings

QUICK = Settings(level=None)


def part(dataset, out, place, of, scenarios="clear,fog:3"):
    how = Execution(part=(place, of))
    return wutdet.benchmark(blobs, dataset, out=out, scenarios=scenarios, scoring=QUICK, execution=how)


def test_the_scores_are_those_of_the_recorded_frames(tiny_part, tmp_path):
    train = tiny_part.split("train")
    part(train, tmp_path / "r", 1, 3)
    found = score_recorded(tmp_path / "r", tiny_part, QUICK)
    assert 0 < found.shards_done < found.shards
    recorded = [n for place in range(0, len(train), 24) for n in train.images["image_id"][place : place + 8]]
    some = train.filter(pl.col("image_id").is_in(recorded))
    alone = wutdet.benchmark(blobs, some, out=tmp_path / "alone", scenarios="clear,fog:3", scoring=QUICK)
    for cell in alone.scores.cells:
        assert found.scores.cell(cell.name).AP == cell.AP
        assert found.scores.cell(cell.name).images == len(some)
    assert not (tmp_path / "r" / "scores.json").exists()


def test_a_finished_run_has_its_own_scores(tiny_part, tmp_path):
    run = part(tiny_part.split("val"), tmp_path / "r", 1, 1)
    found = score_recorded(run.out, tiny_part, QUICK)
    assert found.shards_done == found.shards
    assert found.scores == run.scores


def test_other_frames_no_shard_and_own_severities_are_one_line(tiny_part, tmp_path):
    part(tiny_part.split("val"), tmp_path / "r", 1, 1)
    moved = dataclasses.replace(tiny_part, boxes=tiny_part.boxes.with_columns(pl.col("xmax") + 1))
    with pytest.raises(DataError, match="is a run of other frames or labels"):
        score_recorded(tmp_path / "r", moved)
    for shard in (tmp_path / "r" / "shards").iterdir():
        shard.unlink()
    with pytest.raises(DataError, match="has no shard yet"):
        score_recorded(tmp_path / "r", tiny_part)
    own = tmp_path / "own.yaml"
    own.write_text("kinds:\n  fog: {severities: [3000, 900]}\n")
    wutdet.benchmark(
        blobs, tiny_part.split("val"), out=tmp_path / "o", scenarios="fog:2", severities=own, scoring=QUICK
    )
    with pytest.raises(ConfigError, match=r"has severities of its own \(fog:2\)"):
        score_recorded(tmp_path / "o", tiny_part)


def test_the_verb_score_takes_a_run(tiny_voc, tiny_part, tmp_path):
    import subprocess
    import sys

    part(tiny_part.split("train"), tmp_path / "r", 1, 3)
    command = [sys.executable, "-m", "wutdet", "score", str(tiny_voc), str(tmp_path / "r"), "--interval", "0"]
    done = subprocess.run([*command, "--splits", str(tiny_voc / "splits")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "of the run are recorded" in done.stderr
    assert "fog:3" in done.stdout
