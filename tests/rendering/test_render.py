"""Copies on disk: their pixels, their labels, and what is refused before anything is written."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
import polars as pl
import pytest
from blobs import blobs
from polars.testing import assert_frame_equal

import wutdet
from wutdet.dataset.frame_source import DatasetFrames, open_frames
from wutdet.errors import ConfigError, DataError, FrameError, WutdetError
from wutdet.rendering import frame_job, render
from wutdet.scenarios import Ambient, Camera, CameraEntry, Cameras, Horizon, MountedHorizon, prepare
from wutdet.scoring.measure import Settings

SCENARIOS = "clear,fog:3,fog:2+lowlight:3"
FOLDERS = ("clear", "fog_3", "fog_2+lowlight_3")


def files_of(folder: Path) -> dict[str, str]:
    """The sha256 of every file."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def rgb(path: Path) -> np.ndarray:
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


@pytest.fixture(scope="module")
def part(tmp_path_factory):
    return wutdet.render_part(tmp_path_factory.mktemp("render") / "part", images=10, size=(320, 180), seed=5)


@pytest.fixture(scope="module")
def source(part):
    return open_frames(part, splits=part / "splits")


@pytest.fixture(scope="module")
def copies(part, source, tmp_path_factory):
    before = files_of(part)
    done = render(source, SCENARIOS, tmp_path_factory.mktemp("copies") / "out", workers=1, seed=2)
    assert {name: sha for name, sha in files_of(part).items() if name in before} == before  # originals stay
    return done


def test_the_pixels_are_those_of_the_scenario(copies, source):
    assert (copies.frames, copies.left_out) == (10, ())
    assert [one.folder.name for one in copies.scenarios] == list(FOLDERS)
    for one in copies.scenarios:
        images = list((one.folder / "images").iterdir())
        assert (one.files, one.file_bytes) == (len(images), sum(path.stat().st_size for path in images))
    for frame in source:
        scene = prepare(frame.image, key=frame.name, boxes=frame.boxes, horizon=frame.horizon_row, seed=2)
        for one in copies.scenarios:
            copy = one.folder / "images" / f"{Path(frame.name).stem}.png"
            assert np.array_equal(rgb(copy), scene.render(one.scenario).image)


def test_each_scenario_is_a_dataset_with_the_labels_of_the_frames(copies, source):
    for one in copies.scenarios:
        loaded = wutdet.load(one.folder)
        assert one.labels == one.folder / "annotations"
        assert set(loaded.splits) == set(source.dataset.splits)
        assert loaded.images["scenario"].unique().to_list() == [one.scenario]
        same = ["image_id", "width", "height", "splits", "camera", "sequence", "scene", "condition", "horizon_row"]
        assert_frame_equal(loaded.images.select(same), source.dataset.images.select(same))
        edges = ["image_id", "xmin", "ymin", "xmax", "ymax", "iscrowd"]
        assert_frame_equal(loaded.boxes.select(edges), source.dataset.boxes.select(edges), abs_tol=1e-6)
        for frame, original in zip(loaded, source, strict=True):
            scene = prepare(
                original.image, key=original.name, boxes=original.boxes, horizon=original.horizon_row, seed=2
            )
            view = scene.render(one.scenario)
            boxes = loaded.boxes.filter(pl.col("image_id") == frame.image_id)
            assert boxes["transmittance"].to_numpy() == pytest.approx(view.transmittance, abs=1e-6)
            assert boxes["contrast"].to_numpy() == pytest.approx(view.contrast, abs=1e-6)


@pytest.mark.parametrize("workers", [1, 2])
def test_bytes_do_not_depend_on_the_workers(copies, source, tmp_path, workers):
    again = render(source, SCENARIOS, tmp_path / "again", workers=workers, seed=2)
    assert files_of(again.out) == files_of(copies.out)


EYES = Cameras(entries={"sample": CameraEntry(Camera(22.0, 45.0), MountedHorizon(200, 204, 640, 360))})


