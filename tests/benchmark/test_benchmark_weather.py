"""The weather of a benchmark: cameras, ambient, own severities and kinds, in its plan, its pixels and its scores."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import polars as pl
import pytest
from blobs import blobs
from builders import coco_box, coco_file, coco_image
from smoke_kind import install, register_smoke

import wutdet
from wutdet.benchmark.store import Store
from wutdet.errors import ConfigError, ScenarioError
from wutdet.scenarios import Ambient, Camera, CameraEntry, Cameras, Horizon, MountedHorizon, prepare, unregister
from wutdet.scoring.measure import Settings

SIZE = (160, 96)
TESTS = Path(__file__).parent.parent


def sea(horizon_row: int | None) -> np.ndarray:
    """Sky over sea with a bright ship; without a horizon flat grey, where none can be found."""
    image = np.full((SIZE[1], SIZE[0], 3), 150, np.uint8)
    if horizon_row is not None:
        image[horizon_row:] = (90, 70, 50)
    image[60:66, 40:52] = 230
    return image


@pytest.fixture
def four(tmp_path):
    """Frames whose horizon is stated, of a camera, to be found, and nowhere to be seen."""
    frames = {
        "a.png": (40, {"horizon_row": 30.0, "camera": "bow"}),
        "b.png": (None, {"camera": "bow"}),
        "c.png": (40, {"camera": "stern"}),
        "d.png": (None, {}),
    }
    images = []
    for number, (name, (row, extras)) in enumerate(frames.items(), start=1):
        (tmp_path / "part").mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / "part" / name), sea(row))
        images.append(coco_image(number, name, SIZE, **extras))
    boxes = [coco_box(number, number, (40, 60, 12, 6)) for number in range(1, 5)]
    return wutdet.load(coco_file(tmp_path / "part" / "labels.json", images, boxes))


BOW = CameraEntry(Camera(30.0, 40.0), MountedHorizon(20, 22, 320, 192))


def bench(*args, **options):
    """Without intervals, which take most of the time."""
    return wutdet.benchmark(*args, scoring=Settings(level=None), **options)


def manifest_of(run):
    return json.loads((run.out / "manifest.json").read_text())


def test_each_frame_takes_its_horizon_from_the_best_there_is(four, tmp_path):
    run = bench(blobs, four, out=tmp_path / "r", scenarios="fog:3", cameras=Cameras(entries={"bow": BOW}))
    assert manifest_of(run)["horizon_sources"] == {"given": 1, "camera": 1, "found": 1, "fallback": 1}
    frames = list(Store(run.out).frames(1))
    assert [frame.horizon_source for frame in frames] == ["given", "camera", "found", "fallback"]
    assert [frame.horizon_px for frame in frames[:2]] == [(30.0, 30.0), (10.0, 11.0)]
    assert frames[2].horizon_px[0] == pytest.approx(40, abs=1)


def test_the_camera_of_a_frame_decides_what_the_fog_leaves_of_its_ship(four, tmp_path):
    cameras = Cameras(CameraEntry(Camera(8.0, 55.0)), {"bow": BOW})
    run = bench(blobs, four, out=tmp_path / "r", scenarios="fog:3", cameras=cameras)
    stored = [frame.cells[1].transmittance for frame in Store(run.out).frames(1)]
    horizons = [30.0, Horizon(10.0, 11.0), None, None]
    for frame, camera, horizon, kept in zip(
        four, [BOW.camera, BOW.camera, Camera(8.0, 55.0), Camera(8.0, 55.0)], horizons, stored, strict=True
    ):
        scene = prepare(frame.image, key=frame.name, boxes=frame.boxes, horizon=horizon, camera=camera)
        assert kept == pytest.approx(scene.render("fog:3").transmittance.tolist(), abs=1e-6)
    assert stored[0] != stored[2]


def test_the_plan_and_the_manifest_state_all_that_decides_pixels(four, tmp_path):
    cameras = Cameras(CameraEntry(Camera(8, 55)), {"bow": BOW, "of no frame": BOW})
    ambient = Ambient(wind_m_s=9, sun_azimuth_deg=-5)
    run = bench(
        blobs, four, out=tmp_path / "r", scenarios="fog:2,lowlight:1,fog:1+rain:2", cameras=cameras, ambient=ambient
    )
    plan = json.loads((run.out / "plan.json").read_text())
    assert plan["schema"] == "wutdet-plan-3"
    assert plan["camera"] == {"height_m": 8.0, "hfov_deg": 55.0, "horizon": None}
    horizon = {"rows_px": [20.0, 22.0], "width_px": 320, "height_px": 192}
    assert plan["cameras"] == {"bow": {"height_m": 30.0, "hfov_deg": 40.0, "horizon": horizon}}
    assert plan["ambient"] == dataclasses.asdict(ambient)
    assert set(plan["ambient"]) == {field.name for field in dataclasses.fields(Ambient)}
    assert plan["severities"] == {
        "fog": {"unit": "MOR m", "values": {"1": 4000.0, "2": 2000.0}, "package": None},
        "lowlight": {"unit": "EV stops", "values": {"1": -1.0}, "package": None},
        "rain": {"unit": "mm/h", "values": {"2": 10.0}, "package": None},
    }
    assert manifest_of(run)["plan"] == plan
    assert bench(  # whole numbers and floats are one plan
        blobs,
        four,
        out=run.out,
        scenarios="fog:2,lowlight:1,fog:1+rain:2",
        cameras=Cameras(CameraEntry(Camera(8.0, 55.0)), {"bow": BOW}),
        ambient=Ambient(wind_m_s=9.0, sun_azimuth_deg=-5.0),
    )


def test_the_defaults_are_recorded_in_full(four, tmp_path):
    plan = json.loads((bench(blobs, four, out=tmp_path / "r", scenarios="fog:1").out / "plan.json").read_text())
    assert plan["ambient"] == dataclasses.asdict(Ambient())
    assert (plan["camera"], plan["cameras"]) == ({"height_m": 15.0, "hfov_deg": 60.0, "horizon": None}, {})


@pytest.mark.parametrize(
    ("changed", "differs"),
    [
        ({"cameras": Cameras(entries={"bow": BOW})}, r"cameras\.bow\.height_m: nothing there, .*"),
        ({"camera": Camera(16.0, 60.0)}, r"camera\.height_m: 15\.0 there, 16\.0 here"),
        ({"ambient": Ambient(exposure_s=0.01)}, r"ambient\.exposure_s: 0\.005 there, 0\.01 here"),
        (
            {"severities": "kinds: {fog: {severities: [3000]}}"},
            r"severities\.fog\.values\.1: 4000\.0 there, 3000\.0 here",
        ),
    ],
)
def test_other_weather_in_the_same_folder_is_refused_and_named(four, tmp_path, changed, differs):
    bench(blobs, four, out=tmp_path / "r", scenarios="fog:1")
    if "severities" in changed:
        (tmp_path / "own.yaml").write_text(changed["severities"])
        changed = {"severities": tmp_path / "own.yaml"}
    with pytest.raises(ConfigError, match=rf"another plan \({differs}\)"):
        bench(blobs, four, out=tmp_path / "r", scenarios="fog:1", **changed)


def test_the_ambient_reaches_the_renderer(four, tmp_path, monkeypatch):
    seen = []

    def spy(*args, **kwargs):
        seen.append((kwargs["ambient"], kwargs["seed"]))
        return prepare(*args, **kwargs)

    monkeypatch.setattr("wutdet.benchmark.weather.prepare", spy)
    ambient = Ambient(crosswind_m_s=3.0)
    bench(blobs, four, out=tmp_path / "r", scenarios="rain:1", ambient=ambient, seed=7)
    assert seen == [(ambient, 7)] * 4


def test_a_horizon_of_another_shape_stops_before_any_work(four, tmp_path):
    square = Cameras(entries={"stern": CameraEntry(horizon=MountedHorizon(4, 4, 100, 100))})
    with pytest.raises(ConfigError, match=r"camera 'stern': its horizon was read on 100x100 px, .* 160x96 px"):
        bench(blobs, four, out=tmp_path / "r", scenarios="fog:1", cameras=square)
    assert not (tmp_path / "r").exists()


def test_a_camera_and_cameras_are_not_given_both(four, tmp_path):
    with pytest.raises(ConfigError, match="are given both"):
        bench(blobs, four, out=tmp_path / "r", camera=Camera(), cameras=Cameras())


@pytest.mark.parametrize(("frames", "warned"), [("abcd", True), ("abc", False), ("cd", True)])
def test_many_guessed_horizons_are_warned_of(four, tmp_path, frames, warned):
    """One of four is a fallback, 25 %; without it none; one of two is half."""
    chosen = four.filter(pl.col("file_name").str.slice(0, 1).is_in(list(frames)))
    cameras = Cameras(entries={"bow": BOW})
    run = bench(blobs, chosen, out=tmp_path / "r", scenarios="fog:1", cameras=cameras)
    said = f"the horizon of 1 of {len(frames)} frames was neither given nor found"
    for cell in run.scores.cells:
        assert any(said in line for line in cell.warnings) == warned


def test_a_guessed_horizon_is_no_matter_in_clear_weather(four, tmp_path):
    run = bench(blobs, four, out=tmp_path / "r", scenarios="clear", cameras=Cameras(entries={"bow": BOW}))
    assert not any("horizon" in line for line in run.scores.cells[0].warnings)


def test_own_severities_are_rendered_scored_and_described(four, tmp_path):
    (tmp_path / "own.yaml").write_text("kinds: {fog: {severities: [1852, 463]}}")
    own = bench(blobs, four, out=tmp_path / "own", scenarios="fog:1-2,fog:2+rain:1", severities=tmp_path / "own.yaml")
    assert [cell.value for cell in own.scores.cells] == ["clear", "MOR 1852 m", "MOR 463 m", "MOR 463 m + 2.5 mm/h"]
    kept = [frame.cells[2].transmittance for frame in Store(own.out).frames(1)]
    scene = prepare(four[0].image, key="a.png", boxes=four[0].boxes, horizon=30.0)
    assert kept[0] == pytest.approx(scene.render_values({"fog": 463.0}).transmittance.tolist(), abs=1e-6)
    with pytest.raises(ScenarioError, match="choose 1 to 2"):
        bench(blobs, four, out=tmp_path / "no", scenarios="fog:3", severities=tmp_path / "own.yaml")


def bright(frames):
    """The bright ship, as long as it stands out by more than 40 grey levels, and surer the more it does."""
    found = []
    for frame in frames:
        step = float(frame[60:66, 40:52].mean()) - float(frame[70:80, 40:52].mean())
        boxes = np.array([[40.0, 60, 52, 66]]) if step > 40 else np.empty((0, 4))
        found.append(wutdet.Detections(boxes, np.full(len(boxes), min(step / 255, 1.0))))
    return found


def test_half_is_found_in_the_units_of_own_severities(four, tmp_path):
    (tmp_path / "own.yaml").write_text("kinds: {fog: {severities: [100000, 20]}}")
    run = bench(bright, four, out=tmp_path / "r", scenarios="fog:1-2", severities=tmp_path / "own.yaml")
    recall = run.scores.robustness[-1]
    assert [cell.AP50 for cell in run.scores.cells] == [pytest.approx(1), pytest.approx(1), 0]
    assert recall.half_value["fog"] == "MOR 40 m"  # in the middle between 1/100000 and 1/20: 2/(1/20 + 1/100000)


def test_a_registered_kind_goes_through_a_whole_benchmark(four, tmp_path):
    register_smoke()
    try:
        run = bench(bright, four, out=tmp_path / "r", scenarios="smoke:1,smoke:5,lowlight:1+smoke:1")
    finally:
        unregister("smoke")
    assert [cell.name for cell in run.scores.cells] == ["clear", "smoke:1", "smoke:5", "smoke:1+lowlight:1"]
    assert [cell.value for cell in run.scores.cells][1:3] == ["0.1 mg/m3", "2 mg/m3"]
    assert run.scores.robustness[0].per_kind["smoke"] is not None
    assert (run.out / "detections" / "smoke_1+lowlight_1.json").is_file()
    plan = json.loads((run.out / "plan.json").read_text())
    assert plan["severities"]["smoke"] == {"unit": "mg/m3", "values": {"1": 0.1, "5": 2.0}, "package": None}


def test_an_installed_kind_is_benchmarked_from_the_command_line(tiny_voc, tmp_path):
    folders = [str(install(tmp_path / "site")), str(TESTS), str(TESTS.parent)]
    command = [sys.executable, "-m", "wutdet", "benchmark", str(tiny_voc), "--splits", str(tiny_voc / "splits")]
    command += [
        "--split",
        "val",
        "--detector",
        "blobs:make",
        "--scenarios",
        "fog:5+smoke:2,smoke:1-2",
        "--interval",
        "0",
    ]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "r")],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(folders)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "smoke:2" in done.stdout
    assert "0.2 mg/m3" in done.stdout
    plan = json.loads((tmp_path / "r" / "plan.json").read_text())
    assert plan["scenarios"] == ["clear", "fog:5+smoke:2", "smoke:1", "smoke:2"]
    assert plan["severities"]["smoke"]["package"] == "wutdet-smoke 0.3"
    assert "0.2 mg/m3" in (tmp_path / "r" / "report.md").read_text()


def test_detections_do_not_depend_on_the_order_or_number_of_scenarios_frames_and_threads(tiny_part, tmp_path):
    """There are no workers: one process renders and detects; OpenCV's threads are the only others."""
    train = tiny_part.split("train")
    wanted = bench(blobs, train, out=tmp_path / "a", scenarios="fog:2,rain:3,lowlight:4,glare:2")
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1 if threads != 1 else 4)
        other = bench(blobs, train, out=tmp_path / "b", scenarios="glare:2,fog:1-3,lowlight:4,rain:3")
    finally:
        cv2.setNumThreads(threads)
    for path in (wanted.out / "detections").iterdir():
        assert path.read_bytes() == (other.out / "detections" / path.name).read_bytes(), path.name
    odd = train.filter(pl.col("image_id") % 40 == 0)
    assert 0 < len(odd) < len(train)
    few = bench(blobs, odd, out=tmp_path / "c", scenarios="rain:3")
    rows = {path: json.loads((path / "detections" / "rain_3.json").read_text()) for path in (wanted.out, few.out)}
    ids = set(odd.images["image_id"])
    assert rows[few.out] == [row for row in rows[wanted.out] if row["image_id"] in ids]
    assert rows[few.out]
