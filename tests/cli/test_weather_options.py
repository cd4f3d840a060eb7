"""The options about weather of `wutdet benchmark`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

TINY = ["--split", "val", "--detector", "blobs:make", "--interval", "0"]


@pytest.fixture
def command(run, tiny_voc, tmp_path):
    def benchmark(*words, scenarios="fog:5"):
        return run(
            "benchmark", tiny_voc, "--splits", tiny_voc / "splits", *TINY, "--scenarios", scenarios,
            "--out", tmp_path / "r", *words,
        )  # fmt: skip

    return benchmark


def plan(tmp_path):
    return json.loads((tmp_path / "r" / "plan.json").read_text())


def file(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_cameras_ambient_and_severities_reach_the_plan(command, tmp_path):
    cameras = file(tmp_path / "c.yaml", "{default: {hfov_deg: 50}, cameras: {sample: {}, bow: {height_m: 9}}}")
    own = file(tmp_path / "s.yaml", "kinds: {fog: {severities: [900, 300]}}")
    answer = command(
        "--camera", cameras, "--camera-height-m", 21, "--ambient", "wind_m_s=8,fog_banks=0.4", "--ambient",
        "exposure_s=0.01", "--severities", own, scenarios="fog:2",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    assert f"--camera: no frame is of bow; cameras of {tmp_path.name}" not in answer.err
    assert "--camera: no frame is of bow; cameras of" in answer.err
    assert answer.err.count(": sample") == 1
    found = plan(tmp_path)
    nominal = {"height_m": 21.0, "hfov_deg": 50.0, "horizon": None}
    assert (found["camera"], found["cameras"]) == (nominal, {"sample": nominal})
    assert [found["ambient"][key] for key in ("wind_m_s", "fog_banks", "exposure_s")] == [8.0, 0.4, 0.01]
    assert found["severities"]["fog"]["values"] == {"2": 300.0}
    assert "MOR 300 m" in answer.out


def test_without_options_the_camera_is_nominal(command, tmp_path):
    assert command().code == 0
    assert plan(tmp_path)["camera"] == {"height_m": 15.0, "hfov_deg": 60.0, "horizon": None}


def test_ignoring_rescores_a_finished_run(command, tmp_path):
    first = command("--json")
    shards = {path: path.stat().st_mtime_ns for path in (tmp_path / "r" / "shards").iterdir()}
    second = command("--json", "--ignore-below", 0.01)
    plain, ignoring = json.loads(first.out), json.loads(second.out)
    assert plain["cells"][1]["ships_ignored"] == 0
    assert ignoring["cells"][1]["ships_ignored"] > 0
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "r" / "shards").iterdir()} == shards


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--camera", "none.yaml"), "none.yaml: cannot be read"),
        (("--camera-height-m", 0), "camera.height_m"),
        (("--hfov-deg", 200), "camera.hfov_deg"),
        (("--ambient", "wind=8"), "did you mean 'wind_m_s'"),
        (("--severities", "none.yaml"), "none.yaml: cannot be read"),
        (("--ignore-below", 2), "2.0 is no contrast"),
    ],
)
def test_what_is_wrong_is_one_line_before_any_work(command, tmp_path, words, said):
    assert said in command(*words).complaint
    assert not (tmp_path / "r").exists()
