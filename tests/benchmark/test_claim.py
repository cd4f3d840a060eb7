"""Which run a folder may be continued as."""

from __future__ import annotations

import dataclasses

import msgspec
import polars as pl
import pytest
from blobs import blobs

import wutdet
from wutdet.benchmark.merge import merge_runs
from wutdet.benchmark.plan import claim_folder, read_plan
from wutdet.detectors import DetectorInfo
from wutdet.errors import ConfigError

OPTIONS = {"scenarios": "fog:1"}


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