@pytest.mark.parametrize("cameras", [None, EYES], ids=["no camera", "a camera with a horizon"])
@pytest.mark.parametrize(("split", "own_rows"), [("val", True), ("train", False)])
def test_a_benchmark_gives_its_detector_the_same_pixels(source, tmp_path, cameras, split, own_rows):
    shown = source.dataset.split(split)
    assert shown.images["horizon_row"].is_not_null().all() == own_rows
    copies = render(DatasetFrames(shown), SCENARIOS, tmp_path / "copies", cameras=cameras, workers=1, seed=2)
    seen: list[np.ndarray] = []

    def watching(images):
        seen.extend(images)
        return blobs(images)

    settings = {"scenarios": SCENARIOS, "cameras": cameras, "seed": 2, "scoring": Settings(level=None)}
    wutdet.benchmark(watching, shown, out=tmp_path / "r", **settings)
    stems = [Path(name).stem for name in shown.images["file_name"]]
    paths = [copies.out / folder / "images" / f"{stem}.png" for stem in stems for folder in FOLDERS]
    assert all(np.array_equal(image, rgb(path)) for image, path in zip(seen, paths, strict=True))


def test_a_camera_file_decides_the_horizon_of_frames_without_one(tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    image = np.random.default_rng(0).integers(0, 255, (96, 160, 3), np.uint8)
    cv2.imwrite(str(folder / "a.png"), image)
    eyes = Cameras(CameraEntry(Camera(30.0, 40.0), MountedHorizon(20, 22, 320, 192)))
    ambient = Ambient(fog_banks=0.5)
    done = render(open_frames(folder), "fog:3", tmp_path / "o", cameras=eyes, ambient=ambient, workers=1)
    scene = prepare(
        image[:, :, ::-1], key="a.png", horizon=Horizon(10.0, 11.0), camera=Camera(30.0, 40.0), ambient=ambient
    )
    assert np.array_equal(rgb(done.out / "fog_3/images/a.png"), scene.render("fog:3").image)
    assert not (done.out / "fog_3/annotations").exists()
    assert done.horizon_sources == {"given": 0, "camera": 1, "found": 0, "fallback": 0}
    assert done.warnings == ()


def test_a_guessed_horizon_is_told(tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    for name in "ab":
        noise = np.random.default_rng(ord(name)).integers(0, 255, (96, 160, 3), np.uint8)
        cv2.imwrite(str(folder / f"{name}.png"), noise)
    done = render(open_frames(folder), "fog:3", tmp_path / "o", workers=1)
    assert done.horizon_sources == {"given": 0, "camera": 0, "found": 0, "fallback": 2}
    [warning] = done.warnings
    assert warning.startswith("the horizon of 2 of 2 frames was neither given nor found")


def test_ships_of_little_contrast_become_crowds(source, tmp_path):
    done = render(source, "clear,fog:5", tmp_path / "o", workers=1, ignore_below=0.01)
    for one in done.scenarios:
        boxes = wutdet.load(one.folder).boxes
        faint = (boxes["contrast"] < 0.01) if one.scenario != "clear" else pl.repeat(False, len(boxes), eager=True)
        assert (boxes["iscrowd"] == faint).all()
    assert boxes["iscrowd"].sum() > 0


def test_in_clear_weather_no_ship_becomes_a_crowd(source, tmp_path):
    done = render(source, "clear", tmp_path / "o", workers=1, ignore_below=1e9)
    assert wutdet.load(done.scenarios[0].folder).boxes["iscrowd"].sum() == 0
    pictures = open_frames(source.dataset.image_dir)
    with pytest.raises(ConfigError, match="has no labels, so ignore_below means nothing"):
        render(pictures, "fog:5", tmp_path / "p", ignore_below=0.01)


def test_jpeg_copies_are_near(source, tmp_path):
    done = render(source, "fog:3", tmp_path / "o", workers=1, image_format="jpg")
    frame = next(iter(source))
    image = prepare(frame.image, key=frame.name, boxes=frame.boxes, horizon=frame.horizon_row).render("fog:3").image
    copy = rgb(done.out / "fog_3/images" / f"{Path(frame.name).stem}.jpg")
    assert 0 < np.abs(copy.astype(int) - image).mean() < 2.0


def test_one_image_is_enough(source, tmp_path):
    frame = next(iter(source))
    done = render(open_frames(frame.path), "fog:3", tmp_path / "o", workers=1)
    copy = done.out / "fog_3/images" / f"{frame.path.stem}.png"
    assert np.array_equal(rgb(copy), prepare(frame.image, key=frame.name).render("fog:3").image)
    assert (done.frames, done.scenarios[0].files, done.scenarios[0].labels) == (1, 1, None)


def test_a_horizon_of_other_frames_is_refused_before_any_work(source, tmp_path):
    eyes = Cameras(CameraEntry(horizon=MountedHorizon(20, 20, 100, 100)))
    with pytest.raises(ConfigError, match=r"was read on 100x100 px, and a frame is 320x180 px"):
        render(source, "fog:1", tmp_path / "o", cameras=eyes, workers=1)
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(("one", "other"), [("a.jpg", "a.png"), ("A.png", "a.jpg")])
def test_names_that_would_clash_are_refused_before_any_work(tmp_path, one, other):
    folder = tmp_path / "frames"
    folder.mkdir()
    for name in (one, other):
        cv2.imwrite(str(folder / name), np.zeros((40, 60, 3), np.uint8))
    with pytest.raises(DataError, match=f"the copies of '{one}' and '{other}' would have one name"):
        render(open_frames(folder), "fog:1", tmp_path / "o")
    assert not (tmp_path / "o").exists()


def test_the_originals_folder_and_strange_folders_are_refused(source, tmp_path):
    with pytest.raises(ConfigError, match="is the folder of the images"):
        render(source, "fog:1", source.dataset.image_dir)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "note.txt").write_text("mine")
    with pytest.raises(ConfigError, match="holds no rendered copies"):
        render(source, "fog:1", tmp_path / "full")


def test_a_disk_without_room_is_told_before_any_copy(source, tmp_path, monkeypatch):
    monkeypatch.setattr("wutdet.rendering.checks.shutil.disk_usage", lambda path: type("D", (), {"free": 1000})())
    for _ in range(2):  # the second time, the plan of the first is there
        with pytest.raises(DataError, match=r"the copies take about .* GB, and 0\.0 GB are free"):
            render(source, "fog:1", tmp_path / "o", workers=1)
    assert not list((tmp_path / "o").rglob("*.png"))


def test_a_full_disk_is_one_line(source, tmp_path, monkeypatch):
    def full(path, data):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(frame_job, "write_aside", full)
    with pytest.raises(WutdetError, match=r"cannot be written \(No space left on device\); make room"):
        render(source, "fog:1", tmp_path / "o", workers=1)


def test_a_bad_frame_stops_or_is_left_out(part, tmp_path):
    import shutil

    copy = tmp_path / "part"
    shutil.copytree(part, copy)
    names = sorted((copy / "voc/JPEGImages").iterdir())
    names[3].write_bytes(names[3].read_bytes()[:600])
    with pytest.raises(FrameError, match=names[3].name):
        render(open_frames(copy), "fog:1", tmp_path / "o", workers=1)
    done = render(open_frames(copy), "fog:1", tmp_path / "o", workers=1, on_error="skip")
    assert done.frames == 9
    assert len(done.left_out) == 1
    assert names[3].name in done.left_out[0]
    assert len(wutdet.load(done.scenarios[0].folder)) == 9


def test_a_video_gives_its_frames(tmp_path):
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (96, 64))
    for level in range(20):
        writer.write(np.full((64, 96, 3), 60 + 8 * level, np.uint8))
    writer.release()
    source = open_frames(path, every=8)
    done = render(source, "lowlight:2", tmp_path / "o", workers=1)
    images = sorted((done.out / "lowlight_2/images").iterdir())
    assert [image.name for image in images] == [f"clip_{number:07d}.png" for number in (0, 8, 16)]
    shown = [frame.image for frame in source]
    scene = prepare(shown[1], key="clip_0000008.jpg")
    assert np.array_equal(rgb(images[1]), scene.render("lowlight:2").image)
