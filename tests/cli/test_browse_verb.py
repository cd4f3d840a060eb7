"""The verb browse, with FiftyOne really started and its App not."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from blobs import blobs

import wutdet
from wutdet.dataset import Dataset
from wutdet.scoring.measure import Settings


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, int]]:
    """What the App was asked to show, and on which port."""
    seen: list[tuple[Any, int]] = []

    def open_app(dataset: Any, *, port: int, wait: bool, on_ready: Callable[[str], None]) -> None:
        assert wait
        seen.append((dataset, port))
        on_ready(f"http://127.0.0.1:{port}")

    monkeypatch.setattr("wutdet.browse.open_app", open_app)
    return seen


@pytest.fixture(scope="module")
def run_folder(tiny_part: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("browse-verb") / "run"
    wutdet.benchmark(blobs, tiny_part.split("val"), out=out, scenarios="fog:2", scoring=Settings(level=None))
    return out


def test_a_run_with_audit_and_renders(
    fo: Any, run: Any, shown: list[Any], tiny_voc: Path, run_folder: Path, free_port: int
) -> None:
    words = ("--splits", tiny_voc / "splits", "--run", run_folder, "--audit", "--renders", "fog:2")
    answer = run("browse", tiny_voc, *words, "--name", "verb", "--port", free_port, "--min-score", 0.25)
    assert (answer.code, answer.out) == (0, "")
    assert f"FiftyOne at http://127.0.0.1:{free_port}; Ctrl-C ends it" in answer.err
    assert "verdicts at IoU 0.5 from score 0.25: as given" in answer.err
    [(dataset, port)] = shown
    assert (dataset.name, port, dataset.persistent) == ("verb", free_port, True)
    assert dataset.list_evaluations() == ["eval_clear", "eval_fog_2"]
    assert "near-duplicates" in dataset.list_saved_views()
    paths = [Path(path) for path in dataset.values("fog_2_path")]
    assert all(path.is_file() and path.is_relative_to(run_folder / "renders") for path in paths)
    assert len(paths) == len(wutdet.load(tiny_voc, splits=tiny_voc / "splits").split("val"))
    again = run("browse", tiny_voc, "--name", "verb", "--port", free_port)
    assert "already has a dataset 'verb'" in again.complaint
    assert "--overwrite" in again.complaint
    dataset.delete()


def test_mistakes_are_one_line(run: Any, shown: list[Any], tiny_voc: Path, tmp_path: Path, free_port: int) -> None:
    options = ("--port", free_port)
    assert "name one with --renders-out" in run("browse", tiny_voc, *options, "--renders", "fog:2").complaint
    assert "no benchmark run here" in run("browse", tiny_voc, *options, "--run", tmp_path).complaint
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        assert f"port {taken} cannot be used" in run("browse", tmp_path / "no", "--port", taken).complaint
    assert shown == []
