"""The verb plot."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from blobs import blobs

import wutdet
from wutdet.dataset import Dataset
from wutdet.scoring.measure import Settings

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def benchmarked(tiny_part: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("plot") / "run"
    wutdet.benchmark(blobs, tiny_part.split("test"), out=out, scenarios="clear,fog:2", scoring=Settings(level=None))
    return out


def test_it_prints_what_it_wrote(benchmarked: Path, tmp_path: Path, run: Run) -> None:
    out = tmp_path / "figures"
    answer = run("plot", benchmarked, "--out", out, "--format", "svg,png", "--metric", "AP50", "--width-mm", 85)
    assert answer.code == 0
    stems = ("severity-AP50", "recall-fppi", "size-scenario")
    names = [f"{stem}.{suffix}" for stem in stems for suffix in ("png", "svg")]
    assert answer.out.split() == [str(out / name) for name in (*names, "figures.json", "figures.csv")]
    assert answer.err == "no precision-recall curves, sizes and frame in all weather: they need --data DATA\n"
    scores = json.loads((benchmarked / "scores.json").read_text())
    points = [point for point in json.loads((out / "figures.json").read_text()) if point["y_name"] == "AP50"]
    along = {
        point["scenario"]: point["y"] for point in points if point["figure"] == "severity-AP50" and "scenario" in point
    }
    assert along == {cell["name"]: cell["AP50"] for cell in scores["cells"]}


def test_data_add_figures_and_json_lists_them(benchmarked: Path, tiny_voc: Path, tmp_path: Path, run: Run) -> None:
    out = tmp_path / "figures"
    data = ("--data", tiny_voc, "--splits", tiny_voc / "splits")
    answer = run("-q", "plot", benchmarked, "--out", out, *data, "--json")
    found = json.loads(answer.out)
    stems = ("severity-AP_small", "recall-fppi", "size-scenario", "precision-recall", "sizes", "weather")
    assert found["files"] == [str(out / f"{stem}.svg") for stem in stems] + [
        str(out / f"figures.{x}") for x in ("json", "csv")
    ]
    assert (found["notes"], answer.err) == ([], "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("{run} --out {tmp}/x --format gif", "--format: no format 'gif'; choose from png, svg, pdf, such as svg,pdf"),
        ("{run} --out {tmp}/x --frame a.jpg", "--frame: needs the frames; give --data DATA, or leave it out"),
        ("{run} --out {tmp}/x --metric AP_smal", "--metric: no number 'AP_smal'; did you mean AP_small"),
        ("{run} --out {tmp}/x --width-mm 5", "--width-mm: 5 mm; give 60 to 400; one column has 85, two 178"),
        ("{tmp} --out {tmp}/x", "{tmp}: no scores here; run wutdet benchmark or score first"),
        ("{run} --out {tmp}/x --data {tmp}/none", "{tmp}/none: does not exist"),
        ("--out {tmp}/x", "plot: missing argument 'RUN...'; see wutdet plot --help"),
    ],
)
def test_mistakes_are_one_line(benchmarked: Path, tmp_path: Path, run: Run, words: str, said: str) -> None:
    places = {"run": benchmarked, "tmp": tmp_path}
    assert run("plot", *words.format(**places).split()).complaint.startswith(said.format(**places))
    assert not (tmp_path / "x").exists()


def test_other_data_are_refused(benchmarked: Path, voc_part: Path, tmp_path: Path, run: Run) -> None:
    said = run("plot", benchmarked, "--out", tmp_path / "x", "--data", voc_part).complaint
    assert "has not the frames of the run" in said
    assert not (tmp_path / "x").exists()
