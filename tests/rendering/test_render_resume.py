"""A rendering that was stopped goes on where it was, and no folder mixes two plans."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

import wutdet
from wutdet.dataset.frame_source import open_frames
from wutdet.errors import ConfigError, WutdetError
from wutdet.rendering import render
from wutdet.rendering import render as rendering
from wutdet.scenarios import Ambient


def files_of(folder: Path) -> dict[str, str]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return open_frames(
        wutdet.render_part(tmp_path_factory.mktemp("resume") / "part", images=20, size=(160, 96), seed=5)
    )


@pytest.fixture
def whole(source, tmp_path):
    return render(source, "fog:1,rain:2", tmp_path / "whole", workers=1)


def test_stopped_in_the_middle_it_ends_in_the_same_bytes(source, whole, tmp_path, monkeypatch):
    from wutdet.rendering import frame_job

    module = __import__("wutdet.rendering.render", fromlist=["write_copies"])
    calls: list[str] = []

    def counting(job, task):
        calls.append(task.copy_name)
        if len(calls) == 12:
            raise KeyboardInterrupt
        return frame_job.write_copies(job, task)

    monkeypatch.setattr(module, "write_copies", counting)
    with pytest.raises(KeyboardInterrupt):
        render(source, "fog:1,rain:2", tmp_path / "o", workers=1)
    (tmp_path / "o/fog_1/images/.half.png.1.part").write_bytes(b"half")
    first = len(calls) - 1
    advanced: list[int] = []
    again = rendering(source, "fog:1,rain:2", tmp_path / "o", workers=1, advance=advanced.append)
    assert files_of(again.out) == files_of(whole.out)
    assert first == 11
    assert len(calls) - 12 == 20 - 8  # the eight that were recorded are not rendered again
    assert sum(advanced) == 20


def test_lost_copies_and_damaged_records_are_made_again(source, whole):
    before = files_of(whole.out)
    next(iter((whole.out / "rain_2/images").iterdir())).unlink()
    records = sorted((whole.out / ".records").iterdir())
    records[-1].write_bytes(b"?")
    assert files_of(render(source, "fog:1,rain:2", whole.out, workers=1).out) == before


@pytest.mark.parametrize("module", ["wutdet.rendering.frame_job", "wutdet.rendering.records", "wutdet.dataset.coco"])
def test_a_disk_that_fills_is_one_line_and_with_room_it_goes_on(source, whole, tmp_path, monkeypatch, module):
    def full(path, data):
        raise OSError(28, "No space left on device", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(f"{module}.write_aside", full)  # of a copy, a record or the labels
        with pytest.raises(WutdetError, match=r"cannot be written \(No space left on device\)"):
            render(source, "fog:1,rain:2", tmp_path / "o", workers=1)
    assert files_of(render(source, "fog:1,rain:2", tmp_path / "o", workers=1).out) == files_of(whole.out)


def test_a_finished_rendering_is_not_done_again(source, whole, monkeypatch):
    times = {path: path.stat().st_mtime_ns for path in whole.out.rglob("*.png")}
    render(source, "fog:1,rain:2", whole.out, workers=1)
    assert {path: path.stat().st_mtime_ns for path in whole.out.rglob("*.png")} == times


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"seed": 1}, "seed: 0 there, 1 here"),
        ({"scenarios": "fog:2,rain:2"}, r"scenarios\.scenario: fog:1 only there, fog:2 only here"),
        ({"ambient": Ambient(wind_m_s=9)}, r"ambient\.wind_m_s: 5\.0 there, 9 here"),
        ({"image_format": "jpg"}, "image_format: png there, jpg here"),
    ],
)
def test_another_plan_is_refused_and_named(source, whole, options, said):
    before = files_of(whole.out)
    with pytest.raises(ConfigError, match=said):
        render(source, **({"scenarios": "fog:1,rain:2", "out": whole.out, "workers": 1} | options))
    assert files_of(whole.out) == before
