"""Places that a command line names: what is wrong with one is said before any work, and an error leaves nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wutdet.cli.places import check_out, check_writable, folder_for
from wutdet.errors import ConfigError, DataError

Run = Callable[..., Any]
REFUSAL = ConfigError("is taken", remedy="choose another")


@pytest.fixture
def no_loading(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dataset that is loaded all the same fails the test."""

    def loaded(*_args: object, **_options: object) -> None:
        raise AssertionError("loaded")

    monkeypatch.setattr("wutdet.parts.load", loaded)
    monkeypatch.setattr("wutdet.dataset.frame_source.open_frames", loaded)


@pytest.mark.usefixtures("no_loading")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("benchmark d --detector m:f --out used", "used: exists and is no benchmark run; choose another --out"),
        ("benchmark d --detector m:f --out file", "file: exists and is no benchmark run; choose another --out"),
        ("benchmark d --detector m:f --out file/o", "file/o: cannot be made (Not a directory); choose another --out"),
        ("benchmark d --detector no.pt --out o", "no.pt: no such weights file; give the path of trained weights"),
        ("benchmark d --detector m:f --scenarios fgo:1 --out o", "fgo:1: 'fgo' is not a kind of scenario; did you"),
        ("train demo d --out used", "used: exists and is not empty; choose another --out or delete it"),
        ("train demo d --out o --weights no.pt", "no.pt: no such weights file; give an existing .pt file"),
        ("render d --out used", "used: exists and holds no rendered copies; choose another --out"),
        ("render d --out file/o", "file/o: cannot be made (Not a directory); choose another --out"),
    ],
)
def test_a_wrong_place_is_said_at_once(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, words: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "used").mkdir()
    (tmp_path / "used/mine.txt").write_text("keep")
    (tmp_path / "file").write_text("keep")
    answer = run(*words.split())
    assert answer.complaint.startswith(said)
    assert answer.err == f"wutdet: {answer.complaint}\n"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "mine.txt", "used"]


def test_a_folder_that_may_be_taken_passes(tmp_path: Path) -> None:
    check_out(tmp_path / "new/sub", "plan.json", REFUSAL)
    assert not (tmp_path / "new").exists()
    (tmp_path / ".plan.json.0123abcd.part").write_text("left of a kill")
    check_out(tmp_path, "plan.json", REFUSAL)
    (tmp_path / "shards").mkdir()
    with pytest.raises(ConfigError, match="is taken"):
        check_out(tmp_path, "plan.json", REFUSAL)
    (tmp_path / "plan.json").write_text("{}")
    check_out(tmp_path, "plan.json", REFUSAL)


def test_a_folder_that_may_not_be_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may write anywhere, so the answer is that which another user would get."""
    monkeypatch.setattr(os, "access", lambda place, _mode: Path(place) != tmp_path)
    with pytest.raises(DataError) as caught:
        check_writable(tmp_path / "new/run")
    said = f"{tmp_path / 'new/run'}: no writing is allowed in {tmp_path}; choose another --out"
    assert str(caught.value) == said
    (tmp_path / "new").mkdir()
    check_writable(tmp_path / "new/run")
    with pytest.raises(DataError, match=r"cannot be made \(File name too long\)"):
        check_writable(tmp_path / ("x" * 300))


def test_folders_are_made_and_gone_after_an_error(tmp_path: Path) -> None:
    with folder_for(tmp_path / "a/b/file"):
        (tmp_path / "a/b/file").write_text("done")

    def fail() -> None:
        with folder_for(tmp_path / "a/c/d/file"):
            assert (tmp_path / "a/c/d").is_dir()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "b", "file"]


def test_a_report_makes_its_folder_and_an_error_leaves_none(tmp_path: Path, run: Run) -> None:
    recorded = Path(__file__).parent.parent.parent / "baselines" / "demo"
    answer = run("report", recorded, "--out", tmp_path / "new/sub/r.json")
    assert (answer.code, answer.err) == (0, f"report: {tmp_path / 'new/sub/r.json'}\n")
    assert (tmp_path / "new/sub/r.json").is_file()
    said = run("report", recorded, "--out", tmp_path / "other/r.txt").complaint
    assert said.endswith("is of no kind that can be written; choose a .html, .md or .json file")
    assert not (tmp_path / "other").exists()
