"""The options that say where a run is worked off."""

from __future__ import annotations

import re

import pytest

from wutdet.benchmark.execution import Execution
from wutdet.cli.execution import EngineChoice, parse_execution, parse_part
from wutdet.errors import ConfigError


def test_options_become_an_execution() -> None:
    local = parse_execution(EngineChoice.local, "2/8", 3, None, 1, 0.0)
    assert local == Execution(engine="local", part=(2, 8), render_threads=3)
    ray = parse_execution(EngineChoice.ray, None, None, "auto", 4, 0.25)
    assert ray == Execution(engine="ray", address="auto", detectors=4, gpus_per_detector=0.25)
    with pytest.raises(ConfigError, match="add --engine ray"):
        parse_execution(EngineChoice.local, None, None, None, 2, 0.0)


@pytest.mark.parametrize("text", ["2", "2/", "/8", "a/b", "-1/3", "1/2/3", ""])
def test_what_is_no_part_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is no part"):
        parse_part(text)
    assert parse_part("2/8") == (2, 8)


def test_parts_and_their_merge_from_the_command_line(run, tiny_voc, tmp_path) -> None:
    command = ["benchmark", tiny_voc, "--splits", tiny_voc / "splits", "--split", "test", "--detector", "blobs:make"]
    command += ["--scenarios", "clear,fog:3", "--interval", "0"]
    for place in (1, 2):
        done = run(*command, "--out", tmp_path / str(place), "--shard", f"{place}/2")
        assert done.code == 0, done.err
    assert "shards are recorded; scores follow when all are" in done.err
    merged = run("merge", tmp_path / "1", tmp_path / "2", "--out", tmp_path / "whole")
    assert merged.code == 0, merged.err
    assert "complete: the benchmark command" in merged.err
    scored = run(*command, "--out", tmp_path / "whole")
    assert scored.code == 0, scored.err
    assert "fog:3" in scored.out
    frames = int(re.search(r": (\d+) frames\n", scored.err)[1])
    assert scored.err.count(f"{frames} of {frames} frames were there already\n") == 1
    assert "already" not in done.err
    whole = run(*command, "--out", tmp_path / "at-once")
    assert whole.code == 0, whole.err
    assert (tmp_path / "whole/scores.json").read_bytes() == (tmp_path / "at-once/scores.json").read_bytes()
