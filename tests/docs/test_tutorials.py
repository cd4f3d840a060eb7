"""Every cell of every tutorial runs, and comes to what the page says."""

from __future__ import annotations

import numpy as np
import pytest
from pages import DOCS, TUTORIALS, run_tutorial


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """A folder of its own, no window, and one thread a library as the pages' kernels have it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "110")


def test_the_list_of_tutorials_is_whole():
    assert {path.stem for path in (DOCS / "tutorials").glob("*.md")} == set(TUTORIALS)


def test_explore():
    names = run_tutorial("explore")
    assert names["ds"].splits == {"test": 8, "train": 9, "val": 7}
    assert names["by_scene"]["ships"].sum() == names["tiny"].height > 0
    assert sum(names["leak_free"].splits.values()) <= 24
    assert names["back"].sha256 == names["leak_free"].sha256


def test_weather():
    names = run_tutorial("weather")
    ships = names["ships"]
    assert ships["range_m"].is_sorted()
    left = np.exp(-np.log(20) * ships["range_m"].to_numpy() / 1000)
    assert ships["transmittance"].to_numpy() == pytest.approx(left, abs=0.002)
    assert names["same"]
    assert not np.array_equal(names["again"].image, names["other"].image)
    assert (names["between"].transmittance > names["fog"].transmittance).all()


def test_benchmark():
    names = run_tutorial("benchmark")
    scores = names["run"].scores
    assert [cell.name for cell in scores.cells] == ["clear", "fog:1", "fog:2", "fog:3", "lowlight:3"]
    assert scores.cell("clear").AP50 > scores.cell("fog:1").AP50 > scores.cell("fog:3").AP50
    assert any("sequences" in warning for warning in names["clear"].warnings)
    assert names["ap50"].half_value["fog"].endswith(" m")
    assert names["Path"]("report.html").stat().st_size > 10_000


def test_own_detector():
    names = run_tutorial("own_detector")
    evaluated, recorded = names["scores"].cells[0].AP50, names["recorded"].AP50
    assert evaluated == pytest.approx(recorded, abs=1e-3)
    assert sum(map(len, names["tiled_found"].values())) != sum(map(len, names["found"].values()))
    assert {result["image_id"] for result in names["results"]} <= set(names["copies"].images["image_id"])


def test_cross_dataset():
    names = run_tutorial("cross_dataset")
    assert names["chosen"] in names["by_width"]
    assert names["by_width"][names["chosen"]] == max(names["by_width"].values())
    assert set(names["cells"]) == {"home", "away"}
    assert len(names["away"]) == 16


def test_cluster():
    assert run_tutorial("cluster")["identical"]
