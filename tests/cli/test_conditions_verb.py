"""wutdet conditions: tables, sheets and summaries, from datasets and from plain images."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

import wutdet
from wutdet.cli.conditions import conditions
from wutdet.errors import ConfigError, DataError, FrameError

app = typer.Typer()
app.command()(conditions)


@app.callback()
def _several() -> None:
    pass


def run(*words: str | Path) -> Result:
    result = CliRunner().invoke(app, ["conditions", *map(str, words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two images without labels: one black, one of a pale sky over dark, striped water."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    sea = np.full((360, 640, 3), 200, np.uint8)
    sea[150:] = 40
    sea[150::4] = 90
    cv2.imwrite(str(pictures / "night.png"), np.full((360, 640, 3), 3, np.uint8))
    cv2.imwrite(str(pictures / "noon.png"), sea)
    return pictures


def test_a_folder_of_images_needs_no_labels(folder: Path, tmp_path: Path):
    result = run(folder, "--out", tmp_path / "conditions.csv", "--json")
    told = json.loads(result.stdout)
    assert told["frames"] == 2
    assert told["by"] == f"wutdet {wutdet.__version__}"
    assert {name: count["frames"] for name, count in told["conditions"].items() if count["frames"]} == {
        "clear": 1,
        "dark": 1,
    }
    with (tmp_path / "conditions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["image"], row["condition"]) for row in rows] == [("night.png", "dark"), ("noon.png", "clear")]
    assert all(0.0 <= float(row["score"]) <= 1.0 and row["by"] == f"wutdet {wutdet.__version__}" for row in rows)


def test_the_summary_is_a_table_on_stdout_and_the_rest_goes_to_stderr(folder: Path, tmp_path: Path):
    result = run(folder, "--out", tmp_path / "conditions.csv")
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["condition", "frames", "share", "mean", "score"]
    assert next(line.split()[:3] for line in lines if line.startswith("dark")) == ["dark", "1", "50.0%"]
    assert "proxy" in result.stdout
    assert "wrote" in result.stderr
    assert "wrote" not in result.stdout


def test_a_dataset_joins_its_table_back(tiny_voc: Path, tmp_path: Path):
    run(tiny_voc, "--out", tmp_path / "conditions.parquet")
    images = wutdet.load(tiny_voc, sidecar=tmp_path / "conditions.parquet").images
    assert images["condition"].null_count() == 0
    assert set(images["condition_by"]) == {f"wutdet {wutdet.__version__}"}


def test_a_sheet_has_a_table_beside_it(folder: Path, tmp_path: Path):
    run(folder, "--sheet", tmp_path / "sheet.html", "--sample", "1")
    page = (tmp_path / "sheet.html").read_text()
    assert page.count("<li>") == 1
    assert page.count("<img") == 1
    with (tmp_path / "sheet.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 1
    assert rows[0]["condition_by_hand"] == ""


def test_no_file_is_replaced_or_left_behind(folder: Path, tmp_path: Path):
    (tmp_path / "sheet.csv").write_text("mine")
    with pytest.raises(ConfigError, match="is there already"):
        run(folder, "--sheet", tmp_path / "sheet.png", "--out", tmp_path / "conditions.csv")
    with pytest.raises(ConfigError, match="also the table beside"):
        run(folder, "--sheet", tmp_path / "new.png", "--out", tmp_path / "new.csv")
    with pytest.raises(ConfigError, match=r"is none of \.png, \.html"):
        run(folder, "--sheet", tmp_path / "sheet.pdf")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pictures", "sheet.csv"]


def test_a_bad_image_stops_or_is_left_out(folder: Path, tmp_path: Path):
    whole = (folder / "noon.png").read_bytes()
    (folder / "torn.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FrameError):
        run(folder, "--out", tmp_path / "conditions.csv")
    assert not (tmp_path / "conditions.csv").exists()
    result = run(folder, "--on-error", "skip", "--json")
    assert json.loads(result.stdout)["frames"] == 2
    assert "torn.png" in result.stderr


def test_nothing_to_look_at_is_an_error(tmp_path: Path):
    with pytest.raises(DataError):
        run(tmp_path)
